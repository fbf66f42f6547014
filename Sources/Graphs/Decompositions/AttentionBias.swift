import ONNXFormat
import ONNXMessages
import Tensors

/// What an Attention adds to its scores: its mask, and -∞ behind the causal frontier, outside of the window and on padding.
struct AttentionBias {
    let node: NodeProto
    /// `[batch, head, position, feature]`, with what a cache holds in front.
    let queries: String
    let keys: String
    /// The number of keys where it is known.
    let keyCount: Int?

    /// The bias; the same with 0 in the rows that it closes altogether, so that no softmax is 0 / 0; and where these are.
    struct Value {
        let full: String
        let safe: String
        let isEmpty: String
    }

    init(_ node: NodeProto, queries: String, keys: String, keyCount: Int?) {
        self.node = node
        self.keyCount = keyCount
        self.queries = queries
        self.keys = keys
    }

    func value(in context: inout UpgradeContext) -> Value? {
        let parts = [mask(in: &context), closure(in: &context)].compactMap { $0 }
        guard let first = parts.first else { return nil }
        let full = parts.count == 1 ? first : context.add("Add", parts, for: node)
        let largest = context.add("ReduceMax", [full, context.add([-1], for: node)], for: node)
        let isEmpty = context.add("Equal", [largest, number(-.infinity, in: &context)], for: node)
        let safe = context.add("Where", [isEmpty, number(0, in: &context), full], for: node)
        return Value(full: full, safe: safe, isEmpty: isEmpty)
    }

    private func number(_ value: Float, in context: inout UpgradeContext) -> String {
        context.add(value, like: node.input[0], for: node)
    }

    /// The given mask as numbers, closed for the keys that it is too short for.
    private func mask(in context: inout UpgradeContext) -> String? {
        guard let given = node.given(3) else { return nil }
        var mask = given
        switch context.elementType(of: given) {
        case .bool?: mask = numbers(given, in: &context)
        case nil:
            // A comparison's result, or numbers: adding to a truth value is not defined, so the type must be found out.
            let kinds: Set<String> = ["And", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Not", "Or"]
            if context.operation(computing: given).map(kinds.contains) == true { mask = numbers(given, in: &context) }
        default: break
        }
        if let length = context.lastLength(of: given), length == keyCount { return mask }
        let last = context.add([-1], for: node)
        let width = context.add("Gather", [context.add("Shape", [mask], for: node), last], for: node)
        let missing = context.add("Sub", [context.length(of: keys, axis: 2, for: node), width], for: node)
        let pads = context.add(
            "Concat", [context.add([0], for: node), missing], for: node, attributes: [AttributeProto("axis", int: 0)])
        return context.add("Pad", [mask, pads, number(-.infinity, in: &context), last], for: node)
    }

    private func numbers(_ isOpen: String, in context: inout UpgradeContext) -> String {
        context.add("Where", [isOpen, number(0, in: &context), number(-.infinity, in: &context)], for: node)
    }

    /// 0 or -∞ by the positions of query and key.
    private func closure(in context: inout UpgradeContext) -> String? {
        let isCausal = node.int("is_causal") ?? 0 != 0
        let (left, right) = (node.int("left_window_size") ?? -1, node.int("right_window_size") ?? -1)
        let filled = node.given(6)
        guard isCausal || left >= 0 || right >= 0 || filled != nil else { return nil }
        let key = context.positions(along: keys, for: node)
        let own = context.positions(along: queries, for: node)
        let first = context.add("Unsqueeze", [own, context.add([1], for: node)], for: node)
        // [batch, 1, 1, 1] where the batch's entries are filled differently.
        let count = filled.map { context.add("Reshape", [$0, context.add([-1, 1, 1, 1], for: node)], for: node) }
        var query = first
        if let past = node.given(4) {
            query = context.add("Add", [first, context.length(of: past, axis: 2, for: node)], for: node)
        } else if let count {
            let offset = context.add("Sub", [count, context.length(of: queries, axis: 2, for: node)], for: node)
            query = context.add("Add", [first, offset], for: node)
        }
        var conditions: [String] = []
        if isCausal { conditions.append(context.add("LessOrEqual", [key, query], for: node)) }
        if left >= 0 {
            let oldest = context.add("Sub", [query, context.add([left], for: node)], for: node)
            conditions.append(context.add("GreaterOrEqual", [key, oldest], for: node))
        }
        if right >= 0 {
            let newest = context.add("Add", [query, context.add([right], for: node)], for: node)
            conditions.append(context.add("LessOrEqual", [key, newest], for: node))
        }
        if let count { conditions.append(context.add("Less", [key, count], for: node)) }
        let isOpen = conditions.dropFirst().reduce(conditions[0]) { context.add("And", [$0, $1], for: node) }
        return numbers(isOpen, in: &context)
    }
}
