import Graphs
import Tensors

extension FiniteDifferenceTests {
    static let rearrangementCases: [Case] = [
        unary("Identity"), unary("Dropout"),
        unary("Cast", "to float64", [6], ["to": .integer(Int(ElementType.float64.rawValue))]),
        unary("Flatten"), unary("Reshape", "", [2, 6], constants: [whole([3, -1])]),
        unary("Squeeze", "", [1, 3, 1, 2], constants: [whole([0, 2])]), unary("Squeeze", "all", [1, 3, 1]),
        unary("Unsqueeze", "", [2, 3], constants: [whole([0, -1])]),
        unary("Transpose"), unary("Transpose", "perm", [2, 3, 4], ["perm": .integers([1, 2, 0])]),
    ]

    static let joiningAndPaddingCases: [Case] = [
        several("Concat", "three", [[2, 1, 2], [2, 3, 2], [2, 2, 2]], ["axis": .integer(-2)]),
        unary("Pad", "constant", [2, 3], constants: [whole([1, 0, 0, 2]), scalar(3)]),
        Case(operation: "Pad", name: "value", shapes: [[2, 3], []]) { graph, inputs in
            let pads = graph.addConstant(whole([1, -1, 0, 2]))
            return graph.append("Pad", [inputs[0], pads, inputs[1]], name: "y")[0]
        },
        unary("Pad", "cropping", [4, 4], constants: [whole([-1, 1, 0, -1])]),
        unary("Pad", "axes", [2, 2, 3], constants: [whole([1, 2]), nil, whole([-1])]),
        unary("Pad", "reflect", [3, 4], ["mode": .string("reflect")], constants: [whole([2, 1, 1, 3])]),
        unary("Pad", "edge", [2, 3], ["mode": .string("edge")], constants: [whole([1, 2, 0, 1])]),
        unary("Pad", "wrap", [3, 3], ["mode": .string("wrap")], constants: [whole([1, 0, 2, 2])]),
    ]
}
