import Graphs
import Tensors

extension FiniteDifferenceTests {
    static let selectionCases: [Case] = [
        threeAndOne("Sum"), threeAndOne("Mean"), threeAndOne("Max"), threeAndOne("Min"),
        [
            unary("Max", "constant", [2, 5], constants: [scalar(0.5)]),
            unary("Min", "constant", [2, 5], constants: [numbers([0, 1, -1, 0.5, 0])]),
            whereCase, clipOfBounds,
            Case(operation: "Mod", name: "both", shapes: [[4], [4]], positive: [1]) { graph, inputs in
                let wide = graph.append("Mul", [inputs[0], graph.addConstant(scalar(5.3))], name: "wide")[0]
                return graph.append("Mod", [wide, inputs[1]], attributes: ["fmod": .integer(1)], name: "y")[0]
            },
            Case(operation: "CastLike", name: "to double", shapes: [[2, 3]]) { graph, inputs in
                let type = graph.addConstant(AnyTensor(Tensor<Double>(repeating: 0, shape: [])))
                return graph.append("CastLike", [inputs[0], type], name: "y")[0]
            },
        ],
    ].flatMap(\.self)

    static func threeAndOne(_ operation: String) -> [Case] {
        [
            several(operation, "three", [[2, 3], [3], [2, 1]]), several(operation, "two", [[2, 2], [2, 2]]),
            several(operation, "one", [[4]]),
        ]
    }

    static let whereCase = Case(operation: "Where", name: "broadcast", shapes: [[2, 3], [3]]) { graph, inputs in
        let condition = graph.append("Greater", [inputs[0], graph.addConstant(scalar(0))], name: "condition")[0]
        return graph.append("Where", [condition, inputs[0], inputs[1]], name: "y")[0]
    }

    static let clipOfBounds = Case(operation: "Clip", name: "bounds", shapes: [[8], [], []]) { graph, inputs in
        let upper = graph.append("Add", [inputs[2], graph.addConstant(scalar(0.3))], name: "upper")[0]
        let lower = graph.append("Sub", [inputs[1], graph.addConstant(scalar(0.3))], name: "lower")[0]
        return graph.append("Clip", [inputs[0], lower, upper], name: "y")[0]
    }
}
