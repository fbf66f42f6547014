import Archives
import ArgumentParser
import Foundation

/// The words of the command line, before anything is made of them.
enum Arguments {
    /// Refuses words that are no UTF-8: they would become other names on the way.
    static func check() throws {
        let replacement = "\u{FFFD}"
        // The system's own copy is read only where something looks like a replaced byte.
        guard CommandLine.arguments.contains(where: { $0.contains(replacement) }),
            let bytes = FileManager.default.contents(atPath: "/proc/self/cmdline")
        else { return }
        for word in bytes.split(separator: 0) where String(validating: word, as: UTF8.self) == nil {
            throw ValidationError(
                "The argument '\(String(decoding: word, as: UTF8.self).shortened(to: 200))' holds bytes that are no UTF-8; rename the file, or give a link to it."
            )
        }
    }

    /// What the parser says, which may quote arguments: line for line as `Console` shows them.
    static func shown(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.shortened(to: 1000).shown }
            .joined(separator: "\n")
    }
}
