import Tensors

/// A head of the form that class activation mapping needs: global average pooling, then only affine maps.
package struct AveragingHead: Sendable, Hashable {
    /// The map that enters the pooling.
    package let map: ValueID
    /// How the map lies over the picture: `[B, K, H, W]`, `[B, K, D, H, W]`, channels last, or tokens.
    package let layout: MapLayout
    /// The pooled features.
    package let pooled: ValueID
}

extension Graph {
    /// The averaging head that ends in `output`, whatever nodes spell it; otherwise the reason why there is none.
    ///
    /// Pooling may be GlobalAveragePool, ReduceMean over all axes of places (of tokens, too), or AveragePool over the whole map;
    /// behind it may come reshapes, means over views, Gemm, MatMul with Add, 1x1 convolutions, batch normalisation and scaling, in any order.
    ///
    /// - Parameter input: The explained input; nil is the first picture.
    package func averagingHead(
        endingIn output: ValueID, from input: ValueID? = nil
    ) throws(GraphError) -> AveragingHead {
        let varying = values(dependingOn: inputs)
        let layouts = PositionAnalysis(self, from: input)
        var value = output
        while let node = producingNode(of: value) {
            if let map = node.input(0), let layout = averagedMap(node, layouts) {
                guard layout.tokensWithoutPlace == 0 else {
                    throw noHead(
                        because:
                            "\(label(node)) averages \(layout.tokensWithoutPlace) tokens without a place together with the map"
                    )
                }
                return AveragingHead(map: map, layout: layout, pooled: value)
            }
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

    /// The layout of the map that a node averages over all its places; nil for other nodes.
    private func averagedMap(_ node: Node, _ analysis: PositionAnalysis) -> MapLayout? {
        guard node.domain.isEmpty, ["GlobalAveragePool", "ReduceMean", "AveragePool"].contains(node.operation),
            let map = node.input(0), let shape = shape(of: map)
        else { return nil }
        var places = analysis.placeAxes(of: map)
        var layout = analysis.layout(of: map)
        if places == nil, conventionalMaps()[map.index], let evenly = MapLayout(map: shape, tiling: nil) {
            // Not followed back to a picture: rank 4 is `[B, C, H, W]`, rank 5 `[B, C, D, H, W]`.
            places = Set(evenly.placeAxes)
            layout = evenly
        }
        guard let places, let layout else { return nil }
        let averaged: Set<Int>
        switch node.operation {
        case "GlobalAveragePool": averaged = Set(2..<max(shape.rank, 2))
        case "ReduceMean":
            let axes = node.input(1).flatMap { self[$0].constant?.integers } ?? []
            averaged = Set(axes.map { $0 < 0 ? $0 + shape.rank : $0 })
        default:
            let padding = node.integers("pads") ?? []
            guard node.integers("kernel_shape") == Array(shape.dimensions.dropFirst(2)), padding.allSatisfy({ $0 == 0 })
            else { return nil }
            averaged = Set(2..<max(shape.rank, 2))
        }
        // Axes of length 1 make no difference.
        let full = averaged.filter { shape.dimensions.indices.contains($0) && shape[$0] > 1 }
        return full == places.filter { shape[$0] > 1 } ? layout : nil
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
        case "Div", "ReduceMean", "ReduceSum": return node.input(0) == operand ? operand : nil
        case "Conv":
            guard let shape = shape(of: operand), shape.dimensions.dropFirst(2).allSatisfy({ $0 == 1 }) else {
                return nil
            }
            return operand
        default: return nil
        }
    }
}
