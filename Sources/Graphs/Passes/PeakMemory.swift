import Tensors

extension Graph {
    /// The most bytes that values hold at one time when the nodes run in order and every value goes after its last use;
    /// constants do not count. Values of unknown shape count as nothing; a sum beyond `Int` is `Int.max`.
    package func peakBytes() -> Int {
        var lastUse = [Int](repeating: -1, count: values.count)
        for (position, node) in nodes.enumerated() {
            for operand in node.operands { lastUse[operand.index] = position }
        }
        for output in outputs { lastUse[output.value.index] = nodes.count }
        var live = inputs.reduce(0) { Self.sum($0, bytes(of: $1)) }
        var peak = live
        for (position, node) in nodes.enumerated() {
            live = node.results.reduce(live) { Self.sum($0, bytes(of: $1)) }
            peak = max(peak, live)
            guard live < Int.max else { return peak }
            for value in Set(node.operands + node.results) where lastUse[value.index] <= position {
                live -= bytes(of: value)
            }
        }
        return peak
    }

    /// The bytes of a value of known shape that a run computes; 0 for constants and for what is not known.
    func bytes(of value: ValueID) -> Int {
        guard self[value].constant == nil, let shape = self[value].shape, let type = self[value].type else { return 0 }
        let (bytes, overflow) = (shape.checkedCount ?? Int.max).multipliedReportingOverflow(by: type.byteCount)
        return overflow ? Int.max : bytes
    }

    private static func sum(_ left: Int, _ right: Int) -> Int {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? Int.max : sum
    }
}
