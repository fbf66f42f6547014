/// Why a database of results cannot be used.
public enum StorageError: Error, Sendable, Hashable {
    /// The file cannot be opened or made.
    case unopenable(path: String, reason: String)
    /// The file is no database, or it is damaged.
    case damaged(path: String, reason: String)
    /// A database of another program.
    case foreign(path: String)
    /// A database that a newer Gaze made.
    case newer(path: String)
    /// Another process writes and does not end.
    case busy(path: String, seconds: Int)
    /// The file may be read, but not changed.
    case readOnly(path: String)
    /// The disk is full.
    case full(path: String)
    /// A result whose bytes are intact says nothing that this version understands.
    case unreadable(metric: String, method: String, image: String)
    /// Something else that SQLite reports.
    case failed(path: String, reason: String)
}

extension StorageError: CustomStringConvertible {
    /// One sentence: what, where, what to do.
    public var description: String {
        switch self {
        case .unopenable(let path, let reason):
            "The store \(path) cannot be opened or made (\(reason)); choose another file with --store, or --no-store."
        case .damaged(let path, let reason):
            "The store \(path) is damaged or no SQLite database (\(reason)); remove it or choose another file with --store."
        case .foreign(let path):
            "The store \(path) is a database of another program; choose another file with --store."
        case .newer(let path):
            "The store \(path) was made by a newer version of Gaze; choose another file with --store."
        case .busy(let path, let seconds):
            "The store \(path) has been locked by another process for \(seconds) seconds; wait for it to end, or choose another file with --store."
        case .readOnly(let path):
            "The store \(path) cannot be written (the file or its folder is read-only); choose another file with --store, or --no-store."
        case .full(let path):
            "The store \(path) cannot be written because the disk is full; what is finished is kept, so free some space and run again."
        case .unreadable(let metric, let method, let image):
            "The stored result of \(metric), \(method) for \(image) cannot be understood by this version; choose another file with --store."
        case .failed(let path, let reason):
            "The store \(path) cannot be used: \(reason)."
        }
    }
}
