import Foundation
import Glibc

/// Finds and opens the engine's shared library.
package enum EngineLibrary {
    /// The environment variable that names the library or its folder.
    static let variable = "GAZE_ENGINE"
    /// The oldest version that offers the interface we ask for.
    static let oldestVersion = "1.13"

    private static let fileNames = ["libonnxruntime.so", "libonnxruntime.so.1"]

    /// An opened library; it stays open until the process ends, because its threads cannot be unloaded safely.
    @safe package struct Opened {
        let path: String
        let handle: UnsafeMutableRawPointer
    }

    /// Opens `path` (a file or a folder), or else what the environment and the usual places offer.
    package static func open(_ path: String?, environment: [String: String]) throws(RuntimeError) -> Opened {
        if let path { return try openNamed(path, by: "The given path") }
        if let path = environment[variable], !path.isEmpty { return try openNamed(path, by: variable) }
        let folders = searchedFolders(imagePath: imagePath())
        for folder in folders {
            if let file = library(in: folder) { return try open(file: file) }
        }
        for name in fileNames {
            if let opened = try? open(file: name) { return opened }
        }
        throw .libraryNotFound(searched: folders + ["the system's library path"])
    }

    /// Beside the executable, in its neighbour `lib`, and in the folder `.engine` that the set-up fills, upwards from there.
    ///
    /// The current directory is not searched: a stranger's folder must not decide which code runs.
    package static func searchedFolders(imagePath: String) -> [String] {
        var folder = URL(filePath: imagePath).resolvingSymlinksInPath().deletingLastPathComponent()
        var folders = [folder.path, folder.deletingLastPathComponent().appending(path: "lib").path]
        while true {
            folders.append(folder.appending(path: ".engine").path)
            let parent = folder.deletingLastPathComponent()
            guard parent.path != folder.path, folder.path != "/" else { return folders }
            folder = parent
        }
    }

    /// The library in a folder, by its usual names or with its whole version number.
    package static func library(in folder: String) -> String? {
        guard let entries = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return nil }
        let name =
            fileNames.first(where: entries.contains)
            ?? entries.filter { $0.hasPrefix("libonnxruntime.so.") }.max()
        return name.map { URL(filePath: folder).appending(path: $0).path }
    }

    private static func openNamed(_ path: String, by variable: String) throws(RuntimeError) -> Opened {
        var isFolder: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
            let file = isFolder.boolValue ? library(in: path) : path
        else { throw .noLibrary(at: path, variable: variable) }
        return try open(file: file)
    }

    private static func open(file: String) throws(RuntimeError) -> Opened {
        // RTLD_LOCAL: another copy of the engine in this process, say a plug-in's, must not mix with ours.
        if let handle = unsafe dlopen(file, RTLD_NOW | RTLD_LOCAL) {
            return unsafe Opened(path: file, handle: handle)
        }
        let reason = unsafe dlerror().map { unsafe String(cString: $0) } ?? "no reason was given"
        throw .notALibrary(path: file, reason: reason.replacing("\(file): ", with: ""))
    }

    /// The file that this code was loaded from: the executable, or a test bundle that another program runs.
    private static func imagePath() -> String {
        let address = UInt(bitPattern: #dsohandle)
        let maps = (try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8)) ?? ""
        for line in maps.split(separator: "\n") {
            // start-end permissions offset device inode path
            let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
            let bounds = fields.first?.split(separator: "-").compactMap { UInt($0, radix: 16) } ?? []
            guard fields.count == 6, bounds.count == 2, bounds[0] <= address, address < bounds[1] else { continue }
            return fields[5].trimmingCharacters(in: .whitespaces)
        }
        return CommandLine.arguments[0]
    }
}
