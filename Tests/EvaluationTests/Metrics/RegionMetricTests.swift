import Evaluation
import Explanations
import Foundation
import Tensors
import Testing

/// Metrics that replace regions or random sets, on `f(x) = Σ w x`, worked out by hand.
@Suite struct RegionMetricTests {
    /// w x over 2 x 4 pixels; squares of two pixels hold (1, 2, 5, 6) and (3, 4, 7, 8), counted from 1.
    static let products: [Float] = [1, 2, -1, 4, 3, 0, -2, 1]

    /// `x = 1`, so that the weights are the contributions.
    private func subject(
        map: [Float] = products, raw: Tensor<Float>? = nil, weights: [Float] = products, seed: UInt64 = 0
    ) throws -> EvaluationSubject {
        let attributor = try MetricToys.linear(
            [weights, [Float](repeating: 0, count: 8)], channels: 1, height: 2, width: 4)
        return try MetricToys.subject(
            attributor, picture: MetricToys.tensor([Float](repeating: 1, count: 8), [1, 1, 2, 4]),
            map: MetricToys.tensor(map, [2, 4]), raw: raw, method: "gradient")
    }

    @Test func pixelFlippingAveragesTheFall() throws {
        // 8 in all; the left square holds 6, the right one 2.
        let found = try MetricToys.measure("pixel-flipping:region=2,score=target", subject())
        #expect(areClose(found.details, [8, 2, 0]))
        #expect(isClose(found.value, 14.0 / 3))
        let least = try MetricToys.measure("pixel-flipping:region=2,score=target,order=lerf", subject())
        #expect(areClose(least.details, [8, 6, 0]))
    }

    @Test func pixelsFlipOneByOneOrInPortions() throws {
        // Falling: 4, 3, 2, 1, 1, 0, -1, -2.
        let pixels = try MetricToys.measure("pixel-flipping:region=1,steps=4,score=target", subject())
        #expect(areClose(pixels.details, [8, 4, 1, -1, -2]))
        let portions = try MetricToys.measure("pixel-flipping:region=1,portion=3,score=target", subject())
        #expect(areClose(portions.details, [8, -1, -3, 0]))
    }

    @Test func selectivityRemovesAllPatches() throws {
        let found = try MetricToys.measure("selectivity:patch=2", subject())
        #expect(areClose(found.details, [8, 2, 0]))
        #expect(isClose(found.value, 3))
    }

    @Test func irofIsTheAreaOverTheRelativeCurve() throws {
        let found = try MetricToys.measure("irof:segments=grid:1x2,baseline=0,score=target", subject())
        // The relative curve is 1, 1/4, 0.
        #expect(isClose(found.value, 0.625))
        let negative = try subject(weights: Self.products.map { -$0 })
        #expect(throws: EvaluationError.self) {
            try MetricToys.measure("irof:segments=grid:1x2,score=target", negative)
        }
    }

    @Test func contributionsOfALinearModelPredictEverySet() throws {
        let found = try MetricToys.measure("sensitivity-n:percentages=12.5+50+80,samples=40", subject())
        #expect(areClose(found.details, [1, 1, 1], 1e-5))
        let reversed = try MetricToys.measure(
            "sensitivity-n:percentages=50,samples=40", subject(map: Self.products.map { -$0 }))
        #expect(isClose(reversed.value, -1, 1e-5))
    }

    @Test func theGradientOfALinearModelIsFaithful() throws {
        let gradient = try MetricToys.tensor(Self.products, [1, 2, 4])
        for text in ["square,side=2", "gaussian,sigma=0.5"] {
            let spec = "infidelity:perturbation=\(text),samples=30"
            let exact = try MetricToys.measure("\(spec),normalise=false", subject(raw: gradient))
            #expect(exact.value < 1e-8)
            // Twice the gradient: half of it fits best.
            let scaled = try MetricToys.measure(spec, subject(raw: gradient.map { 2 * $0 }))
            #expect(scaled.value < 1e-8)
            #expect(areClose(scaled.details, [0.5], 1e-4))
        }
    }

    @Test func infidelityIsTheSquaredError() throws {
        // The square is the whole picture: the prediction 2 · 8 misses 8 by 8.
        let found = try MetricToys.measure(
            "infidelity:side=65536,samples=3,normalise=false", subject(map: Self.products.map { 2 * $0 }))
        #expect(isClose(found.value, 64, 1e-5))
    }

    @Test func contributionsAreSummedOnce() throws {
        // Two channels and a map without channels: its sum over the whole picture is the score.
        let attributor = try MetricToys.linear([[1, 2, 3, 4], [0, 0, 0, 0]], channels: 2, height: 1, width: 2)
        let subject = try MetricToys.subject(
            attributor, picture: MetricToys.tensor([5, 6, 7, 8], [1, 2, 1, 2]),
            map: MetricToys.tensor([5 + 21, 12 + 32], [1, 2]))
        for side in ["side=1", "side=2"] {
            let found = try MetricToys.measure(
                "infidelity:units=contribution,normalise=false,samples=20,\(side)", subject)
            #expect(found.value < 1e-8)
        }
        #expect(throws: EvaluationError.self) {
            try MetricToys.measure("infidelity:units=contribution,perturbation=gaussian", subject)
        }
    }

    @Test func monotonicityWantsEveryStepToRise() throws {
        // By magnitude: 0, 1, -1, 1, 2, -2, 3, 4; in fours: 0 + 1 - 1 + 1, then 2 - 2 + 3 + 4.
        #expect(try MetricToys.measure("monotonicity:steps=2,score=target", subject()).value == 1)
        let pixels = try MetricToys.measure("monotonicity:steps=8,score=target", subject())
        #expect(areClose(pixels.details, [0, 0, 1, 0, 1, 3, 1, 4, 8]))
        #expect(pixels.value == 0)
        #expect(
            isClose(try MetricToys.measure("monotonicity:steps=8,score=target,variant=share", subject()).value, 6.0 / 8)
        )
    }

    @Test func noiseMovesTheScoreOfALinearModelByTheSquaredWeights() throws {
        // x alternates between 0 and 2, so the noise has mean 1 and deviation 1 and E[(w (noise - x))²] = 2 w².
        let weights: [Float] = [1, 16, 2, 0.0625, 4, 0.25, 8, 0.5]
        let attributor = try MetricToys.linear(
            [weights, [Float](repeating: 0, count: 8)], channels: 1, height: 2, width: 4)
        let subject = try MetricToys.subject(
            attributor, picture: MetricToys.tensor([0, 2, 0, 2, 2, 0, 2, 0], [1, 1, 2, 4]),
            map: MetricToys.tensor(weights, [2, 4]))
        let found = try MetricToys.measure("monotonicity:variant=nguyen,steps=8,samples=400,score=target", subject)
        #expect(isClose(found.value, 1))
        let expected = weights.sorted().map { 2 * Double($0) * Double($0) }
        // 400 samples of (z - 1)² with variance 6 and mean 2: four standard errors are 0.49 / 2.
        for (value, mean) in zip(found.details, expected) { #expect(abs(value / mean - 1) < 0.25) }
    }
}
