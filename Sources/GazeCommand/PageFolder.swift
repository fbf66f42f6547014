import Foundation
import Gaze

/// A folder of pages that a catalogue is written into.
enum PageFolder {
    /// Writes texts under their names, making the folder where it is missing.
    static func write(_ files: [String: String], to folder: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for (name, text) in files {
                try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"), options: .atomic)
            }
        } catch {
            throw GazeError.unwritable(path: folder, reason: WritingProblem.words(for: error))
        }
    }
}
