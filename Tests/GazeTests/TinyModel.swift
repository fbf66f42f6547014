import Foundation
import Gaze
import ONNXFormat

/// A classifier of 8x8 pictures with two classes, small enough to know every number of: the mean of red, and of blue.
enum TinyModel {
    /// `logits = mean(relu(x))` of channels 0 and 2.
    static func graph() throws -> Graph {
        var graph = Graph()
        let x = graph.addInput(
            "image", type: .float32, dimensions: [.symbolic("batch"), .fixed(3), .fixed(8), .fixed(8)])
        let map = graph.append("Relu", [x], name: "map")[0]
        let pooled = graph.append("GlobalAveragePool", [map], name: "pooled")[0]
        let flat = graph.append("Flatten", [pooled], name: "flat")[0]
        let weights = graph.addConstant(
            AnyTensor(try Tensor<Float>(shape: [3, 2], elements: [1, 0, 0, 0, 0, 1])), name: "weights")
        let logits = graph.append("MatMul", [flat, weights], name: "logits")[0]
        graph.outputs = [Graph.Output(name: "logits", value: logits)]
        return graph
    }

    /// Writes `model.onnx` with a sidecar into a folder and returns its path.
    static func write(into folder: String) throws -> String {
        let path = folder + "/model.onnx"
        try ONNXFile.write(graph().model(), to: path)
        let sidecar = Sidecar(
            preprocessing: Preprocessing(resize: .squash(width: 8, height: 8)),
            labels: .names(["red thing", "blue thing"]))
        try sidecar.write(forModel: path)
        return path
    }

    /// Red on the left half, a little blue on the right.
    static var picture: Picture {
        var picture = Picture(width: 16, height: 16)
        picture.mutatePixels { pixels in
            for index in 0..<256 { pixels[index * 3 + (index % 16 < 8 ? 0 : 2)] = index % 16 < 8 ? 255 : 51 }
        }
        return picture
    }
}
