import ONNXFormat
package import ONNXMessages

/// Opset 14 took away BatchNormalization's outputs for training; opset 9 its per-element form (`spatial` = 0).
package struct BatchNormalizationUpgrade: OperatorUpgrade {
    package let operators = ["BatchNormalization"]
    package let changedAt = 14

    package func upgrade(_ node: NodeProto, in context: inout UpgradeContext) throws(GraphError) -> [NodeProto] {
        var node = node
        if let output = node.output.dropFirst().first(where: { context.isRead($0) }) {
            throw .unsupportedModel(
                reason: "Node \(node.label) computes the statistics '\(output)', as only training does",
                advice: "Export the model for inference (model.eval() in PyTorch).")
        }
        if node.output.dropFirst().contains(where: { !$0.isEmpty }) {
            // That is how older opsets told training from inference.
            node.attribute.append(AttributeProto("training_mode", int: 1))
        }
        node.output = Array(node.output.prefix(1))
        let isSpatial = node.int("spatial") ?? 1 != 0
        node.attribute.removeAll { $0.name == "spatial" }
        return isSpatial || context.opset >= 9 || node.input.count < 5 ? [node] : perElement(node, in: &context)
    }

    /// (x − mean) / √(var + ε) · scale + bias, whose parameters broadcast over the batch.
    private func perElement(_ node: NodeProto, in context: inout UpgradeContext) -> [NodeProto] {
        let epsilon = context.add(node.float("epsilon") ?? 1e-5, like: node.input[0], for: node)
        let deviation = context.add("Sqrt", [context.add("Add", [node.input[4], epsilon], for: node)], for: node)
        let centred = context.add("Sub", [node.input[0], node.input[3]], for: node)
        let normalised = context.add("Div", [centred, deviation], for: node)
        let scaled = context.add("Mul", [normalised, node.input[1]], for: node)
        var last = node
        last.opType = "Add"
        last.input = [scaled, node.input[2]]
        last.attribute = []
        return [last]
    }
}
