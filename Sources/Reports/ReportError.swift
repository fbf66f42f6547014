/// What can go wrong when results become files.
public enum ReportError: Error, Sendable, Hashable {
    /// A file or folder that cannot be written.
    case unwritable(path: String, reason: String)
    /// A folder that another run writes its results into.
    case busy(folder: String)
}

extension ReportError: CustomStringConvertible {
    /// One sentence: what, where, what to do.
    public var description: String {
        switch self {
        case .unwritable(let path, let reason):
            "\(path) cannot be written: \(reason). Choose another folder with -o, or free some space."
        case .busy(let folder):
            "Another run is writing its results into \(folder). Wait for its end, or choose another folder with -o."
        }
    }
}
