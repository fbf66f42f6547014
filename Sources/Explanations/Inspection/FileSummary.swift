import ONNXMessages
import Tensors

/// What a model file says about itself, whether or not it can be run.
public struct FileSummary: Sendable, Codable {
    /// The version of the file format.
    public internal(set) var irVersion = 0
    /// The operator sets that it uses: `ai.onnx 17`.
    public internal(set) var operatorSets: [String] = []
    /// The program that wrote it, with its version.
    public internal(set) var producer = ""
    /// Functions that it defines itself.
    public internal(set) var localFunctions: [String] = []

    init() {}

    init(_ message: ModelProto) {
        irVersion = Int(message.irVersion)
        operatorSets = message.opsetImport.map { "\($0.domain.isEmpty ? "ai.onnx" : $0.domain) \($0.version)" }
        producer = [message.producerName, message.producerVersion].filter { !$0.isEmpty }.joined(separator: " ")
        localFunctions = message.functions.map { "\($0.domain).\($0.name)" }
    }

    /// An input or output as the file declares it: `image: f32[1, 3, ?, ?]`.
    static func text(_ info: ValueInfoProto) -> String {
        guard case .tensorType(let tensor)? = info.type.value else { return "\(info.name): no tensor" }
        let type = ElementType(rawValue: tensor.elemType).map(\.description) ?? "element type \(tensor.elemType)"
        guard tensor.hasShape else { return "\(info.name): \(type)[…]" }
        let lengths = tensor.shape.dim.map { dimension in
            switch dimension.value {
            case .dimValue(let length)?: "\(length)"
            case .dimParam(let name)? where !name.isEmpty: name
            default: "?"
            }
        }
        return "\(info.name): \(type)[\(lengths.joined(separator: ", "))]"
    }
}
