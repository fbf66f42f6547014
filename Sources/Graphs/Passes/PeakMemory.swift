import Tensors

extension Graph {
    /// The most bytes that values hold at one time when the nodes run in order and every value goes after its last use;
    /// constants do not count. Values of unknown shape count as nothing.
    package func peakBytes() -> Int {
        var lastUse = [Int](repeating: -1, count: values.count)
        for (position, node) in nodes.enumerated() {
            for operand in node.operands { lastUse[operand.index] = position }
        }
        for output in outputs { lastUse[output.value.index] = nodes.count }
        func bytes(_ value: ValueID) -> Int {
            guard self[value].constant == nil, let shape = self[value].shape, let type = self[value].type else {
                return 0
            }
            return shape.count * type.byteCount
        }
        var live = inputs.reduce(0) { $0 + bytes($1) }
        var peak = live
        for (position, node) in nodes.enumerated() {
            live += node.results.reduce(0) { $0 + bytes($1) }
            peak = max(peak, live)
            for value in Set(node.operands + node.results) where lastUse[value.index] <= position {
                live -= bytes(value)
            }
        }
        return peak
    }
}
