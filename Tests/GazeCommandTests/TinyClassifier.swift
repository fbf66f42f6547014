import Foundation
import Graphs
import Imaging
import ONNXFormat
import Tensors

/// `logits = mean(relu(x)) W` of `[1, 2, 2, 2]`, with every number known.
enum TinyClassifier {
    static let pixels: [Float] = [1, 2, -3, 4, 8, -1, 2, 0]
    /// Row k: the weights of channel k for the three classes.
    static let weights: [Float] = [1, -2, 0.5, 4, -1, 3]

    static func write(into folder: String, side: Int = 2, channels: Int = 2) throws -> String {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, dimensions: [1, channels, side, side].map { .fixed($0) })
        let map = graph.append("Relu", [x], name: "map")[0]
        let pooled = graph.append("GlobalAveragePool", [map], name: "pooled")[0]
        let flat = graph.append("Flatten", [pooled], name: "flat")[0]
        let rows = weights + [Float](repeating: 0.25, count: (channels - 2) * 3)
        let weight = graph.addConstant(AnyTensor(try Tensor(shape: [channels, 3], elements: rows)), name: "weights")
        let logits = graph.append("MatMul", [flat, weight], name: "logits")[0]
        graph.outputs = [Graph.Output(name: "logits", value: logits)]
        let path = folder + "/tiny.onnx"
        try ONNXFile.write(graph.model(), to: path)
        try Numpy.write(AnyTensor(try Tensor(shape: [1, 2, 2, 2], elements: pixels)), path: folder + "/x.npy")
        return path
    }
}
