import Explanations
import Graphs
import Runtime
import Synchronization
import Tensors
import Testing

@Suite struct ExperimentTests {
    private func experiments(
        _ graph: Graph, samples: Int, target: Target = .classIndex(1), settings: RunSettings = RunSettings()
    ) throws -> [Experiment] {
        let pixels = Array(Toys.pixels.prefix(8 * samples))
        let query = Query(
            inputs: ["x": try Toys.floats(pixels, [samples, 2, 2, 2])], target: target,
            methods: [MethodSpecification("score")])
        return try Toys.attributor(graph).experiments(on: query, samples: samples, label: "test", settings: settings)
    }

    @Test(arguments: [nil, 1, 2]) func everySampleIsAskedByItself(batch: Int?) throws {
        for (sample, experiment) in try experiments(Toys.classifier(batch: batch), samples: 2).enumerated() {
            #expect(experiment.input.elements == Array(Toys.pixels[8 * sample..<8 * sample + 8]))
            var doubled = experiment.input
            doubled.mutateElements { $0 = $0.map { 2 * $0 } }
            let answers = try experiment.answers(
                at: [experiment.input, doubled, experiment.input], of: [MethodSpecification("gradcam")])
            let logit = Toys.logit(sample, 1)
            let scores: [Float] = [logit, 2 * logit - Toys.biases[1], logit]
            #expect(zip(answers.scores, scores).allSatisfy { abs($0 - $1) < 1e-5 })
            let map = Toys.map(sample, 1).map { $0 / 4 }
            #expect(zip(answers.results[0].slice(1).elements, map).allSatisfy { abs($0 - 2 * $1) < 1e-5 })
        }
    }

    @Test func everySampleHasItsOwnTarget() throws {
        let target = try Target(parsing: "[2,0]")
        let found = try experiments(Toys.classifier(batch: nil), samples: 2, target: target).map {
            try $0.answers(at: [$0.input, $0.input]).scores
        }
        #expect(abs(found[0][1] - Toys.logit(0, 2)) < 1e-5 && abs(found[1][1] - Toys.logit(1, 0)) < 1e-5)
    }

    @Test(arguments: [1, 1 << 30]) func aStreamAnswersInOrderWhateverTheMemory(memory: Int) throws {
        let settings = RunSettings(memory: memory)
        let experiment = try experiments(Toys.classifier(batch: nil), samples: 1, settings: settings)[0]
        #expect(try experiment.rowsAtOnce(for: []) == (memory == 1 ? 1 : 16))
        var seen: [Float] = []
        let done = try experiment.stream(37) { number in
            var point = experiment.input
            point.mutateElements { $0 = $0.map { Float(number) * $0 } }
            return point
        } consume: { range, answers in
            #expect(range.lowerBound == seen.count && answers.scores.count == range.count)
            seen += answers.scores
            return true
        }
        #expect(done == 37)
        let slope = Toys.logit(0, 1) - Toys.biases[1]
        for (number, score) in seen.enumerated() {
            #expect(abs(score - Float(number) * slope - Toys.biases[1]) < 1e-3)
        }
    }

    @Test func aStreamEndsInTimeWithWhatItHas() throws {
        let settings = RunSettings(memory: 1, time: .zero)
        let experiment = try experiments(Toys.classifier(batch: nil), samples: 1, settings: settings)[0]
        // The first portion always runs: nothing could be said without it.
        #expect(try experiment.stream(100, point: { _ in experiment.input }, consume: { _, _ in true }) == 1)
        #expect(experiment.isOver && experiment.notes == ["test ended after 1 of 100 runs: the time was up"])
    }

    @Test func anInterruptKeepsWhatIsDone() throws {
        let cancellation = RunCancellation()
        let reports = Mutex<[Int]>([])
        var settings = RunSettings(memory: 1, cancellation: cancellation)
        settings.progress = { progress in
            reports.withLock { $0.append(progress.done) }
            if progress.done == 3 { cancellation.cancel() }
        }
        let experiment = try experiments(Toys.classifier(batch: nil), samples: 1, settings: settings)[0]
        #expect(try experiment.stream(100, point: { _ in experiment.input }, consume: { _, _ in true }) == 3)
        #expect(reports.withLock { $0 } == [1, 2, 3] && experiment.notes[0].contains("interrupted"))
        #expect(throws: RuntimeError.cancelled) {
            try experiment.stream(100, point: { _ in experiment.input }, consume: { _, _ in true })
        }
    }

    @Test func ablationIsTheClosedFormOnAnAveragingHead() throws {
        // S_k = S - w_k mean(A_k), so the weight of channel k is w_k mean(A_k) / S.
        let attributor = try Toys.attributor(Toys.classifier(batch: nil))
        let inputs = ["x": try Toys.floats(Toys.pixels, [3, 2, 2, 2])]
        let result = try attributor.attribute(
            inputs: inputs, target: .classIndex(1), methods: [MethodSpecification("ablationcam")])[0]
        #expect(result.values.shape == [3, 2, 2] && result.layer?.layer.tensorName == "map")
        for sample in 0..<3 {
            let channels = (0..<2).map { channel in
                (0..<4).map { max(Toys.pixels[8 * sample + 4 * channel + $0], 0) }
            }
            let weights = (0..<2).map {
                Toys.weights[2 + $0] * channels[$0].reduce(0, +) / 4 / Toys.logit(sample, 1)
            }
            let expected = (0..<4).map { weights[0] * channels[0][$0] + weights[1] * channels[1][$0] }
            #expect(zip(result.values.slice(sample).elements, expected).allSatisfy { abs($0 - $1) < 1e-5 })
        }
    }
}
