import Foundation

/// Golden values: JSON files that scripts under `Scripts/golden` wrote, beside the tests that read them.
package enum Golden {
    /// Decodes `Golden/name` of the folder in which the calling test lies.
    package static func decode<Value: Decodable>(
        _ type: Value.Type, _ name: String, beside file: String = #filePath
    ) throws -> Value {
        let folder = URL(fileURLWithPath: file).deletingLastPathComponent()
        return try JSONDecoder().decode(type, from: Data(contentsOf: folder.appendingPathComponent("Golden/\(name)")))
    }
}
