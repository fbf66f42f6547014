import Graphs
import Tensors

/// The discrete Fourier transform along an axis, `y_k = Σ_n x_n exp(∓2πi kn/N)`, real and imaginary parts in the last axis.
///
/// As a function of these parts its transposed derivative is its conjugate transpose: the transform the other way round times N
/// (divided by N where the transform itself is the inverse). A one-sided spectrum is the first half of a whole one; the inverse of
/// a one-sided one counts all frequencies twice but the first, and the last of an even N.
struct FourierTransformRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let seed = step.resultCotangents[0], step.wants(0) else { return result }
        let (shape, spectrum) = (try step.shape(ofOperand: 0), try step.shape(ofResult: 0))
        let axis = try step.axis(try step.constantIntegers(2)?.first ?? -2, rank: shape.rank)
        guard shape.rank >= 2, axis < shape.rank - 1, shape.count > 0, spectrum.count > 0 else {
            throw .unsupported(node: step.label, reason: "its axis \(axis) is none of the signal's in \(shape)")
        }
        let isInverse = step.node.integer("inverse") ?? 0 != 0
        let isOneSided = step.node.integer("onesided") ?? 0 != 0
        var length = isOneSided && isInverse ? 2 * (shape[axis] - 1) : shape[axis]
        if let given = try step.constantIntegers(1)?.first { length = given }
        // From fewer or more frequencies than that, the engine makes a signal that is no Fourier transform of them.
        guard length > 0, spectrum[axis] == (isOneSided && !isInverse ? length / 2 + 1 : length),
            !(isOneSided && isInverse) || shape[axis] == length / 2 + 1
        else {
            throw .unsupported(
                node: step.label, reason: "its length \(length) does not fit \(shape) and its result \(spectrum)")
        }

        var value = seed
        var kept = spectrum
        kept.dimensions[axis] = length
        if isOneSided, isInverse {
            kept.dimensions[axis] = length / 2 + 1
            value = transform(&step, seed, axis, ["onesided": .integer(1)])
            let frequencies = 0...(length / 2)
            let weights = frequencies.map { $0 == 0 || 2 * $0 == length ? 1 / Double(length) : 2 / Double(length) }
            var lengths = [Int](repeating: 1, count: shape.rank)
            lengths[axis] = weights.count
            value = step.multiply(value, step.constant(weights, shape: Shape(lengths)))
        } else {
            value = resized(&step, seed, from: spectrum[axis], to: length, axis, rank: shape.rank)
            value = transform(&step, value, axis, isInverse ? [:] : ["inverse": .integer(1)])
            value = step.scale(value, by: isInverse ? 1 / Double(length) : Double(length))
        }
        value = resized(&step, value, from: kept[axis], to: shape[axis], axis, rank: shape.rank)
        if shape[-1] == 1 { value = step.slice(value, from: 0, to: 1, axis: shape.rank - 1) }
        result[0] = Cotangent(value, shape)
        return result
    }

    private func transform(
        _ step: inout BackwardStep, _ value: ValueID, _ axis: Int, _ attributes: [String: Attribute]
    ) -> ValueID {
        let place = step.graph.addConstant(AnyTensor(Tensor<Int64>(Int64(axis))), name: "axis")
        return step.emit("DFT", [value, nil, place], attributes)
    }

    /// Cut off, or with zeros behind, along the axis.
    private func resized(
        _ step: inout BackwardStep, _ value: ValueID, from old: Int, to new: Int, _ axis: Int, rank: Int
    ) -> ValueID {
        if new < old { return step.slice(value, from: 0, to: new, axis: axis) }
        var ends = [Int](repeating: 0, count: rank)
        ends[axis] = new - old
        return step.pad(value, begins: [Int](repeating: 0, count: rank), ends: ends)
    }
}
