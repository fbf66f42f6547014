import Archives
import ArgumentParser
import Foundation
import Gaze

/// What commands say, and where: talk to standard error, data to standard output.
///
/// Names come from files of strangers: what would steer a terminal is shown as `\u{1b}`, what has no end is shortened.
enum Console {
    /// The most characters of a line; `Cell` says what one in a table has.
    private static let longestLine = 1000
    /// The most characters of a line that tells where a file lies.
    static let longestPath = 8000
    private enum Cell {
        static let longest = 200
        /// The last of a row may be a sentence.
        static let longestLast = 1000
    }

    /// Says a line to the user.
    static func say(_ line: String) { TextStream.errors.write(shown(line, limit: longestLine) + "\n") }

    /// Shows a line in place of the one before, on a terminal; the last of them stays.
    static func showProgress(_ line: String, isLast: Bool) {
        TextStream.errors.write("\r\u{1B}[K\(shown(line, limit: longestLine))\(isLast ? "\n" : "")")
    }

    /// Makes room where progress was shown.
    static func clearProgress() { TextStream.errors.write("\r\u{1B}[K") }

    /// Puts out a line of data; a path is put out whole.
    static func put(_ line: String, limit: Int = longestLine) {
        TextStream.output.write(shown(line, limit: limit) + "\n")
    }

    /// Puts out lines of text or a table, each as `put` does.
    static func putLines(_ text: String, limit: Int = longestPath) {
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) { put(String(line), limit: limit) }
    }

    /// Puts out a picture made of a terminal's own codes.
    static func putPicture(_ text: String) { TextStream.output.write(text + "\n") }

    /// Puts out a value as JSON, which escapes by its own rules.
    static func putJSON(_ value: some Encodable) throws {
        let text = String(decoding: try ExplanationRecord.json(value), as: UTF8.self)
        TextStream.output.write(Data((text.shownJSON + "\n").utf8))
    }

    /// Whether a person watches what is said.
    static var isInteractive: Bool { TextStream.errors.isTerminal }

    private static func shown(_ text: String, limit: Int) -> String {
        // Shortened first: escaping what is left out anyway takes time.
        text.shortened(to: limit).shown.shortened(to: limit)
    }

    /// Runs a command's body: an error becomes one sentence and exit code 2.
    ///
    /// - Parameter inputs: The files that the command reads; nothing that it writes may replace them.
    static func report(inputs: InputFiles = InputFiles(), _ body: () throws -> Void) throws {
        Interruption.listen()
        do { try InputFiles.$ofRun.withValue(inputs, operation: body) } catch let code as ExitCode {
            throw code
        } catch RuntimeError.cancelled {
            throw Interruption.exitCode
        } catch let error as ValidationError {
            throw error
        } catch {
            // What fails once the engine is stopped fails for that.
            guard !Interruption.engineCancellation.isCancelled else { throw Interruption.exitCode }
            say("gaze: \(sentence(error))")
            throw ExitCode(2)
        }
    }

    /// Does something with each item: a failure is said and the rest goes on; an interrupt ends it.
    ///
    /// - Returns: How many items failed; `end(failed:of:)` makes an exit code of it.
    static func forEach(_ items: [String], _ body: (String) throws -> Void) throws -> Int {
        var failed = 0
        for (position, item) in items.enumerated() where !Interruption.happened {
            if items.count > 1, isInteractive { say("[\(position + 1)/\(items.count)] \(item)") }
            do { try body(item) } catch let error as ValidationError {
                throw error
            } catch RuntimeError.cancelled {
                continue
            } catch {
                guard !Interruption.engineCancellation.isCancelled else { continue }
                failed += 1
                let text = sentence(error)
                say(text.contains(item) ? "gaze: \(text)" : "gaze: \(item): \(text)")
            }
        }
        return failed
    }

    /// Ends a command over some items: exit code 130 when it was interrupted, 2 when all items failed, 1 when some did.
    static func end(failed: Int, of count: Int) throws {
        if Interruption.happened { throw Interruption.exitCode }
        if failed > 0 { throw ExitCode(failed == count ? 2 : 1) }
    }

    /// A sentence that ends in a full stop, on one line.
    static func sentence(_ words: String) -> String {
        let text = words.shortened(to: longestLine).split(whereSeparator: \.isNewline).joined(separator: " ")
        return text.hasSuffix(".") || text.hasSuffix(")") || text.hasSuffix("?") ? text : text + "."
    }

    /// An error as one line that ends in a full stop; words of other libraries stand behind ours.
    static func sentence(_ error: any Error) -> String { sentence(SystemReason.sentence(error)) }

    /// Reads options before any work is done: what is wrong with them is a usage error (exit code 64).
    static func options<Value>(_ read: () throws -> Value) throws -> Value {
        do { return try read() } catch let error as ValidationError {
            throw error
        } catch { throw ValidationError(sentence(error)) }
    }

    /// The picture of an argument, with the channels that the model takes; `-` is standard input.
    static func picture(_ path: String, for explainer: Explainer) throws -> Picture {
        let picture =
            try path == "-"
            ? explainer.picture(
                decoding: StandardInput.contents(within: explainer.model.engine.memory), name: "standard input")
            : explainer.picture(contentsOf: path)
        if let warning = explainer.warning(about: picture) { say("note: \(path): \(sentence(warning))") }
        return picture
    }

    /// Columns of text, aligned; numbers to the right where `right` says so.
    static func table(_ rows: [[String]], right: Set<Int> = []) -> String {
        let rows = rows.map { row in
            row.indices.map { shown(row[$0], limit: $0 < row.count - 1 ? Cell.longest : Cell.longestLast) }
        }
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            let cells = row.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return right.contains(column) ? space + cell : cell + space
            }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }.joined(separator: "\n")
    }
}
