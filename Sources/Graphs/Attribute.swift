package import ONNXMessages
package import Tensors

/// A constant parameter of a node.
package enum Attribute: Sendable, Hashable {
    case integer(Int)
    case float(Float)
    case string(String)
    case integers([Int])
    case floats([Float])
    case strings([String])
    case tensor(AnyTensor)
    /// A body graph (If, Loop, Scan), kept as the file has it; outer values that it reads are the node's `captures`.
    case subgraph(GraphProto)
}
