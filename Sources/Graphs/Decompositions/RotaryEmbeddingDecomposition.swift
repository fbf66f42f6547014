import ONNXFormat
package import ONNXMessages

/// RotaryEmbedding of opset 23: pairs of features turn by the angle of their position, (cos x₁ - sin x₂, sin x₁ + cos x₂).
package struct RotaryEmbeddingDecomposition: OperatorDecomposition {
    package let domain = ""
    package let operators = ["RotaryEmbedding"]

    package func decompose(_ node: NodeProto, in context: inout UpgradeContext) throws(GraphError) -> [NodeProto]? {
        guard let value = node.given(0), let cosines = node.given(1), let sines = node.given(2) else { return nil }
        let heads = node.int("num_heads") ?? 0
        let isFlat = context.rank(of: value).map { $0 == 3 } ?? (heads > 0)
        guard !isFlat || heads > 0 else { return nil }
        // [batch, position, head, feature] where the heads lie side by side, else [batch, head, position, feature].
        let split =
            isFlat
            ? context.add("Reshape", [value, context.add([0, 0, heads, -1], for: node)], for: node) : value
        let headAxis = context.add([isFlat ? 2 : 1], for: node)
        let tables = [cosines, sines].map { table in
            let rows = node.given(3).map { context.add("Gather", [table, $0], for: node) } ?? table
            return context.add("Unsqueeze", [rows, headAxis], for: node)
        }
        let turned = node.int("rotary_embedding_dim") ?? 0
        var rotated = turned > 0 ? part(split, from: 0, to: turned, node, in: &context) : split
        rotated = rotation(rotated, tables, node, in: &context)
        if turned > 0 {
            let rest = part(split, from: turned, to: Int(Int32.max), node, in: &context)
            rotated = context.add("Concat", [rotated, rest], for: node, attributes: [AttributeProto("axis", int: -1)])
        }
        guard isFlat else { return [node.becoming("Identity", [rotated])] }
        return [node.becoming("Reshape", [rotated, context.add([0, 0, -1], for: node)])]
    }

    private func rotation(
        _ value: String, _ tables: [String], _ node: NodeProto, in context: inout UpgradeContext
    ) -> String {
        let isInterleaved = node.int("interleaved") ?? 0 != 0
        let (first, second) =
            isInterleaved
            ? (
                part(value, from: 0, to: Int(Int32.max), by: 2, node, in: &context),
                part(value, from: 1, to: Int(Int32.max), by: 2, node, in: &context)
            ) : context.halves(of: value, for: node)
        func product(_ table: Int, _ half: String) -> String { context.add("Mul", [tables[table], half], for: node) }
        let real = context.add("Sub", [product(0, first), product(1, second)], for: node)
        let imaginary = context.add("Add", [product(1, first), product(0, second)], for: node)
        let last = [AttributeProto("axis", int: -1)]
        guard isInterleaved else { return context.add("Concat", [real, imaginary], for: node, attributes: last) }
        let axis = context.add([-1], for: node)
        let pairs = [real, imaginary].map { context.add("Unsqueeze", [$0, axis], for: node) }
        let joined = context.add("Concat", pairs, for: node, attributes: last)
        return context.add("Reshape", [joined, context.add([0, 0, 0, -1], for: node)], for: node)
    }

    /// Every `step`-th feature of a range.
    private func part(
        _ value: String, from start: Int, to end: Int, by step: Int = 1, _ node: NodeProto,
        in context: inout UpgradeContext
    ) -> String {
        let bounds = [[start], [end], [-1], [step]].map { context.add($0, for: node) }
        return context.add("Slice", [value] + bounds, for: node)
    }
}
