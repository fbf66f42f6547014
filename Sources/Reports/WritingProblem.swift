import Archives
import Foundation

/// The system's own words for a file or folder that cannot be read or written.
package enum WritingProblem {
    /// A few words without a full stop; Foundation's own text says "could not be completed" on Linux.
    package static func words(for error: any Error) -> String {
        if let problem = error as? ArchiveError { return problem.writingReason }
        let cocoa = error as NSError
        let cause = cocoa.userInfo[NSUnderlyingErrorKey] as? NSError
        for candidate in [cause, cocoa] {
            if let candidate, candidate.domain == NSPOSIXErrorDomain, let code = Int32(exactly: candidate.code) {
                return SystemReason.text(code)
            }
        }
        switch CocoaError.Code(rawValue: cocoa.code) {
        case .fileNoSuchFile, .fileReadNoSuchFile: return "there is no such file or folder"
        case .fileReadNoPermission, .fileWriteNoPermission: return "permission is denied"
        case .fileWriteFileExists: return "a file stands where a folder is needed"
        case .fileWriteOutOfSpace: return "the disk is full"
        case .fileReadInapplicableStringEncoding, .fileReadCorruptFile: return "it is no UTF-8 text"
        default: return trimmed(cocoa.localizedDescription)
        }
    }

    private static func trimmed(_ text: String) -> String {
        text.hasSuffix(".") ? String(text.dropLast()) : text
    }
}
