import Evaluation
import Explanations
import Foundation
import Tensors
import Testing

/// Metrics that weight the picture by the map, on a softmax over `Σ w x` and 0: the probability is `1 / (1 + exp(-Σ w x))`.
@Suite struct WeightedPictureTests {
    static let weights: [Float] = [1, -1, 0.5, -0.5]
    static let pixels: [Float] = [1, 2, 1, 1]

    private func subject(
        _ map: [Float], others: [(String, [Float])] = [], hasProbability: Bool = true,
        display: MethodDescription.Display = .signed
    ) throws -> EvaluationSubject {
        let attributor = try MetricToys.linear([Self.weights, [0, 0, 0, 0]], channels: 1, height: 2, width: 2)
        return try MetricToys.subject(
            attributor, picture: MetricToys.tensor(Self.pixels, [1, 1, 2, 2]), map: MetricToys.tensor(map, [2, 2]),
            display: display, hasProbability: hasProbability,
            others: others.map { (try MethodSpecification(parsing: $0.0), try MetricToys.tensor($0.1, [2, 2])) })
    }

    private func probability(_ score: Double) -> Double { 1 / (1 + exp(-score)) }

    /// Σ w x = 1 - 2 + 0.5 - 0.5.
    private var clean: Double { probability(-1) }

    @Test func aMapOnWhatSpeaksForTheClassRaisesIt() throws {
        // Scaled by its maximum: 1, 0, 0.5, 0, so the score is 1 + 0.25.
        let subject = try subject([4, -3, 2, -1])
        #expect(isClose(try MetricToys.measure("average-drop", subject).value, 0))
        #expect(try MetricToys.measure("increase", subject).value == 100)
        let gain = 100 * (probability(1.25) - clean) / (1 - clean)
        #expect(isClose(try MetricToys.measure("average-gain", subject).value, gain))
        #expect(areClose(try MetricToys.measure("increase", subject).details, [clean, probability(1.25)]))
    }

    @Test func aMapOnWhatSpeaksAgainstItLowersIt() throws {
        let subject = try subject([0, 8, 0, 4])
        let weighted = probability(-2 - 0.25)
        #expect(isClose(try MetricToys.measure("average-drop", subject).value, 100 * (clean - weighted) / clean))
        #expect(try MetricToys.measure("increase", subject).value == 0)
        #expect(try MetricToys.measure("average-gain", subject).value == 0)
    }

    @Test func scalesDifferWhereTheSmallestIsPositive() throws {
        let subject = try subject([5, 1, 3, 1])
        let range = try MetricToys.measure("average-drop", subject).details
        #expect(areClose(range, [clean, probability(1 + 0.25)]))
        let maximum = try MetricToys.measure("average-drop:scale=maximum", subject).details
        #expect(areClose(maximum, [clean, probability(1 - 0.4 + 0.3 - 0.1)]))
    }

    @Test func anEmptyMapLeavesTheBaseline() throws {
        let subject = try subject([-1, -2, -1, 0])
        #expect(areClose(try MetricToys.measure("average-drop", subject).details, [clean, 0.5]))
        let mean = try MetricToys.measure("average-drop:baseline=mean", subject).details
        #expect(areClose(mean, [clean, probability(0)]))
    }

    @Test func relativeMapsCountFromTheirSmallestValue() throws {
        let subject = try subject([-1, -5, -3, -5], display: .relative)
        #expect(areClose(try MetricToys.measure("average-drop", subject).details, [clean, probability(1.25)]))
    }

    @Test func winsAreStrict() throws {
        let subject = try subject(
            [4, 0, 2, 0],
            others: [("gradcam", [8, 0, 4, 0]), ("b=layercam", [0, 1, 0, 0]), ("hirescam", [1, 0, 1, 0])])
        #expect(try MetricToys.measure("win-rate:over=gradcam", subject).value == 0)
        #expect(try MetricToys.measure("win-rate:over=b", subject).value == 100)
        #expect(try MetricToys.measure("win-rate:over=layercam", subject).value == 100)
        #expect(isClose(try MetricToys.measure("win-rate", subject).value, 100.0 / 3))
        #expect(throws: EvaluationError.self) { try MetricToys.measure("win-rate:over=rise", subject) }
    }

    @Test func aScoreWithoutProbabilityIsRefused() throws {
        let subject = try subject([1, 0, 0, 0], hasProbability: false)
        for name in ["average-drop", "increase", "average-gain"] {
            #expect(throws: EvaluationError.self) { try MetricToys.measure(name, subject) }
        }
    }

    @Test func percentagesAreAveragedOverPictures() throws {
        let metric = try MetricCatalogue.metric(MethodSpecification("increase"))
        #expect(metric.summary(of: [Measurement(100), Measurement(0), Measurement(0), Measurement(100)]) == 50)
    }
}
