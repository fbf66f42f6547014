import Foundation
import ONNXMessages
import Tensors

/// Reads the data that a model keeps in other files of its folder.
///
/// A location is relative to the model's folder and must not leave it, neither by its text nor by a link. Where the
/// model itself is a link (as in the caches of model hubs), the folder that it points into counts as its own too.
struct ExternalDataReader {
    /// The folders that may be read, the one that the user named first.
    private let folders: [String]
    private var files: [String: Data] = [:]

    init(folder: String, modelPath: String?) {
        let target = modelPath.map {
            URL(fileURLWithPath: $0).resolvingSymlinksInPath().deletingLastPathComponent().path
        }
        folders = [folder] + (target.map { [$0] } ?? [])
    }

    /// Replaces a reference to a file by the bytes: a slice of the mapped file, not a copy.
    mutating func embed(_ tensor: inout TensorProto) throws(ONNXFormatError) {
        guard tensor.dataLocation == .external else { return }
        let location = tensor.externalEntry("location") ?? ""
        let file = try file(location, tensor: tensor.name)
        tensor.rawData = try slice(file, of: tensor, location: location)
        tensor.externalData = []
        tensor.clearDataLocation()
    }

    private mutating func file(_ location: String, tensor: String) throws(ONNXFormatError) -> Data {
        if let file = files[location] { return file }
        let path = try path(location, tensor: tensor)
        let file = try ONNXFile.map(path)
        files[location] = file
        return file
    }

    private func path(_ location: String, tensor: String) throws(ONNXFormatError) -> String {
        func refused(_ reason: String) -> ONNXFormatError {
            .externalLocation(tensor: tensor, location: location, reason: reason)
        }
        guard !location.isEmpty, !location.contains("\0") else { throw refused("which is no file name") }
        guard !location.hasPrefix("/"), !location.hasPrefix("\\") else { throw refused("an absolute path") }
        let parts = location.split(whereSeparator: { $0 == "/" || $0 == "\\" })
        guard !parts.contains("..") else { throw refused("a path that leaves the folder") }

        let candidates = folders.map { ($0 as NSString).appendingPathComponent(location) }
        guard let path = candidates.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
            throw .missingExternalFile(tensor: tensor, location: location, folder: folders[0])
        }
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let allowed = folders.map { URL(fileURLWithPath: $0, isDirectory: true).resolvingSymlinksInPath().path }
        guard allowed.contains(where: { target.hasPrefix($0 == "/" ? "/" : $0 + "/") }) else {
            throw refused("a link that leaves the folder")
        }
        return target
    }

    private func slice(_ file: Data, of tensor: TensorProto, location: String) throws(ONNXFormatError) -> Data {
        let offsetText = tensor.externalEntry("offset") ?? "0"
        let lengthText = tensor.externalEntry("length")
        let refused = ONNXFormatError.externalRange(
            tensor: tensor.name, location: location, offset: offsetText, length: lengthText ?? "unknown",
            fileSize: file.count)
        guard let offset = Int(offsetText), (0...file.count).contains(offset) else { throw refused }
        let shape = try tensor.shape()
        let expected = try ElementType(rawValue: tensor.dataType).map { type throws(ONNXFormatError) in
            try tensor.byteCount(bits: type.byteCount * 8, shape: shape)
        }
        let length: Int
        if let lengthText {
            guard let value = Int(lengthText), value >= 0 else { throw refused }
            length = value
        } else {
            length = expected ?? file.count - offset
        }
        guard length <= file.count - offset else { throw refused }
        if let expected, expected != length {
            throw .dataCount(tensor: tensor.name, expected: expected, found: length, unit: "bytes")
        }
        let start = file.startIndex + offset
        let slice = file[start..<start + length]
        // Mapped memory starts on a page: a slice is aligned as its offset is, and engines want aligned elements.
        return offset.isMultiple(of: 8) ? slice : Data(slice)
    }
}
