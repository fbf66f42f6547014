package import Tensors

/// The geometry of a convolution or pooling: which inputs each output position sees, per spatial axis.
package struct SlidingWindow: Sendable {
    package let input: [Int]
    package let output: [Int]
    package let kernel: [Int]
    package let strides: [Int]
    package let dilations: [Int]
    /// Padding in front, with `auto_pad` resolved.
    package let begins: [Int]
    /// Padding behind, with `auto_pad` resolved.
    package let ends: [Int]

    package init(_ node: Node, input: Shape, output: Shape, kernel: [Int]) {
        let rank = kernel.count
        self.kernel = kernel.map { min($0, Self.largest) }
        self.input = Array(input.dimensions.suffix(rank))
        self.output = Array(output.dimensions.suffix(rank))
        // The engine refuses attributes of a wrong length; until it has seen the model they must not be trusted.
        func list(_ name: String, _ count: Int, default value: Int) -> [Int] {
            node.integers(name).flatMap {
                $0.count == count && $0.allSatisfy((-Self.largest...Self.largest).contains) ? $0 : nil
            }
                ?? [Int](repeating: value, count: count)
        }
        strides = list("strides", rank, default: 1)
        dilations = list("dilations", rank, default: 1)
        let pads = list("pads", 2 * rank, default: 0)
        switch node.string("auto_pad") ?? "NOTSET" {
        case let same where same.hasPrefix("SAME"):
            var totals: [Int] = []
            for axis in 0..<rank {
                let reach = (self.output[axis] - 1) * strides[axis] + dilations[axis] * (self.kernel[axis] - 1) + 1
                totals.append(max(reach - self.input[axis], 0))
            }
            let smaller = totals.map { $0 / 2 }
            let larger = totals.map { $0 - $0 / 2 }
            begins = same == "SAME_UPPER" ? smaller : larger
            ends = same == "SAME_UPPER" ? larger : smaller
        case "VALID":
            begins = [Int](repeating: 0, count: rank)
            ends = begins
        default:
            begins = Array(pads.prefix(rank))
            ends = Array(pads.suffix(rank))
        }
    }

    /// The number of input positions that a window spans along an axis.
    package func span(_ axis: Int) -> Int { dilations[axis] * (kernel[axis] - 1) + 1 }

    /// The attributes of the ConvTranspose that goes from output positions back to input positions.
    package var transposedAttributes: [String: Attribute] {
        var tails: [Int] = []
        var outputPadding: [Int] = []
        for axis in kernel.indices {
            let reach = (output[axis] - 1) * strides[axis] + span(axis) - begins[axis]
            tails.append(max(reach - input[axis], 0))
            outputPadding.append(max(input[axis] - reach, 0))
        }
        return [
            "kernel_shape": .integers(kernel), "strides": .integers(strides), "dilations": .integers(dilations),
            "pads": .integers(begins + tails), "output_padding": .integers(outputPadding),
        ]
    }

    /// How many taps of the window at an output position lie inside; padding counts where `includingPadding`.
    package func coverage(axis: Int, at position: Int, includingPadding: Bool) -> Int {
        let start = position * strides[axis] - begins[axis]
        let low = includingPadding ? -begins[axis] : 0
        let high = includingPadding ? input[axis] + ends[axis] : input[axis]
        let step = max(dilations[axis], 1)
        // The first and the last tap with low ≤ start + tap * step < high.
        let first = max(0, (low - start + step - 1) / step)
        let last = start < high ? min(kernel[axis] - 1, (high - 1 - start) / step) : -1
        return max(0, last - first + 1)
    }

    /// No real window reaches further; products of two such lengths cannot overflow.
    private static let largest = 1 << 20
}
