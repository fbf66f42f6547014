extension Graph {
    /// Which values are attention matrices: what a softmax makes of the product of two computed values, what leads there from the
    /// product, and other views of it.
    ///
    /// Their elements stand for pairs of places, so they are no maps over the picture, although those of a single query look like one.
    func attentionMatrices() -> [Bool] {
        var isAttention = [Bool](repeating: false, count: values.count)
        for node in nodes where node.domain.isEmpty {
            if node.operation == "Softmax", let result = node.output(0), let leading = valuesSinceProduct(before: node)
            {
                for value in leading + [result] { isAttention[value.index] = true }
            } else if Self.keepsMatrix.contains(node.operation), case let varying = varyingOperands(of: node),
                varying.count == 1, isAttention[varying[0].index]
            {
                for result in node.results { isAttention[result.index] = true }
            }
        }
        return isAttention
    }

    /// The results of softmaxes over the product of two computed values, attention weights, in the graph's order.
    package func attentionWeights() -> [ValueID] {
        nodes.compactMap { node in
            guard node.domain.isEmpty, node.operation == "Softmax", valuesSinceProduct(before: node) != nil else {
                return nil
            }
            return node.output(0)
        }
    }

    private static let keepsMatrix: Set<String> = [
        // Also products with weights, which mix the heads.
        "MatMul", "Identity", "Cast", "Dropout", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Add", "Sub", "Mul",
        "Div", "Where", "Clip", "Slice",
    ]

    private func varyingOperands(of node: Node) -> [ValueID] { node.operands.filter { self[$0].constant == nil } }

    /// The values between the product of two computed values and a softmax; nil where none leads to it.
    private func valuesSinceProduct(before softmax: Node) -> [ValueID]? {
        var leading: [ValueID] = []
        var current = softmax.input(0)
        while let value = current, let node = producingNode(of: value), node.domain.isEmpty {
            leading.append(value)
            let varying = varyingOperands(of: node)
            if ["MatMul", "Einsum"].contains(node.operation), varying.count > 1 { return leading }
            guard Self.keepsMatrix.contains(node.operation) else { return nil }
            // Of a sum with a computed bias the product is the one to follow, whichever side it stands on.
            current = varying.count == 1 ? varying[0] : varying.first { leadsToProduct($0) }
        }
        return nil
    }

    private func leadsToProduct(_ value: ValueID) -> Bool {
        var current: ValueID? = value
        while let value = current, let node = producingNode(of: value), node.domain.isEmpty {
            let varying = varyingOperands(of: node)
            if ["MatMul", "Einsum"].contains(node.operation), varying.count > 1 { return true }
            guard Self.keepsMatrix.contains(node.operation), varying.count == 1 else { return false }
            current = varying.first
        }
        return false
    }
}
