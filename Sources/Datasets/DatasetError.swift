/// Why a data set cannot be read.
public enum DatasetError: Error, Sendable, Hashable {
    /// There is nothing at this path.
    case notFound(path: String)
    /// The system refused to read it.
    case unreadable(path: String, reason: String)
    /// The file is larger than a list of pictures can be.
    case tooLarge(path: String, maximumBytes: Int)
    /// It looks like none of the formats.
    case unrecognised(path: String)
    /// A folder with several files that could be meant.
    case ambiguous(path: String, candidates: [String])
    /// The file breaks the rules of its format as a whole.
    case malformed(path: String, format: String, reason: String)
    /// Not one picture can be used.
    case nothingReadable(path: String, format: String, problems: Int, first: String?)
}

extension DatasetError: CustomStringConvertible {
    /// One sentence on what happened and where, and what to do next.
    public var description: String {
        switch self {
        case .notFound(let path):
            "There is no data set at '\(path)'; check the spelling and the folder you are in"
        case .unreadable(let path, let reason):
            "'\(path)' cannot be read (\(reason)); check its permissions and that it is a regular file or a folder"
        case .tooLarge(let path, let maximum):
            "'\(path)' is larger than \(maximum >> 20) MiB, the limit for a file that lists pictures; split it"
        case .unrecognised(let path):
            "'\(path)' is not a data set that can be recognised; give a folder of pictures, a folder a class, a CSV or JSONL "
                + "manifest, a folder of Pascal VOC annotations or a COCO JSON file, or name the format"
        case .ambiguous(let path, let candidates):
            "'\(path)' holds several files that could be meant (\(candidates.prefix(4).joined(separator: ", "))); "
                + "name the file instead of the folder"
        case .malformed(let path, let format, let reason):
            "'\(path)' cannot be read as \(format): \(reason) (or name another format)"
        case .nothingReadable(let path, let format, _, nil):
            "'\(path)' holds no pictures (read as \(format)); check that it is the right folder, or name the format"
        case .nothingReadable(let path, let format, let problems, let first?):
            "'\(path)' holds no usable picture (read as \(format), \(problems) "
                + "problem\(problems == 1 ? "" : "s")); the first problem: \(first)"
        }
    }
}
