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

    /// Decodes every JSON file of the folder `Golden/name`, sorted by name.
    package static func decodeAll<Value: Decodable>(
        _ type: Value.Type, _ name: String, beside file: String = #filePath
    ) throws -> [Value] {
        let folder = URL(fileURLWithPath: file).deletingLastPathComponent().appendingPathComponent("Golden/\(name)")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "json" }.sorted { $0.lastPathComponent < $1.lastPathComponent }
        return try files.map { try JSONDecoder().decode(type, from: Data(contentsOf: $0)) }
    }
}
