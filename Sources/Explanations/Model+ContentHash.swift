import Foundation
import ONNXFormat
public import Tensors

extension Model {
    /// The digest of the model's file and, where its weights lie in other files, of those too.
    ///
    /// A model in one file has that file's digest.
    public func contentHash() throws -> ContentHash {
        let files = try ONNXFile.files(of: path)
        let own = try ContentHash(contentsOf: path)
        guard files.count > 1 else { return own }
        let digests = try files.dropFirst().map { try ContentHash(contentsOf: $0).description }
        return ContentHash(of: Data(([own.description] + digests).joined(separator: "\n").utf8))
    }
}
