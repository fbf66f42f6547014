import Graphs
import Tensors

extension FiniteDifferenceTests {
    static let normalisationCases: [Case] = [
        unary("Softmax", "last axis", [3, 5]), unary("Softmax", "axis 1", [2, 3, 2, 2], ["axis": .integer(1)]),
        unary("LogSoftmax", "last axis", [3, 5]), unary("LogSoftmax", "axis 0", [3, 4], ["axis": .integer(0)]),
        unary(
            "LRN", "odd", [2, 6, 2, 1],
            ["size": .integer(3), "alpha": .float(0.3), "beta": .float(0.75), "bias": .float(2)]),
        unary(
            "LRN", "wide", [1, 5, 2, 2],
            ["size": .integer(5), "alpha": .float(0.5), "beta": .float(0.5), "bias": .float(1)]),
        batchNormalization,
    ]

    static let batchNormalization = Case(
        operation: "BatchNormalization", name: "x, scale, bias", shapes: [[2, 3, 2, 2], [3], [3]]
    ) { graph, inputs in
        let mean = graph.addConstant(numbers([0.5, -1, 2]))
        let variance = graph.addConstant(numbers([1, 4, 0.25]))
        return graph.append(
            "BatchNormalization", inputs + [mean, variance], attributes: ["epsilon": .float(1e-3)], name: "y")[0]
    }
}
