import Synchronization

/// The files that a run reads, which nothing that it writes may replace (`WholeFile`).
///
/// Files are told apart by device and number, so links to an input are the input.
package final class InputFiles: Sendable {
    /// The inputs of the run that the current code belongs to; nil where nobody named any.
    @TaskLocal package static var ofRun: InputFiles?

    private let roles = Mutex<[FileIdentity: String]>([:])

    /// No files yet.
    package init() {}

    /// Adds a file that is there; `role` completes "it is …": `the model that is explained`.
    package func add(_ path: String, as role: String) {
        guard let file = FileIdentity(path: path) else { return }
        roles.withLock { $0[file] = $0[file] ?? role }
    }

    func role(of file: FileIdentity) -> String? { roles.withLock { $0[file] } }
}
