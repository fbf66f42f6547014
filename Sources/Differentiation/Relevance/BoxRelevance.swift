package import Graphs
import Tensors

/// The z^B rule for a layer that reads pixels between bounds l and h (Montavon et al. 2017):
/// `R_i = Σ_j (x_i W_ij - l_i W_ij⁺ - h_i W_ij⁻) R_j / z_j` with `z_j = Σ_i (x_i W_ij - l_i W_ij⁺ - h_i W_ij⁻)`.
///
/// No term is negative, so all relevance arrives; the bias takes no part.
package struct BoxRelevance: RelevanceRule {
    /// Between which numbers the layer's operand lies.
    package enum Bounds: Sendable, Hashable {
        /// The smallest and largest number of each channel of each sample.
        case ofEachSample
        /// One number for all channels, or one a channel.
        case given(low: [Double], high: [Double])
    }

    let bounds: Bounds

    package init(_ bounds: Bounds = .ofEachSample) { self.bounds = bounds }

    package func relevance(
        _ layer: LinearRelevance, _ step: inout BackwardStep
    ) throws(DifferentiationError) -> ValueID {
        let (low, high) = try self.bounds(of: layer, &step)
        let (p, n) = (layer.positive(&step), layer.negative(&step))
        let whole = layer.product(&step, layer.input, layer.weight)
        let z = step.subtract(
            step.subtract(whole, layer.product(&step, low, p)), layer.product(&step, high, n))
        let weighting = step.dividedStably(layer.relevance, by: z, layer.epsilon)
        let result = step.subtract(
            try layer.share(&step, layer.input, layer.weight, of: weighting),
            try layer.share(&step, low, p, of: weighting))
        return step.subtract(result, try layer.share(&step, high, n, of: weighting))
    }

    /// The bounds with the operand's shape.
    private func bounds(
        of layer: LinearRelevance, _ step: inout BackwardStep
    ) throws(DifferentiationError) -> (ValueID, ValueID) {
        let shape = try step.shape(of: layer.input)
        let isConvolution = step.node.operation.hasPrefix("Conv")
        switch bounds {
        case .ofEachSample:
            let axes = step.integers(Array((isConvolution ? 2 : min(1, shape.rank - 1))..<shape.rank))
            let keep: [String: Attribute] = ["keepdims": .integer(1)]
            let low = step.emit("ReduceMin", [layer.input, axes], keep)
            let high = step.emit("ReduceMax", [layer.input, axes], keep)
            return (step.expand(low, to: shape), step.expand(high, to: shape))
        case .given(let low, let high):
            let axis = isConvolution ? 1 : shape.rank - 1
            func expanded(_ values: [Double]) throws(DifferentiationError) -> ValueID {
                guard values.count == 1 || values.count == shape[axis] else {
                    throw .unsupported(
                        node: step.label,
                        reason:
                            "it reads \(shape[axis]) channels, and \(values.count) bounds were given (one, or one a channel)"
                    )
                }
                var lengths = [Int](repeating: 1, count: shape.rank)
                lengths[axis] = values.count
                return step.expand(step.constant(values, shape: Shape(lengths)), to: shape)
            }
            return (try expanded(low), try expanded(high))
        }
    }
}
