import Foundation
import ONNXFormat
package import ONNXMessages
import SwiftProtobuf
import Tensors

extension Attribute {
    /// The attribute as a message.
    package func message(name: String) -> AttributeProto {
        AttributeProto.with { proto in
            proto.name = name
            switch self {
            case .integer(let value):
                proto.type = .int
                proto.i = Int64(value)
            case .float(let value):
                proto.type = .float
                proto.f = value
            case .string(let value):
                proto.type = .string
                proto.s = Data(value.utf8)
            case .integers(let values):
                proto.type = .ints
                proto.ints = values.map { Int64($0) }
            case .floats(let values):
                proto.type = .floats
                proto.floats = values
            case .strings(let values):
                proto.type = .strings
                proto.strings = values.map { Data($0.utf8) }
            case .tensor(let tensor):
                proto.type = .tensor
                proto.t = TensorProto(tensor, name: "")
            case .subgraph(let graph):
                proto.type = .graph
                proto.g = graph
            }
        }
    }
}
