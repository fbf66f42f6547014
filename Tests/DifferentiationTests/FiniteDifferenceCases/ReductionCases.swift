import Graphs
import Tensors

extension FiniteDifferenceTests {
    static let reductionCases: [Case] = [
        reduction("ReduceL1"), reduction("ReduceL2"), reduction("ReduceLogSumExp"), reduction("ReduceMax"),
        reduction("ReduceMean"), reduction("ReduceMin"), reduction("ReduceProd"), reduction("ReduceSum"),
        reduction("ReduceSumSquare"),
        [
            several("ReduceLogSum", "all", [[2, 3]], positive: [0]),
            several("ReduceLogSum", "unkept", [[2, 3]], ["keepdims": .integer(0)], positive: [0]),
        ],
    ].flatMap(\.self)

    static func reduction(_ operation: String) -> [Case] {
        [
            unary(operation, "axes", [2, 3, 4], ["keepdims": .integer(0)], constants: [whole([-1, 0])]),
            unary(operation, "all", [2, 3]),
            unary(operation, "kept", [2, 3, 4], constants: [whole([1])]),
            unary(operation, "none", [2, 3], ["noop_with_empty_axes": .integer(1)]),
        ]
    }
}
