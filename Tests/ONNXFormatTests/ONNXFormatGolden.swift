import Foundation
import TestSupport
import Testing

/// What `Scripts/golden/onnx_files.py` wrote.
struct ONNXFormatGolden: Decodable {
    struct EncodedTensor: Decodable, CustomTestStringConvertible {
        let name: String
        let code: Int32
        let dims: [Int]
        let message: Data
        let bytes: Data
        var testDescription: String { name }
    }

    struct RefusedTensor: Decodable {
        let type: String
        let message: Data
    }

    struct ExternalModel: Decodable {
        let model: Data
        let data: Data
    }

    let tensors: [EncodedTensor]
    let refused: [RefusedTensor]
    let model: Data
    let weight: Data
    let external: ExternalModel

    static func load() throws -> ONNXFormatGolden {
        try Golden.decode(ONNXFormatGolden.self, "onnx_files.json")
    }
}
