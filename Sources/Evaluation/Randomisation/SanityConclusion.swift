import Foundation

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
        func text(_ value: Double) -> String { String(format: "%.2f", value) }
        let facts =
            "\(text(numbers.randomised)) like the map of a randomised model, with signs \(text(numbers.randomisedDiverging)) (different pictures: \(text(numbers.floor)) and \(text(numbers.floorDiverging))), \(text(numbers.edges)) like Sobel's edges (of other pictures: \(text(numbers.floorEdges)))"
        let advice =
            switch verdict {
            case .pass: "it depends on what the upper layers learnt, as far as this test sees"
            case .fail: "do not use it to judge this model"
            case .caution where numbers.kept > numbers.keptDiverging && numbers.keptDiverging < SanityNumbers.some:
                "only its signs depend on what the upper layers learnt; where it is strong comes mostly from the picture"
            case .caution: "part of it does not depend on what the upper layers learnt"
            }
        sentence = "\(name): \(facts): \(advice)"
    }
}
