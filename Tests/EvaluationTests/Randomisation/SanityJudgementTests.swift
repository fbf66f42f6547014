import Evaluation
import Tensors
import Testing

/// How often verdicts are wrong, on samples whose true numbers are known.
@Suite struct SanityJudgementTests {
    /// True parts, and how much pictures differ.
    struct Truth: Sendable {
        var diverging = 0.0
        var absolute = 0.2
        var edges = 0.0
        var values = 0.0
        var floor = 0.0
        var deviation = 0.2
        var pictures = 5
        let verdict: SanityVerdict
    }

    /// A sample whose floors are `floor`, and whose parts have these means.
    private func sample(_ truth: Truth, _ random: inout SeededGenerator) -> SanitySample {
        let count = truth.pictures
        let pairs = (0..<count).flatMap { first in (first + 1..<count).map { (first, $0) } }
        func likeness(_ part: Double) -> SanitySample.Likeness {
            let own = (0..<count).map { _ in
                truth.floor + part * (1 - truth.floor) + truth.deviation * random.nextNormal()
            }
            let each = (0..<count).map { _ in truth.floor + 0.5 * truth.deviation * random.nextNormal() }
            return SanitySample.Likeness(own: own, other: pairs.map { (each[$0.0] + each[$0.1]) / 2 })
        }
        return SanitySample(
            pairs: pairs, randomised: likeness(truth.absolute), diverging: likeness(truth.diverging),
            edges: likeness(truth.edges), values: likeness(truth.values))
    }

    /// Numbers on a limit are the worst case: nothing is harder to tell from the other side.
    @Test(
        arguments: [
            Truth(diverging: 0.25, verdict: .caution), Truth(diverging: 0.5, verdict: .fail),
            Truth(edges: 0.25, verdict: .caution), Truth(values: 0.25, floor: 0.5, verdict: .caution),
            Truth(absolute: 0.5, floor: 0.5, verdict: .caution), Truth(diverging: 0.5, floor: 0.5, verdict: .fail),
            Truth(diverging: 0.35, deviation: 0.1, verdict: .caution), Truth(diverging: 0.8, verdict: .fail),
            Truth(diverging: 0.4999, absolute: 0.5, edges: 0.25, values: 0.25, floor: 0.3, verdict: .caution),
            Truth(diverging: 0.2499, absolute: 0.4999, edges: 0.2499, values: 0.2499, verdict: .pass),
            Truth(deviation: 0.05, verdict: .pass), Truth(floor: 0.6, deviation: 0.1, verdict: .pass),
        ], [3, 5, 10])
    func wrongVerdictsAreRare(_ truth: Truth, _ pictures: Int) throws {
        var truth = truth
        truth.pictures = pictures
        var random = SeededGenerator(seed: 11)
        var verdicts: [SanityVerdict: Int] = [:]
        let rounds = 2000
        for _ in 0..<rounds {
            let sample = sample(truth, &random)
            let judgement = SanityJudgement(sample, numbers: try #require(SanityNumbers(sample)))
            verdicts[judgement.verdict, default: 0] += 1
        }
        let wrong = rounds - (verdicts[truth.verdict] ?? 0) - (verdicts[.undecided] ?? 0)
        // 5 %, and three standard errors of what is counted.
        #expect(wrong <= rounds / 20 + 30, "\(truth): \(verdicts)")
    }

    /// What is clear is decided: all intervals are a tenth as wide as the distance to a limit.
    @Test(arguments: [
        Truth(deviation: 0.01, verdict: .pass), Truth(diverging: 0.38, deviation: 0.01, verdict: .caution),
        Truth(diverging: 0.9, absolute: 0.9, deviation: 0.01, verdict: .fail),
        Truth(edges: 0.5, deviation: 0.01, verdict: .caution), Truth(floor: 0.97, deviation: 0.002, verdict: .fail),
    ]) func whatIsClearIsDecided(_ truth: Truth) throws {
        var random = SeededGenerator(seed: 3)
        let sample = sample(truth, &random)
        let judgement = SanityJudgement(sample, numbers: try #require(SanityNumbers(sample)))
        #expect(judgement.verdict == truth.verdict && judgement.needed == nil && judgement.open.isEmpty)
        #expect(judgement.possible == [truth.verdict])
    }

    /// The case that this rule came from: likeness to edges 0.30 ± 0.33 on three pictures.
    @Test func threePicturesThatDisagreeDecideNothing() throws {
        let pairs = [(0, 1), (0, 2), (1, 2)]
        func likeness(_ own: [Double], _ other: Double) -> SanitySample.Likeness {
            SanitySample.Likeness(own: own, other: [other, other, other])
        }
        let sample = SanitySample(
            pairs: pairs, randomised: likeness([0.0, 0.1, 0.05], 0.5), diverging: likeness([0.1, 0.0, 0.05], 0.5),
            edges: likeness([-0.03, 0.30, 0.63], 0.05), values: likeness([0, 0.05, 0.1], 0.05))
        let numbers = try #require(SanityNumbers(sample))
        #expect(numbers.verdict == .caution)
        let judgement = SanityJudgement(sample, numbers: numbers)
        #expect(judgement.verdict == .undecided && judgement.possible == [.pass, .caution])
        #expect(judgement.open == [.edges])
        // The part is 0.263, 0.013 above its limit, in units of 0.347: more than anybody would wait for.
        #expect(judgement.needed == nil)
        let part = try #require(judgement.intervals).edges
        #expect(part.low == 0 && part.high == 1 && isClose(part.value, 0.25 / 0.95, 1e-12))
    }

    @Test func oneOrTwoPicturesDecideNothing() throws {
        let two = SanitySample.Likeness(own: [0.9, 0.9], other: [0])
        let pair = SanitySample(pairs: [(0, 1)], randomised: two, diverging: two, edges: two, values: two)
        let judgement = SanityJudgement(pair, numbers: try #require(SanityNumbers(pair)))
        #expect(judgement.verdict == .undecided && judgement.intervals == nil && judgement.possible.isEmpty)
    }

    /// Draws of one picture: what hangs on the picture alone is known, and the rest is as sure as draws agree.
    @Test func drawsSpeakAboutOnePicture() throws {
        func judgement(_ draws: [Double], edges: Double) throws -> SanityJudgement {
            let sample = SanitySample(
                unit: .draws, pairs: [(0, 1)],
                randomised: SanitySample.Likeness(own: draws, other: [0.1]),
                diverging: SanitySample.Likeness(own: draws, other: [0.1]),
                edges: SanitySample.Likeness(own: [edges], other: [0]),
                values: SanitySample.Likeness(own: [0], other: [0]))
            return SanityJudgement(sample, numbers: try #require(SanityNumbers(sample)))
        }
        #expect(try judgement([0.01, -0.01, 0], edges: 0).verdict == .pass)
        #expect(try judgement([0.01, -0.01, 0], edges: 0.3).verdict == .caution)
        #expect(try judgement([0.97, 0.99, 0.98], edges: 0).verdict == .fail)
        let open = try judgement([0.3, -0.3, 0], edges: 0)
        #expect(open.verdict == .undecided && open.intervals?.unit == "draws" && open.needed != nil)
        #expect(try judgement([0.9, 0.9], edges: 0).verdict == .undecided)
    }
}
