extension Graph {
    /// Copies the nodes of another graph behind this one's; values of this graph stand for its inputs.
    ///
    /// - Parameter places: This graph's value for every input of `other` that its nodes read.
    /// - Returns: This graph's values for the outputs of `other`, in order.
    package mutating func insert(_ other: Graph, at places: [ValueID: ValueID]) throws(GraphError) -> [ValueID] {
        var rebuilder = GraphRebuilder(other, into: self)
        for (input, value) in places { rebuilder.alias(input, to: value) }
        for node in other.nodes {
            for operand in node.operands where rebuilder.value(operand) == nil {
                throw .invalid(pass: "insertion", reason: "nothing stands for '\(other[operand].name)'")
            }
            rebuilder.copy(node)
        }
        var results: [ValueID] = []
        for output in other.outputs {
            guard let value = rebuilder.value(output.value) else {
                throw .invalid(pass: "insertion", reason: "nothing computes '\(output.name)'")
            }
            results.append(value)
        }
        self = rebuilder.graph
        return results
    }
}
