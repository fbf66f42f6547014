import Foundation
import ONNXFormat
import ONNXMessages
import Tensors
import TestSupport

/// What `Scripts/golden/upgrades.py` wrote: models of old opsets and what ONNX Runtime computes with them.
struct UpgradeGolden: Decodable {
    struct Value: Decodable {
        let name: String
        let code: Int32
        let dims: [Int]
        let bytes: Data

        func tensor() throws -> AnyTensor {
            var proto = TensorProto()
            proto.dataType = code
            proto.dims = dims.map { Int64($0) }
            proto.rawData = bytes
            return try AnyTensor(proto)
        }
    }

    struct Case: Decodable {
        let name: String
        let model: Data
        let inputs: [Value]
        let outputs: [Value]
    }

    struct Tolerance: Decodable {
        let absolute: Float
        let relative: Float
    }

    let tolerance: Tolerance
    let cases: [Case]

    static func load(_ name: String = "upgrades.json") throws -> UpgradeGolden {
        try Golden.decode(UpgradeGolden.self, name, beside: folder)
    }

    /// The tests of upgrades lie one folder below the golden values of their target.
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path
}
