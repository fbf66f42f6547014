import Foundation
import GRDB
public import Tensors

/// Results by what they were computed from, in one SQLite file: what is known is not computed again.
///
/// Several processes may use one file; one that wants to write waits for the other.
///
/// ```swift
/// let store = try ResultStore(path: "results.sqlite")
/// let known = try store.results(for: keys)
/// ```
public final class ResultStore: Sendable {
    /// The file; empty for a store in memory.
    public let path: String
    private let database: DatabaseQueue

    /// How long another process may hold the file.
    static let patience = 10
    /// `GAZE` in ASCII: by it SQLite files are told apart.
    private static let application = 0x4741_5A45
    /// SQLite takes at most 32766 values in one statement; fewer read well enough.
    private static let portion = 500

    /// Opens or makes the file.
    public init(path: String) throws(StorageError) {
        var configuration = Configuration()
        configuration.busyMode = .timeout(TimeInterval(Self.patience))
        self.path = path
        do {
            let database = try DatabaseQueue(path: path, configuration: configuration)
            try Self.prepare(database, path: path)
            self.database = database
        } catch {
            throw StorageError(error, path: path)
        }
    }

    /// A store that is gone with the process.
    public init() throws(StorageError) {
        path = ""
        do {
            database = try DatabaseQueue()
            try Self.prepare(database, path: "")
        } catch {
            throw StorageError(error, path: "in memory")
        }
    }

    /// The results that are known of these keys.
    ///
    /// - Parameters:
    ///   - keys: The digests of what is asked.
    ///   - damaged: Told the keys of rows that are not as they were written; they count as unknown.
    public func results(
        for keys: [ContentHash], damaged: (ContentHash) -> Void = { _ in }
    ) throws(StorageError) -> [ContentHash: StoredResult] {
        try reporting {
            try database.read { database in
                var found: [ContentHash: StoredResult] = [:]
                for start in stride(from: 0, to: keys.count, by: Self.portion) {
                    let portion = keys[start..<min(start + Self.portion, keys.count)]
                    let byText = Dictionary(
                        portion.map { ($0.description, $0) }, uniquingKeysWith: { first, _ in first })
                    let marks = databaseQuestionMarks(count: byText.count)
                    let rows = try Row.fetchAll(
                        database,
                        sql: "SELECT \(StoredResult.columns) FROM result WHERE key IN (\(marks))",
                        arguments: StatementArguments(byText.keys))
                    for row in rows {
                        guard let text = try? row.decode(String.self, forColumn: "key"), let key = byText[text]
                        else { continue }
                        if let result = StoredResult(row, key: key) { found[key] = result } else { damaged(key) }
                    }
                }
                return found
            }
        }
    }

    /// Keeps results, all of them or none; those that are known already are replaced.
    public func keep(_ results: [StoredResult]) throws(StorageError) {
        guard !results.isEmpty else { return }
        try reporting {
            try database.write { database in
                for result in results {
                    try database.execute(
                        sql: """
                            INSERT OR REPLACE INTO result (\(StoredResult.columns))
                            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                            """,
                        arguments: [
                            result.key.description, result.model, result.image, result.method, result.metric,
                            result.value, result.content, result.seconds, result.checksum,
                        ])
                }
            }
        }
    }

    /// How many results are kept.
    public func count() throws(StorageError) -> Int {
        try reporting {
            try database.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM result") ?? 0 }
        }
    }

    private func reporting<Value>(_ body: () throws -> Value) throws(StorageError) -> Value {
        do { return try body() } catch { throw StorageError(error, path: path) }
    }

    // MARK: Schema

    /// Steps of the schema by name, in the order in which they came; a step that was published never changes.
    private static let steps: [(name: String, sql: String)] = [
        (
            "results",
            """
            CREATE TABLE result (
                key TEXT NOT NULL PRIMARY KEY,
                model TEXT NOT NULL,
                image TEXT NOT NULL,
                method TEXT NOT NULL,
                metric TEXT NOT NULL,
                value REAL,
                content BLOB NOT NULL,
                seconds REAL NOT NULL
            ) WITHOUT ROWID
            """
        ),
        // Rows without a checksum are unknown: nothing tells whether they are as they were written.
        ("checksums", "ALTER TABLE result ADD COLUMN checksum BLOB NOT NULL DEFAULT x''"),
    ]
    /// The names of the steps that a file has taken; GRDB's migrator, which made the first stores, calls it so.
    private static let journal = "grdb_migrations"

    /// Brings the schema up to date, in a database of ours or an empty one.
    private static func prepare(_ database: DatabaseQueue, path: String) throws {
        // A file that is up to date is not written, so that one of a read-only folder can still be read.
        guard try !database.read({ try missingSteps($0, path: path).isEmpty }) else { return }
        // Several processes may make the file at once: who holds the lock looks again, and others see all of it or nothing.
        try database.writeWithoutTransaction { database in
            try database.inTransaction(.immediate) {
                let missing = try missingSteps(database, path: path)
                try database.execute(
                    sql: "CREATE TABLE IF NOT EXISTS \(journal) (identifier TEXT NOT NULL PRIMARY KEY)")
                for step in missing {
                    try database.execute(sql: step.sql)
                    try database.execute(sql: "INSERT INTO \(journal) (identifier) VALUES (?)", arguments: [step.name])
                }
                try database.execute(sql: "PRAGMA application_id = \(application)")
                return .commit
            }
        }
    }

    /// The steps that a file of ours, or an empty one, has not taken.
    private static func missingSteps(_ database: Database, path: String) throws -> [(name: String, sql: String)] {
        let owner = try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let tables = try Int.fetchOne(
            database, sql: "SELECT COUNT(*) FROM sqlite_master WHERE tbl_name <> ?", arguments: [journal])
        // Asked of the file, because GRDB remembers which tables there were before another process made them.
        let hasJournal =
            try Bool.fetchOne(
                database, sql: "SELECT COUNT(*) > 0 FROM sqlite_master WHERE name = ?", arguments: [journal]) ?? false
        let taken =
            try hasJournal
            ? String.fetchSet(database, sql: "SELECT identifier FROM \(journal)") : []
        // A process that ended early may have left nothing but an empty journal.
        guard owner == application || (owner == 0 && tables == 0 && taken.isEmpty) else {
            throw StorageError.foreign(path: path)
        }
        guard taken.isSubset(of: steps.map(\.name)) else { throw StorageError.newer(path: path) }
        return steps.filter { !taken.contains($0.name) }
    }
}

extension StorageError {
    /// What SQLite reports, in our words.
    fileprivate init(_ error: any Error, path: String) {
        guard let error = error as? DatabaseError else {
            self = error as? StorageError ?? .failed(path: path, reason: "\(error)")
            return
        }
        let reason = error.message ?? "SQLite reports code \(error.extendedResultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH: self = .unopenable(path: path, reason: reason)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .damaged(path: path, reason: reason)
        case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy(path: path, seconds: ResultStore.patience)
        case .SQLITE_READONLY: self = .readOnly(path: path)
        case .SQLITE_FULL: self = .full(path: path)
        default: self = .failed(path: path, reason: reason)
        }
    }
}
