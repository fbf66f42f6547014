import Graphs
import Tensors

/// Convolution, `y = x * W + b`.
///
/// `∂x` at stride 1 is a convolution with the kernel flipped and its channels swapped, otherwise a ConvTranspose;
/// `∂W` is a convolution of the input with the cotangent as kernel, batch and channels swapped.
struct ConvRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0] else { return step.none }
        let input = try step.shape(ofOperand: 0)
        let weight = try step.shape(ofOperand: 1)
        let window = SlidingWindow(
            step.node, input: input, output: try step.shape(ofResult: 0), kernel: Array(weight.dimensions.dropFirst(2)))
        var result = step.none
        if step.wants(0) {
            result[0] = Cotangent(try inputCotangent(&step, seed: seed, weight: weight, window: window), input)
        }
        if step.wants(1) {
            let correlation = Correlation(
                kernel: window.kernel, strides: window.strides, dilations: window.dilations, begins: window.begins,
                ends: window.ends, group: step.node.integer("group") ?? 1)
            let value = step.kernelCotangent(
                large: try step.operand(0), input, small: seed, try step.shape(ofResult: 0), correlation)
            result[1] = Cotangent(value, weight)
        }
        if step.wants(2) {
            let axes = [0] + (0..<window.kernel.count).map { $0 + 2 }
            result[2] = Cotangent(step.reshape(step.sum(seed, over: axes), to: [weight[0]]), [weight[0]])
        }
        return result
    }

    private func inputCotangent(
        _ step: inout BackwardStep, seed: ValueID, weight: Shape, window: SlidingWindow
    ) throws(DifferentiationError) -> ValueID {
        let group = step.node.integer("group") ?? 1
        let kernel = try step.operand(1)
        let begins = window.kernel.indices.map { window.span($0) - 1 - window.begins[$0] }
        let ends = window.kernel.indices.map { window.input[$0] - window.output[$0] + window.begins[$0] }
        guard window.strides.allSatisfy({ $0 == 1 }), (begins + ends).allSatisfy({ $0 >= 0 }) else {
            let attributes = window.transposedAttributes.merging(["group": .integer(group)]) { $1 }
            return step.emit("ConvTranspose", [seed, kernel], attributes)
        }
        let flipped = flip(&step, swapChannels(&step, kernel, shape: weight, group: group), window.kernel)
        return step.emit(
            "Conv", [seed, flipped],
            [
                "kernel_shape": .integers(window.kernel), "dilations": .integers(window.dilations),
                "pads": .integers(begins + ends), "group": .integer(group),
            ])
    }

    /// `[M, C/g, …]` becomes `[C, M/g, …]`.
    private func swapChannels(
        _ step: inout BackwardStep, _ kernel: ValueID, shape: Shape, group: Int
    ) -> ValueID {
        let spatial = Array(shape.dimensions.dropFirst(2))
        let outputs = shape[0] / group
        let inputs = shape[1]
        if group == 1 {
            return step.transpose(kernel, [1, 0] + spatial.indices.map { $0 + 2 })
        }
        guard outputs > 1 || inputs > 1 else { return kernel }
        let grouped = step.reshape(kernel, to: Shape([group, outputs, inputs] + spatial))
        let swapped = step.transpose(grouped, [0, 2, 1] + spatial.indices.map { $0 + 3 })
        return step.reshape(swapped, to: Shape([group * inputs, outputs] + spatial))
    }

    private func flip(_ step: inout BackwardStep, _ kernel: ValueID, _ lengths: [Int]) -> ValueID {
        let axes = lengths.indices.filter { lengths[$0] > 1 }.map { $0 + 2 }
        guard !axes.isEmpty else { return kernel }
        let backwards = [Int](repeating: -1, count: axes.count)
        let first = [Int](repeating: Int(Int32.min), count: axes.count)
        return step.emit(
            "Slice",
            [kernel, step.integers(backwards), step.integers(first), step.integers(axes), step.integers(backwards)])
    }
}
