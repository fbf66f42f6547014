import Archives
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
        do {
            let file = try GrowingFile(path: target.path)
            var offset = 0
            try model.mutateTensors { (tensor, role) throws in
                guard role == .initializer, tensor.hasRawData,
                    tensor.rawData.count >= tensor.leastExternalByteCount(threshold)
                else { return }
                let padding = (alignment - offset % alignment) % alignment
                try file.add(Data(count: padding))
                try file.add(tensor.rawData)
                let start = offset + padding
                offset = start + tensor.rawData.count
                tensor.refer(to: target.lastPathComponent, offset: start)
            }
            if offset > 0 { try file.publish() }
        } catch {
            throw .unwritable(path: target.path, reason: SystemReason.words(for: error))
        }
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
