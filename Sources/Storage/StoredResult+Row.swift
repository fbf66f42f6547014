import Foundation
import GRDB
import Tensors

extension StoredResult {
    /// The columns of a row.
    static let columns = "key, model, image, method, metric, value, content, seconds, checksum"

    /// The digest of all columns: it tells whether a row is as it was written.
    var checksum: Data {
        var bytes = Data()
        // Lengths keep columns apart.
        for part in [
            Data(key.bytes), Data(model.utf8), Data(image.utf8), Data(method.utf8), Data(metric.utf8), content,
        ] {
            bytes += Data("\(part.count) ".utf8) + part
        }
        let value = value.map { String($0.bitPattern) } ?? "none"
        bytes += Data("\(value) \(seconds.bitPattern)".utf8)
        return Data(ContentHash(of: bytes).bytes)
    }

    /// A row of the database; nil where it is not as it was written.
    init?(_ row: Row, key: ContentHash) {
        // Decoding throws where a column holds another type; the library's subscripts would end the process.
        do {
            self.init(
                key: key, model: try row.decode(forColumn: "model"), image: try row.decode(forColumn: "image"),
                method: try row.decode(forColumn: "method"), metric: try row.decode(forColumn: "metric"),
                value: try row.decode(Double?.self, forColumn: "value"), content: try row.decode(forColumn: "content"),
                seconds: try row.decode(forColumn: "seconds"))
            guard try row.decode(Data.self, forColumn: "checksum") == checksum else { return nil }
        } catch { return nil }
    }
}
