import Archives
package import Foundation
package import ONNXMessages
import SwiftProtobuf

/// Reads and writes `.onnx` files.
package enum ONNXFile {
    /// The most that one protocol-buffer file holds: 2 GiB − 1.
    package static let largestByteCount = Int(Int32.max)

    /// Reads a model; afterwards all its tensors are in memory, those of its data files as mapped slices.
    package static func read(path: String) throws(ONNXFormatError) -> ModelProto {
        let data = try map(path)
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        return try read(data: data, name: path, reader: ExternalDataReader(folder: folder, modelPath: path))
    }

    /// Reads a model from memory; `folder` is where its data files are, if it may have any.
    package static func read(
        data: Data, folder: String? = nil, name: String = "The model"
    ) throws(ONNXFormatError) -> ModelProto {
        let reader = folder.map { ExternalDataReader(folder: $0, modelPath: nil) }
        return try read(data: data, name: name, reader: reader)
    }

    /// Reads a model without its data files: tensors that lie there stay references.
    package static func readStructure(path: String) throws(ONNXFormatError) -> ModelProto {
        try decode(try map(path), name: path)
    }

    private static func read(
        data: Data, name: String, reader: ExternalDataReader?
    ) throws(ONNXFormatError) -> ModelProto {
        var model = try decode(data, name: name)
        var reader = reader
        try model.mutateTensors { (tensor, _) throws(ONNXFormatError) in
            if reader == nil, tensor.dataLocation == .external {
                throw .noFolder(tensor: tensor.name, location: tensor.externalEntry("location") ?? "")
            }
            try reader?.embed(&tensor)
        }
        return model
    }

    private static func decode(_ data: Data, name: String) throws(ONNXFormatError) -> ModelProto {
        if let format = ForeignFormat(data) { throw .foreignFormat(path: name, format: format) }
        guard data.count <= largestByteCount else {
            throw .malformed(path: name, reason: "it has \(data.count) bytes, and an ONNX file holds at most 2 GiB")
        }
        let model: ModelProto
        do {
            model = try ModelProto(serializedBytes: data)
        } catch {
            throw .malformed(path: name, reason: reason(error))
        }
        guard model.hasGraph else { throw .noGraph(path: name) }
        return model
    }

    /// Writes a model; a file of this name is replaced at once, when the new one is complete.
    ///
    /// With a data file (`NAME.onnx.data`), that one is replaced first.
    package static func write(
        _ model: ModelProto, to path: String, externalData: ExternalDataPolicy = .automatic
    ) throws(ONNXFormatError) {
        var model = model
        if externalData.isNeeded(for: model) {
            let writer = ExternalDataWriter(modelPath: path)
            try writer.moveTensors(of: &model, atLeast: externalData.threshold)
        }
        try replace(path, by: serialized(model, name: path))
    }

    /// The bytes of a model in one file.
    package static func serialized(_ model: ModelProto, name: String = "The model") throws(ONNXFormatError) -> Data {
        let tensorByteCount = model.tensorByteCount
        guard tensorByteCount <= largestByteCount, let data: Data = try? model.serializedBytes(),
            data.count <= largestByteCount
        else { throw .tooLarge(path: name, byteCount: tensorByteCount) }
        return data
    }

    /// The bytes of a regular file, mapped.
    static func map(_ path: String) throws(ONNXFormatError) -> Data {
        do throws(ArchiveError) {
            // What states no length is empty, or made up by the system as it is read.
            guard try RegularFile.size(path: path) > 0 else { return Data() }
        } catch {
            switch error {
            case .unreadable(_, let reason):
                guard FileManager.default.fileExists(atPath: path) else { throw .missingFile(path: path) }
                throw .unreadable(path: path, reason: reason)
            default: throw .notAFile(path: path)
            }
        }
        do { return try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped) } catch {
            throw .unreadable(path: path, reason: "the system cannot map it into memory")
        }
    }

    private static func replace(_ path: String, by data: Data) throws(ONNXFormatError) {
        do { try WholeFile.write(data, to: path) } catch {
            throw .unwritable(path: path, reason: error.writingReason)
        }
    }

    private static func reason(_ error: any Error) -> String {
        switch error as? BinaryDecodingError {
        case .truncated: "it ends in the middle"
        case .invalidUTF8: "one of its names is not UTF-8"
        case .messageDepthLimit: "its messages are nested more than 100 deep"
        default: "its bytes are no protocol-buffer message"
        }
    }
}

extension ModelProto {
    /// The bytes of all tensors, about what the model's file takes.
    package var tensorByteCount: Int {
        var total = 0
        var model = self
        model.mutateTensors { tensor, _ in total += tensor.rawData.count }
        return total
    }
}

extension ONNXFile {
    /// The files of a model: its own, and the data files that its tensors lie in, by the names that it gives them, sorted.
    package static func files(of path: String) throws(ONNXFormatError) -> [String] {
        var model = try readStructure(path: path)
        var locations: Set<String> = []
        model.mutateTensors { tensor, _ in
            if tensor.dataLocation == .external { locations.insert(tensor.externalEntry("location") ?? "") }
        }
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        return [path] + locations.sorted().map { (folder as NSString).appendingPathComponent($0) }
    }
}
