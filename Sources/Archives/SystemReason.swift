import Foundation

/// Our words for what the system and Foundation report: theirs are for programmers, or say that something "could not be completed".
package enum SystemReason {
    /// A few words for one of the system's error numbers, in small letters and without a full stop.
    package static func text(_ code: Int32) -> String {
        switch code {
        case ENOENT: return "there is no such file or folder"
        case EACCES, EPERM: return "permission is denied"
        case ENOSPC, EDQUOT: return "no space is left"
        case EFBIG: return "it is larger than files may be here"
        case EROFS: return "the disk is read-only"
        case ENAMETOOLONG: return "its name is too long"
        case ENOTDIR, EEXIST: return "a file stands where a folder is needed"
        case EBADF: return "it is closed"
        case ELOOP: return "it is a symbolic link that leads nowhere"
        default:
            guard let words = unsafe strerror(code) else { return "error \(code)" }
            let text = unsafe String(cString: words)
            return text.prefix(1).lowercased() + text.dropFirst()
        }
    }

    /// A few words without a full stop for an error of reading, writing or decoding.
    package static func words(for error: any Error) -> String {
        if let problem = error as? ArchiveError { return problem.writingReason }
        if let decoding = error as? DecodingError { return words(for: decoding) }
        guard isForeign(error) else { return "\(error)" }
        let cocoa = error as NSError
        let cause = cocoa.userInfo[NSUnderlyingErrorKey] as? NSError
        for candidate in [cause, cocoa] {
            if let candidate, candidate.domain == NSPOSIXErrorDomain, let code = Int32(exactly: candidate.code) {
                return text(code)
            }
        }
        switch CocoaError.Code(rawValue: cocoa.code) {
        case .fileNoSuchFile, .fileReadNoSuchFile: return "there is no such file or folder"
        case .fileReadNoPermission, .fileWriteNoPermission: return "permission is denied"
        case .fileReadInvalidFileName, .fileWriteInvalidFileName:
            return "its name is too long, or none that files may have"
        case .fileWriteFileExists: return "a file stands where a folder is needed"
        case .fileWriteOutOfSpace: return "no space is left"
        case .fileWriteVolumeReadOnly: return "the disk is read-only"
        case .fileReadInapplicableStringEncoding, .fileReadCorruptFile: return "it is no UTF-8 text"
        default: return "the system says: \(oneLine(cocoa.localizedDescription))"
        }
    }

    /// An error as it describes itself, where it does so to people; else our sentence with the reason.
    package static func sentence(_ error: any Error) -> String {
        isForeign(error) ? "This failed unexpectedly: \(words(for: error))." : "\(error)"
    }

    /// Whether an error comes from Foundation or a decoder and so does not describe itself to people.
    package static func isForeign(_ error: any Error) -> Bool {
        switch error {
        case is CocoaError, is POSIXError, is DecodingError, is EncodingError: true
        default: type(of: error) is NSError.Type
        }
    }

    /// Another library's words, cut to a line that stands behind a sentence of ours.
    package static func line(_ text: String) -> String {
        text.shortened(to: 600).split(whereSeparator: \.isNewline).joined(separator: " ")
    }

    private static func oneLine(_ text: String) -> String {
        let line = line(text)
        return line.hasSuffix(".") ? String(line.dropLast()) : line
    }

    private static func words(for error: DecodingError) -> String {
        func place(_ path: [any CodingKey]) -> String { path.map(\.stringValue).joined(separator: ".") }
        switch error {
        case .typeMismatch(_, let context): return "'\(place(context.codingPath))' is of another type than is needed"
        case .valueNotFound(_, let context): return "'\(place(context.codingPath))' has no value"
        case .keyNotFound(let key, let context): return "'\(place(context.codingPath + [key]))' is missing"
        case .dataCorrupted(let context):
            let cause = context.underlyingError.map { isForeign($0) ? nil : "\($0)" } ?? nil
            let words = cause ?? oneLine(context.debugDescription)
            return context.codingPath.isEmpty ? words : "\(place(context.codingPath)): \(words)"
        @unknown default: return "it cannot be decoded"
        }
    }
}
