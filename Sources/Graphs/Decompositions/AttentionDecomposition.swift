import ONNXFormat
package import ONNXMessages
import Tensors

/// Attention of opset 23 and later: softmax(cap(Q Kᵀ · scale) + bias) V per head.
///
/// Everything is computed in the type of Q, whatever `softmax_precision` says.
package struct AttentionDecomposition: OperatorDecomposition {
    package let domain = ""
    package let operators = ["Attention"]

    package func decompose(_ node: NodeProto, in context: inout UpgradeContext) throws(GraphError) -> [NodeProto]? {
        guard let query = node.given(0), let key = node.given(1), let value = node.given(2) else { return nil }
        let heads = AttentionHeads(node, query: query, key: key, in: context)
        guard !heads.areFlat || heads.query > 0 && heads.key > 0 else { return nil }
        let queries = heads.split(query, heads.query, node, in: &context)
        var keys = heads.split(key, heads.key, node, in: &context)
        var values = heads.split(value, heads.key, node, in: &context)
        let along = [AttributeProto("axis", int: 2)]
        if let past = node.given(4) { keys = context.add("Concat", [past, keys], for: node, attributes: along) }
        if let past = node.given(5) { values = context.add("Concat", [past, values], for: node, attributes: along) }
        var nodes: [NodeProto] = []
        for (index, present) in [(1, keys), (2, values)] where node.names(output: index) {
            nodes.append(node.becoming("Identity", [present], output: index))
        }
        let length = context.length(of: key, axis: heads.areFlat ? 1 : 2)
        let bias = AttentionBias(node, queries: queries, keys: keys, keyCount: node.given(4) == nil ? length : nil)
            .value(in: &context)
        keys = heads.repeated(keys, like: queries, node, in: &context)
        values = heads.repeated(values, like: queries, node, in: &context)

        var stages = [scores(queries, keys, node, in: &context)]
        let cap = node.float("softcap") ?? 0
        if cap > 0 { stages[0] = capped(stages[0], at: cap, node, in: &context) }
        var probabilities: String
        if let bias {
            let biased = context.add("Add", [stages[0], bias.safe], for: node)
            let softmax = context.add("Softmax", [biased], for: node)
            let zero = context.add(0, like: query, for: node)
            probabilities = context.add("Where", [bias.isEmpty, zero, softmax], for: node)
            let shown = node.names(output: 3) ? context.add("Add", [stages[0], bias.full], for: node) : biased
            stages += [stages[0], shown, probabilities]
        } else {
            probabilities = context.add("Softmax", [stages[0]], for: node)
            stages += [stages[0], stages[0], probabilities]
        }
        if node.names(output: 3) {
            let mode = node.int("qk_matmul_output_mode") ?? 0
            guard stages.indices.contains(mode) else { return nil }
            nodes.append(node.becoming("Identity", [stages[mode]], output: 3))
        }
        guard heads.areFlat else { return nodes + [node.becoming("MatMul", [probabilities, values])] }
        let product = context.add("MatMul", [probabilities, values], for: node)
        let side = context.add(
            "Transpose", [product], for: node, attributes: [AttributeProto("perm", ints: [0, 2, 1, 3])])
        return nodes + [node.becoming("Reshape", [side, context.add([0, 0, -1], for: node)])]
    }

    private func scores(
        _ queries: String, _ keys: String, _ node: NodeProto, in context: inout UpgradeContext
    ) -> String {
        let turned = context.add(
            "Transpose", [keys], for: node, attributes: [AttributeProto("perm", ints: [0, 1, 3, 2])])
        if let scale = node.float("scale"), scale != 0 {
            let scaled = context.add("Mul", [queries, context.add(scale, like: node.input[0], for: node)], for: node)
            return context.add("MatMul", [scaled, turned], for: node)
        }
        let size = context.add(
            "Cast", [context.length(of: queries, axis: 3, for: node)], for: node,
            attributes: [AttributeProto("to", int: Int(context.floatingPointType(of: node.input[0])?.rawValue ?? 1))])
        let scaled = context.add("Div", [queries, context.add("Sqrt", [size], for: node)], for: node)
        return context.add("MatMul", [scaled, turned], for: node)
    }

    private func capped(
        _ scores: String, at cap: Float, _ node: NodeProto, in context: inout UpgradeContext
    ) -> String {
        let bound = context.add(cap, like: node.input[0], for: node)
        let curved = context.add("Tanh", [context.add("Div", [scores, bound], for: node)], for: node)
        return context.add("Mul", [curved, bound], for: node)
    }
}

/// How the heads of an Attention lie: side by side in the last axis, or as an axis of their own.
private struct AttentionHeads {
    let areFlat: Bool
    /// The number of query heads and of key heads; 0 where it is not known.
    let query: Int
    let key: Int

    init(_ node: NodeProto, query: String, key: String, in context: UpgradeContext) {
        let given = (node.int("q_num_heads") ?? 0, node.int("kv_num_heads") ?? 0)
        areFlat = context.rank(of: query).map { $0 == 3 } ?? (given.0 > 0)
        self.query = areFlat ? given.0 : context.length(of: query, axis: 1) ?? given.0
        self.key = areFlat ? given.1 : context.length(of: key, axis: 1) ?? given.1
    }

    /// `[batch, head, position, feature]`.
    func split(_ value: String, _ count: Int, _ node: NodeProto, in context: inout UpgradeContext) -> String {
        guard areFlat else { return value }
        let apart = context.add("Reshape", [value, context.add([0, 0, count, -1], for: node)], for: node)
        return context.add(
            "Transpose", [apart], for: node, attributes: [AttributeProto("perm", ints: [0, 2, 1, 3])])
    }

    /// Every key head stands for as many query heads as there are for each.
    func repeated(_ value: String, like queries: String, _ node: NodeProto, in context: inout UpgradeContext) -> String
    {
        if query == key, query > 0 { return value }
        let counts = [queries, value].map { context.length(of: $0, axis: 1, for: node) }
        let each = context.add("Div", counts, for: node)
        let one = context.add([1], for: node)
        let lengths = context.add(
            "Concat", [one, one, each, one, one], for: node, attributes: [AttributeProto("axis", int: 0)])
        let column = context.add("Unsqueeze", [value, context.add([2], for: node)], for: node)
        let copies = context.add("Expand", [column, lengths], for: node)
        let rest = [2, 3].map { context.length(of: value, axis: $0, for: node) }
        let shape = context.add(
            "Concat", [context.add([0, -1], for: node)] + rest, for: node, attributes: [AttributeProto("axis", int: 0)])
        return context.add("Reshape", [copies, shape], for: node)
    }
}
