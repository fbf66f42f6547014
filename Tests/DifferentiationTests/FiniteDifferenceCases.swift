import Graphs
import Tensors

extension FiniteDifferenceTests {
    static let cases: [Case] = elementwise + arithmetic + windows + matrices + shapes + reductions

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
    private static func vector(_ values: [Int64]) -> AnyTensor { AnyTensor(Tensor(vector: values)) }
    private static func vector(_ values: [Float]) -> AnyTensor { AnyTensor(Tensor(vector: values)) }

    private static let elementwise: [Case] = [
        unary("Relu"), unary("LeakyRelu"), unary("LeakyRelu", "alpha", [24], ["alpha": .float(0.3)]),
        unary("Sigmoid"), unary("HardSigmoid"),
        unary("HardSigmoid", "PyTorch's", [24], ["alpha": .float(1 / 6), "beta": .float(0.5)]), unary("HardSwish"),
        unary("Clip", "both bounds", [24], constants: [scalar(-1), scalar(1)]),
        unary("Clip", "lower bound", [24], constants: [scalar(0)]),
        unary("Clip", "upper bound", [24], constants: [nil, scalar(1)]),
        unary("Clip", "no bound", [24]),
        unary("Identity"), unary("Dropout"),
        unary("Cast", "to float64", [6], ["to": .integer(Int(ElementType.float64.rawValue))]),
        unary("Softmax", "last axis", [3, 5]), unary("Softmax", "axis 1", [2, 3, 2, 2], ["axis": .integer(1)]),
        unary("LogSoftmax", "last axis", [3, 5]), unary("LogSoftmax", "axis 0", [3, 4], ["axis": .integer(0)]),
        unary("LRN", "odd", [2, 6, 2, 1], ["size": .integer(3), "alpha": .float(0.3), "beta": .float(0.75), "bias": .float(2)]),
        unary("LRN", "even", [1, 5, 2, 2], ["size": .integer(4), "alpha": .float(0.5), "beta": .float(0.5), "bias": .float(1)]),
    ]

    private static let arithmetic: [Case] = ["Add", "Sub", "Mul", "Div"].flatMap { operation -> [Case] in
        let positive: Set<Int> = operation == "Div" ? [1] : []
        return [
            several(operation, "equal shapes", [[2, 3], [2, 3]], positive: positive),
            several(operation, "both broadcast", [[2, 1, 3], [4, 1]], positive: positive),
            several(operation, "scalar", [[2, 3], []], positive: positive),
        ]
    } + [
        Case(operation: "Mul", name: "square", shapes: [[5]]) { graph, inputs in
            graph.append("Mul", [inputs[0], inputs[0]], name: "y")[0]
        },
    ]

    private static let windows: [Case] = [
        several("Conv", "bias, pads", [[2, 2, 4, 3], [3, 2, 3, 3], [3]], ["pads": .integers([1, 1, 1, 1])]),
        several("Conv", "strides, uneven pads", [[1, 2, 6, 5], [2, 2, 3, 2]], ["strides": .integers([2, 3]), "pads": .integers([0, 1, 1, 0])]),
        several("Conv", "groups, dilations", [[1, 4, 6, 6], [4, 2, 2, 3]], ["group": .integer(2), "dilations": .integers([2, 1])]),
        several("Conv", "depthwise, SAME_LOWER", [[1, 3, 5, 4], [3, 1, 3, 3]], ["group": .integer(3), "strides": .integers([2, 2]), "auto_pad": .string("SAME_LOWER")]),
        several("Conv", "pads wider than the kernel", [[1, 1, 3, 3], [1, 1, 2, 2]], ["pads": .integers([3, 2, 2, 3])]),
        several("Conv", "one axis", [[2, 2, 7], [2, 2, 3]], ["strides": .integers([2])]),
        unary("MaxPool", "overlapping", [1, 2, 5, 5], ["kernel_shape": .integers([3, 3]), "strides": .integers([2, 2]), "pads": .integers([1, 1, 1, 1])]),
        unary("MaxPool", "ceil mode, dilations", [1, 1, 6, 7], ["kernel_shape": .integers([2, 2]), "strides": .integers([2, 2]), "dilations": .integers([2, 1]), "ceil_mode": .integer(1)]),
        unary("AveragePool", "pads", [1, 2, 5, 5], ["kernel_shape": .integers([3, 3]), "strides": .integers([2, 2]), "pads": .integers([1, 1, 1, 1])]),
        unary("AveragePool", "pads count, ceil mode", [1, 2, 6, 5], ["kernel_shape": .integers([3, 2]), "strides": .integers([2, 2]), "pads": .integers([1, 0, 1, 0]), "count_include_pad": .integer(1), "ceil_mode": .integer(1)]),
        unary("GlobalAveragePool", "", [2, 3, 2, 3]), unary("GlobalMaxPool", "", [2, 3, 2, 3]),
        Case(operation: "BatchNormalization", name: "x, scale, bias", shapes: [[2, 3, 2, 2], [3], [3]]) { graph, inputs in
            let mean = graph.addConstant(vector([0.5, -1, 2] as [Float]))
            let variance = graph.addConstant(vector([1, 4, 0.25] as [Float]))
            return graph.append(
                "BatchNormalization", inputs + [mean, variance], attributes: ["epsilon": .float(1e-3)], name: "y")[0]
        },
    ]

    private static let matrices: [Case] = [
        several("Gemm", "plain", [[2, 3], [3, 4], [4]]),
        several("Gemm", "transposed A and B", [[3, 2], [4, 3], [2, 1]], ["transA": .integer(1), "transB": .integer(1), "alpha": .float(0.5), "beta": .float(2)]),
        several("Gemm", "transposed B", [[2, 3], [4, 3]], ["transB": .integer(1)]),
        several("Gemm", "transposed A, scalar C", [[3, 2], [3, 4], []], ["transA": .integer(1)]),
        several("MatMul", "matrices", [[2, 3], [3, 4]]), several("MatMul", "batches", [[2, 1, 2, 3], [3, 3, 2]]),
        several("MatMul", "row", [[3], [2, 3, 2]]), several("MatMul", "column", [[2, 2, 3], [3]]),
        several("MatMul", "vectors", [[4], [4]]),
    ]

    private static let shapes: [Case] = [
        unary("Flatten"), unary("Reshape", "", [2, 6], constants: [vector([3, -1])]),
        unary("Squeeze", "", [1, 3, 1, 2], constants: [vector([0, 2])]), unary("Squeeze", "all", [1, 3, 1]),
        unary("Unsqueeze", "", [2, 3], constants: [vector([0, -1])]),
        unary("Transpose"), unary("Transpose", "perm", [2, 3, 4], ["perm": .integers([1, 2, 0])]),
        several("Concat", "three", [[2, 1, 2], [2, 3, 2], [2, 2, 2]], ["axis": .integer(-2)]),
        unary("Pad", "constant", [2, 3], constants: [vector([1, 0, 0, 2]), scalar(3)]),
        unary("Pad", "cropping", [4, 4], constants: [vector([-1, 1, 0, -1])]),
        unary("Pad", "axes", [2, 2, 3], constants: [vector([1, 2]), nil, vector([-1])]),
        unary("Pad", "reflect", [3, 4], ["mode": .string("reflect")], constants: [vector([2, 1, 1, 3])]),
        unary("Pad", "edge", [2, 3], ["mode": .string("edge")], constants: [vector([1, 2, 0, 1])]),
        unary("Pad", "wrap", [3, 3], ["mode": .string("wrap")], constants: [vector([1, 0, 2, 2])]),
    ]

    private static let reductions: [Case] = ["ReduceMean", "ReduceSum"].flatMap { operation in
        [
            unary(operation, "axes", [2, 3, 4], ["keepdims": .integer(0)], constants: [vector([-1, 0])]),
            unary(operation, "all", [2, 3]),
            unary(operation, "kept", [2, 3, 4], constants: [vector([1])]),
            unary(operation, "none", [2, 3], ["noop_with_empty_axes": .integer(1)]),
        ]
    }
}
