package import Foundation

/// Reads whole files, and refuses what never ends: devices and pipes.
package enum RegularFile {
    /// The length of the file in bytes.
    package static func size(path: String) throws(ArchiveError) -> Int {
        let resolved = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let attributes: [FileAttributeKey: Any]
        do { attributes = try FileManager.default.attributesOfItem(atPath: resolved) } catch {
            throw .unreadable(path: path, reason: SystemReason.words(for: error))
        }
        guard attributes[.type] as? FileAttributeType == .typeRegular, let size = attributes[.size] as? NSNumber else {
            throw .notAFile(path: path)
        }
        return size.intValue
    }

    /// All bytes of the file.
    package static func read(path: String) throws(ArchiveError) -> Data {
        _ = try size(path: path)
        do { return try Data(contentsOf: URL(fileURLWithPath: path)) } catch {
            throw .unreadable(path: path, reason: SystemReason.words(for: error))
        }
    }

    /// Hands on all bytes of the file, a mebibyte at a time.
    package static func readPortions(path: String, _ take: (Data) -> Void) throws(ArchiveError) {
        _ = try size(path: path)
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? file.close() }
            while let portion = try file.read(upToCount: 1 << 20), !portion.isEmpty { take(portion) }
        } catch {
            throw .unreadable(path: path, reason: SystemReason.words(for: error))
        }
    }
}
