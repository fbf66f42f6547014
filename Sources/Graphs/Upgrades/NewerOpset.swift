import Foundation
import ONNXFormat
import ONNXMessages

/// Models of opsets after `Graph.opset`: nearly all their operators merely take more element types.
///
/// By a comparison of ONNX's schemas of opsets 21 to 28, the rest are the operators and attributes below; `Decompositions`
/// come first.
enum NewerOpset {
    private static let newOperators = [
        "Attention": 23, "BitCast": 26, "CausalConvWithState": 27, "CumProd": 26, "LinearAttention": 27,
        "RMSNormalization": 23, "RotaryEmbedding": 23, "SwiGLU": 28, "Swish": 24, "TensorScatter": 24,
    ]

    /// The new attribute of an operator, with the value at which it does what older opsets do.
    private static let newAttributes: [String: AttributeProto] = [
        // How to round to float8e8m0, which no tensor here is.
        "Cast": AttributeProto("round_mode", string: "up"),
        "CastLike": AttributeProto("round_mode", string: "up"),
        "DequantizeLinear": AttributeProto("output_dtype", int: 0),
        "QuantizeLinear": AttributeProto("precision", int: 0),
        "Range": AttributeProto("stash_type", int: 1),
        "SpaceToDepth": AttributeProto("mode", string: "DCR"),
    ]

    /// The node at `Graph.opset`.
    static func node(_ node: NodeProto, opset: Int) throws(GraphError) -> NodeProto {
        if let since = newOperators[node.opType], since <= opset {
            throw .unsupportedModel(
                reason:
                    "Node \(node.label) uses an operator of ONNX opset \(since), and Gaze computes at \(Graph.opset)",
                advice: "Export the model with opset \(Graph.opset), which writes the operator as several older ones.")
        }
        guard let new = newAttributes[node.opType], let value = node[attribute: new.name] else { return node }
        guard value.i == new.i, value.s == new.s, !value.hasRefAttrName else {
            throw .unsupportedModel(
                reason: "Node \(node.label) sets '\(new.name)', which ONNX opset \(Graph.opset) does not have",
                advice: "Export the model with opset \(Graph.opset).")
        }
        var node = node
        node.attribute.removeAll { $0.name == new.name }
        return node
    }
}
