import Foundation
import ONNXFormat
package import ONNXMessages
package import Tensors

extension Attribute {
    /// The attribute that a message holds; the kind is told by `type`, or by what is there in files that leave it out.
    package init(_ proto: AttributeProto, node: String) throws {
        switch proto.type {
        case .float: self = .float(proto.f)
        case .int: self = .integer(Int(proto.i))
        case .string: self = .string(String(decoding: proto.s, as: UTF8.self))
        case .tensor: self = .tensor(try AnyTensor(proto.t))
        case .graph: self = .subgraph(proto.g)
        case .floats: self = .floats(proto.floats)
        case .ints: self = .integers(proto.ints.map { Int($0) })
        case .strings: self = .strings(proto.strings.map { String(decoding: $0, as: UTF8.self) })
        default:
            if proto.hasI {
                self = .integer(Int(proto.i))
            } else if proto.hasF {
                self = .float(proto.f)
            } else if !proto.ints.isEmpty {
                self = .integers(proto.ints.map { Int($0) })
            } else if proto.hasS {
                self = .string(String(decoding: proto.s, as: UTF8.self))
            } else {
                throw GraphError.unsupportedAttribute(
                    node: node, attribute: proto.name, reason: "its kind (\(proto.type)) is not one that nodes use")
            }
        }
    }
}

/// The Constant operator.
package enum ConstantNode {
    /// The tensor that a Constant node stands for; nil for strings, which stay a node.
    package static func tensor(of node: NodeProto) throws -> AnyTensor? {
        for attribute in node.attribute {
            switch attribute.name {
            case "value": return try AnyTensor(attribute.t)
            case "value_float": return AnyTensor(Tensor(attribute.f))
            case "value_floats": return AnyTensor(Tensor(vector: attribute.floats))
            case "value_int": return AnyTensor(Tensor(attribute.i))
            case "value_ints": return AnyTensor(Tensor(vector: attribute.ints))
            case "sparse_value": return try AnyTensor(attribute.sparseTensor)
            default: continue
            }
        }
        return nil
    }
}

/// Bodies of If, Loop and Scan.
package enum BodyGraph {
    /// The names that a node's bodies read from the graph around them.
    package static func outerNames(of node: NodeProto) -> [String] {
        var names: [String] = []
        for attribute in node.attribute {
            for graph in (attribute.hasG ? [attribute.g] : []) + attribute.graphs {
                names += outerNames(of: graph)
            }
        }
        return Array(Set(names)).sorted()
    }

    private static func outerNames(of graph: GraphProto) -> [String] {
        var inner = Set(
            graph.input.map(\.name) + graph.initializer.map(\.name) + graph.sparseInitializer.map(\.values.name))
        var outer: [String] = []
        for node in graph.node {
            for name in node.input + outerNames(of: node) where !name.isEmpty && !inner.contains(name) {
                outer.append(name)
            }
            inner.formUnion(node.output)
        }
        outer += graph.output.map(\.name).filter { !inner.contains($0) }
        return Array(Set(outer)).sorted()
    }
}
