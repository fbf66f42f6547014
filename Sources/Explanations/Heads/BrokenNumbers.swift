import Tensors

/// How many of an output's numbers are no score that could be compared.
package struct BrokenNumbers: Sendable, Hashable {
    /// The output.
    package let output: String
    /// The first of them: one index per axis behind the batch.
    package let position: [Int]
    /// How many are NaN.
    package private(set) var notNumbers = 0
    /// How many are plus infinity.
    package private(set) var infinite = 0
    /// How many are minus infinity, as in a class that a file switches off.
    package private(set) var minusInfinite = 0
    /// How many there are in all.
    package let count: Int

    /// The broken numbers of one sample's output; nil where all are finite.
    init?(_ values: Tensor<Float>, of output: String) {
        guard let first = values.elements.firstIndex(where: { !$0.isFinite }) else { return nil }
        for value in values.elements[first...] where !value.isFinite {
            if value.isNaN { notNumbers += 1 } else if value > 0 { infinite += 1 } else { minusInfinite += 1 }
        }
        var (rest, place) = (first, [Int]())
        for length in values.shape.dimensions.reversed() {
            place.insert(rest % length, at: 0)
            rest /= length
        }
        (self.output, count, position) = (output, values.elements.count, place)
    }

    /// Whether only minus infinities are among them, which are below every other score.
    package var isOrdered: Bool { notNumbers == 0 && infinite == 0 }

    /// `'logits' holds 1 NaN among its 5 numbers (the first at [3])`, or `'age' is NaN`.
    package var sentence: String {
        let parts = [(notNumbers, "NaN"), (infinite, "infinity"), (minusInfinite, "-infinity")]
            .filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        if count == 1 { return "'\(output)' is \(parts[0].dropFirst(2))" }
        let place = position.isEmpty ? "" : " (the first at \(position))"
        return "'\(output)' holds \(parts.joined(separator: " and ")) among its \(count) numbers\(place)"
    }
}

extension Head {
    /// What is broken among the numbers that this head reads; nil where all are finite.
    package func brokenNumbers(in outputs: OutputValues) -> BrokenNumbers? {
        let all = description.outputs.compactMap { name in
            outputs.values[name].flatMap { BrokenNumbers($0, of: name) }
        }
        return all.first { !$0.isOrdered } ?? all.first
    }

    /// The findings, the likeliest first.
    ///
    /// - Throws: `ExplanationError.brokenOutput` where NaN or infinity leaves open which is the likeliest.
    package func ranked(in outputs: OutputValues) throws -> [Finding] {
        let all = try findings(in: outputs)
        if let first = all.first, first.isComparable { return all }
        if let broken = brokenNumbers(in: outputs) {
            throw ExplanationError.brokenOutput(broken.sentence, cause: nil)
        }
        guard !all.isEmpty else {
            throw ExplanationError.unsuitable(
                method: "the \(description.kind.rawValue)", reason: "it says nothing about this input")
        }
        return all
    }
}

extension Finding {
    /// Whether its score and probability are numbers.
    package var isComparable: Bool { score.isFinite && probability?.isFinite != false }

    /// Whether it comes before another in a list: by score, NaN last, then by number.
    static func precedes(_ first: Finding, _ second: Finding) -> Bool {
        func key(_ finding: Finding) -> (Int, Double) {
            finding.score.isNaN ? (0, 0) : (1, finding.score)
        }
        let (left, right) = (key(first), key(second))
        return left == right ? first.index < second.index : left > right
    }
}
