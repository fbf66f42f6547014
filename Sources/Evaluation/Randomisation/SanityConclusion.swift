import Foundation

/// A verdict in words that claim no more than was measured.
struct SanityConclusion {
    let verdict: SanityVerdict
    let sentence: String

    /// - Parameters:
    ///   - judgement: What the intervals allow.
    ///   - compared: How many maps of the randomised upper half were compared.
    ///   - asked: How many there should be.
    init(
        _ numbers: SanityNumbers?, _ judgement: SanityJudgement?, name: String, compared: Int, asked: Int,
        pictures: Int, seeds: Int
    ) {
        guard let numbers, let judgement, compared * 2 >= asked else {
            verdict = .undecided
            let reason =
                compared * 2 < asked
                ? "\(compared) of \(asked) maps of randomised models show anything that could be compared"
                : "there is no map of another picture to compare with"
            sentence = "\(name): \(reason): nothing is known about it"
            return
        }
        verdict = judgement.verdict
        let text = SanityNumbers.text
        let facts =
            "\(text(numbers.randomised)) like the map of a randomised model, \(text(numbers.randomisedDiverging)) with signs, \(text(numbers.edges)) like Sobel (different pictures: \(text(numbers.floor)), \(text(numbers.floorDiverging)), \(text(numbers.floorEdges)))"
        let advice =
            verdict == .undecided
            ? Self.doubt(judgement, pictures: pictures, seeds: seeds) : Self.advice(numbers, judgement)
        // Of one picture, only this one is spoken of.
        sentence = "\(name): \(facts): \(pictures == 1 && verdict != .undecided ? "for this picture, " : "")\(advice)"
    }

    private static func advice(_ numbers: SanityNumbers, _ judgement: SanityJudgement) -> String {
        switch judgement.verdict {
        case .pass: return "it depends on what the upper layers learnt, as far as this test sees"
        case .fail: return "do not use it to judge this model"
        case .caution, .undecided: break
        }
        if judgement.beyond.isEmpty {
            return "maps of different pictures are the same, so this test cannot tell"
        }
        if judgement.beyond.contains(.diverging) {
            return "part of it does not depend on what the upper layers learnt"
        }
        let itself =
            judgement.beyond.contains(.values)
            ? "where it is strong is partly the picture itself (\(SanityNumbers.text(numbers.values)) like the magnitude of its numbers, of other pictures \(SanityNumbers.text(numbers.floorValues)))"
            : judgement.beyond.contains(.edges)
                ? "where it is strong is partly the picture's edges" : "where it is strong hardly depends on it"
        return "its signs depend on what the upper layers learnt, but \(itself)"
    }

    // MARK: Not decided

    private static func doubt(_ judgement: SanityJudgement, pictures: Int, seeds: Int) -> String {
        guard let intervals = judgement.intervals else {
            return pictures == 1
                ? "\(counted(seeds, "draw")) of one picture \(seeds == 1 ? "has" : "have") no interval, so nothing is decided: give three pictures or more (ten are better), or draw three times or more (--seeds) for a verdict on this picture alone"
                : "\(counted(pictures, "picture")) have no interval, so nothing is decided: give three or more (ten are better)"
        }
        let verdicts = judgement.possible.map(\.rawValue)
        let choice = verdicts.dropLast().joined(separator: ", ") + " or " + (verdicts.last ?? "")
        let reasons = judgement.open.map { part in
            let interval = Self.interval(of: part, in: intervals)
            return
                "\(words(part)) \(SanityNumbers.text(interval.value)), \(SanityNumbers.text(interval.low)) to \(SanityNumbers.text(interval.high))"
        }
        let open = reasons.isEmpty ? "" : " (\(reasons.joined(separator: "; ")))"
        let unit = intervals.unit == SanitySample.Unit.draws.rawValue ? "draw" : "picture"
        let remedy =
            judgement.needed.map { number in
                number > intervals.count
                    ? "about \(counted(number, unit)) would probably settle it\(unit == "draw" ? " (for this picture)" : "")"
                    : "a few \(unit)s more would probably settle it"
            } ?? "so near a limit, more than \(SanityIntervals.limit) \(unit)s would be needed"
        return "\(choice), \(counted(intervals.count, unit)) cannot tell\(open): \(remedy)"
    }

    private static func interval(of part: SanityJudgement.Part, in intervals: SanityIntervals) -> SanityIntervals.Part {
        switch part {
        case .diverging: intervals.diverging
        case .absolute: intervals.absolute
        case .edges: intervals.edges
        case .values: intervals.values
        }
    }

    private static func words(_ part: SanityJudgement.Part) -> String {
        switch part {
        case .diverging: "kept with signs"
        case .absolute: "kept where strong"
        case .edges: "the picture's edges"
        case .values: "the picture's own numbers"
        }
    }

    private static func counted(_ number: Int, _ unit: String) -> String {
        "\(number) \(unit)\(number == 1 ? "" : "s")"
    }
}
