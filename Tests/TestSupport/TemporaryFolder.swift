import Foundation

/// A folder of a test's own, removed with its last reference.
package final class TemporaryFolder {
    /// The path of the folder.
    package let root: String

    package init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("gaze-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        root = url.path
    }

    /// Runs `body` with the path of a fresh folder, which is gone afterwards.
    package static func with<Result>(_ body: (String) throws -> Result) throws -> Result {
        let folder = try TemporaryFolder()
        return try withExtendedLifetime(folder) { try body(folder.root) }
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    /// The path of a file in the folder.
    package func path(_ name: String) -> String { "\(root)/\(name)" }

    /// What is in the folder, sorted.
    package func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: root).sorted() }
}
