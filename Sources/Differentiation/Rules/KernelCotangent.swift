import Graphs
import Tensors

/// How far a convolution moves and reaches, per spatial axis.
struct Correlation {
    let kernel: [Int]
    let strides: [Int]
    let dilations: [Int]
    let begins: [Int]
    let ends: [Int]
    let group: Int
}

extension BackwardStep {
    /// `∂W[o, c, k] = Σ_n,i small[n, o, i] large[n, c, s i + d k - p]`, of a convolution from `large` to `small`.
    ///
    /// The batch becomes the channels that are summed over; strides and dilations swap their parts.
    mutating func kernelCotangent(
        large: ValueID, _ largeShape: Shape, small: ValueID, _ smallShape: Shape, _ correlation: Correlation
    ) -> ValueID {
        let group = correlation.group
        let spatial = correlation.kernel.indices.map { $0 + 2 }
        let lengths = Array(largeShape.dimensions.dropFirst(2))
        let batch = largeShape[0]
        let perGroup = largeShape[1] / group
        let split = reshape(large, to: Shape([batch, group, perGroup] + lengths))
        let swapped = transpose(split, [2, 1, 0] + spatial.map { $0 + 1 })
        let images = reshape(swapped, to: Shape([perGroup, group * batch] + lengths))
        let kernels = transpose(small, [1, 0] + spatial)
        let product = emit(
            "Conv", [images, kernels],
            [
                "kernel_shape": .integers(Array(smallShape.dimensions.dropFirst(2))),
                "strides": .integers(correlation.dilations), "dilations": .integers(correlation.strides),
                "pads": .integers(correlation.begins + correlation.ends), "group": .integer(group),
            ])
        let cropped = emit(
            "Slice",
            [product, integers(spatial.map { _ in 0 }), integers(correlation.kernel), integers(spatial)])
        return transpose(cropped, [1, 0] + spatial)
    }
}
