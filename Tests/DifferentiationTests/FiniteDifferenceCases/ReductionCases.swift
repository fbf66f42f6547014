import Graphs
import Tensors

extension FiniteDifferenceTests {
    static let reductionCases: [Case] = [
        "ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum",
        "ReduceSumSquare",
    ].flatMap { reduction($0) } + [
        several("ReduceLogSum", "all", [[2, 3]], positive: [0]),
        several("ReduceLogSum", "unkept", [[2, 3]], ["keepdims": .integer(0)], positive: [0]),
    ]

    static func reduction(_ operation: String) -> [Case] {
        [
            unary(operation, "axes", [2, 3, 4], ["keepdims": .integer(0)], constants: [whole([-1, 0])]),
            unary(operation, "all", [2, 3]),
            unary(operation, "kept", [2, 3, 4], constants: [whole([1])]),
            unary(operation, "none", [2, 3], ["noop_with_empty_axes": .integer(1)]),
        ]
    }
}
