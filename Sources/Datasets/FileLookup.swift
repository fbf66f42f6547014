import Foundation

/// A path or name by its bytes: two files may differ in nothing but how an accent is composed, which is one and the same `String`.
struct BytePath: Hashable {
    private let bytes: [UInt8]

    init(_ path: String) { bytes = Array(path.utf8) }
}

/// Tells whether files exist, and remembers: a manifest names a picture once for every box, and most masks that are looked for are
/// not there.
final class FileLookup {
    private var names: [BytePath: Set<BytePath>?] = [:]
    private var folders: [BytePath: Bool] = [:]
    /// Where pictures lie, by their names in a manifest.
    var pictures: [BytePath: String] = [:]
    private var masks: [BytePath: AnnotatedMask?] = [:]

    /// Whether something that is no folder lies at a path; what its folder does not list is not asked for.
    func isFile(_ path: String) -> Bool {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash > path.startIndex else {
            return DatasetSource.isFile(path)
        }
        let name = String(path[path.utf8.index(after: slash)...])
        let folder = String(path[..<slash])
        guard !name.isEmpty, isFolder(folder) else { return false }
        if let listed = names(in: folder), !listed.contains(BytePath(name)) { return false }
        return DatasetSource.isFile(path)
    }

    /// Whether a folder lies at a path.
    func isFolder(_ path: String) -> Bool {
        let key = BytePath(path)
        if let known = folders[key] { return known }
        let found = DatasetSource.isFolder(path)
        folders[key] = found
        return found
    }

    /// Nil where a folder may be entered and not listed.
    private func names(in folder: String) -> Set<BytePath>? {
        let key = BytePath(folder)
        if let known = names[key] { return known }
        let listed = try? FileManager.default.contentsOfDirectory(atPath: folder)
        let found = listed.map { Set($0.map(BytePath.init)) }
        names[key] = .some(found)
        return found
    }

    /// What `find` finds for a picture's path, asked once.
    func mask(ofPicture image: String, _ find: () -> AnnotatedMask?) -> AnnotatedMask? {
        let key = BytePath(image)
        if let known = masks[key] { return known }
        let found = find()
        masks[key] = .some(found)
        return found
    }
}
