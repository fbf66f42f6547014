import Foundation
import Graphs
import Imaging
import ONNXFormat
import Tensors
import TestSupport
import Testing

/// Signals end whatever a command is at, and leave nothing half-written.
@Suite(.serialized) struct InterruptionTests {
    /// A classifier of 8x8 pictures that first picks among boxes, which takes time with the square of their number.
    private func slowModel(in folder: String, picks: Int, boxes: Int) throws -> String {
        var graph = Graph()
        let picture = graph.addInput("picture", type: .float32, shape: [1, 3, 8, 8])
        func constant<Scalar: TensorScalar>(_ values: [Scalar], _ shape: Shape? = nil) throws -> ValueID {
            graph.addConstant(AnyTensor(try Tensor(shape: shape ?? [values.count], elements: values)))
        }
        // Side by side, so that all are kept and each is compared with all before it.
        let rows: [Float] = (0..<boxes).map { Float(2 * $0) }.flatMap { [$0, 0, $0 + 1, 1] as [Float] }
        let scores = try constant([Float](repeating: 1, count: boxes), [1, 1, boxes])
        let limits = [try constant([Int64(boxes)]), try constant([0.5] as [Float]), try constant([0] as [Float])]
        var pooled = graph.append(
            "ReduceMean", [picture, try constant([2, 3] as [Int64])], attributes: ["keepdims": .integer(0)])[0]
        for _ in 0..<picks {
            let place = graph.append("ReduceMax", [pooled], attributes: ["keepdims": .integer(0)])[0]
            let moved = graph.append("Add", [try constant(rows, [1, boxes, 4]), place])[0]
            let picked = graph.append("NonMaxSuppression", [moved, scores] + limits)[0]
            let count = graph.append("Cast", [graph.append("Size", [picked])[0]], attributes: ["to": .integer(1)])[0]
            pooled = graph.append("Add", [pooled, count])[0]
        }
        let weights = try constant((0..<12).map { Float($0 % 5) - 2 }, [3, 4])
        graph.outputs = [Graph.Output(name: "scores", value: graph.append("MatMul", [pooled, weights])[0])]
        let path = folder + "/slow.onnx"
        try ONNXFile.write(graph.model(), to: path)
        return path
    }

    private func picture(in folder: String) throws -> String {
        try FileManager.default.createDirectory(atPath: folder + "/pictures", withIntermediateDirectories: true)
        let path = folder + "/pictures/picture.png"
        try Picture(width: 8, height: 8).write(to: path)
        return path
    }

    /// Sends a signal a while after the start; what then does not end is killed, which the exit code tells.
    private func interrupted(_ arguments: [String], by signal: Int32) throws -> Command.Outcome {
        let start = ContinuousClock.now
        return try Command.run(
            arguments, interrupt: (signal, { ContinuousClock.now - start > .seconds(1) }), patience: .seconds(20))
    }

    private func commands(_ model: String, _ picture: String, _ folder: String) -> [[String]] {
        let preset = ["--preset", "zero-to-one"]
        return [
            ["explain", model, picture, "-m", "occlusion", "-o", folder + "/out"] + preset,
            ["predict", model, picture] + preset,
            ["inspect", model],
            ["verify", model],
            ["check", model, picture, "-m", "occlusion", "-o", folder + "/out"] + preset,
            [
                "evaluate", model, folder + "/pictures", "-m", "occlusion", "--metrics", "deletion", "-o",
                folder + "/out",
            ] + preset,
        ]
    }

    /// Many nodes of some tenths of a second each: the engine is stopped between two.
    @Test(arguments: [(SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)])
    func whatTheEngineRunsIsStopped(signal: Int32, code: Int32) throws {
        try TemporaryFolder.with { folder in
            let model = try slowModel(in: folder, picks: 200, boxes: 12000)
            for arguments in commands(model, try picture(in: folder), folder) {
                let outcome = try interrupted(arguments, by: signal)
                #expect(outcome.status == code, "\(arguments[0]): \(outcome.errors)")
                #expect(outcome.errors.contains("interrupted"), "\(arguments[0])")
            }
            try expectNoRemnants(folder)
        }
    }

    /// One node of many seconds: nothing can stop it, so that the process ends with it.
    @Test(arguments: [(SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)])
    func whatNothingStopsEndsWithTheProcess(signal: Int32, code: Int32) throws {
        try TemporaryFolder.with { folder in
            let model = try slowModel(in: folder, picks: 1, boxes: 200_000)
            for arguments in commands(model, try picture(in: folder), folder) {
                let outcome = try interrupted(arguments, by: signal)
                #expect(outcome.status == code, "\(arguments[0]): \(outcome.errors)")
                #expect(outcome.errors.contains("cannot be stopped"), "\(arguments[0])")
            }
            try expectNoRemnants(folder)
        }
    }

    /// Of evaluations their store stays, which the same command goes on with.
    private func expectNoRemnants(_ folder: String) throws {
        let left = (FileManager.default.enumerator(atPath: folder)?.allObjects ?? []).compactMap { $0 as? String }
        let expected: Set = [
            "slow.onnx", "pictures", "pictures/picture.png", "out", "out/results.sqlite", "out/results.jsonl",
            "out/summary.csv", "out/summary.md", "out/times.csv",
        ]
        #expect(Set(left).subtracting(expected).isEmpty, "\(left)")
    }
}
