import Evaluation
import Foundation
import TestSupport
import Testing

/// Intervals against SciPy (`Scripts/golden/intervals.py`), and against cases that can be written down.
@Suite struct PartIntervalTests {
    struct Quantiles: Decodable {
        struct Quantile: Decodable {
            let probability: Double
            let degrees: Int
            let value: Double
        }

        struct Interval: Decodable {
            let own: [Double]
            let pairs: [[Int]]
            let other: [Double]
            let confidence: Double
            let low: Double
            let high: Double
        }

        let quantiles: [Quantile]
        let intervals: [Interval]
    }

    private static func golden() throws -> Quantiles {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Golden/intervals.json")
        return try JSONDecoder().decode(Quantiles.self, from: Data(contentsOf: file))
    }

    @Test func quantilesOfStudentsDistributionAreSciPys() throws {
        let golden = try Self.golden()
        #expect(golden.quantiles.count == 63)
        for quantile in golden.quantiles {
            let found = StudentDistribution.quantile(quantile.probability, degrees: quantile.degrees)
            #expect(abs(found - quantile.value) < 1e-9 * quantile.value, "\(quantile): \(found)")
            let mirrored = StudentDistribution.quantile(1 - quantile.probability, degrees: quantile.degrees)
            #expect(abs(mirrored + quantile.value) < 1e-6 * quantile.value)
        }
        #expect(StudentDistribution.quantile(0.5, degrees: 3) == 0)
        // One degree of freedom is Cauchy's distribution, two have a closed form.
        #expect(isClose(StudentDistribution.probability(below: 1, degrees: 1), 0.75, 1e-12))
        #expect(isClose(StudentDistribution.probability(below: 2, degrees: 2), 0.5 + 1 / 6.0.squareRoot(), 1e-12))
    }

    @Test func intervalsAreThoseThatTestsOfPseudoValuesLeaveOpen() throws {
        let golden = try Self.golden()
        #expect(golden.intervals.count == 10)
        for expected in golden.intervals {
            let likeness = SanitySample.Likeness(own: expected.own, other: expected.other)
            let sample = Self.sample(likeness, pairs: expected.pairs.map { ($0[0], $0[1]) })
            let bounds = try #require(PartInterval(sample, likeness)).bounds(expected.confidence)
            #expect(
                isClose(bounds.low, expected.low, 1e-6) && isClose(bounds.high, expected.high, 1e-6),
                "\(bounds), expected \(expected.low) to \(expected.high)")
        }
    }

    /// With a floor that is always the same, the interval is the one-sample t interval of the mean.
    @Test func aConstantFloorLeavesTheIntervalOfAMean() throws {
        let own = [0.2, 0.5, 0.35, 0.55]
        let pairs = (0..<4).flatMap { first in (first + 1..<4).map { (first, $0) } }
        let likeness = SanitySample.Likeness(own: own, other: pairs.map { _ in 0.2 })
        let bounds = try #require(PartInterval(Self.sample(likeness, pairs: pairs), likeness)).bounds()
        // Mean 0.4, deviation 0.15811, t(3) 3.18245: 0.4 ± 0.25159, above 0.2 and in parts of 0.8.
        #expect(isClose(bounds.low, (0.4 - 0.251_590 - 0.2) / 0.8, 1e-5))
        #expect(isClose(bounds.high, (0.4 + 0.251_590 - 0.2) / 0.8, 1e-5))
    }

    @Test func fewUnitsHaveNoInterval() {
        let likeness = SanitySample.Likeness(own: [0.1, 0.2], other: [0.1])
        #expect(PartInterval(Self.sample(likeness, pairs: [(0, 1)]), likeness) == nil)
        // One that failed does not count.
        let broken = SanitySample.Likeness(own: [0.1, 0.2, nil], other: [0.1, 0.1, 0.1])
        #expect(PartInterval(Self.sample(broken, pairs: [(0, 1), (0, 2), (1, 2)]), broken) == nil)
    }

    @Test func whatNeverChangesIsKnownExactly() throws {
        let likeness = SanitySample.Likeness(own: [1, 1, 1], other: [0.7, 0.1, -0.5])
        let sample = Self.sample(likeness, pairs: [(0, 1), (0, 2), (1, 2)])
        let bounds = try #require(PartInterval(sample, likeness)).bounds()
        #expect(isClose(bounds.low, 1, 1e-9) && isClose(bounds.high, 1, 1e-9))
    }

    /// t(n - 1) σ / √n falls to the distance: for a distance of one deviation at n = 7 (2.4469 / 2.6458 < 1 < 2.5706 / 2.4495).
    @Test func theNumberThatSettlesItIsThatOfTheWidth() throws {
        let own = [-1.0, 0, 1].map { 0.25 + 0.2 + 0.2 * $0 }
        let likeness = SanitySample.Likeness(own: own, other: [0, 0, 0])
        let interval = try #require(
            PartInterval(Self.sample(likeness, pairs: [(0, 1), (0, 2), (1, 2)]), likeness))
        #expect(interval.unitsNeeded(for: 0.25) == 7)
        #expect(interval.unitsNeeded(for: 0.449) == nil)
    }

    private static func sample(_ likeness: SanitySample.Likeness, pairs: [(Int, Int)]) -> SanitySample {
        SanitySample(pairs: pairs, randomised: likeness, diverging: likeness, edges: likeness, values: likeness)
    }
}
