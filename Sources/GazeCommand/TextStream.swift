import Archives
import Foundation
import Gaze
import Synchronization

/// Standard output or standard error: what cannot be written traps nothing, is remembered, and ends the run early.
final class TextStream: Sendable {
    /// Data for whoever reads it.
    static let output = TextStream(STDOUT_FILENO)
    /// Talk to the user.
    static let errors = TextStream(STDERR_FILENO)

    /// Why nothing more can be written.
    private enum Failure {
        /// The reader is gone, as behind `| head -1`.
        case closed
        case unwritable(reason: String)
    }

    private let descriptor: Int32
    private let failure = Mutex<Failure?>(nil)

    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// Whether a person watches.
    var isTerminal: Bool { isatty(descriptor) != 0 }

    /// Writes bytes; after a failure none.
    func write(_ data: Data) {
        failure.withLock { failure in
            guard failure == nil, let code = Descriptor.write(data, to: descriptor) else { return }
            failure = code == EPIPE ? .closed : .unwritable(reason: SystemReason.text(code))
            // Talk that nobody hears is no reason to stop; data that nobody gets is.
            if descriptor == STDOUT_FILENO { Interruption.cancellation.cancel() }
        }
    }

    /// Writes text as it is.
    func write(_ text: String) { write(Data(text.utf8)) }

    /// Makes the streams safe to write to, before anything else happens.
    static func prepare() {
        Descriptor.fillStandardStreams()
        // Both become errors of the write that they are about, so that everything ends in order.
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
    }

    /// Ends the process: with `code`, unless standard output could not be written.
    static func end(_ code: Int32) -> Never {
        switch output.failure.withLock({ $0 }) {
        case nil: exit(code)
        case .closed?:
            // What every tool does whose reader is gone.
            signal(SIGPIPE, SIG_DFL)
            raise(SIGPIPE)
            exit(141)
        case .unwritable(let reason)?:
            Console.say("gaze: Standard output cannot be written: \(reason). Give it another file, or free some space.")
            exit(2)
        }
    }
}
