import Synchronization

package import struct Foundation.Data

/// Keeps the programs that were used last, so that the same model is prepared once; safe on any number of threads.
package final class ProgramCache: Sendable {
    /// A model is compared byte by byte: cheaper than a good hash of all its bytes, and never wrong.
    private struct Entry {
        let model: Data
        let options: ProgramOptions
        let program: any Program
    }

    /// The engine that prepares the programs.
    package let engine: any Engine
    /// How many programs stay alive; each holds its weights, so few.
    package let capacity: Int
    /// The most recently used one is the last.
    private let entries = Mutex<[Entry]>([])

    /// An empty cache of at least one program.
    package init(engine: any Engine, capacity: Int = 4) {
        self.engine = engine
        self.capacity = max(1, capacity)
    }

    /// The program for these bytes and options, prepared now if it is not at hand; the least recently used one goes.
    package func program(for model: Data, options: ProgramOptions = ProgramOptions()) throws -> any Program {
        // The lock is held while a program is prepared: who waits for the same model gets it, and memory stays bounded.
        try entries.withLock { entries in
            if let index = entries.firstIndex(where: { $0.model == model && $0.options == options }) {
                entries.append(entries.remove(at: index))
                return entries[entries.count - 1].program
            }
            if entries.count >= capacity { entries.removeFirst(entries.count - capacity + 1) }
            let program = try engine.load(model, options: options)
            entries.append(Entry(model: model, options: options, program: program))
            return program
        }
    }

    /// Lets go of every program; those in use elsewhere live on.
    package func removeAll() {
        entries.withLock { $0 = [] }
    }
}
