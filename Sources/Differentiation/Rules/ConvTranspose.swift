import Graphs
import Tensors

/// Transposed convolution, `y[s i + d k - p] += x[i] W[k]`: `∂x` is the convolution of the cotangent by the same kernel.
struct ConvTransposeRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let given = step.resultCotangents[0] else { return step.none }
        let input = try step.shape(ofOperand: 0)
        let weight = try step.shape(ofOperand: 1)
        let output = try step.shape(ofResult: 0)
        let correlation = correlation(step.node, input, weight, output)
        var result = step.none
        if step.wants(2) {
            let axes = [0] + (2..<output.rank)
            result[2] = Cotangent(step.reshape(step.sum(given, over: axes), to: [output[1]]), [output[1]])
        }
        let (seed, shape) = cropped(&step, given, output, input, correlation)
        if step.wants(0) {
            let value = step.emit(
                "Conv", [seed, try step.operand(1)],
                [
                    "kernel_shape": .integers(correlation.kernel), "strides": .integers(correlation.strides),
                    "dilations": .integers(correlation.dilations), "group": .integer(correlation.group),
                    "pads": .integers(correlation.begins + correlation.ends),
                ])
            result[0] = Cotangent(value, input)
        }
        if step.wants(1) {
            let value = step.kernelCotangent(
                large: seed, shape, small: try step.operand(0), input, correlation)
            result[1] = Cotangent(value, weight)
        }
        return result
    }

    /// The convolution back from the output to the input; its padding behind reaches the last product.
    private func correlation(_ node: Node, _ input: Shape, _ weight: Shape, _ output: Shape) -> Correlation {
        let kernel = Array(weight.dimensions.dropFirst(2))
        let window = SlidingWindow(node, input: output, output: input, kernel: kernel)
        let added = node.integers("output_padding") ?? kernel.map { _ in 0 }
        let automatic = node.string("auto_pad") ?? "NOTSET"
        // A given output shape decides the padding; the odd one goes in front, except for SAME_UPPER.
        let isResolved = automatic.hasPrefix("SAME") || node.integers("output_shape") != nil
        var begins: [Int] = []
        var ends: [Int] = []
        for axis in kernel.indices {
            let reach = (input[axis + 2] - 1) * window.strides[axis] + window.span(axis)
            let total = max(reach + (axis < added.count ? added[axis] : 0) - output[axis + 2], 0)
            let half = automatic == "SAME_UPPER" ? total / 2 : total - total / 2
            begins.append(isResolved ? half : window.begins[axis])
            ends.append(max(reach - output[axis + 2] - begins[axis], 0))
        }
        return Correlation(
            kernel: kernel, strides: window.strides, dilations: window.dilations, begins: begins, ends: ends,
            group: node.integer("group") ?? 1)
    }

    /// The seed without the positions behind the last product, which hold only the bias.
    private func cropped(
        _ step: inout BackwardStep, _ seed: ValueID, _ output: Shape, _ input: Shape, _ correlation: Correlation
    ) -> (ValueID, Shape) {
        var value = seed
        var lengths = output.dimensions
        for axis in correlation.kernel.indices {
            let span = (correlation.kernel[axis] - 1) * correlation.dilations[axis] + 1
            let reached = (input[axis + 2] - 1) * correlation.strides[axis] + span - correlation.begins[axis]
            guard reached > 0, reached < lengths[axis + 2] else { continue }
            value = step.slice(value, from: 0, to: reached, axis: axis + 2)
            lengths[axis + 2] = reached
        }
        return (value, Shape(lengths))
    }
}
