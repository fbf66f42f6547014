import Foundation
import GRDB
import Storage
import Synchronization
import Tensors
import TestSupport
import Testing

@Suite struct ResultStoreTests {
    private func key(_ text: String) -> ContentHash { ContentHash(of: Data(text.utf8)) }

    private func result(_ name: String, value: Double? = 0.5, content: String = "{}") -> StoredResult {
        StoredResult(
            key: key(name), model: "m.onnx", image: "\(name).png", method: "gradcam:", metric: "deletion:steps=28",
            value: value, content: Data(content.utf8), seconds: 0.25)
    }

    @Test func whatIsKeptComesBackFromTheFile() throws {
        try TemporaryFolder.with { folder in
            let path = folder + "/results.sqlite"
            let kept = [result("a"), result("b", value: nil, content: "{\"x\":[1,2]}")]
            try ResultStore(path: path).keep(kept)
            let found = try ResultStore(path: path).results(for: [key("a"), key("b"), key("c")])
            #expect(found == [key("a"): kept[0], key("b"): kept[1]])
        }
    }

    @Test func aKeyIsThereOnce() throws {
        let store = try ResultStore()
        try store.keep([result("a", value: 1), result("a", value: 2)])
        try store.keep([result("a", value: 3)])
        #expect(try store.count() == 1)
        #expect(try store.results(for: [key("a"), key("a")])[key("a")]?.value == 3)
    }

    @Test func manyKeysAreAskedAtOnce() throws {
        let store = try ResultStore()
        let names = (0..<1234).map { "n\($0)" }
        try store.keep(names.map { result($0) })
        #expect(try store.results(for: names.map { key($0) } + [key("other")]).count == 1234)
        #expect(try store.results(for: []).isEmpty)
    }

    @Test func twoWritersOfOneFileWaitForEachOther() throws {
        try TemporaryFolder.with { folder in
            let path = folder + "/results.sqlite"
            let stores = try (0..<2).map { _ in try ResultStore(path: path) }
            let errors = Mutex<[String]>([])
            DispatchQueue.concurrentPerform(iterations: 2) { writer in
                for number in 0..<50 {
                    do { try stores[writer].keep([result("\(writer).\(number)")]) } catch {
                        errors.withLock { $0.append("\(error)") }
                    }
                }
            }
            let said = errors.withLock { $0 }
            #expect(said == [])
            #expect(try stores[0].count() == 100)
        }
    }

    /// The sentence that opening a file ends in.
    private func refusal(_ path: String) -> StorageError? {
        do {
            _ = try ResultStore(path: path).results(for: [key("a")])
            return nil
        } catch { return error }
    }

    @Test func filesThatAreNoStoresAreNamed() throws {
        try TemporaryFolder.with { folder in
            let path = folder + "/results.sqlite"
            try ResultStore(path: path).keep([result("a")])
            let good = try Data(contentsOf: URL(fileURLWithPath: path))
            func store(_ data: Data) throws -> String {
                let other = folder + "/\(UUID().uuidString).sqlite"
                try data.write(to: URL(fileURLWithPath: other))
                return other
            }
            let text = try store(Data(repeating: 65, count: 5000))
            #expect({ if case .damaged = refusal(text) { true } else { false } }())
            // Bytes 68 to 71 of an SQLite file are the application's number.
            var foreign = good
            foreign[70] ^= 0xFF
            let foreignPath = try store(foreign)
            #expect(refusal(foreignPath) == .foreign(path: foreignPath))
            // A later step of the schema that this version does not know.
            let (ours, later) = (Data("results".utf8), Data("resultz".utf8))
            var newer = good
            while let range = newer.range(of: ours) { newer.replaceSubrange(range, with: later) }
            let newerPath = try store(newer)
            #expect(refusal(newerPath) == .newer(path: newerPath))
            #expect({ if case .unopenable = refusal(folder + "/nowhere/x.sqlite") { true } else { false } }())
            #expect({ if case .unopenable = refusal(folder) { true } else { false } }())
        }
    }

    @Test func anEmptyFileBecomesAStore() throws {
        try TemporaryFolder.with { folder in
            try Data().write(to: URL(fileURLWithPath: folder + "/empty.sqlite"))
            try ResultStore(path: folder + "/empty.sqlite").keep([result("a")])
            #expect(try ResultStore(path: folder + "/empty.sqlite").count() == 1)
        }
    }

    /// Threads with stores of their own stand for processes: SQLite locks the file for each connection.
    @Test func manyProcessesMakeOneStore() throws {
        try TemporaryFolder.with { folder in
            let errors = Mutex<[String]>([])
            for round in 0..<20 {
                let path = folder + "/\(round).sqlite"
                DispatchQueue.concurrentPerform(iterations: 8) { writer in
                    do { try ResultStore(path: path).keep([result("\(writer)")]) } catch {
                        errors.withLock { $0.append("\(error)") }
                    }
                }
                let count = try ResultStore(path: path).count()
                #expect(count == 8)
            }
            let said = errors.withLock { $0 }
            #expect(said == [])
        }
    }

    @Test func aStoreWhoseMakerEndedEarlyIsMadeAgain() throws {
        try TemporaryFolder.with { folder in
            let path = folder + "/results.sqlite"
            func execute(_ sql: String) throws { try DatabaseQueue(path: path).write { try $0.execute(sql: sql) } }
            try execute("CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
            #expect(refusal(path) == nil)
            #expect(try ResultStore(path: path).count() == 0)
            let other = folder + "/other.sqlite"
            try DatabaseQueue(path: other).write { database in
                try database.execute(sql: "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
                try database.execute(sql: "INSERT INTO grdb_migrations VALUES ('of another program')")
            }
            #expect(refusal(other) == .foreign(path: other))
        }
    }

    /// A row that is not as it was written is unknown, whichever column was changed and to whatever type.
    @Test(
        arguments: [
            "value = 'text'", "value = x'00'", "value = NULL", "value = 0.25", "seconds = 'text'", "seconds = 1",
            "content = x'7b'", "content = '{ }'", "content = 3", "model = x'ff'", "model = 'other.onnx'",
            "image = 7", "method = 'cam:'", "metric = ''", "checksum = x''", "checksum = 'text'",
        ])
    func damagedRowsAreNamedAndUnknown(change: String) throws {
        try TemporaryFolder.with { folder in
            let path = folder + "/results.sqlite"
            let kept = [result("a"), result("b", value: nil)]
            try ResultStore(path: path).keep(kept)
            try DatabaseQueue(path: path).write {
                try $0.execute(sql: "UPDATE result SET \(change) WHERE key = ?", arguments: [key("a").description])
            }
            let store = try ResultStore(path: path)
            var damaged: [ContentHash] = []
            let found = try store.results(for: [key("a"), key("b"), key("c")]) { damaged.append($0) }
            #expect(found == [key("b"): kept[1]])
            #expect(damaged == [key("a")])
            try store.keep([kept[0]])
            #expect(try store.results(for: [key("a")]) == [key("a"): kept[0]])
        }
    }

    @Test func rowsFromBeforeChecksumsAreUnknown() throws {
        try TemporaryFolder.with { folder in
            let path = folder + "/results.sqlite"
            try DatabaseQueue(path: path).write { database in
                try database.execute(sql: "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
                try database.execute(sql: "INSERT INTO grdb_migrations VALUES ('results')")
                try database.execute(
                    sql: """
                        CREATE TABLE result (key TEXT NOT NULL PRIMARY KEY, model TEXT NOT NULL, image TEXT NOT NULL,
                        method TEXT NOT NULL, metric TEXT NOT NULL, value REAL, content BLOB NOT NULL, seconds REAL NOT NULL)
                        WITHOUT ROWID
                        """)
                try database.execute(
                    sql: "INSERT INTO result VALUES (?, 'm.onnx', 'a.png', 'gradcam:', 'deletion', 0.5, x'7b7d', 0.25)",
                    arguments: [key("a").description])
                try database.execute(sql: "PRAGMA application_id = \(0x4741_5A45)")
            }
            let store = try ResultStore(path: path)
            #expect(try store.results(for: [key("a")]).isEmpty)
            try store.keep([result("a")])
            #expect(try store.results(for: [key("a")]).count == 1)
        }
    }

    @Test func damagedFilesEndInASentence() throws {
        try TemporaryFolder.with { folder in
            let path = folder + "/results.sqlite"
            try ResultStore(path: path).keep((0..<40).map { result("n\($0)") })
            let good = try Data(contentsOf: URL(fileURLWithPath: path))
            var random = SeededGenerator(seed: 7)
            for number in 0..<150 {
                let other = folder + "/\(number).sqlite"
                try good.mutated(using: &random).write(to: URL(fileURLWithPath: other))
                do {
                    let store = try ResultStore(path: other)
                    _ = try store.results(for: (0..<40).map { key("n\($0)") })
                    try store.keep([result("new")])
                } catch {
                    #expect(error is StorageError && !"\(error)".isEmpty)
                }
            }
        }
    }
}
