import Graphs
import Tensors

extension FiniteDifferenceTests {
    /// A function of `factor · x`, for functions that are defined near 0 only.
    static func narrowed(_ operation: String, by factor: Float) -> Case {
        Case(operation: operation, name: "of \(factor) x", shapes: [[2, 3, 4]]) { graph, inputs in
            let narrow = graph.append("Mul", [inputs[0], graph.addConstant(scalar(factor))], name: "narrow")[0]
            return graph.append(operation, [narrow], name: "y")[0]
        }
    }

    static let elementaryFunctionCases: [Case] = [
        unary("Abs"), unary("Neg"), unary("Exp"), unary("Sin"), unary("Cos"), unary("Atan"), unary("Sinh"),
        unary("Cosh"), unary("Asinh"), unary("Tanh"), narrowed("Tan", by: 0.25), narrowed("Asin", by: 0.25),
        narrowed("Acos", by: 0.25), narrowed("Atanh", by: 0.25),
        several("Sqrt", "", [[2, 5]], positive: [0]), several("Log", "", [[2, 5]], positive: [0]),
        several("Reciprocal", "", [[2, 5]], positive: [0]), several("Acosh", "", [[8]], positive: [0]),
        unary("Pow", "square", [7], constants: [scalar(2)]), unary("Pow", "fourth", [6], constants: [scalar(4)]),
        unary("Pow", "several", [3, 2], constants: [numbers([3, 1])]),
        several("Pow", "both", [[2, 3], [3]], positive: [0]),
        several("Pow", "both broadcast", [[2, 1], [2]], positive: [0]),
    ]
}
