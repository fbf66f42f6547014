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
    /// What each used stem, in small letters, belongs to: pictures of one name in two folders and subjects that differ only in case
    /// or signs keep apart, also where files of one folder may not differ in case alone.
    private var owners: [String: String] = [:]

    /// Files of these formats in a folder.
    public init(folder: String, formats: Set<Format> = Set(Format.allCases)) {
        self.folder = folder
        self.formats = formats
    }

    /// Makes the folder; fails before any work is done where it cannot be written.
    public func makeFolder() throws(ReportError) { try OutputFolder(folder).make() }

    /// Writes an explanation's files and returns the record with their paths.
    public mutating func write(_ explanation: Explanation, record: ExplanationRecord, overlay: Overlay.Result) throws
        -> ExplanationRecord
    {
        var record = record
        let stem = claim(image: record.image, subject: record.subject, label: explanation.method.label)
        record.files = files(stem: stem)
        let figure = formats.contains(.png) ? try explanation.figure(overlay, record: record).draw() : nil
        var arrays = explanation.companions.mapValues { AnyTensor($0) }
        arrays["raw"] = AnyTensor(explanation.raw)
        arrays["map"] = AnyTensor(explanation.map)
        arrays["score"] = AnyTensor(Tensor(Float(explanation.score)))
        try write(stem: stem, figure: figure, arrays: arrays, record: record)
        return record
    }

    /// The paths of the files that begin with `stem`, by format.
    func files(stem: String) -> [String: String] {
        let pairs = formats.map { ($0.rawValue, OutputFolder(folder).file("\(stem).\($0.rawValue)")) }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    /// Writes the files of one map, all of them or, where a name is refused, none.
    func write(stem: String, figure: Picture?, arrays: [String: AnyTensor], record: some Encodable) throws {
        let target = OutputFolder(folder)
        let json = formats.contains(.json) ? try ExplanationRecord.json(record) : nil
        try target.together(formats.map { "\(stem).\($0.rawValue)" }) {
            try figure?.write(to: target.file(stem + ".png"))
            if formats.contains(.npz) { try NumpyArchive.write(arrays, path: target.file(stem + ".npz")) }
            if let json { try target.write(json, to: stem + ".json") }
        }
    }

    /// `chelsea.egyptian-cat.gradcam`; `chelsea-2.…` where another picture or subject has taken that name.
    package mutating func claim(image: String, subject: String, label: String) -> String {
        let file = image == "-" ? "stdin" : URL(fileURLWithPath: image).deletingPathExtension().lastPathComponent
        let picture = Self.shortened(file, bytes: 100)
        let owner = "\(image)\n\(subject)\n\(label)"
        for number in 1... {
            let name = number == 1 ? picture : "\(picture)-\(number)"
            let stem = [name, Self.slug(subject), Self.shortened(label, bytes: 60)].map { $0.isEmpty ? "_" : $0 }
                .joined(separator: ".")
            let key = stem.lowercased()
            if owners[key, default: owner] == owner {
                owners[key] = owner
                return stem
            }
        }
        return picture
    }

    private static func slug(_ text: String) -> String {
        var first = text.split(separator: ",").first.map(String.init) ?? text
        // The number of a class or candidate stands behind all synonyms.
        if first.count < text.count, text.hasSuffix(")"), let open = text.lastIndex(of: "("), !first.contains("(") {
            first += text[open...]
        }
        let kept = first.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "-" }
        return shortened(String(kept).split(separator: "-").joined(separator: "-"), bytes: 72)
    }

    /// File systems take names of 255 bytes.
    private static func shortened(_ text: String, bytes: Int) -> String {
        var text = text
        while text.utf8.count > bytes { text.removeLast() }
        return text
    }
}
