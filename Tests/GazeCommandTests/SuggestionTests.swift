import Foundation
import Graphs
import Imaging
import ONNXFormat
import Tensors
import TestSupport
import Testing

/// What Gaze suggests can be typed as it is printed, whatever characters a model's names have.
@Suite struct SuggestionTests {
    private static let names = [
        "91", "a [b]", "it's", "q\"q", "x/y:0", "-neg", "3-5", "$HOME `x`", "both ' and \"", "a,b(c)",
    ]

    /// `[1, 2, 3, 4, 5]` numbers that are of no known kind, and their index of the highest.
    private func write(_ name: String, into folder: String) throws -> String {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, dimensions: [1, 3, 4, 10].map { .fixed($0) })
        let shape = graph.addConstant(AnyTensor(Tensor<Int64>(vector: [1, 2, 3, 4, 5])), name: "shape")
        let sum = graph.append("Mul", [x, x], name: "square")[0]
        let result = graph.append("Reshape", [sum, shape], name: name)[0]
        let highest = graph.append("ArgMax", [result], attributes: ["axis": .integer(1)], name: "highest")[0]
        graph[highest].type = .int64
        graph.outputs = [
            Graph.Output(name: "highest", value: highest), Graph.Output(name: graph[result].name, value: result),
        ]
        let path = folder + "/odd.onnx"
        try ONNXFile.write(graph.model(), to: path)
        return path
    }

    /// Runs a command line as a shell does.
    private func shell(_ line: String) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", line]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }

    @Test(arguments: names)
    func suggestedTargetsWorkWhenTyped(_ name: String) throws {
        try TemporaryFolder.with { folder in
            let model = try write(name, into: folder)
            try Picture(width: 10, height: 4, red: 200).write(to: folder + "/a.png")
            try Numpy.write(AnyTensor(Tensor<Float>(repeating: 2, shape: [1, 3, 4, 10])), path: folder + "/x.npy")
            let refused = [
                try Command.run("explain", model, "\(folder)/a.png", "-o", "\(folder)/out", "--preset", "zero-to-one"),
                try Command.run(
                    "attribute", model, "--input", "\(folder)/x.npy", "--target", "highest", "--method", "score",
                    "--output", "\(folder)/out"),
            ]
            for outcome in refused {
                #expect(outcome.status == 2, "\(outcome.errors)")
                let text = outcome.errors.trimmingCharacters(in: .whitespacesAndNewlines)
                let start = try #require(text.range(of: "e.g. --target "), "\(text)")
                let suggestion = text[start.upperBound...].dropLast()
                let line =
                    "'\(Command.path)' attribute '\(model)' --input '\(folder)/x.npy' --method score --output '\(folder)/out' --target \(suggestion)"
                // An example of one element needs as many indices as the tensor has axes, which both forms give.
                #expect(try shell(line) == 0, "\(line)")
            }
        }
    }

    @Test func regionsOfAPictureAreChosenByABox() throws {
        try TemporaryFolder.with { folder in
            var graph = Graph()
            let x = graph.addInput("x", type: .float32, dimensions: [1, 3, 8, 8].map { .fixed($0) })
            let two = graph.addConstant(AnyTensor(Tensor<Float>(2)), name: "two")
            let map = graph.append("Relu", [x], name: "map")[0]
            let result = graph.append("Mul", [map, two], name: "recon")[0]
            graph.outputs = [Graph.Output(name: "recon", value: result)]
            let model = folder + "/picture.onnx"
            try ONNXFile.write(graph.model(), to: model)
            try Picture(width: 8, height: 8, red: 200).write(to: folder + "/a.png")
            let outcome = try Command.run(
                "explain", model, "\(folder)/a.png", "-m", "gradient", "--box", "2,2,6,5", "-o", "\(folder)/out",
                "--preset", "zero-to-one", "--resize", "squash:8x8", "--json")
            #expect(outcome.status == 0, "\(outcome.errors)")
            let records = try #require(
                JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]])
            let score = try #require(records[0]["score"] as? Double)
            // Twice the mean of one red channel of three.
            #expect(abs(score - 2 * 200 / 255 / 3) < 1e-4)
        }
    }
}
