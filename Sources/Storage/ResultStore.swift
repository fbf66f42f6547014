public import Foundation
import GRDB

/// Results by what they were computed from, in one SQLite file.
public final class ResultStore: Sendable {
    private let database: DatabaseQueue

    /// Opens or makes the file.
    public init(path: String) throws {
        database = try DatabaseQueue(path: path)
        try database.write { database in
            try database.execute(sql: "CREATE TABLE IF NOT EXISTS result (key TEXT PRIMARY KEY, value BLOB NOT NULL)")
        }
    }

    /// The result of a key; nil where none was kept.
    public func value(for key: String) throws -> Data? {
        try database.read { try Data.fetchOne($0, sql: "SELECT value FROM result WHERE key = ?", arguments: [key]) }
    }
}
