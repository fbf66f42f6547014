import Foundation
import Gaze
import Imaging

/// What another program writes into this one.
enum StandardInput {
    /// All bytes until its end; no more than a picture file may have.
    ///
    /// - Throws: `GazeError.unreadable` where it has more, or is closed, a folder or damaged.
    static func contents(within memory: MemoryBudget) throws -> Data {
        let maximumBytes = DecodingLimits(within: memory).maximumFileBytes
        var contents = Data()
        while true {
            let portion: Data?
            do { portion = try FileHandle.standardInput.read(upToCount: 1 << 20) } catch {
                throw GazeError.unreadable(path: "Standard input", reason: "it is closed, or no file or pipe")
            }
            guard let portion, !portion.isEmpty else { return contents }
            guard portion.count <= maximumBytes - contents.count else {
                throw GazeError.unreadable(
                    path: "Standard input", reason: "it has more than \(maximumBytes >> 20) MiB, the most that is read")
            }
            contents.append(portion)
        }
    }
}
