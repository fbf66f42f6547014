import Foundation
import ONNXMessages
import Tensors

/// Where the weights of a written model go.
package enum ExternalDataPolicy: Sendable, Hashable {
    /// Into the model's file, or into a data file beside it where 2 GiB would not hold them.
    case automatic
    /// Into the model's file; a model beyond 2 GiB is refused.
    case embedded
    /// Tensors of at least this many bytes into a data file beside the model.
    case beside(threshold: Int)

    /// Smaller tensors stay in the model's file: shapes and constants that readers want at once.
    package static let defaultThreshold = 1024

    var threshold: Int {
        if case .beside(let threshold) = self { threshold } else { Self.defaultThreshold }
    }

    func isNeeded(for model: ModelProto) -> Bool {
        switch self {
        case .embedded: false
        case .beside: true
        // Names, nodes and typed fields come on top; nobody has 100 MB of them.
        case .automatic: model.tensorByteCount > ONNXFile.largestByteCount - 100_000_000
        }
    }
}

/// Moves the initializers of a model into `NAME.onnx.data`.
struct ExternalDataWriter {
    private let target: URL
    private let alignment = 64

    init(modelPath: String) {
        target = URL(fileURLWithPath: modelPath + ".data")
    }

    /// Writes the data file, and leaves its offsets in the model; writes none where no tensor is large enough.
    func moveTensors(of model: inout ModelProto, atLeast threshold: Int) throws(ONNXFormatError) {
        let temporary = target.deletingLastPathComponent()
            .appendingPathComponent(".\(target.lastPathComponent).\(UUID().uuidString)")
        do {
            guard FileManager.default.createFile(atPath: temporary.path, contents: nil) else {
                throw CocoaError(.fileWriteNoPermission)
            }
            let file = try FileHandle(forWritingTo: temporary)
            var offset = 0
            try model.mutateTensors { (tensor, role) throws in
                guard role == .initializer, tensor.hasRawData,
                    tensor.rawData.count >= tensor.leastExternalByteCount(threshold)
                else { return }
                let padding = (alignment - offset % alignment) % alignment
                try file.write(contentsOf: Data(count: padding))
                try file.write(contentsOf: tensor.rawData)
                let start = offset + padding
                offset = start + tensor.rawData.count
                tensor.refer(to: target.lastPathComponent, offset: start)
            }
            try file.close()
            if offset > 0 {
                try replaceTarget(by: temporary)
            } else {
                try FileManager.default.removeItem(at: temporary)
            }
        } catch {
            try? FileManager.default.removeItem(at: temporary)
            throw .unwritable(path: target.path, reason: error.localizedDescription)
        }
    }

    private func replaceTarget(by temporary: URL) throws {
        guard FileManager.default.fileExists(atPath: target.path) else {
            return try FileManager.default.moveItem(at: temporary, to: target)
        }
        // Foundation renames over a file only in an atomic write (`replaceItemAt` fails on Linux); mapped, the bytes
        // are not taken into memory for it.
        try Data(contentsOf: temporary, options: .alwaysMapped).write(to: target, options: .atomic)
        try FileManager.default.removeItem(at: temporary)
    }
}

extension TensorProto {
    /// Axes and shapes stay in the model under any threshold: engines want them before they open a data file.
    fileprivate func leastExternalByteCount(_ threshold: Int) -> Int {
        let isNumber = ElementType(rawValue: dataType)?.isFloatingPoint ?? false
        return max(threshold, isNumber ? 1 : ExternalDataPolicy.defaultThreshold)
    }

    fileprivate mutating func refer(to location: String, offset: Int) {
        externalData = [
            StringStringEntryProto(key: "location", value: location),
            StringStringEntryProto(key: "offset", value: "\(offset)"),
            StringStringEntryProto(key: "length", value: "\(rawData.count)"),
        ]
        dataLocation = .external
        clearRawData()
    }
}
