import Graphs
import Runtime
import Tensors
import Testing

/// Poolings of all geometries: after specialisation the shape is the one that the engine computes from the untouched node, and
/// so are the values.
@Suite struct PoolingGeometryTests {
    @Test(arguments: ["AveragePool", "LpPool", "MaxPool"])
    func shapesAreThoseThatTheEngineComputes(operation: String) throws {
        var rewritten = 0
        for length in [5, 8] {
            for kernel in 2...3 {
                for stride in 1...kernel {
                    for dilation in 1...2 where dilation * (kernel - 1) < length {
                        rewritten += try check(operation, length, kernel, stride, dilation)
                    }
                }
            }
        }
        #expect(rewritten > 20)
    }

    /// All paddings in one graph; how many of its poolings specialisation rewrote.
    private func check(
        _ operation: String, _ length: Int, _ kernel: Int, _ stride: Int, _ dilation: Int
    ) throws -> Int {
        let shape: Shape = [1, 1, length, 5]
        var graph = Graph()
        let input = graph.addInput("x", type: .float32, shape: shape)
        for padding in ["SAME_UPPER", "SAME_LOWER", "VALID", "0 0", "1 0", "0 1", "1 1"] {
            for ceiled in 0...1 {
                var attributes: [String: Attribute] = [
                    "kernel_shape": .integers([kernel, 2]), "strides": .integers([stride, 2]),
                    "dilations": .integers([dilation, 1]), "ceil_mode": .integer(ceiled),
                ]
                let pads = padding.split(separator: " ").compactMap { Int($0) }
                if pads.isEmpty {
                    attributes["auto_pad"] = .string(padding)
                } else {
                    attributes["pads"] = .integers([pads[0], 0, pads[1], 1])
                }
                if operation == "AveragePool" { attributes["count_include_pad"] = .integer(padding == "1 0" ? 0 : 1) }
                let pooled = graph.append(operation, [input], attributes: attributes, name: "pooled")[0]
                let result = graph.append("Neg", [pooled], name: "\(padding), ceil_mode \(ceiled)")[0]
                graph.outputs.append(Graph.Output(name: graph[result].name, value: result))
            }
        }
        let numbers = (0..<shape.count).map { Float(($0 * 7) % shape.count) / 8 }
        let feed = ["x": try Models.floats(numbers, shape)]
        let specialised = try graph.specialised(to: [:], by: Models.evaluator())
        let results = zip(try Models.run(specialised, feed), try Models.run(graph, feed))
        for (output, (found, expected)) in zip(specialised.outputs, results) {
            let label = "\(operation) of \(length): \(kernel), \(stride), \(dilation), \(output.name)"
            #expect(found.shape == expected.shape && found.floats == expected.floats, "\(label)")
            #expect(specialised.shape(of: output.value) == expected.shape, "\(label)")
        }
        return zip(specialised.nodes, graph.nodes).count { $0.attributes != $1.attributes }
    }
}
