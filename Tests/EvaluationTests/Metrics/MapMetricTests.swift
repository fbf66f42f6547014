import Evaluation
import Explanations
import Foundation
import Tensors
import Testing

/// Metrics of maps alone, of maps made again, and of pictures filled in.
@Suite struct MapMetricTests {
    private func subject(
        _ map: [Float], weights: [[Float]] = [[1, 2, 3, 4], [4, 3, 2, 1]], pixels: [Float] = [1, 1, 1, 1],
        method: String = "gradient-x-input", raw: [Float]? = nil, others: [(String, [Float])] = []
    ) throws -> EvaluationSubject {
        let attributor = try MetricToys.linear(weights, channels: 1, height: 2, width: 2)
        return try MetricToys.subject(
            attributor, picture: MetricToys.tensor(pixels, [1, 1, 2, 2]), map: MetricToys.tensor(map, [2, 2]),
            raw: raw.map { try MetricToys.tensor($0, [1, 2, 2]) }, method: method,
            others: others.map { (try MethodSpecification(parsing: $0.0), try MetricToys.tensor($0.1, [2, 2])) })
    }

    @Test func complexityIsTheEntropy() throws {
        #expect(isClose(try MetricToys.measure("complexity", subject([3, -3, 3, 3])).value, log(4)))
        #expect(try MetricToys.measure("complexity", subject([0, 0, 7, 0])).value == 0)
        let expected: Double = 0.5 * log(2) + 0.5 * log(4)
        #expect(isClose(try MetricToys.measure("complexity", subject([2, 0, -1, 1])).value, expected))
        #expect(throws: EvaluationError.self) { try MetricToys.measure("complexity", subject([0, 0, 0, 0])) }
    }

    @Test func coherencyExplainsTheWeightedPicture() throws {
        // m = 0, 1/3, 2/3, 1, so the weighted picture's gradient x input is 0, 2/3, 2, 4.
        let found = try MetricToys.measure("coherency", subject([1, 2, 3, 4]))
        // In thirds, without their means: -4.5, -1.5, 1.5, 4.5 and -5, -3, 1, 7.
        let product: Double = 22.5 + 4.5 + 1.5 + 31.5
        let squares: (Double, Double) = (45, 84)
        #expect(isClose(found.value, (1 + product / (squares.0 * squares.1).squareRoot()) / 2))
        // The gradient does not depend on the picture.
        #expect(isClose(try MetricToys.measure("coherency", subject([1, 2, 3, 4], method: "gradient")).value, 1))
        #expect(try MetricToys.measure("coherency", subject([2, 2, 2, 2])).value == 0)
    }

    @Test func adccIsAHarmonicMean() throws {
        let found = try MetricToys.measure("adcc", subject([1, 2, 3, 4], method: "gradient"))
        // Logits 10 and 10; weighted by m: 20/3 and 10/3.
        let kept = 1.0
        #expect(areClose(found.details, [1, 0.5, kept]))
        #expect(isClose(found.value, 100 * 3 / (1 + 2 + 1)))
        // A map on the other class: 10/3 against 20/3.
        let other = try MetricToys.measure("adcc", subject([4, 3, 2, 1], method: "gradient"))
        let weighted = 1 / (1 + exp(10.0 / 3))
        #expect(areClose(other.details, [0, 0.5, weighted / 0.5]))
        #expect(isClose(other.value, 0))
    }

    @Test func maxSensitivityMeasuresTheMethodAgain() throws {
        // A gradient that does not move; a product that moves by w d.
        let still = try MetricToys.measure(
            "max-sensitivity", subject([1, 2, 3, 4], method: "gradient", raw: [1, 2, 3, 4]))
        #expect(still.value == 0 && still.details.count == 10)
        let moved = try MetricToys.measure(
            "max-sensitivity:samples=50,radius=0.1", subject([1, 2, 3, 4], raw: [1, 2, 3, 4]))
        #expect(moved.value > 0 && moved.value <= 0.1)
        let absolute = try MetricToys.measure(
            "max-sensitivity:samples=50,radius=0.1,relative=false", subject([1, 2, 3, 4], raw: [1, 2, 3, 4]))
        #expect(isClose(absolute.value, moved.value * Double(30).squareRoot()))
    }

    @Test func sampledMethodsAreExplainedAgainToo() throws {
        // The mean gradient of a linear model is its gradient, whatever the noise.
        let found = try MetricToys.measure(
            "max-sensitivity:samples=2", subject([1, 2, 3, 4], method: "smoothgrad:samples=2", raw: [1, 2, 3, 4]))
        #expect(found.value < 1e-6)
    }

    @Test func randomClassesAreOtherClasses() throws {
        let subject = try subject([1, 2, 3, 4])
        // Two classes with reversed weights: the only other map is reversed.
        #expect(isClose(try MetricToys.measure("random-logit:samples=5", subject).value, -1))
        let same = try self.subject([1, 2, 3, 4], weights: [[1, 2, 3, 4], [2, 3, 5, 7], [0, 1, 2, 9]])
        #expect(isClose(try MetricToys.measure("random-logit:samples=8,similarity=spearman-diverging", same).value, 1))
        #expect(throws: EvaluationError.self) { try MetricToys.measure("random-logit:similarity=no", subject) }
        #expect(throws: EvaluationError.self) {
            try MetricToys.measure("random-logit", self.subject([1, 2, 3, 4], weights: [[1, 2, 3, 4]]))
        }
    }

    @Test func agreementIsAMeanOverTheOthers() throws {
        let subject = try subject([1, 2, 3, 4], others: [("gradcam", [2, 4, 6, 8]), ("rise", [4, 3, 2, 1])])
        #expect(isClose(try MetricToys.measure("method-agreement", subject).value, 0))
        // The two highest: {3, 2} and {3, 2}, {0, 1}.
        let found = try MetricToys.measure("method-agreement:measure=iou,top=50", subject)
        #expect(areClose(found.details, [1, 0]))
        #expect(throws: EvaluationError.self) {
            try MetricToys.measure("method-agreement", self.subject([1, 2, 3, 4]))
        }
    }

    @Test func zerosAreNoAgreement() throws {
        // One pixel each, and half of all are the highest: the other zeros share a place, a third each. 2 (1/3) + 2/9 of both.
        let sparse = try subject([1, 0, 0, 0], others: [("rise", [0, 0, 0, 1])])
        let common: Double = 2.0 / 3 + 2.0 / 9
        let found = try MetricToys.measure("method-agreement:measure=iou,top=50", sparse)
        #expect(isClose(found.value, common / (4 - common)))
        let constant = try subject([2, 2, 2, 2], others: [("rise", [7, 7, 7, 7])])
        #expect(isClose(try MetricToys.measure("method-agreement:measure=iou,top=50", constant).value, 1 / 3.0))
    }

    /// Whatever a map is, a metric gives a number or says why there is none.
    @Test(
        arguments: [
            [0, 0, 0, 0], [-3, -3, -3, -3], [.nan, 1, 2, 3], [.infinity, 0, 0, 0], [3e38, -3e38, 3e38, 1],
            [.leastNonzeroMagnitude, 0, 0, 0],
            [5],
        ] as [[Float]])
    func oddMapsAreNoTrouble(_ map: [Float]) throws {
        let side = map.count == 1 ? 1 : 2
        let ones = [Float](repeating: 1, count: map.count)
        let attributor = try MetricToys.linear(
            [ones, ones.map { 2 * $0 }], channels: 1, height: side, width: side)
        let tensor = try MetricToys.tensor(map, [side, side])
        let asked = try MetricToys.subject(
            attributor, picture: MetricToys.tensor(ones, [1, 1, side, side]), map: tensor,
            raw: MetricToys.tensor(map, [1, side, side]), method: "gradient",
            others: [(MethodSpecification("gradcam"), MetricToys.tensor(ones, [side, side]))])
        let subject = EvaluationSubject(
            experiment: asked.experiment, probability: asked.probability, method: asked.method, display: asked.display,
            raw: asked.raw, map: tensor,
            truth: GroundTruth(
                map: tensor, boxes: [Box(left: 0, top: 0, right: 1, bottom: 1)], mask: tensor.map { _ in 1 }, rank: 0,
                label: "a"), others: asked.others)
        for description in MetricCatalogue.descriptions {
            let metric = try MetricCatalogue.metric(MethodSpecification(description.name))
            do {
                let found = try metric.measurement(of: subject)
                #expect(found.value.isFinite, "\(description.name) of \(map)")
                #expect(metric.summary(of: [found]).isFinite, "\(description.name) of \(map)")
            } catch {
                // A single pixel is no picture for the engine's methods.
                let isKnown = error is EvaluationError || (side == 1 && error is ExplanationError)
                #expect(isKnown, "\(description.name) of \(map): \(error)")
            }
        }
    }

    @Test func everyMetricSaysWhatAUserNeeds() {
        for metric in MetricCatalogue.descriptions {
            for text in [metric.summary, metric.formula, metric.paper, metric.range, metric.cost, metric.remarks] {
                #expect(!text.isEmpty, "\(metric.name)")
            }
            #expect(Set(metric.parameters.map(\.name)).count == metric.parameters.count)
        }
        #expect(Set(MetricCatalogue.descriptions.map(\.name)).count == MetricCatalogue.descriptions.count)
    }

    @Test func absurdParametersAreRefused() {
        for text in [
            "deletion:steps=0", "road:percentages=", "road:percentages=0", "road:percentages=10+x", "road:noise=nan",
            "sensitivity-n:percentages=101", "pixel-flipping:region=0", "infidelity:side=-1", "irof:segments=slic:0",
            "complexity:x=1", "max-sensitivity:radius=inf", "method-agreement:top=0", "deletion:baseline=black+white",
        ] {
            #expect(throws: EvaluationError.self, "\(text)") {
                try MetricCatalogue.metric(MethodSpecification(parsing: text))
            }
        }
    }
}
