import Foundation
import ONNXFormat
import ONNXMessages
import SwiftProtobuf
import Tensors
import TestSupport

/// ONNX's own cases for single nodes: a model, its inputs and what they should give.
///
/// They are no part of the project: the archive lies beside it, or where `GAZE_CONFORMANCE` says.
struct ConformanceCases {
    static let archive: String = {
        if let path = ProcessInfo.processInfo.environment["GAZE_CONFORMANCE"] { return path }
        var root = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { root.deleteLastPathComponent() }
        return root.appendingPathComponent("../shared/data/conformance/node_image_float_subset.tgz").standardized.path
    }()

    static var isPresent: Bool { FileManager.default.fileExists(atPath: archive) }

    struct Case {
        let name: String
        let file: Data
        let model: ModelProto
        let inputs: [(name: String, tensor: AnyTensor)]
        let outputs: [(name: String, tensor: AnyTensor)]

        var operation: String { model.graph.node.first?.opType ?? "" }
    }

    let cases: [Case]

    /// Unpacks the archive into a temporary folder and reads it.
    init() throws {
        let folder = try TemporaryFolder()
        let unpacking = Process()
        unpacking.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        unpacking.arguments = ["tar", "-xzf", Self.archive, "-C", folder.root]
        try unpacking.run()
        unpacking.waitUntilExit()
        guard unpacking.terminationStatus == 0 else { throw CocoaError(.fileReadCorruptFile) }
        cases = try withExtendedLifetime(folder) {
            try folder.names().map { try Self.read(URL(fileURLWithPath: folder.path($0))) }
        }
    }

    private static func read(_ folder: URL) throws -> Case {
        let file = try Data(contentsOf: folder.appendingPathComponent("model.onnx"))
        let model = try ONNXFile.read(data: file)
        func tensors(_ kind: String, _ values: [ValueInfoProto]) throws -> [(name: String, tensor: AnyTensor)] {
            try values.enumerated().map { index, value in
                let data = try Data(
                    contentsOf: folder.appendingPathComponent("test_data_set_0/\(kind)_\(index).pb"))
                return (value.name, try AnyTensor(TensorProto(serializedBytes: data)))
            }
        }
        return Case(
            name: folder.lastPathComponent, file: file, model: model,
            inputs: try tensors("input", model.graph.input), outputs: try tensors("output", model.graph.output))
    }
}
