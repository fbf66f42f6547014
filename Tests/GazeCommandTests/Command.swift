import Foundation

/// The built executable, run as its users run it.
struct Command {
    /// What a run left behind.
    struct Outcome {
        let status: Int32
        let output: String
        let errors: String

        /// The lines of standard error that the command itself said.
        var sentences: [String] { errors.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("note: ") } }
    }

    /// `gaze` beside the test bundle.
    static var path: String {
        let bundle = CommandLine.arguments.first { $0.contains(".xctest") }
        let folder =
            bundle.map {
                URL(fileURLWithPath: String($0.prefix(upTo: $0.range(of: ".xctest")?.lowerBound ?? $0.endIndex)))
            }
            ?? URL(fileURLWithPath: CommandLine.arguments[0])
        return folder.deletingLastPathComponent().appendingPathComponent("gaze").path
    }

    static func run(_ arguments: String..., input: Data = Data()) throws -> Outcome {
        try run(arguments, input: input)
    }

    /// - Parameters:
    ///   - interrupt: A signal, and when it is sent.
    ///   - patience: How long after the signal the process is killed.
    static func run(
        _ arguments: [String], input: Data = Data(), interrupt: (signal: Int32, isDue: () -> Bool)? = nil,
        patience: Duration? = nil
    ) throws -> Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        // Files, not pipes: a pipe that is full would stop the process.
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("gaze-run-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = ["in", "out", "err"].map { folder.appendingPathComponent($0) }
        for file in files { try (file.lastPathComponent == "in" ? input : Data()).write(to: file) }
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        process.standardError = try FileHandle(forWritingTo: files[2])
        try process.run()
        if let interrupt {
            while process.isRunning, !interrupt.isDue() { usleep(2000) }
            if process.isRunning { kill(process.processIdentifier, interrupt.signal) }
            let sent = ContinuousClock.now
            while let patience, process.isRunning {
                if ContinuousClock.now - sent > patience { kill(process.processIdentifier, SIGKILL) }
                usleep(2000)
            }
        }
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus, output: String(decoding: try Data(contentsOf: files[1]), as: UTF8.self),
            errors: String(decoding: try Data(contentsOf: files[2]), as: UTF8.self))
    }
}
