import Archives
import Foundation
public import Imaging
import Yams

/// What stands beside a model in `MODEL.gaze.yaml`: how pictures are prepared, what classes are called, which layer to use.
///
/// ```yaml
/// preprocessing:
///   resize: squash:224x224
///   mean: [127]
///   std: [128]
///   scale: 1
/// labels: model.labels.txt     # one name per line, or a list of names
/// layer: features.8
/// ```
public struct Sidecar: Sendable, Hashable, Codable {
    /// How a photograph becomes the input.
    public var preprocessing: Preprocessing?
    /// The classes' names.
    public var labels: Labels?
    /// The layer that explanations use.
    public var layer: String?

    /// Names in the file itself, or the path of a file beside it.
    public enum Labels: Sendable, Hashable, Codable {
        /// A path, relative to the sidecar.
        case file(String)
        /// The names in order.
        case names([String])

        /// Reads a string or a list of strings.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let path = try? container.decode(String.self) {
                self = .file(path)
            } else {
                self = .names(try container.decode([String].self))
            }
        }

        /// Writes a string or a list of strings.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .file(let path): try container.encode(path)
            case .names(let names): try container.encode(names)
            }
        }
    }

    /// An empty sidecar.
    public init(preprocessing: Preprocessing? = nil, labels: Labels? = nil, layer: String? = nil) {
        self.preprocessing = preprocessing
        self.labels = labels
        self.layer = layer
    }

    /// The path of a model's sidecar: `model.onnx` -> `model.gaze.yaml`.
    public static func path(forModel path: String) -> String {
        let stem = path.hasSuffix(".onnx") ? String(path.dropLast(5)) : path
        return stem + ".gaze.yaml"
    }

    /// The sidecar of a model, nil where there is none.
    public static func read(forModel modelPath: String) throws(GazeError) -> Sidecar? {
        let path = path(forModel: modelPath)
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        do {
            guard let root = try YAMLText.root(of: FileContents.text(path: path)) else { return Sidecar() }
            try refuseUnknownKeys(in: root)
            return try YAMLDecoder().decode(Sidecar.self, from: root)
        } catch let problem as FileProblem {
            throw .sidecar(path: path, reason: problem.reason)
        } catch {
            throw .sidecar(path: path, reason: Self.words(for: error))
        }
    }

    /// Writes the sidecar beside a model, whole or not at all.
    public func write(forModel modelPath: String) throws(GazeError) {
        let path = Self.path(forModel: modelPath)
        do {
            try WholeFile.write(Data(YAMLEncoder().encode(self).utf8), to: path)
        } catch {
            throw .unwritable(path: path, reason: SystemReason.words(for: error))
        }
    }

    /// The names of the classes, read from beside the model where they stand in a file of their own.
    public func classNames(forModel modelPath: String) throws(GazeError) -> ClassNameList? {
        var list: ClassNameList?
        switch labels {
        case nil: return nil
        case .names(let names)?: list = ClassNameList(names)
        case .file(let name)?:
            let folder = URL(fileURLWithPath: modelPath).deletingLastPathComponent()
            list = try ClassNameList(contentsOf: URL(fileURLWithPath: name, relativeTo: folder).path)
        }
        list?.source = .sidecar
        return list
    }

    /// A misspelt key would silently leave a guess in place.
    private static func refuseUnknownKeys(in root: Yams.Node) throws(FileProblem) {
        guard let mapping = root.mapping else { throw FileProblem(reason: "it is no mapping of keys to values") }
        let places = [
            ("", mapping, ["preprocessing", "labels", "layer"]),
            (
                "preprocessing: ", mapping["preprocessing"]?.mapping ?? [:],
                ["resize", "filter", "channels", "scale", "mean", "std", "layout", "type"]
            ),
        ]
        for (place, mapping, known) in places {
            for key in mapping.keys.map({ $0.string ?? "" }) where !known.contains(key) {
                throw FileProblem(
                    reason: "\(place)there is no key '\(key.prefix(80))'; known are \(known.joined(separator: ", "))")
            }
        }
    }

    private static func words(for error: any Error) -> String {
        guard let decoding = error as? DecodingError else { return SystemReason.words(for: error) }
        switch decoding {
        case .keyNotFound(let key, let context):
            return "\(place(of: context))the key '\(key.stringValue)' is missing"
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            return "\(place(of: context))\(kinds[ObjectIdentifier(type)] ?? "something else") is needed there"
        case .dataCorrupted(let context):
            let cause = context.underlyingError.map { "\($0)" } ?? context.debugDescription
            return "\(place(of: context))\(cause.prefix(300))"
        @unknown default: return "it is not understood"
        }
    }

    private static func place(of context: DecodingError.Context) -> String {
        let keys = context.codingPath.map(\.stringValue)
        return keys.isEmpty ? "" : "\(keys.joined(separator: ".")): "
    }

    private static let kinds: [ObjectIdentifier: String] = [
        ObjectIdentifier(Double.self): "a number", ObjectIdentifier(Int.self): "a whole number",
        ObjectIdentifier(String.self): "a text", ObjectIdentifier(Bool.self): "true or false",
        ObjectIdentifier([Double].self): "a list of numbers", ObjectIdentifier([String].self): "a list of texts",
    ]
}
