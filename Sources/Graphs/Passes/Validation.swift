extension Graph {
    /// Checks that every operand exists before its node runs, names are unique and outputs are computed.
    package func validate(after pass: String) throws(GraphError) {
        var defined = values.map { $0.constant != nil }
        for input in inputs { defined[input.index] = true }
        var names = Set<String>()
        for value in values where !names.insert(value.name).inserted {
            throw .invalid(pass: pass, reason: "two values are named '\(value.name)'")
        }
        for node in nodes {
            for operand in node.operands where !defined[operand.index] {
                throw .invalid(pass: pass, reason: "\(label(node)) reads '\(self[operand].name)' before it is computed")
            }
            for result in node.results {
                guard !defined[result.index] else {
                    throw .invalid(pass: pass, reason: "'\(self[result].name)' is computed twice")
                }
                defined[result.index] = true
            }
        }
        for output in outputs where !defined[output.value.index] {
            throw .invalid(pass: pass, reason: "nothing computes the output '\(output.name)'")
        }
    }

    /// What messages call a node: `Conv 'conv1'`.
    package func label(_ node: Node) -> String {
        let name = node.origin.name.isEmpty ? node.results.first.map { self[$0].name } ?? "" : node.origin.name
        return "\(node.qualifiedOperation) '\(name)'"
    }
}
