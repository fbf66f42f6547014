/// What can be wrong with a ZIP archive or a file that is read as a whole.
public enum ArchiveError: Error, Sendable, Hashable {
    /// No file, or one that this user may not read.
    case unreadable(path: String, reason: String)
    /// A folder, a pipe or a device where a file is needed.
    case notAFile(path: String)
    /// The file has more bytes than its reader takes.
    case fileTooLarge(path: String, bytes: Int, limit: Int)
    /// The bytes are no ZIP archive, or its directory is damaged.
    case notAnArchive(name: String, reason: String)
    /// The archive has no such entry.
    case noEntry(archive: String, entry: String)
    /// The entry is encrypted.
    case encrypted(archive: String, entry: String)
    /// The entry unpacks to more bytes than its reader allows.
    case tooLarge(archive: String, entry: String, limit: Int)
    /// The entry's data are damaged.
    case damaged(archive: String, entry: String, reason: String)
    /// The file cannot be written.
    case unwritable(path: String, reason: String)
    /// Another run writes the file.
    case busy(path: String)
}

extension ArchiveError {
    /// Why a file cannot be written, in a few words without its path.
    package var writingReason: String {
        switch self {
        case .unwritable(_, let reason): reason
        case .busy: "another run is writing it"
        default: description
        }
    }
}

extension ArchiveError: CustomStringConvertible {
    /// One sentence: what is wrong and what to do.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "\(path) cannot be read: \(reason). Check the path and its permissions."
        case .notAFile(let path):
            "\(path) is not a regular file. Give the path of a file."
        case .fileTooLarge(let path, let bytes, let limit):
            "\(path) has \(bytes) bytes, and no more than \(limit) are read. Give a smaller file, or a part of it."
        case .notAnArchive(let name, let reason):
            "\(name) is not a readable ZIP archive: \(reason). Make or download it again."
        case .noEntry(let archive, let entry):
            "The archive \(archive) has no entry \(entry). List its entries to see what is there."
        case .encrypted(let archive, let entry):
            "The entry \(entry) of \(archive) is encrypted. Save the archive without a password."
        case .tooLarge(let archive, let entry, let limit):
            "The entry \(entry) of \(archive) unpacks to more than \(limit) bytes, more than is allowed here. "
                + "Check where the archive comes from."
        case .damaged(let archive, let entry, let reason):
            "The entry \(entry) of \(archive) is damaged: \(reason). Make or download the archive again."
        case .unwritable(let path, let reason):
            "\(path) cannot be written: \(reason). Choose another place, or free some space."
        case .busy(let path):
            "Another run is writing \(path). Wait for its end, or choose another folder."
        }
    }
}
