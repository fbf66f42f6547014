import ArgumentParser
import Foundation
import Gaze

/// What commands say, and where: talk to standard error, data to standard output.
enum Console {
    /// Says a line to the user.
    static func say(_ line: String) {
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }

    /// Puts out data.
    static func put(_ text: String) {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }

    /// Puts out a value as JSON.
    static func putJSON(_ value: some Encodable) throws {
        let data = try ExplanationRecord.json(value)
        FileHandle.standardOutput.write(data + Data("\n".utf8))
    }

    /// Whether a person watches what is said.
    static var isInteractive: Bool { isatty(FileHandle.standardError.fileDescriptor) != 0 }

    /// Runs a command's body: an error becomes one sentence and exit code 2.
    static func report(_ body: () throws -> Void) throws {
        do { try body() } catch let code as ExitCode {
            throw code
        } catch RuntimeError.cancelled {
            throw ExitCode(130)
        } catch let error as ValidationError {
            throw error
        } catch {
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
                failed += 1
                let text = sentence(error)
                say(text.contains(item) ? "gaze: \(text)" : "gaze: \(item): \(text)")
            }
        }
        return failed
    }

    /// Ends a command over some items: exit code 130 when it was interrupted, 2 when all items failed, 1 when some did.
    static func end(failed: Int, of count: Int) throws {
        if Interruption.happened { throw ExitCode(130) }
        if failed > 0 { throw ExitCode(failed == count ? 2 : 1) }
    }

    /// A sentence that ends in a full stop, on one line.
    static func sentence(_ words: String) -> String {
        let text = words.split(whereSeparator: \.isNewline).joined(separator: " ")
        return text.hasSuffix(".") || text.hasSuffix(")") || text.hasSuffix("?") ? text : text + "."
    }

    /// An error as one line that ends in a full stop, whatever library it comes from.
    static func sentence(_ error: any Error) -> String { sentence("\(error)") }

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
                decoding: FileHandle.standardInput.readToEnd() ?? Data(), name: "standard input")
            : explainer.picture(contentsOf: path)
        if let warning = explainer.warning(about: picture) { say("note: \(path): \(sentence(warning))") }
        return picture
    }

    /// Columns of text, aligned; numbers to the right where `right` says so.
    static func table(_ rows: [[String]], right: Set<Int> = []) -> String {
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
