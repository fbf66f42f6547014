/// Where a node comes from: what people know it by.
package struct Origin: Sendable, Hashable {
    /// The node's name in the ONNX file; empty for nodes that Gaze added.
    package var name: String
    /// The module path that the exporter wrote down, outermost first; empty where it wrote none.
    package var modulePath: [String]

    package init(name: String = "", modulePath: [String] = []) {
        self.name = name
        self.modulePath = modulePath
    }
}

/// One application of an ONNX operator.
package struct Node: Sendable {
    /// The operator's name, e.g. `Conv`.
    package let operation: String
    /// The operator set; empty is ONNX's own.
    package let domain: String
    /// The operands; nil is an optional input that is left out.
    package let inputs: [ValueID?]
    /// The results; nil is an optional output that nothing reads.
    package fileprivate(set) var outputs: [ValueID?]
    /// The parameters by name.
    package let attributes: [String: Attribute]
    /// Values of this graph that a body graph among the attributes reads by name.
    package let captures: [ValueID]
    /// What people know the node by.
    package let origin: Origin

    package init(
        _ operation: String, domain: String = "", inputs: [ValueID?], outputs: [ValueID?],
        attributes: [String: Attribute] = [:], captures: [ValueID] = [], origin: Origin = Origin()
    ) {
        self.operation = operation
        self.domain = domain
        self.inputs = inputs
        self.outputs = outputs
        self.attributes = attributes
        self.captures = captures
        self.origin = origin
    }

    /// Every value that must exist before the node can run.
    package var operands: [ValueID] { inputs.compactMap { $0 } + captures }

    /// The results that something may read.
    package var results: [ValueID] { outputs.compactMap { $0 } }

    /// The operator with its domain, as messages name it: `Conv`, `com.microsoft.FusedConv`.
    package var qualifiedOperation: String { domain.isEmpty ? operation : "\(domain).\(operation)" }

    /// The input at `index`, nil where it is left out.
    package func input(_ index: Int) -> ValueID? { index < inputs.count ? inputs[index] : nil }

    /// The output at `index`, nil where it is left out.
    package func output(_ index: Int) -> ValueID? { index < outputs.count ? outputs[index] : nil }

    package func integer(_ name: String) -> Int? {
        if case .integer(let value)? = attributes[name] { value } else { nil }
    }

    package func integers(_ name: String) -> [Int]? {
        if case .integers(let value)? = attributes[name] { value } else { nil }
    }

    package func float(_ name: String) -> Float? {
        if case .float(let value)? = attributes[name] { value } else { nil }
    }

    package func string(_ name: String) -> String? {
        if case .string(let value)? = attributes[name] { value } else { nil }
    }

    package mutating func setOutput(_ index: Int, to value: ValueID) {
        while outputs.count <= index { outputs.append(nil) }
        outputs[index] = value
    }
}
