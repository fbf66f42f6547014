package import Graphs
import Tensors

/// Exact 0/1 masks.
///
/// In float32 a mask is a HardSigmoid with a slope of a power of two: scaling by it is exact, so the clipped result is
/// exactly 0 or 1 for every normal number, and the engine vectorises it (comparison, Cast and Sign are several times
/// slower). Other types compare and cast.
extension BackwardStep {
    /// 1 where `value > 0`, else 0.
    package mutating func isPositive(_ value: ValueID) -> ValueID { isAbove(value, 0) }

    /// 1 where `value > bound`, else 0.
    package mutating func isAbove(_ value: ValueID, _ bound: Float) -> ValueID {
        guard let slope = slope(for: bound) else { return compare("Greater", value, bound) }
        return emit("HardSigmoid", [value], ["alpha": .float(slope), "beta": .float(-slope * bound)])
    }

    /// 1 where `value < bound`, else 0.
    package mutating func isBelow(_ value: ValueID, _ bound: Float) -> ValueID {
        guard let slope = slope(for: bound) else { return compare("Less", value, bound) }
        return emit("HardSigmoid", [value], ["alpha": .float(-slope), "beta": .float(slope * bound)])
    }

    /// 1 where `value ≤ 0`, else 0.
    package mutating func isAtMostZero(_ value: ValueID) -> ValueID {
        guard let slope = slope(for: 0) else { return compare("LessOrEqual", value, 0) }
        return emit("HardSigmoid", [value], ["alpha": .float(-slope), "beta": .float(1)])
    }

    /// 1 where `value > 0`, 1/2 where it is 0, else 0; in float32.
    package mutating func isPositiveOrHalf(_ value: ValueID) -> ValueID {
        emit("HardSigmoid", [value], ["alpha": .float(slope(for: 0) ?? 1), "beta": .float(0.5)])
    }

    /// -1, 0 or 1.
    package mutating func sign(_ value: ValueID) -> ValueID {
        guard elementType == .float32 else { return emit("Sign", [value]) }
        return subtract(isPositive(value), isBelow(value, 0))
    }

    /// 1 where `left = right`, else 0.
    package mutating func isEqual(_ left: ValueID, _ right: ValueID) -> ValueID {
        cast(emit("Equal", [left, right]), to: elementType)
    }

    /// A power of two for which `slope * (value - bound)` is at least 1 as soon as `value` exceeds `bound`.
    private func slope(for bound: Float) -> Float? {
        guard elementType == .float32 else { return nil }
        if bound == 0 { return Float(sign: .plus, exponent: 126, significand: 1) }
        return (1e-6...1e8).contains(abs(bound)) ? Float(sign: .plus, exponent: 100, significand: 1) : nil
    }

    private mutating func compare(_ operation: String, _ value: ValueID, _ bound: Float) -> ValueID {
        cast(emit(operation, [value, scalar(Double(bound))]), to: elementType)
    }
}
