extension Graph {
    /// The same graph with these values as outputs (tapping), under their own names, and nothing that they do not need.
    package func tapped(at values: [ValueID]) -> Graph {
        var copy = self
        copy.outputs = values.map { Output(name: self[$0].name, value: $0) }
        return copy.eliminatingDeadNodes(keepingInputs: false)
    }

    /// The part of the graph behind `values`: they become the inputs, beside the old inputs that the rest still reads.
    package func suffix(behind values: [ValueID]) -> Graph {
        let boundary = Set(values)
        var rebuilder = GraphRebuilder(self)
        for value in values { rebuilder.copyInput(value) }
        var needed = [Bool](repeating: false, count: self.values.count)
        for output in outputs { needed[output.value.index] = true }
        var kept = [Bool](repeating: false, count: nodes.count)
        for position in nodes.indices.reversed()
        where nodes[position].results.contains(where: { needed[$0.index] && !boundary.contains($0) }) {
            kept[position] = true
            for operand in nodes[position].operands { needed[operand.index] = true }
        }
        for input in inputs where needed[input.index] && !boundary.contains(input) { rebuilder.copyInput(input) }
        for value in values { needed[value.index] = false }
        for (position, node) in nodes.enumerated() where kept[position] { rebuilder.copy(node, liveValues: needed) }
        for output in outputs { rebuilder.copyOutput(output) }
        return rebuilder.graph
    }
}
