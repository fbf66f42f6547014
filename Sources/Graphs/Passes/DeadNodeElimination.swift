extension Graph {
    /// The graph without the nodes and constants that no output needs; inputs stay, unless `keepingInputs` is false.
    package func eliminatingDeadNodes(keepingInputs: Bool = true) -> Graph {
        let live = neededNodes(for: outputs.map(\.value))
        var rebuilder = GraphRebuilder(self)
        for input in inputs where keepingInputs || live.values[input.index] { rebuilder.copyInput(input) }
        for (position, node) in nodes.enumerated() where live.nodes[position] {
            rebuilder.copy(node, liveValues: live.values)
        }
        for output in outputs { rebuilder.copyOutput(output) }
        return rebuilder.graph
    }

    /// For every node and value whether one of `values` depends on it.
    package func neededNodes(for values: [ValueID]) -> (nodes: [Bool], values: [Bool]) {
        var liveNodes = [Bool](repeating: false, count: nodes.count)
        var liveValues = [Bool](repeating: false, count: self.values.count)
        for value in values { liveValues[value.index] = true }
        for position in nodes.indices.reversed() where nodes[position].results.contains(where: { liveValues[$0.index] })
        {
            liveNodes[position] = true
            for operand in nodes[position].operands { liveValues[operand.index] = true }
        }
        return (liveNodes, liveValues)
    }

    /// For every value whether it depends on one of `sources` (a source depends on itself).
    package func values(dependingOn sources: [ValueID]) -> [Bool] {
        var reached = [Bool](repeating: false, count: values.count)
        for source in sources { reached[source.index] = true }
        for node in nodes where node.operands.contains(where: { reached[$0.index] }) {
            for result in node.results { reached[result.index] = true }
        }
        return reached
    }
}
