import ONNXFormat
package import ONNXMessages

/// Recurrent layers with the samples first (`layout` 1), which the engine does not run: the steps come first, and transpositions
/// stand around them.
package struct RecurrentLayoutDecomposition: OperatorDecomposition {
    package let domain = ""
    package let operators = ["GRU", "LSTM", "RNN"]

    package func decompose(_ node: NodeProto, in context: inout UpgradeContext) throws(GraphError) -> [NodeProto]? {
        guard node.int("layout") ?? 0 == 1 else { return nil }
        let exchanged = AttributeProto("perm", ints: [1, 0, 2])
        var inner = node
        inner.attribute.removeAll { $0.name == "layout" }
        // The sequence, and the initial states.
        for index in [0, 5, 6] {
            guard let value = node.given(index) else { continue }
            inner.setInput(index, to: context.add("Transpose", [value], for: node, attributes: [exchanged]))
        }
        var nodes: [NodeProto] = []
        for index in node.output.indices where node.names(output: index) {
            inner.output[index] = context.freshName(node.output[index])
            // [steps, directions, samples, units] to [samples, steps, directions, units].
            let order = index == 0 ? AttributeProto("perm", ints: [2, 0, 1, 3]) : exchanged
            nodes.append(node.becoming("Transpose", [inner.output[index]], attributes: [order], output: index))
        }
        return [inner] + nodes
    }
}
