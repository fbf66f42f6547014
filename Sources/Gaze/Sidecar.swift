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
            let text = try String(contentsOfFile: path, encoding: .utf8)
            guard text.utf8.count < 1 << 24 else {
                throw GazeError.sidecar(path: path, reason: "it is larger than 16 MiB")
            }
            try refuseUnknownKeys(in: text, path: path)
            return try YAMLDecoder().decode(Sidecar.self, from: text)
        } catch let error as GazeError {
            throw error
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
    private static func refuseUnknownKeys(in text: String, path: String) throws {
        guard let root = try Yams.compose(yaml: text) else { return }
        guard let mapping = root.mapping else {
            throw GazeError.sidecar(path: path, reason: "it is no mapping of keys to values")
        }
        let places = [
            ("", mapping, ["preprocessing", "labels", "layer"]),
            (
                "preprocessing: ", mapping["preprocessing"]?.mapping ?? [:],
                ["resize", "filter", "channels", "scale", "mean", "std", "layout", "type"]
            ),
        ]
        for (place, mapping, known) in places {
            for key in mapping.keys.map({ $0.string ?? "" }) where !known.contains(key) {
                throw GazeError.sidecar(
                    path: path, reason: "\(place)there is no key '\(key)'; known are \(known.joined(separator: ", "))")
            }
        }
    }

    private static func words(for error: any Error) -> String {
        if let yaml = error as? YamlError {
            switch yaml {
            case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
                .composer(_, let problem, let mark, _):
                return "it is no YAML at line \(mark.line), column \(mark.column) (\(problem))"
            default: break
            }
        }
        return SystemReason.words(for: error)
    }
}
