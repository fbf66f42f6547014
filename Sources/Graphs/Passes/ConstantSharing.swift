import Tensors

extension Graph {
    /// The graph with one constant in place of several equal ones: copies of a model share its weights.
    package func sharingEqualConstants() -> Graph {
        var rebuilder = GraphRebuilder(self)
        var known: [AnyTensor: ValueID] = [:]
        for input in inputs { rebuilder.copyInput(input) }
        for index in values.indices {
            let value = ValueID(index: index)
            guard let constant = values[index].constant else { continue }
            if let first = known[constant], let new = rebuilder.value(first) {
                rebuilder.alias(value, to: new)
            } else {
                known[constant] = value
            }
        }
        for node in nodes { rebuilder.copy(node) }
        for output in outputs { rebuilder.copyOutput(output) }
        return rebuilder.graph
    }
}
