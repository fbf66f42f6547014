import Archives
import Foundation
import Reports

/// Reads whole files of bounded size, and refuses what never ends: pipes and devices.
enum FileContents {
    /// The largest text that is read as names or classes.
    private static let maximumTextBytes = 16 << 20

    /// The bytes of a regular file.
    static func data(path: String, maximumBytes: Int) throws(FileProblem) -> Data {
        let resolved = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        do {
            let attributes = try FileManager.default.attributesOfItem(atPath: resolved)
            switch attributes[.type] as? FileAttributeType {
            case .typeRegular?: break
            case .typeDirectory?: throw FileProblem(reason: "it is a folder")
            case .typeSymbolicLink?: throw FileProblem(reason: "it is a symbolic link that leads nowhere")
            default: throw FileProblem(reason: "it is not a regular file")
            }
            guard let size = attributes[.size] as? NSNumber, size.intValue <= maximumBytes else {
                throw FileProblem(reason: "it is larger than \(maximumBytes >> 20) MiB")
            }
            return try RegularFile.read(path: resolved, maximumBytes: maximumBytes)
        } catch let error as FileProblem {
            throw error
        } catch {
            throw FileProblem(reason: SystemReason.words(for: error))
        }
    }

    /// A UTF-8 text without its byte order mark.
    static func text(path: String) throws(FileProblem) -> String {
        var bytes = try data(path: path, maximumBytes: maximumTextBytes)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw FileProblem(reason: "it is no UTF-8 text")
        }
        return text
    }

    /// The lines of a UTF-8 text, whichever way they end, without white space around them; a byte order mark is no text.
    static func lines(path: String) throws(FileProblem) -> [String] {
        let text = try text(path: path)
        // CR and LF together are one character, so a separator of LF alone would not find them.
        return text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }
            .map { $0.trimmingCharacters(in: .whitespaces) }
    }
}

/// Why a file cannot be read, in a few words.
struct FileProblem: Error {
    let reason: String
}
