import Archives
import Foundation

/// The folder or file that a data set is read from.
struct DatasetSource {
    /// What the user named, without a slash at its end.
    let path: String
    /// Whether it is a folder.
    let isFolder: Bool
    /// The folder of the pictures, where the user named one.
    let images: String?
    /// Names in the folder that are no folders, sorted; empty for a file.
    let files: [String]
    /// Names of folders in the folder, sorted; empty for a file.
    let folders: [String]
    /// What is known of files.
    let lookup = FileLookup()

    /// The largest file that is read as a list of pictures.
    static let maximumBytes = 1 << 29

    /// Extensions of pictures that can be decoded.
    static let pictureExtensions: Set<String> = ["jpg", "jpeg", "png", "webp", "tif", "tiff", "npy", "npz"]
    /// Extensions of pictures that cannot.
    static let otherPictureExtensions: Set<String> = ["bmp", "gif", "heic", "avif", "jp2"]

    init(path: String, images: String?) throws(DatasetError) {
        var trimmed = path
        while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
        guard Self.exists(trimmed) else { throw .notFound(path: path) }
        if let images {
            guard Self.isFolder(images) else { throw .notFound(path: images) }
        }
        (self.path, self.images) = (trimmed, images)
        isFolder = Self.isFolder(trimmed)
        if isFolder {
            (files, folders) = try Self.contents(of: trimmed)
        } else {
            (files, folders) = ([], [])
        }
    }

    /// The folder that relative paths are relative to.
    var root: String { isFolder ? path : Self.parent(of: path) }

    /// The last part of the path, for messages.
    var name: String { Self.lastComponent(of: path) }

    /// Files of the folder with one of these extensions; the file itself where it has one.
    func files(withExtensions extensions: Set<String>) -> [String] {
        let names = isFolder ? files : [Self.lastComponent(of: path)]
        return names.filter { extensions.contains(Self.fileExtension(of: $0)) }.map { "\(root)/\($0)" }
    }

    /// The one file with one of these extensions.
    func file(withExtensions extensions: Set<String>) throws(DatasetError) -> String {
        if !isFolder { return path }
        let found = files(withExtensions: extensions)
        guard let file = found.first else { throw .unrecognised(path: path) }
        guard found.count == 1 else { throw .ambiguous(path: path, candidates: found.map(Self.lastComponent)) }
        return file
    }

    /// The path of a picture that a file names: as it stands where it is absolute, else in the named folder or the root.
    func picture(_ name: String, in places: [String] = []) throws(EntryProblem) -> String {
        guard !name.isEmpty else { throw .noFileName }
        if places.isEmpty, let known = lookup.pictures[BytePath(name)] { return known }
        let candidates =
            name.hasPrefix("/") ? [name] : (images.map { [$0] } ?? (places + [root])).map { "\($0)/\(name)" }
        guard let found = candidates.first(where: lookup.isFile) else { throw .missingPicture(name) }
        if places.isEmpty { lookup.pictures[BytePath(name)] = found }
        return found
    }

    /// The bytes of a regular file of reasonable size.
    static func contents(ofFile path: String) throws(DatasetError) -> Data {
        do {
            let bytes = try RegularFile.read(path: path, maximumBytes: maximumBytes)
            InputFiles.ofRun?.add(path, as: "a file of the data set")
            return bytes
        } catch {
            switch error {
            case .fileTooLarge: throw .tooLarge(path: path, maximumBytes: maximumBytes)
            case .notAFile: throw .unreadable(path: path, reason: "it is not a regular file")
            case .unreadable(_, let reason): throw .unreadable(path: path, reason: reason)
            default: throw .unreadable(path: path, reason: SystemReason.words(for: error))
            }
        }
    }

    /// Names in a folder, sorted, without hidden ones.
    static func contents(of folder: String) throws(DatasetError) -> (files: [String], folders: [String]) {
        do {
            let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasPrefix(".") }
                .sorted()
            return (
                names.filter { !isFolder("\(folder)/\($0)") }, names.filter { isFolder("\(folder)/\($0)") }
            )
        } catch {
            throw .unreadable(path: folder, reason: SystemReason.words(for: error))
        }
    }

    static func exists(_ path: String) -> Bool {
        !path.utf8.contains(0) && FileManager.default.fileExists(atPath: path)
    }

    /// Asks for the folder's own entry `.`: one system call, and no pointer.
    static func isFolder(_ path: String) -> Bool { exists("\(path)/.") }

    static func isFile(_ path: String) -> Bool { exists(path) && !isFolder(path) }

    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func lastComponent(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    /// The name without its folder and its extension.
    static func stem(of path: String) -> String {
        let name = lastComponent(of: path)
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
        return String(name[..<dot])
    }

    /// In lower case and without the dot.
    static func fileExtension(of path: String) -> String {
        let name = lastComponent(of: path)
        return name.lastIndex(of: ".").map { name[name.index(after: $0)...].lowercased() } ?? ""
    }
}
