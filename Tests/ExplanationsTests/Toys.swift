import Explanations
import Graphs
import Runtime
import Tensors
import Testing

/// Graphs whose explanations can be written down.
enum Toys {
    static func floats(_ values: [Float], _ shape: Shape? = nil) throws -> AnyTensor {
        AnyTensor(try Tensor(shape: shape ?? [values.count], elements: values))
    }

    static func attributor(_ graph: Graph) throws -> Attributor {
        Attributor(Model(graph: graph, engine: try ONNXRuntimeEngine()))
    }

    /// `logits = W mean(relu(x)) + b` for `x` of shape `[B, 2, 2, 2]`; nil leaves the batch free.
    static func classifier(batch: Int?, softmax: Bool = false) throws -> Graph {
        var graph = Graph()
        let first = batch.map { Graph.Dimension.fixed($0) } ?? .symbolic("n")
        let x = graph.addInput("x", type: .float32, dimensions: [first, .fixed(2), .fixed(2), .fixed(2)])
        let map = graph.append("Relu", [x], name: "map")[0]
        let pooled = graph.append("GlobalAveragePool", [map], name: "pooled")[0]
        let flat = graph.append("Flatten", [pooled], name: "flat")[0]
        let weight = graph.addConstant(try floats(weights, [3, 2]), name: "w")
        let bias = graph.addConstant(try floats(biases), name: "b")
        var result = graph.append("Gemm", [flat, weight, bias], attributes: ["transB": .integer(1)], name: "logits")[0]
        if softmax { result = graph.append("Softmax", [result], name: "probabilities")[0] }
        graph.outputs = [Graph.Output(name: graph[result].name, value: result)]
        return graph
    }

    static let weights: [Float] = [1, -2, 0.5, 4, -1, 3]
    static let biases: [Float] = [0.25, -0.5, 1]

    /// Three samples.
    static let pixels: [Float] = [
        1, 2, -3, 4, 0.5, -1, 2, 8,
        -1, 1, 3, 0.25, 4, -2, 6, 1,
        2, 2, 5, -7, 1, 0.125, -3, 2,
    ]

    static func map(_ sample: Int, _ target: Int) -> [Float] {
        (0..<4).map { cell in
            (0..<2).reduce(0) { $0 + weights[2 * target + $1] * max(pixels[8 * sample + 4 * $1 + cell], 0) }
        }
    }

    static func logit(_ sample: Int, _ target: Int) -> Float {
        map(sample, target).reduce(0, +) / 4 + biases[target]
    }
}
