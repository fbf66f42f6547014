import Graphs
import Tensors

extension FiniteDifferenceTests {
    static let smoothActivationCases: [Case] = [
        unary("Erf"), unary("Gelu"), unary("Gelu", "tanh", [24], ["approximate": .string("tanh")]), unary("Elu"),
        unary("Elu", "alpha", [24], ["alpha": .float(0.5)]), unary("Selu"), unary("Celu"),
        unary("Celu", "alpha", [24], ["alpha": .float(2)]), unary("Softplus"), unary("Softsign"), unary("Mish"),
        unary("ThresholdedRelu"), unary("Shrink", "soft", [24], ["lambd": .float(1), "bias": .float(1)]),
        several("PRelu", "a slope a channel", [[2, 3, 2], [3, 1]]), several("PRelu", "one slope", [[2, 3], [1]]),
    ]
}
