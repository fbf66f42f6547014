package import ONNXMessages

/// Rewrites nodes of an older opset to the form that they have at `Graph.opset`.
package protocol OperatorUpgrade: Sendable {
    /// The operators of ONNX's own domain that it rewrites.
    var operators: [String] { get }
    /// The opset version that the present form came with; models from there on are left alone.
    var changedAt: Int { get }
    /// The nodes that compute the same outputs; constants that they need are added through the context.
    func upgrade(_ node: NodeProto, in context: inout UpgradeContext) throws(GraphError) -> [NodeProto]
}
