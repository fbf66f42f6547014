/// The verdict on a sample, as far as its intervals allow one.
///
/// The rule is that of `SanityNumbers`, asked of whole intervals: a verdict stands where no number may lie on another side of a limit that
/// matters to it.
///
/// - **PASS**: all four parts lie below their limits (0.25 with signs, 0.5 where strong, 0.25 edges, 0.25 numbers), each by its 95 % interval. Where
///   one of them is truly beyond, this happens in at most 2.5 % of all checks.
/// - **FAIL**: the signed part lies at or above 0.5 by its 95 % interval.
/// - **CAUTION**: the signed part lies below 0.5, and one of the four at or above its limit. Any of four may be it by chance, so each is asked
///   at 97.5 %, which keeps the four together below 5 %.
/// - **UNDECIDED**: everything else, and fewer than three units.
package struct SanityJudgement: Sendable {
    /// The verdict.
    package let verdict: SanityVerdict
    /// The verdicts that the intervals allow, PASS first; one that is decided, none where there is no interval.
    package let possible: [SanityVerdict]
    /// The intervals; nil where there are too few units.
    package let intervals: SanityIntervals?
    /// How many units would probably settle it; nil where it is settled, or beyond the limit.
    package let needed: Int?
    /// Which parts lie beyond their limits for certain.
    package let beyond: [Part]
    /// Which parts keep it undecided.
    package let open: [Part]

    /// A part of a map with the limit from which it is too much.
    package enum Part: Sendable, Hashable, CaseIterable {
        case diverging, absolute, edges, values

        /// From here on, less than PASS.
        package var limit: Double { self == .absolute ? SanityNumbers.most : SanityNumbers.some }
    }

    /// The confidence at which each of four parts is asked whether it lies beyond its limit.
    package static let jointConfidence = 1 - 2 * (1 - SanityIntervals.confidence) / 4

    /// All that a kept verdict depends on beside its numbers.
    package static let rule =
        "limits \(SanityNumbers.some) \(SanityNumbers.most) \(SanityNumbers.same), confidence \(SanityIntervals.confidence) and \(jointConfidence), a draw for each picture"

    package init(_ sample: SanitySample, numbers: SanityNumbers) {
        let likeness: [Part: SanitySample.Likeness] = [
            .diverging: sample.diverging, .absolute: sample.randomised, .edges: sample.edges, .values: sample.values,
        ]
        var known: [Part: PartInterval] = [:]
        for (part, numbers) in likeness { known[part] = PartInterval(sample, numbers) }
        guard known.count == Part.allCases.count, let blindness = Self.blindness(sample) else {
            self.init(.undecided, possible: [], intervals: nil, needed: nil, beyond: [], open: [])
            return
        }
        let intervals = SanityIntervals(
            unit: sample.unit, count: sample.units.count,
            diverging: Self.part(known[.diverging], numbers.keptDiverging),
            absolute: Self.part(known[.absolute], numbers.kept), edges: Self.part(known[.edges], numbers.edgePart),
            values: Self.part(known[.values], numbers.valuePart))
        var possible: Set<SanityVerdict> = []
        var (beyond, open): ([Part], [Part]) = ([], [])
        if blindness.may { possible.formUnion(Self.verdictsOfBlindMethod(sample, isCertain: blindness.must)) }
        if !blindness.must {
            let signed = known[.diverging]?.bounds() ?? (-.infinity, .infinity)
            let mayFail = signed.high >= SanityNumbers.most
            let mustFail = signed.low >= SanityNumbers.most
            beyond = Part.allCases.filter { part in
                (known[part]?.bounds(Self.jointConfidence).low ?? -.infinity) >= part.limit
            }
            let mustPass = Part.allCases.allSatisfy { part in
                (known[part]?.bounds().high ?? .infinity) < part.limit
            }
            if mayFail { possible.insert(.fail) }
            if !mustFail, !mustPass { possible.insert(.caution) }
            if !mustFail, beyond.isEmpty { possible.insert(.pass) }
            open = Part.allCases.filter { part in
                guard let bounds = known[part]?.bounds() else { return true }
                let limits = part == .diverging ? [SanityNumbers.some, SanityNumbers.most] : [part.limit]
                return limits.contains { bounds.low < $0 && bounds.high >= $0 }
            }
        }
        let ordered = SanityVerdict.allCases.filter(possible.contains)
        let isDecided = ordered.count == 1
        self.init(
            isDecided ? ordered[0] : .undecided, possible: ordered, intervals: intervals,
            needed: isDecided ? nil : Self.needed(known, numbers), beyond: beyond, open: isDecided ? [] : open)
    }

    private init(
        _ verdict: SanityVerdict, possible: [SanityVerdict], intervals: SanityIntervals?, needed: Int?, beyond: [Part],
        open: [Part]
    ) {
        self.verdict = verdict
        self.possible = possible
        self.intervals = intervals
        self.needed = needed
        self.beyond = beyond
        self.open = open
    }

    /// The interval within 0...1, around what is reported.
    private static func part(_ interval: PartInterval?, _ value: Double) -> SanityIntervals.Part {
        let bounds = interval?.bounds() ?? (-.infinity, .infinity)
        func cut(_ number: Double) -> Double { min(max(number, 0), 1) }
        return SanityIntervals.Part(
            value: value, low: min(cut(bounds.low), value), high: max(cut(bounds.high), value))
    }

    // MARK: Methods that show the same of all pictures

    /// Whether signed maps of different pictures may or must be the same.
    private static func blindness(_ sample: SanitySample) -> (may: Bool, must: Bool)? {
        guard let floor = sample.floor(sample.diverging) else { return nil }
        guard let bounds = meanBounds(sample, floor, { sample.floor(sample.diverging, without: $0) }) else {
            return nil
        }
        return (bounds.high >= SanityNumbers.same, bounds.low >= SanityNumbers.same)
    }

    private static func verdictsOfBlindMethod(_ sample: SanitySample, isCertain: Bool) -> Set<SanityVerdict> {
        guard let own = sample.own(sample.diverging),
            let bounds = meanBounds(sample, own, { sample.own(sample.diverging, without: $0) })
        else { return [.caution, .fail] }
        if bounds.low >= SanityNumbers.same { return [.fail] }
        return bounds.high < SanityNumbers.same ? [.caution] : [.caution, .fail]
    }

    /// The interval of a mean by leaving one unit out after the other.
    private static func meanBounds(
        _ sample: SanitySample, _ value: Double, _ without: (Int) -> Double?
    ) -> (low: Double, high: Double)? {
        let left = sample.units.compactMap(without)
        guard left.count == sample.units.count, left.count >= SanitySample.fewestUnits else { return nil }
        return PartInterval(kept: value, room: 1, leavingOneOut: left.map { ($0, 1) }).bounds()
    }

    // MARK: How much more is needed

    /// The units after which the verdict that the means speak for would probably stand.
    private static func needed(_ known: [Part: PartInterval], _ numbers: SanityNumbers) -> Int? {
        func units(_ part: Part, _ limit: Double, _ confidence: Double = SanityIntervals.confidence) -> Int? {
            known[part]?.unitsNeeded(for: limit, confidence: confidence)
        }
        switch numbers.verdict {
        case .fail: return units(.diverging, SanityNumbers.most)
        case .pass:
            let all = Part.allCases.map { units($0, $0.limit) }
            return all.contains { $0 == nil } ? nil : all.compactMap { $0 }.max()
        default:
            let value: [Part: Double] = [
                .diverging: numbers.keptDiverging, .absolute: numbers.kept, .edges: numbers.edgePart,
                .values: numbers.valuePart,
            ]
            let causes = Part.allCases.filter { value[$0] ?? 0 >= $0.limit }
            guard let quickest = causes.compactMap({ units($0, $0.limit, jointConfidence) }).min(),
                let noFailure = units(.diverging, SanityNumbers.most)
            else { return nil }
            return max(quickest, noFailure)
        }
    }
}
