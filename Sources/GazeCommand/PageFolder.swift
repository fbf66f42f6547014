import Archives
import Foundation
import Gaze
import Reports

/// A folder of pages that a catalogue is written into.
enum PageFolder {
    /// Writes texts under their names, making the folder where it is missing.
    static func write(_ files: [String: String], to folder: String) throws {
        let folder = OutputFolder(folder)
        try folder.together(files.keys.sorted()) {
            for (name, text) in files { try folder.write(Data(text.utf8), to: name) }
        }
    }
}
