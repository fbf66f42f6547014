import Graphs
import Tensors

extension FiniteDifferenceTests {
    static func broadcasting(_ operation: String, positive: Set<Int> = []) -> [Case] {
        [
            several(operation, "equal shapes", [[2, 3], [2, 3]], positive: positive),
            several(operation, "both broadcast", [[2, 1, 3], [4, 1]], positive: positive),
            several(operation, "scalar", [[2, 3], []], positive: positive),
        ]
    }

    static let square = Case(operation: "Mul", name: "square", shapes: [[5]]) { graph, inputs in
        graph.append("Mul", [inputs[0], inputs[0]], name: "y")[0]
    }

    static let arithmeticCases: [Case] = [
        broadcasting("Add"), broadcasting("Sub"), broadcasting("Mul"), broadcasting("Div", positive: [1]), [square],
    ].flatMap(\.self)
}
