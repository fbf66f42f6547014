import Evaluation
import Explanations
import Foundation
import Tensors
import Testing

/// Metrics that replace pixels, on `f(x) = Σ w x` of six pixels, worked out by hand.
@Suite struct ReplacementMetricTests {
    static let weights: [Float] = [0.5, -1, 2, 0, 1, 3]
    static let pixels: [Float] = [1, 2, 3, 4, 5, 6]
    /// w x, so pixels fall in the order 5, 2, 4, 0, 3, 1.
    static let products: [Float] = [0.5, -2, 6, 0, 5, 18]

    private func subject(map: [Float] = products, hasProbability: Bool = false) throws -> EvaluationSubject {
        let attributor = try MetricToys.linear(
            [Self.weights, [Float](repeating: 0, count: 6)], channels: 1, height: 2, width: 3)
        return try MetricToys.subject(
            attributor, picture: MetricToys.tensor(Self.pixels, [1, 1, 2, 3]), map: MetricToys.tensor(map, [2, 3]),
            hasProbability: hasProbability)
    }

    @Test func deletionTakesTheLargestFirst() throws {
        let found = try MetricToys.measure("deletion:steps=6", subject())
        #expect(areClose(found.details, [27.5, 9.5, 3.5, -1.5, -2, -2, 0]))
        #expect(isClose(found.value, (27.5 / 2 + 9.5 + 3.5 - 1.5 - 2 - 2) / 6))
    }

    @Test func equalPixelsWithinAStepGoInReadingOrder() throws {
        // Pixels 2, 4 | 0, 3 | 1, 5: a step of two cuts no more than two equal ones.
        let found = try MetricToys.measure("deletion:steps=3", subject(map: [2, 1, 5, 2, 5, 1]))
        #expect(areClose(found.details, [27.5, 16.5, 16, 0]))
        // Pixels 0, 2 | 3, 1 | 4, 5: 2 and 3 are equal, and 2 comes first.
        let cut = try MetricToys.measure("deletion:steps=3", subject(map: [9, 2, 5, 5, 1, 0]))
        #expect(areClose(cut.details, [27.5, 21, 23, 0]))
    }

    @Test func manyEqualPixelsHaveNoOrder() throws {
        // After the first pixel the map says nothing: from 27 straight to 0.
        let found = try MetricToys.measure("deletion:steps=6", subject(map: [1, 0, 0, 0, 0, 0]))
        #expect(areClose(found.details, [27.5, 27, 21.6, 16.2, 10.8, 5.4, 0]))
        let constant = try subject(map: [Float](repeating: 1, count: 6))
        for metric in ["deletion:steps=6", "insertion:steps=3,baseline=0", "selectivity:patch=1"] {
            let found = try MetricToys.measure(metric, constant)
            let ends: [Double] = metric.hasPrefix("insertion") ? [0, 27.5] : [27.5, 0]
            #expect(isClose(found.value, 27.5 / 2), "\(metric)")
            #expect(areClose([found.details[0], found.details.last ?? -1], ends), "\(metric)")
        }
        #expect(isClose(try MetricToys.measure("irof:segments=grid:2x3,baseline=0", constant).value, 0.5))
        let falling: [Double] = [27.5, 27.5 * 5 / 6, 27.5 * 4 / 6]
        for order in ["morf", "lerf"] {
            let found = try MetricToys.measure("pixel-flipping:region=1,steps=2,order=\(order)", constant)
            #expect(areClose(found.details, falling))
        }
        #expect(try MetricToys.measure("road:noise=0,percentages=20+50", constant).value == 0)
        #expect(throws: EvaluationError.self) { try MetricToys.measure("monotonicity", constant) }
    }

    @Test func rankingsSayWhatIsEqual() {
        let ranking = Ranking(falling: [3, 1, 4, 1, 5, 1])
        #expect(ranking.order == [4, 2, 0, 1, 3, 5] && !ranking.isConstant)
        #expect(Ranking(rising: [3, 1, 4, 1, 5, 1]).order == [1, 3, 5, 0, 2, 4])
        #expect(ranking.settled([0, 2, 4, 5, 6], longerThan: 2) == [0, 2, 3, 6])
        #expect(ranking.settled([0, 2, 4, 6], longerThan: 3) == [0, 2, 4, 6])
        #expect(Ranking(falling: [Double]()).isConstant && Ranking(falling: [-0.0, 0.0]).isConstant)
    }

    @Test func deletionCanReplaceByTheMean() throws {
        // 3.5 everywhere gives 3.5 (0.5 - 1 + 2 + 1 + 3) in the end.
        let found = try MetricToys.measure("deletion:steps=2,baseline=mean", subject())
        #expect(areClose(found.details, [27.5, 0.5 - 2 + 7 + 0 + 3.5 + 10.5, 19.25]))
    }

    @Test func insertionPutsTheLargestFirst() throws {
        let found = try MetricToys.measure("insertion:steps=6,baseline=0", subject())
        #expect(areClose(found.details, [0, 18, 24, 29, 29.5, 29.5, 27.5]))
        #expect(isClose(found.value, (18 + 24 + 29 + 29.5 + 29.5 + 27.5 / 2) / 6))
    }

    @Test func moreStepsThanPixelsAreAStepAPixel() throws {
        #expect(try MetricToys.measure("deletion:steps=5000", subject()).details.count == 7)
    }

    @Test func probabilityIsFollowedWhereThereIsOne() throws {
        let found = try MetricToys.measure("deletion:steps=1", subject(hasProbability: true))
        // Two classes, the other with score 0.
        #expect(areClose(found.details, [1 / (1 + exp(-27.5)), 0.5]))
        let score = try MetricToys.measure("deletion:steps=1,score=target", subject(hasProbability: true))
        #expect(areClose(score.details, [27.5, 0]))
    }

    @Test func aMapOfAnotherShapeIsRefused() throws {
        let attributor = try MetricToys.linear([Self.weights], channels: 1, height: 2, width: 3)
        let subject = try MetricToys.subject(
            attributor, picture: MetricToys.tensor(Self.pixels, [1, 1, 2, 3]), map: MetricToys.tensor([1, 2], [1, 2]))
        #expect(throws: EvaluationError.self) { try MetricToys.measure("deletion", subject) }
    }

    @Test func aMapThatIsNotFiniteIsRefused() throws {
        let subject = try subject(map: [1, .nan, 2, 3, 4, 5])
        #expect(throws: EvaluationError.self) { try MetricToys.measure("insertion", subject) }
    }
}
