import Explanations
import Foundation
public import Imaging
import Tensors

/// Writes explanations into a folder, each file whole or not at all.
public struct ExplanationFiles: Sendable {
    /// What can be written.
    public enum Format: String, Sendable, CaseIterable {
        /// The figure: photograph, overlay, colour bar, words.
        case png
        /// The raw numbers for NumPy.
        case npz
        /// The record.
        case json
    }

    /// Where files go; made when the first is written.
    public let folder: String
    /// Which files.
    public let formats: Set<Format>

    /// Files of these formats in a folder.
    public init(folder: String, formats: Set<Format> = Set(Format.allCases)) {
        self.folder = folder
        self.formats = formats
    }

    /// Writes an explanation's files and returns the record with their paths.
    public func write(_ explanation: Explanation, record: ExplanationRecord, overlay: Overlay.Result) throws
        -> ExplanationRecord
    {
        var record = record
        let stem = "\(folder)/\(Self.stem(record, label: explanation.method.label))"
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw ReportError.unwritable(path: folder, reason: error.localizedDescription)
        }
        if formats.contains(.png) {
            let path = stem + ".png"
            try explanation.figure(overlay, record: record).draw().write(to: path)
            record.files["png"] = path
        }
        if formats.contains(.npz) {
            let path = stem + ".npz"
            try NumpyArchive.write(
                [
                    "raw": AnyTensor(explanation.raw), "map": AnyTensor(explanation.map),
                    "score": AnyTensor(Tensor(Float(explanation.score))),
                ], path: path)
            record.files["npz"] = path
        }
        if formats.contains(.json) {
            let path = stem + ".json"
            record.files["json"] = path
            do {
                try ExplanationRecord.json(record).write(to: URL(fileURLWithPath: path), options: .atomic)
            } catch {
                throw ReportError.unwritable(path: path, reason: error.localizedDescription)
            }
        }
        return record
    }

    /// `chelsea.egyptian-cat.gradcam`.
    static func stem(_ record: ExplanationRecord, label: String) -> String {
        let image = URL(fileURLWithPath: record.image).deletingPathExtension().lastPathComponent
        return [image, slug(record.subject), label].map { $0.isEmpty ? "_" : $0 }.joined(separator: ".")
    }

    private static func slug(_ text: String) -> String {
        let first = text.split(separator: ",").first.map(String.init) ?? text
        let kept = first.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "-" }
        return String(String(kept).split(separator: "-").joined(separator: "-").prefix(60))
    }
}
