import Graphs
import Tensors

extension FiniteDifferenceTests {
    static let cases: [Case] = [
        elementwise, others, arithmetic, convolutions, poolings, [normalisation], matrices, shapes, joinedAndPadded,
        reduction("ReduceMean"), reduction("ReduceSum"),
    ].flatMap(\.self)

    private static func unary(
        _ operation: String, _ name: String = "", _ shape: Shape = [2, 3, 4], _ attributes: [String: Attribute] = [:],
        constants: [AnyTensor?] = []
    ) -> Case {
        Case(operation: operation, name: name, shapes: [shape]) { graph, inputs in
            let operands = constants.map { tensor in tensor.map { graph.addConstant($0) } }
            return graph.append(operation, inputs + operands, attributes: attributes, name: "y")[0]
        }
    }

    private static func several(
        _ operation: String, _ name: String, _ shapes: [Shape], _ attributes: [String: Attribute] = [:],
        positive: Set<Int> = []
    ) -> Case {
        Case(operation: operation, name: name, shapes: shapes, positive: positive) { graph, inputs in
            graph.append(operation, inputs, attributes: attributes, name: "y")[0]
        }
    }

    private static func scalar(_ value: Float) -> AnyTensor { AnyTensor(Tensor(value)) }
    private static func whole(_ values: [Int64]) -> AnyTensor { AnyTensor(Tensor(vector: values)) }
    private static func numbers(_ values: [Float]) -> AnyTensor { AnyTensor(Tensor(vector: values)) }

    private static let elementwise: [Case] = [
        unary("Relu"), unary("LeakyRelu"), unary("LeakyRelu", "alpha", [24], ["alpha": .float(0.3)]),
        unary("Sigmoid"), unary("HardSigmoid"),
        unary("HardSigmoid", "PyTorch's", [24], ["alpha": .float(1 / 6), "beta": .float(0.5)]), unary("HardSwish"),
        unary("Clip", "both bounds", [24], constants: [scalar(-1), scalar(1)]),
        unary("Clip", "lower bound", [24], constants: [scalar(0)]),
        unary("Clip", "upper bound", [24], constants: [nil, scalar(1)]),
        unary("Clip", "no bound", [24]),
    ]

    private static let others: [Case] = [
        unary("Identity"), unary("Dropout"),
        unary("Cast", "to float64", [6], ["to": .integer(Int(ElementType.float64.rawValue))]),
        unary("Softmax", "last axis", [3, 5]), unary("Softmax", "axis 1", [2, 3, 2, 2], ["axis": .integer(1)]),
        unary("LogSoftmax", "last axis", [3, 5]), unary("LogSoftmax", "axis 0", [3, 4], ["axis": .integer(0)]),
        unary(
            "LRN", "odd", [2, 6, 2, 1],
            ["size": .integer(3), "alpha": .float(0.3), "beta": .float(0.75), "bias": .float(2)]),
        unary(
            "LRN", "wide", [1, 5, 2, 2],
            ["size": .integer(5), "alpha": .float(0.5), "beta": .float(0.5), "bias": .float(1)]),
    ]

    private static func broadcasting(_ operation: String, positive: Set<Int> = []) -> [Case] {
        [
            several(operation, "equal shapes", [[2, 3], [2, 3]], positive: positive),
            several(operation, "both broadcast", [[2, 1, 3], [4, 1]], positive: positive),
            several(operation, "scalar", [[2, 3], []], positive: positive),
        ]
    }

    private static let square = Case(operation: "Mul", name: "square", shapes: [[5]]) { graph, inputs in
        graph.append("Mul", [inputs[0], inputs[0]], name: "y")[0]
    }

    private static let arithmetic: [Case] = [
        broadcasting("Add"), broadcasting("Sub"), broadcasting("Mul"), broadcasting("Div", positive: [1]), [square],
    ].flatMap(\.self)

    private static let convolutions: [Case] = [
        several("Conv", "bias, pads", [[2, 2, 4, 3], [3, 2, 3, 3], [3]], ["pads": .integers([1, 1, 1, 1])]),
        several(
            "Conv", "strides, uneven pads", [[1, 2, 6, 5], [2, 2, 3, 2]],
            ["strides": .integers([2, 3]), "pads": .integers([0, 1, 1, 0])]),
        several(
            "Conv", "groups, dilations", [[1, 4, 6, 6], [4, 2, 2, 3]],
            ["group": .integer(2), "dilations": .integers([2, 1])]),
        several(
            "Conv", "depthwise, SAME_LOWER", [[1, 3, 5, 4], [3, 1, 3, 3]],
            ["group": .integer(3), "strides": .integers([2, 2]), "auto_pad": .string("SAME_LOWER")]),
        several(
            "Conv", "pads wider than the kernel", [[1, 1, 3, 3], [1, 1, 2, 2]], ["pads": .integers([3, 2, 2, 3])]),
        several("Conv", "one axis", [[2, 2, 7], [2, 2, 3]], ["strides": .integers([2])]),
    ]

    private static let poolings: [Case] = [
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

    private static let normalisation = Case(
        operation: "BatchNormalization", name: "x, scale, bias", shapes: [[2, 3, 2, 2], [3], [3]]
    ) { graph, inputs in
        let mean = graph.addConstant(numbers([0.5, -1, 2]))
        let variance = graph.addConstant(numbers([1, 4, 0.25]))
        return graph.append(
            "BatchNormalization", inputs + [mean, variance], attributes: ["epsilon": .float(1e-3)], name: "y")[0]
    }

    private static let matrices: [Case] = [
        several("Gemm", "plain", [[2, 3], [3, 4], [4]]),
        several(
            "Gemm", "transposed A and B", [[3, 2], [4, 3], [2, 1]],
            ["transA": .integer(1), "transB": .integer(1), "alpha": .float(0.5), "beta": .float(2)]),
        several("Gemm", "transposed B", [[2, 3], [4, 3]], ["transB": .integer(1)]),
        several("Gemm", "transposed A, scalar C", [[3, 2], [3, 4], []], ["transA": .integer(1)]),
        several("MatMul", "matrices", [[2, 3], [3, 4]]), several("MatMul", "batches", [[2, 1, 2, 3], [3, 3, 2]]),
        several("MatMul", "row", [[3], [2, 3, 2]]), several("MatMul", "column", [[2, 2, 3], [3]]),
        several("MatMul", "vectors", [[4], [4]]),
    ]

    private static let shapes: [Case] = [
        unary("Flatten"), unary("Reshape", "", [2, 6], constants: [whole([3, -1])]),
        unary("Squeeze", "", [1, 3, 1, 2], constants: [whole([0, 2])]), unary("Squeeze", "all", [1, 3, 1]),
        unary("Unsqueeze", "", [2, 3], constants: [whole([0, -1])]),
        unary("Transpose"), unary("Transpose", "perm", [2, 3, 4], ["perm": .integers([1, 2, 0])]),
    ]

    private static let joinedAndPadded: [Case] = [
        several("Concat", "three", [[2, 1, 2], [2, 3, 2], [2, 2, 2]], ["axis": .integer(-2)]),
        unary("Pad", "constant", [2, 3], constants: [whole([1, 0, 0, 2]), scalar(3)]),
        unary("Pad", "cropping", [4, 4], constants: [whole([-1, 1, 0, -1])]),
        unary("Pad", "axes", [2, 2, 3], constants: [whole([1, 2]), nil, whole([-1])]),
        unary("Pad", "reflect", [3, 4], ["mode": .string("reflect")], constants: [whole([2, 1, 1, 3])]),
        unary("Pad", "edge", [2, 3], ["mode": .string("edge")], constants: [whole([1, 2, 0, 1])]),
        unary("Pad", "wrap", [3, 3], ["mode": .string("wrap")], constants: [whole([1, 0, 2, 2])]),
    ]

    private static func reduction(_ operation: String) -> [Case] {
        [
            unary(operation, "axes", [2, 3, 4], ["keepdims": .integer(0)], constants: [whole([-1, 0])]),
            unary(operation, "all", [2, 3]),
            unary(operation, "kept", [2, 3, 4], constants: [whole([1])]),
            unary(operation, "none", [2, 3], ["noop_with_empty_axes": .integer(1)]),
        ]
    }
}
