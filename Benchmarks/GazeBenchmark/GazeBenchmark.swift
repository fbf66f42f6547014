import ArgumentParser
import Foundation
import Gaze

/// Keeps a compiled question ready and times its runs, so that other tools can take turns with it.
///
/// Says `ready`, then answers each line of standard input: `run` with the milliseconds of one run, `map FILE.npy` with
/// the result in that file.
@main
struct GazeBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "gaze-benchmark")

    @Argument var model: String
    @Option var method: String
    @Option var target: String
    @Option var input: String
    @Option var layer: String?
    @Option var threads: Int?
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
        _ = try answer()
        say("ready")
        while let line = readLine() {
            if line == "run" {
                let start = ContinuousClock.now
                _ = try answer()
                let parts = (ContinuousClock.now - start).components
                say(String((Double(parts.seconds) + Double(parts.attoseconds) * 1e-18) * 1000))
            } else if line.hasPrefix("map ") {
                try Numpy.write(AnyTensor(try answer().values), path: String(line.dropFirst(4)))
            }
        }
    }

    private func say(_ text: String) {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }
}
