import Graphs
import Tensors

extension FiniteDifferenceTests {
    static let activationCases: [Case] = [
        unary("Relu"), unary("LeakyRelu"), unary("LeakyRelu", "alpha", [24], ["alpha": .float(0.3)]),
        unary("Sigmoid"), unary("HardSigmoid"),
        unary("HardSigmoid", "PyTorch's", [24], ["alpha": .float(1 / 6), "beta": .float(0.5)]), unary("HardSwish"),
        unary("Clip", "both bounds", [24], constants: [scalar(-1), scalar(1)]),
        unary("Clip", "lower bound", [24], constants: [scalar(0)]),
        unary("Clip", "upper bound", [24], constants: [nil, scalar(1)]),
        unary("Clip", "no bound", [24]),
    ]
}
