import ONNXFormat
import ONNXMessages

extension GraphProto {
    /// Rewrites the graph, and before it the bodies of its nodes, innermost first.
    mutating func rewriteBodies(_ body: (inout GraphProto) throws -> Void) rethrows {
        // The list is taken out, because every access through the message copies it.
        var nodes = node
        node = []
        for index in nodes.indices where nodes[index].attribute.contains(where: { $0.hasG || !$0.graphs.isEmpty }) {
            var attributes = nodes[index].attribute
            for position in attributes.indices {
                if attributes[position].hasG { try attributes[position].g.rewriteBodies(body) }
                if !attributes[position].graphs.isEmpty {
                    attributes[position].graphs = try attributes[position].graphs.map { inner in
                        var inner = inner
                        try inner.rewriteBodies(body)
                        return inner
                    }
                }
            }
            nodes[index].attribute = attributes
        }
        node = nodes
        try body(&self)
    }

    /// Whether a node of the graph or of a body in it satisfies the condition.
    func containsNode(where condition: (NodeProto) -> Bool) -> Bool {
        node.contains { node in condition(node) || node.bodies.contains { $0.containsNode(where: condition) } }
    }
}

/// Names that a model does not use yet.
struct UnusedNames {
    private var used: Set<String>

    init(_ used: Set<String> = []) {
        self.used = used
    }

    init(_ model: ModelProto) {
        used = Set(model.graph.usedNames)
    }

    /// This name, or one like it.
    mutating func next(_ wanted: String) -> String {
        var name = wanted
        var number = 1
        while !used.insert(name).inserted {
            number += 1
            name = "\(wanted)_\(number)"
        }
        return name
    }
}
