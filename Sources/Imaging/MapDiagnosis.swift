public import Tensors

/// Whether a map has anything to show, judged on the raw values before any normalisation.
public enum MapDiagnosis: Sendable, Hashable {
    /// The map distinguishes places.
    case informative
    /// Every value is zero: no evidence reached the map.
    case allZero
    /// Every value is this one.
    case constant(Float)
    /// No value is above zero, and only positive evidence was to be shown.
    case nothingPositive(maximum: Float)
    /// Only positive evidence was to be shown, and the largest is next to nothing beside the largest negative value.
    case hardlyPositive(maximum: Float, minimum: Float)
    /// So many of the values are NaN or infinite.
    case notFinite(count: Int, of: Int)

    /// The diagnosis of a map for what is to be shown of it.
    public init(_ map: Tensor<Float>, range: DisplayRange) {
        let finite = map.elements.filter(\.isFinite)
        guard finite.count == map.elements.count, let low = finite.min(), let high = finite.max() else {
            self = .notFinite(count: map.elements.count - finite.count, of: map.elements.count)
            return
        }
        // Rounding noise of float32 sums is no evidence.
        let noise = max(abs(low), abs(high)) * 1e-6
        if low == 0, high == 0 {
            self = .allZero
        } else if high - low <= noise {
            self = .constant(high)
        } else if range == .positive, high <= 0 {
            self = .nothingPositive(maximum: high)
        } else if range == .positive, PositiveEvidence.isNegligible(low: low, high: high) {
            self = .hardlyPositive(maximum: high, minimum: low)
        } else {
            self = .informative
        }
    }

    /// Whether heat can be drawn.
    public var isInformative: Bool { self == .informative }

    /// Whether positive evidence was to be shown and there is none, or next to none.
    public var lacksPositive: Bool {
        switch self {
        case .nothingPositive, .hardlyPositive: true
        case .informative, .allZero, .constant, .notFinite: false
        }
    }
}

extension MapDiagnosis: CustomStringConvertible {
    /// One sentence for the figure: what is wrong and what to try.
    public var description: String {
        switch self {
        case .informative:
            "The map distinguishes places."
        case .allZero:
            "The map is zero everywhere: no evidence for this class reached the layer. Try another layer or method."
        case .constant(let value):
            "The map is constant (\(value)): it distinguishes no place. Try another layer or method."
        case .nothingPositive(let maximum):
            "The map has no positive value (largest: \(maximum)): nothing speaks for this class here. "
                + "Try a signed method or another class."
        case .hardlyPositive(let maximum, let minimum):
            "Next to nothing speaks for this class here: the largest positive value is \(Self.percent(maximum / -minimum)) of the "
                + "largest negative one. Try a signed method or another class."
        case .notFinite(let count, let total):
            "\(count) of the map's \(total) values are not finite numbers: the model or the method overflowed."
        }
    }

    /// A part of one in per cent: `0.4 %`, `3.2 %`.
    private static func percent(_ part: Float) -> String {
        let tenths = (Double(part) * 1000).rounded()
        return tenths < 1 ? "less than 0.1 %" : "\(tenths / 10) %"
    }
}
