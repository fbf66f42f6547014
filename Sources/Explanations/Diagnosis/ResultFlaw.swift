package import Tensors

/// Why a raw result shows nothing, by its numbers alone.
package enum ResultFlaw: Sendable, Hashable {
    /// The score itself is NaN or infinite.
    case score(Float)
    /// So many values are NaN or infinite.
    case notFinite(count: Int, of: Int)
    /// Every value is zero.
    case zero
    /// Every value is this one.
    case constant(Float)
    /// No value is above zero, in a map whose positive part counts.
    case nothingPositive(largest: Float)

    /// The flaw of one sample's result; nil where it distinguishes places.
    package init?(_ values: Tensor<Float>, display: MethodDescription.Display?) {
        var (low, high) = (Float.infinity, -Float.infinity)
        var broken = 0
        for value in values.elements {
            guard value.isFinite else {
                broken += 1
                continue
            }
            low = min(low, value)
            high = max(high, value)
        }
        // Rounding noise of float32 sums is no evidence.
        let noise = max(abs(low), abs(high)) * 1e-6
        if broken > 0 {
            self = .notFinite(count: broken, of: values.elements.count)
        } else if values.elements.isEmpty {
            return nil
        } else if low == 0, high == 0 {
            self = .zero
        } else if display != nil, values.elements.count > 1, high - low <= noise {
            self = .constant(high)
        } else if display == .positive, high <= 0 {
            self = .nothingPositive(largest: high)
        } else {
            return nil
        }
    }

    /// What is wrong, for a method's label.
    func sentence(_ label: String) -> String {
        switch self {
        case .score(let score): "the explained score is \(score.isNaN ? "NaN" : "\(score)"), so \(label) means nothing"
        case .notFinite(let count, let total): "\(count) of the \(total) values of \(label) are NaN or infinite"
        case .zero: "every value of \(label) is zero: nothing that it looks at moves the score"
        case .constant(let value): "every value of \(label) is \(value): it distinguishes no place"
        case .nothingPositive(let largest):
            "no value of \(label) is above zero (largest: \(largest)): at this place everything speaks against the score, or nothing for it"
        }
    }
}
