import Foundation
import Graphs
import Imaging
import ONNXFormat
import Tensors
import TestSupport
import Testing

/// Exit codes and words for scores that are NaN or infinite.
@Suite struct BrokenOutputCommandTests {
    /// Means of three channels, with a bias, behind a sigmoid or not.
    private func write(bias: [Float], sigmoid: Bool = false, into folder: String) throws -> [String] {
        var graph = Graph()
        let x = graph.addInput(
            "image", type: .float32, dimensions: [.symbolic("batch"), .fixed(3), .fixed(8), .fixed(8)])
        let map = graph.append("Relu", [x], name: "map")[0]
        let pooled = graph.append("GlobalAveragePool", [map], name: "pooled")[0]
        let flat = graph.append("Flatten", [pooled], name: "flat")[0]
        let offsets = graph.addConstant(AnyTensor(Tensor(vector: bias)), name: "bias")
        var scores = graph.append("Add", [flat, offsets], name: "scores")[0]
        if sigmoid { scores = graph.append("Sigmoid", [scores], name: "probabilities")[0] }
        graph.outputs = [Graph.Output(name: graph[scores].name, value: scores)]
        try ONNXFile.write(graph.model(), to: folder + "/model.onnx")
        try Picture(width: 8, height: 8).write(to: folder + "/photo.png")
        return ["\(folder)/model.onnx", "\(folder)/photo.png", "--preset", "imagenet", "--resize", "squash:8x8"]
    }

    @Test func answersThatCannotBeRankedAreFailures() throws {
        try TemporaryFolder.with { folder in
            let question = try write(bias: [0, .nan, 0], into: folder)
            for command in [["predict"], ["explain", "-o", "\(folder)/out"], ["check"]] {
                let outcome = try Command.run([command[0]] + question + command.dropFirst())
                #expect(outcome.status == 2, "\(command[0]): \(outcome.errors)")
                #expect(outcome.errors.contains("1 NaN among its 3 numbers"), "\(outcome.errors)")
                #expect(outcome.output.isEmpty || command[0] == "check")
            }
            #expect((try? FileManager.default.contentsOfDirectory(atPath: folder + "/out"))?.isEmpty != false)
            let named = try Command.run(["explain"] + question + ["-c", "0", "-o", "\(folder)/out"])
            #expect(named.status == 0 && named.errors.contains("no probability of this picture counts"))
        }
    }

    @Test func otherClassesAreListedBesideOneThatIsNoNumber() throws {
        try TemporaryFolder.with { folder in
            let question = try write(bias: [0.5, .nan, 0.25], sigmoid: true, into: folder)
            let outcome = try Command.run(["predict"] + question)
            #expect(outcome.status == 2 && outcome.errors.contains("1 NaN among its 3 numbers"), "\(outcome.errors)")
            let lines = outcome.output.split(separator: "\n")
            #expect(
                lines.count == 4 && lines[3].contains("none") && lines[3].contains("score NaN"), "\(outcome.output)")
            let json = try Command.run(["predict"] + question + ["--json"])
            #expect(json.output.contains("\"score\" : null") && json.output.contains("\"scoreProblem\" : \"NaN\""))
        }
    }

    @Test func mapOfAScoreThatIsNoNumberIsWrittenAndFails() throws {
        try TemporaryFolder.with { folder in
            let question = try write(bias: [0, -.infinity, 0], into: folder)
            let outcome = try Command.run(["explain"] + question + ["-c", "1", "-o", "\(folder)/out"])
            #expect(outcome.status == 2 && outcome.errors.contains("1 of 1 map rests"), "\(outcome.errors)")
            #expect(outcome.output.contains("score -infinity"))
            let some = try Command.run(["explain"] + question + ["-c", "1", "-c", "2", "-o", "\(folder)/out"])
            #expect(some.status == 1 && some.errors.contains("1 of 2 maps rest"))
        }
    }

    @Test func memoryBoundsPicturesAndLists() throws {
        try TemporaryFolder.with { folder in
            let question = try write(bias: [0, 0.5, 0], into: folder)
            try Picture(width: 300, height: 300).write(to: folder + "/photo.png")
            // 1 MiB are 52 428 pixels of 20 bytes.
            let outcome = try Command.run(["predict"] + question + ["--memory", "1MiB"])
            #expect(outcome.status == 2 && outcome.errors.contains("300 x 300 pixels"), "\(outcome.errors)")
            #expect(try Command.run(["predict"] + question + ["--memory", "64MiB"]).status == 0)
            #expect(try Command.run(["inspect", question[0], "--memory", "lots"]).status == 64)
        }
    }

    @Test func headsWithoutEndAreRefused() throws {
        try TemporaryFolder.with { folder in
            var graph = Graph()
            let x = graph.addInput(
                "image", type: .float32, dimensions: [.symbolic("batch"), .fixed(3), .fixed(8), .fixed(8)])
            let axes = graph.addConstant(AnyTensor(Tensor(vector: [Int64(1), 2, 3])), name: "axes")
            let mean = graph.append("ReduceMean", [x, axes], attributes: ["keepdims": .integer(0)], name: "mean")[0]
            let column = graph.addConstant(AnyTensor(Tensor(vector: [Int64(-1), 1])), name: "column")
            let size = graph.addConstant(AnyTensor(Tensor(vector: [Int64(1), 1 << 21])), name: "size")
            let scores = graph.append(
                "Expand", [graph.append("Reshape", [mean, column], name: "one")[0], size], name: "scores")[0]
            graph.outputs = [Graph.Output(name: "scores", value: scores)]
            try ONNXFile.write(graph.model(), to: folder + "/model.onnx")
            try Picture(width: 8, height: 8).write(to: folder + "/photo.png")
            let outcome = try Command.run(
                "predict", "\(folder)/model.onnx", "\(folder)/photo.png", "--preset", "imagenet")
            #expect(outcome.status == 2 && outcome.errors.contains("2097152 numbers"), "\(outcome.errors)")
        }
    }

    @Test func verdictsRestOnNumbersOnly() throws {
        try TemporaryFolder.with { folder in
            let question = try write(bias: [0.5, .nan, 0.25], sigmoid: true, into: folder)
            let outcome = try Command.run(["check"] + question + ["-m", "gradient"])
            #expect(outcome.status == 2 && outcome.errors.contains("1 NaN among its 3 numbers"), "\(outcome.errors)")
        }
    }

    @Test func earlierTablesAreNotReplacedByEmptyOnes() throws {
        try TemporaryFolder.with { folder in
            let options = ["-m", "gradcam", "--metrics", "average-drop", "-o", "\(folder)/out"]
            func evaluate(bias: [Float]) throws -> Command.Outcome {
                let question = try write(bias: bias, into: folder)
                try FileManager.default.createDirectory(
                    atPath: folder + "/photos", withIntermediateDirectories: true)
                try Picture(width: 8, height: 8, red: 200).write(to: folder + "/photos/a.png")
                return try Command.run(
                    ["evaluate", question[0], "\(folder)/photos"] + question.dropFirst(2) + options)
            }
            #expect(try evaluate(bias: [0, 0, 0]).status == 0)
            let files = ["results.jsonl", "summary.csv", "summary.md"].map { "\(folder)/out/\($0)" }
            let before = try files.map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
            let outcome = try evaluate(bias: [0, .nan, 0])
            #expect(outcome.status == 2 && outcome.errors.contains("nothing was measured"), "\(outcome.errors)")
            #expect(try files.map { try Data(contentsOf: URL(fileURLWithPath: $0)) } == before)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder + "/out").allSatisfy {
                    !$0.contains("partial")
                })
        }
    }
}
