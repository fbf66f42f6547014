import ONNXFormat
import ONNXMessages

extension UpgradeContext {
    private static let rankKeeping: Set<String> = [
        "AveragePool", "BatchNormalization", "Cast", "Clip", "Concat", "Conv", "ConvTranspose", "Dropout", "Elu", "Exp",
        "GlobalAveragePool", "GlobalMaxPool", "HardSigmoid", "HardSwish", "Identity", "InstanceNormalization", "LRN",
        "LeakyRelu", "Log", "LogSoftmax", "MaxPool", "Neg", "PRelu", "Pad", "Pow", "Relu", "Resize", "Selu", "Sigmoid",
        "Slice", "Softmax", "Softplus", "Split", "Sqrt", "Tanh", "Transpose", "Upsample",
    ]

    /// The rank of a node's first output, where the ranks of its inputs or its operator tell.
    ///
    /// Not an inference of shapes: just enough that a classifier's Softmax is seen to work on rows.
    func rankOfOutput(_ node: NodeProto) -> Int? {
        guard node.domain.isEmpty || node.domain == "ai.onnx", let first = node.input.first else { return nil }
        let second = node.input.count > 1 ? node.input[1] : ""
        switch node.opType {
        case "Gemm", "Flatten": return 2
        case "Conv", "ConvTranspose": return rank(of: first) ?? rank(of: second)
        case "Add", "Sub", "Mul", "Div", "Max", "Min", "Sum":
            let ranks = node.input.compactMap { rank(of: $0) }
            return ranks.count == node.input.count ? ranks.max() : nil
        case "MatMul":
            guard let left = rank(of: first), let right = rank(of: second), left > 1, right > 1 else { return nil }
            return max(left, right)
        case "Reshape": return elementCount(of: second)
        case "Squeeze":
            guard let rank = rank(of: first), let axes = axesCount(node, second) else { return nil }
            return rank >= axes ? rank - axes : nil
        case "Unsqueeze":
            guard let rank = rank(of: first), let axes = axesCount(node, second) else { return nil }
            return rank + axes
        default:
            if node.opType.hasPrefix("Reduce") {
                return (node.int("keepdims") ?? 1) == 1 ? rank(of: first) : nil
            }
            return Self.rankKeeping.contains(node.opType) ? rank(of: first) : nil
        }
    }

    private func axesCount(_ node: NodeProto, _ input: String) -> Int? {
        guard let axes = node[attribute: "axes"] else { return elementCount(of: input) }
        return axes.hasRefAttrName ? nil : axes.ints.count
    }

    /// The length of a constant vector.
    private func elementCount(of name: String) -> Int? {
        guard let dimensions = scope.constants[name]?.dims, dimensions.count == 1,
            (0...1024).contains(dimensions[0])
        else { return nil }
        return Int(dimensions[0])
    }
}
