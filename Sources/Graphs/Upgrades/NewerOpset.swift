import ONNXFormat
import ONNXMessages

/// Models of opsets after `Graph.opset`: nearly all their operators merely take more element types.
///
/// By a comparison of ONNX's schemas 21 to 24: new are the operators below; QuantizeLinear, DequantizeLinear and Cast
/// got one attribute each.
enum NewerOpset {
    private static let newOperators = [
        "Attention": 23, "RMSNormalization": 23, "RotaryEmbedding": 23, "Swish": 24, "TensorScatter": 24,
    ]

    /// The node at `Graph.opset`.
    static func node(_ node: NodeProto, opset: Int) throws(GraphError) -> NodeProto {
        if let since = newOperators[node.opType], since <= opset {
            throw .unsupportedModel(
                reason:
                    "Node \(node.label) uses an operator of ONNX opset \(since), and Gaze computes at opset \(Graph.opset)",
                advice:
                    "Export the model with opset \(Graph.opset), so that the operator is written as several older ones."
            )
        }
        var node = node
        switch node.opType {
        case "Cast", "CastLike":
            // It tells how to round to float8e8m0, which no tensor here is.
            node.attribute.removeAll { $0.name == "round_mode" }
        case "QuantizeLinear": try drop("precision", of: &node)
        case "DequantizeLinear": try drop("output_dtype", of: &node)
        default: break
        }
        return node
    }

    /// Removes an attribute whose 0 means what older opsets do.
    private static func drop(_ attribute: String, of node: inout NodeProto) throws(GraphError) {
        guard node.int(attribute) ?? 0 == 0 else {
            throw .unsupportedModel(
                reason: "Node \(node.label) sets '\(attribute)', which ONNX opset \(Graph.opset) does not have",
                advice: "Export the model with opset \(Graph.opset).")
        }
        node.attribute.removeAll { $0.name == attribute }
    }
}
