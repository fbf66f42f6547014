/// What one channel of a value is made of: `offset + Σ weights[i] * channel i of the input`, pixel by pixel.
struct ChannelForm: Hashable {
    /// One factor a channel of the input.
    var weights: [Double]
    /// What is added.
    var offset = 0.0

    /// One channel of an input of so many, as it is.
    init(channel: Int, of count: Int) {
        weights = (0..<count).map { $0 == channel ? 1 : 0 }
    }

    /// A number that does not depend on the input.
    init(constant: Double, of count: Int) {
        weights = [Double](repeating: 0, count: count)
        offset = constant
    }

    /// What a pixel that is equal in all channels is multiplied by.
    var sum: Double { weights.reduce(0, +) }

    /// The only channel that counts; nil where several do.
    var source: Int? {
        let sources = weights.indices.filter { weights[$0] != 0 }
        return sources.count == 1 ? sources[0] : nil
    }

    /// Whether it is a channel as it is.
    var isPlain: Bool { offset == 0 && source.map { weights[$0] == 1 } ?? false }

    static func * (form: ChannelForm, factor: Double) -> ChannelForm {
        var result = form
        result.weights = form.weights.map { $0 * factor }
        result.offset *= factor
        return result
    }

    static func + (form: ChannelForm, term: Double) -> ChannelForm {
        var result = form
        result.offset += term
        return result
    }

    static func + (one: ChannelForm, other: ChannelForm) -> ChannelForm {
        var result = one
        result.weights = zip(one.weights, other.weights).map { $0 + $1 }
        result.offset += other.offset
        return result
    }
}

/// A value whose elements come each from one pixel of the input.
struct PixelValue {
    /// What an axis counts.
    enum Axis: Hashable {
        case batch
        case channel
        case row
        case column
        /// An axis of one that was inserted.
        case single
        /// An axis of an input that is no picture.
        case other
    }

    var axes: [Axis]
    /// What each channel is made of; one where no axis counts channels.
    var forms: [ChannelForm]
    /// What was done so far, in words.
    var steps: [String] = []
    /// Whether it holds floating-point numbers.
    var isFloat: Bool
    /// The range to which it was quantised.
    var quantised: ClosedRange<Double>?

    /// Where the channels stand; nil where there is one without an axis.
    var channelPlace: Int? { axes.firstIndex(of: .channel) }

    /// The value after a step that keeps its channels.
    func after(_ step: String?) -> PixelValue {
        var result = self
        if let step { result.steps.append(step) }
        return result
    }

    /// The value with other channels after a step.
    func with(_ forms: [ChannelForm], after step: String? = nil) -> PixelValue {
        var result = after(step)
        result.forms = forms
        return result
    }

    /// What several values have in common before they meet, and in a word what was done to them apart.
    static func steps(of values: [PixelValue]) -> [String] {
        guard let first = values.first?.steps else { return [] }
        let common = first.indices.prefix { index in
            values.allSatisfy { index < $0.steps.count && $0.steps[index] == first[index] }
        }
        let isAll = values.allSatisfy { $0.steps.count == common.count }
        return Array(first[..<common.endIndex]) + (isAll ? [] : ["works on its channels one by one"])
    }
}
