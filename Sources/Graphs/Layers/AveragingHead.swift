import Tensors

/// A head of the form that class activation mapping needs: global average pooling, then only affine maps.
package struct AveragingHead: Sendable, Hashable {
    /// The map that enters the pooling, `[B, K, H, W]`.
    package let map: ValueID
    /// The pooled features.
    package let pooled: ValueID
}

extension Graph {
    /// The averaging head that ends in `output`, whatever nodes spell it; otherwise the reason why there is none.
    ///
    /// Pooling may be GlobalAveragePool, ReduceMean over both spatial axes, or AveragePool over the whole map; behind
    /// it
    /// may come reshapes, Gemm, MatMul with Add, 1x1 convolutions, batch normalisation and scaling, in any order.
    package func averagingHead(endingIn output: ValueID) throws(GraphError) -> AveragingHead {
        let varying = values(dependingOn: inputs)
        var value = output
        while let node = producingNode(of: value) {
            if let map = node.input(0), averagesWholeMap(node) { return AveragingHead(map: map, pooled: value) }
            guard let next = affineOperand(of: node, varying: varying) else {
                throw noHead(because: obstacle(node))
            }
            value = next
        }
        throw noHead(because: "no global average pooling lies in front of '\(self[output].name)'")
    }

    private func noHead(because reason: String) -> GraphError {
        .unsupportedModel(
            reason:
                "CAM needs global average pooling followed by a linear classifier, and this model has none: \(reason)",
            advice: "Use gradcam, which equals CAM up to scale where CAM is defined and needs no special head.")
    }

    private func obstacle(_ node: Node) -> String {
        switch node.operation {
        case "Softmax", "LogSoftmax", "Sigmoid":
            "its output passes through \(label(node)); explain the value before it, e.g. the target logit(3)"
        case "GlobalMaxPool", "MaxPool":
            "\(label(node)) takes the maximum, so the map does not add up to the score"
        default: "\(label(node)) lies between the pooling and the output and is not linear in the pooled features"
        }
    }

    private func averagesWholeMap(_ node: Node) -> Bool {
        guard node.domain.isEmpty, let map = node.input(0), let shape = shape(of: map), shape.rank == 4,
            shape[2] * shape[3] > 1
        else { return false }
        switch node.operation {
        case "GlobalAveragePool": return true
        case "ReduceMean":
            let axes = node.input(1).flatMap { self[$0].constant?.integers } ?? []
            return Set(axes.map { $0 < 0 ? $0 + 4 : $0 }) == [2, 3]
        case "AveragePool":
            let padding = node.integers("pads") ?? []
            return node.integers("kernel_shape") == [shape[2], shape[3]] && padding.allSatisfy { $0 == 0 }
        default: return false
        }
    }

    /// The operand through which a node is affine, when its other operands are constants; nil where it is not.
    private func affineOperand(of node: Node, varying: [Bool]) -> ValueID? {
        let operands = node.operands.filter { varying[$0.index] }
        guard node.domain.isEmpty, operands.count == 1, let operand = operands.first else { return nil }
        switch node.operation {
        case "Identity", "Dropout", "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Cast", "Gemm", "MatMul", "Add",
            "Sub",
            "Mul", "Transpose", "BatchNormalization":
            return operand
        case "Div": return node.input(0) == operand ? operand : nil
        case "Conv":
            guard let shape = shape(of: operand), shape.dimensions.dropFirst(2).allSatisfy({ $0 == 1 }) else {
                return nil
            }
            return operand
        default: return nil
        }
    }
}
