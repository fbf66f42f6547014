/// A verdict in words that claim no more than was measured.
struct SanityConclusion {
    let verdict: SanityVerdict
    let sentence: String

    /// - Parameters:
    ///   - compared: How many maps of the randomised upper half were compared.
    ///   - asked: How many there should be.
    init(_ numbers: SanityNumbers?, name: String, compared: Int, asked: Int, pictures: Int) {
        guard let numbers, compared * 2 >= asked else {
            verdict = .caution
            sentence =
                "\(name): \(compared) of \(asked) maps of randomised models show anything that could be compared: nothing is known about it"
            return
        }
        verdict = numbers.verdict
        let text = SanityNumbers.text
        let facts =
            "\(text(numbers.randomised)) like the map of a randomised model, \(text(numbers.randomisedDiverging)) with signs, \(text(numbers.edges)) like Sobel (different pictures: \(text(numbers.floor)), \(text(numbers.floorDiverging)), \(text(numbers.floorEdges)))"
        sentence = "\(name): \(facts): \(Self.advice(numbers))"
    }

    private static func advice(_ numbers: SanityNumbers) -> String {
        switch numbers.verdict {
        case .pass: return "it depends on what the upper layers learnt, as far as this test sees"
        case .fail: return "do not use it to judge this model"
        case .caution: break
        }
        if numbers.keptDiverging >= SanityNumbers.some {
            return "part of it does not depend on what the upper layers learnt"
        }
        let itself =
            numbers.valuePart >= SanityNumbers.some
            ? "where it is strong is partly the picture itself (\(SanityNumbers.text(numbers.values)) like the magnitude of its numbers, of other pictures \(SanityNumbers.text(numbers.floorValues)))"
            : numbers.edgePart >= SanityNumbers.some
                ? "where it is strong is partly the picture's edges" : "where it is strong hardly depends on it"
        return "its signs depend on what the upper layers learnt, but \(itself)"
    }
}
