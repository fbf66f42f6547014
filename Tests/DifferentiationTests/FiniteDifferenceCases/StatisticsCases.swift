import Graphs
import Tensors

extension FiniteDifferenceTests {
    static let statisticsCases: [Case] = [
        several("LayerNormalization", "x, scale, bias", [[3, 5], [5], [5]]),
        several("LayerNormalization", "two axes", [[2, 3, 2], [3, 2], [3, 2]], ["axis": .integer(-2)]),
        layerNormalizationResults,
        several("InstanceNormalization", "x, scale, bias", [[2, 2, 3, 2], [2], [2]]),
        several("GroupNormalization", "x, scale, bias", [[2, 4, 3], [4], [4]], ["num_groups": .integer(2)]),
        unary("MeanVarianceNormalization", "default axes", [2, 2, 3, 2]),
        unary("MeanVarianceNormalization", "axes", [3, 5], ["axes": .integers([-1])]),
        unary("LpNormalization", "Euclidean", [3, 4]),
        unary("LpNormalization", "sum of magnitudes", [4, 3], ["p": .integer(1), "axis": .integer(0)]),
        several("BatchNormalization", "all operands", [[3, 2, 2], [2], [2], [2], [2]], positive: [4]),
    ]

    static let layerNormalizationResults = Case(
        operation: "LayerNormalization", name: "all results", shapes: [[2, 5], [5]]
    ) { graph, inputs in
        let results = graph.append("LayerNormalization", inputs, outputCount: 3, name: "normalised")
        let sum = graph.append("Add", [results[0], results[1]], name: "sum")[0]
        return graph.append("Mul", [sum, results[2]], name: "y")[0]
    }
}
