import Foundation
import Graphs
import Imaging
import ONNXFormat
import Tensors
import TestSupport
import Testing

/// `gaze explain` with a model whose deepest map names the wrong place.
@Suite struct LayerTrialCommandTests {
    private func model(in folder: String) throws -> String {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, dimensions: [1, 1, 8, 8].map { .fixed($0) })
        let near = graph.append("Relu", [x], name: "near")[0]
        let kernel = graph.addConstant(
            AnyTensor(try Tensor<Float>(shape: [1, 1, 1, 7], elements: [1, 0, 0, 0, 0, 0, 0])), name: "kernel")
        let far = graph.append(
            "Conv", [near, kernel], attributes: ["pads": .integers([0, 3, 0, 3])], name: "far")[0]
        let pooled = graph.append("GlobalAveragePool", [far], name: "pooled")[0]
        let flat = graph.append("Flatten", [pooled], name: "flat")[0]
        let weight = graph.addConstant(
            AnyTensor(try Tensor<Float>(shape: [1, 3], elements: [1, 0.5, -1])), name: "w")
        let logits = graph.append("MatMul", [flat, weight], name: "logits")[0]
        graph.outputs = [Graph.Output(name: "logits", value: logits)]
        try ONNXFile.write(graph.model(), to: folder + "/shifted.onnx")
        return folder + "/shifted.onnx"
    }

    private func record(_ path: String) throws -> [String: Any] {
        let json = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path)))
        return try #require((json as? [String: Any])?["layer"] as? [String: Any])
    }

    @Test func theTableIsPrintedAndRecorded() throws {
        try TemporaryFolder.with { folder in
            let model = try model(in: folder)
            var picture = Picture(width: 8, height: 8)
            picture.mutatePixels { pixels in
                for index in 0..<64 where index % 8 < 2 { for channel in 0..<3 { pixels[index * 3 + channel] = 255 } }
            }
            try picture.write(to: folder + "/stripe.png")
            let options = ["--resize", "squash", "-o", folder + "/out"]
            let measured = try Command.run(["explain", model, folder + "/stripe.png"] + options)
            #expect(measured.status == 0, "\(measured.errors)")
            let rows = measured.output.split(separator: "\n").filter { $0.contains(" 8x8 ") && !$0.contains("cells") }
            try #require(rows.count == 2)
            #expect(rows[0].contains("-0.16") && rows[1].contains("0.75"))
            #expect(rows[1].hasSuffix("chosen") && !rows[0].hasSuffix("chosen"))
            let layer = try record(folder + "/out/stripe.class-0.gradcam.json")
            #expect(layer["tensor"] as? String == "near")
            let trial = try #require(layer["trial"] as? [String: Any])
            #expect((trial["entries"] as? [Any])?.count == 2 && trial["chosen"] as? Int == 1)
            #expect((layer["reason"] as? String)?.contains("deletion 0.75") == true)

            let structural = try Command.run(
                ["explain", model, folder + "/stripe.png", "--layer", "structural"] + options)
            #expect(structural.status == 0 && !structural.output.contains("chosen"))
            let plain = try record(folder + "/out/stripe.class-0.gradcam.json")
            #expect(plain["tensor"] as? String == "far" && plain["trial"] == nil)
        }
    }
}
