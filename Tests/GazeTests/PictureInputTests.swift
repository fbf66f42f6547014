import Foundation
import Gaze
import ONNXFormat
import TestSupport
import Testing

/// How photographs are laid out for models whose lengths say another layout than their first convolution.
@Suite struct PictureInputTests {
    /// `logits = mean of a 1x1 convolution` over a picture of this shape; channels that stand last are moved to the front.
    private static func model(_ shape: [Graph.Dimension], channels: Int, isLast: Bool, into folder: String) throws
        -> String
    {
        var graph = Graph()
        var picture = graph.addInput("image", type: .float32, dimensions: shape)
        if isLast {
            picture = graph.append("Transpose", [picture], attributes: ["perm": .integers([0, 3, 1, 2])])[0]
        }
        let kernel = graph.addConstant(AnyTensor(Tensor<Float>(repeating: 0.5, shape: [2, channels, 1, 1])))
        let map = graph.append("Conv", [picture, kernel], name: "map")[0]
        let flat = graph.append("Flatten", [graph.append("GlobalAveragePool", [map])[0]], name: "logits")[0]
        graph.outputs = [Graph.Output(name: "logits", value: flat)]
        let path = folder + "/model.onnx"
        try ONNXFile.write(graph.model(), to: path)
        return path
    }

    @Test(arguments: [
        (shape: [1, 4, 8, 3], channels: 4, isLast: false), (shape: [1, 4, 8, 3], channels: 3, isLast: true),
        (shape: [1, 3, 8, 4], channels: 3, isLast: false), (shape: [1, 3, 8, 4], channels: 4, isLast: true),
        (shape: [1, 3, 4, 1], channels: 3, isLast: false), (shape: [1, 3, 4, 1], channels: 1, isLast: true),
    ])
    func theConvolutionDecides(_ input: (shape: [Int], channels: Int, isLast: Bool)) throws {
        try TemporaryFolder.with { folder in
            let path = try Self.model(
                input.shape.map { Graph.Dimension.fixed($0) }, channels: input.channels, isLast: input.isLast,
                into: folder)
            let explainer = try Explainer(model: path)
            #expect(explainer.preprocessing.layout == (input.isLast ? .nhwc : .nchw))
            #expect(explainer.preprocessing.channels.count == input.channels)
            #expect(explainer.preprocessing.inputShape.dimensions == input.shape)
            #expect(!explainer.guesses.contains { $0.contains("which is a guess") })
            // It runs, and its maps have the picture's rows and columns.
            let found = try explainer.explain(
                Picture(width: 16, height: 16, red: 200, green: 100, blue: 50), target: "logits[0]",
                methods: [MethodSpecification("gradient")])[0]
            let sides = input.isLast ? Array(input.shape[1...2]) : Array(input.shape[2...3])
            #expect(found.map.shape.dimensions == sides)
        }
    }

    @Test func aLayoutThatNothingTellsIsSaid() throws {
        var graph = Graph()
        let picture = graph.addInput(
            "image", type: .float32, dimensions: [1, 3, 8, 8].map { Graph.Dimension.fixed($0) })
        let weight = graph.addConstant(AnyTensor(Tensor<Float>(repeating: 0.5, shape: [192, 2])))
        let logits = graph.append("MatMul", [graph.append("Flatten", [picture])[0], weight], name: "logits")[0]
        graph.outputs = [Graph.Output(name: "logits", value: logits)]
        try TemporaryFolder.with { folder in
            let path = folder + "/model.onnx"
            try ONNXFile.write(graph.model(), to: path)
            let explainer = try Explainer(model: path)
            #expect(explainer.preprocessing.layout == .nchw)
            #expect(explainer.guesses.contains { $0.contains("which is a guess") && $0.contains("--layout") })
        }
    }
}
