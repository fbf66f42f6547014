import ONNXMessages
import Tensors

extension Graph: CustomStringConvertible {
    /// One line per input and node: `%7 = Conv(%3, w1) strides=[2,2] : f32[1,64,112,112]`.
    ///
    /// Values that nodes compute and inputs are numbered; constants go by name.
    public var description: String {
        var lines: [String] = inputs.map { "\(reference($0)) = input \"\(self[$0].name)\" : \(type($0))" }
        for node in nodes {
            let results = node.outputs.map { $0.map(reference) ?? "_" }.joined(separator: ", ")
            let operands = node.inputs.map { $0.map(reference) ?? "_" }.joined(separator: ", ")
            let attributes = node.attributes.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value.text)" }.joined()
            let types = node.results.map(type).joined(separator: ", ")
            lines.append("\(results) = \(node.qualifiedOperation)(\(operands))\(attributes) : \(types)")
        }
        lines += outputs.map { "output \"\($0.name)\" = \(reference($0.value))" }
        return lines.joined(separator: "\n")
    }

    private func reference(_ value: ValueID) -> String {
        self[value].constant == nil ? "%\(value.index)" : self[value].name
    }

    private func type(_ value: ValueID) -> String {
        let dimensions =
            self[value].shape.map { $0.dimensions.map(String.init) } ?? self[value].declared?.map(\.description)
        return (self[value].type?.description ?? "?") + (dimensions.map { "[\($0.joined(separator: ","))]" } ?? "")
    }
}

extension Attribute {
    /// The value as the text form shows it.
    package var text: String {
        switch self {
        case .integer(let value): String(value)
        case .float(let value): String(value)
        case .string(let value): "\"\(value)\""
        case .integers(let values): "[\(values.map { String($0) }.joined(separator: ","))]"
        case .floats(let values): "[\(values.map { String($0) }.joined(separator: ","))]"
        case .strings(let values): "[\(values.map { "\"\($0)\"" }.joined(separator: ","))]"
        case .tensor(let tensor): "\(tensor.elementType)\(tensor.shape)"
        case .subgraph(let graph): "{\(graph.node.count) nodes}"
        }
    }
}
