import ArgumentParser
import Foundation
import Gaze

/// Keeps a compiled question ready and times its runs, so that other tools can take turns with it.
///
/// Says `ready`, then answers each line of standard input: `run` with the milliseconds of one run, `map FILE.npy` with
/// the raw result in that file, `picture FILE.npy` with the map over the picture's pixels, `metric [SEED] SPEC` with JSON: what
/// the metric measures at that map, and the milliseconds.
@main
struct GazeBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "gaze-benchmark")

    @Argument var model: String
    @Option var method: String
    @Option var target: String
    @Option var input: String
    @Option var layer: String?
    @Option var threads: Int?
    @Option(help: "A map over the picture's pixels, in place of the method's: an .npy file [H, W].") var map: String?
    @Option(help: "Where the object is: an .npy file [H, W], 1 on the object and 0 beside it.") var mask: String?
    @Flag(help: "Let the engine's threads wait busily for work.") var spin = false

    func run() throws {
        let model = try Model(contentsOf: model, engine: ONNXRuntimeEngine(threads: threads, spins: spin))
        let attributor = Attributor(model)
        let inputs = [model.inputs[0].name: try Numpy.read(path: input)]
        let specification = try MethodSpecification(parsing: method)
        let target = try Target(parsing: self.target)
        func answer() throws -> Attribution {
            try attributor.attribute(inputs: inputs, target: target, methods: [specification], layer: layer)[0]
        }
        let measured = try subject(attributor, inputs, target, try answer())
        say("ready")
        while let line = readLine() {
            if line == "run" {
                let start = ContinuousClock.now
                _ = try answer()
                let parts = (ContinuousClock.now - start).components
                say(String((Double(parts.seconds) + Double(parts.attoseconds) * 1e-18) * 1000))
            } else if line.hasPrefix("map ") {
                try Numpy.write(AnyTensor(try answer().values), path: String(line.dropFirst(4)))
            } else if line.hasPrefix("picture ") {
                try Numpy.write(AnyTensor(measured.map), path: String(line.dropFirst(8)))
                say("written")
            } else if line.hasPrefix("metric ") {
                say(try measurement(String(line.dropFirst(7)), of: measured))
            }
        }
    }

    private struct MetricAnswer: Encodable {
        let value: Double
        let details: [Double]
        let milliseconds: Double
    }

    private func measurement(_ text: String, of subject: EvaluationSubject) throws -> String {
        let words = text.split(separator: " ").map(String.init)
        let metric = try MetricCatalogue.metric(MethodSpecification(parsing: words.last ?? ""))
        var subject = subject
        if words.count > 1, let seed = UInt64(words[0]) { subject = subject.reseeded(seed) }
        let start = ContinuousClock.now
        let measurement = try metric.measurement(of: subject)
        let answer = MetricAnswer(
            value: measurement.value, details: measurement.details,
            milliseconds: (ContinuousClock.now - start) / .milliseconds(1))
        return String(decoding: try JSONEncoder().encode(answer), as: UTF8.self)
    }

    /// The first sample and its map, as metrics see them.
    private func subject(
        _ attributor: Attributor, _ inputs: [String: AnyTensor], _ target: Target, _ attribution: Attribution
    ) throws -> EvaluationSubject {
        func experiment(_ target: Target) throws -> Experiment {
            let query = Query(inputs: inputs, target: target, methods: [], layer: layer)
            return try attributor.experiments(on: query, samples: 1, label: "benchmark")[0]
        }
        let explained = try experiment(target)
        let raw = attribution.values.slice(0)
        let display = try MethodCatalogue.method(attribution.method).display ?? .signed
        let shown = PicturePlanes(explained.input.shape).flatMap {
            display.map(of: raw, at: attribution.layer, over: $0)
        }
        let picture = try map.map { try Numpy.read(path: $0).floatTensor } ?? shown ?? raw
        let truth = try mask.map { GroundTruth(map: picture, boxes: [], mask: try Numpy.read(path: $0).floatTensor) }
        return EvaluationSubject(
            experiment: explained, probability: try experiment(target.reread { .probability($0) }),
            method: attribution.method, display: display, raw: raw, map: picture, truth: truth)
    }

    private func say(_ text: String) {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }
}

extension EvaluationSubject {
    /// The same with other random numbers.
    fileprivate func reseeded(_ seed: UInt64) -> EvaluationSubject {
        EvaluationSubject(
            experiment: experiment, probability: probability, method: method, display: display, raw: raw, map: map,
            truth: truth, others: others, seed: seed)
    }
}
