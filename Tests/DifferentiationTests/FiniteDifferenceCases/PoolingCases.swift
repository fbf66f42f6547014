import Graphs
import Tensors

extension FiniteDifferenceTests {
    static let poolingCases: [Case] = [
        unary(
            "MaxPool", "overlapping", [1, 2, 5, 5],
            ["kernel_shape": .integers([3, 3]), "strides": .integers([2, 2]), "pads": .integers([1, 1, 1, 1])]),
        unary(
            "MaxPool", "ceil mode, dilations", [1, 1, 6, 7],
            [
                "kernel_shape": .integers([2, 2]), "strides": .integers([2, 2]), "dilations": .integers([2, 1]),
                "ceil_mode": .integer(1),
            ]),
        unary(
            "AveragePool", "pads", [1, 2, 5, 5],
            ["kernel_shape": .integers([3, 3]), "strides": .integers([2, 2]), "pads": .integers([1, 1, 1, 1])]),
        unary(
            "AveragePool", "pads count, ceil mode", [1, 2, 6, 5],
            [
                "kernel_shape": .integers([3, 2]), "strides": .integers([2, 2]), "pads": .integers([1, 0, 1, 0]),
                "count_include_pad": .integer(1), "ceil_mode": .integer(1),
            ]),
        unary("GlobalAveragePool", "", [2, 3, 2, 3]), unary("GlobalMaxPool", "", [2, 3, 2, 3]),
    ]
}
