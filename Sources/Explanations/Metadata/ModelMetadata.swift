/// What a file states about itself in its metadata, as typed facts.
///
/// Exporters write there what the graph does not tell: Ultralytics `task`, `names`, `stride`, `imgsz`, `kpt_shape`; others `id2label`,
/// `labels` or `classes` as JSON, as a Python literal, or a name a line. What cannot be read is left out.
public struct ModelMetadata: Sendable, Hashable {
    /// What a model was trained for.
    public enum Task: String, Sendable, Hashable, CaseIterable {
        /// A class for a picture.
        case classification
        /// Boxes with classes.
        case detection
        /// Boxes with classes and coefficients of masks.
        case instanceSegmentation = "instance segmentation"
        /// Boxes with classes and key points.
        case keyPoints = "key points"
        /// Boxes with classes and an angle.
        case orientedDetection = "oriented detection"
        /// A class for every pixel.
        case semanticSegmentation = "semantic segmentation"
        /// A distance for every pixel.
        case depth
        /// A picture made of a picture.
        case picture = "picture to picture"
        /// A vector that is compared with others.
        case embedding
    }

    /// The names of the classes from 0 on; a class that the file leaves out is called `class 7`.
    public let classNames: [String]?
    /// What the model was trained for.
    public let task: Task?
    /// Height and width of the pictures that it was made for.
    public let inputSize: Size?
    /// Input pixels from one cell of its coarsest map to the next.
    public let stride: Int?
    /// How many key points an object has, and how many numbers each.
    public let keyPoints: KeyPoints?
    /// Whether boxes come out with overlapping ones already left out; nil where the file does not say.
    public let isEndToEnd: Bool?
    /// Who exported the file.
    public let author: String?
    /// The entries as they stand in the file.
    public let entries: [String: String]

    /// Height and width in pixels.
    public struct Size: Sendable, Hashable {
        /// Rows.
        public let height: Int
        /// Columns.
        public let width: Int
    }

    /// Key points of one object.
    public struct KeyPoints: Sendable, Hashable {
        /// How many.
        public let count: Int
        /// Numbers of each: x and y, and perhaps whether it is seen.
        public let numbers: Int
    }

    /// Whether it was written by Ultralytics' exporter, or one that states the same facts.
    public var isUltralytics: Bool {
        author?.lowercased().contains("ultralytics") == true || (stride != nil && classNames != nil)
    }

    /// The facts among the entries of a file's metadata.
    public init(_ entries: [String: String]) {
        self.entries = entries
        let known = Facts(entries)
        classNames = known.classNames()
        task = known.text("task", "pipeline_tag", "model_task").flatMap { Task(word: $0) }
        inputSize = known.literal("imgsz", "input_size", "image_size").flatMap { Self.size($0) }
        stride = known.literal("stride").flatMap {
            Self.positive($0.elements?.compactMap(\.integer).max() ?? $0.integer)
        }
        keyPoints = known.literal("kpt_shape").flatMap { shape in
            guard let lengths = shape.elements?.map(\.integer), lengths.count == 2,
                let count = Self.positive(lengths[0]), let numbers = Self.positive(lengths[1])
            else { return nil }
            return KeyPoints(count: count, numbers: numbers)
        }
        isEndToEnd = known.literal("end2end").flatMap { if case .truth(let value) = $0 { value } else { nil } }
        author = known.text("author")
    }

    /// `640`, `[480, 640]` (height first), `{"height": 480, "width": 640}`; a shape `[1, 3, 480, 640]` ends in both.
    private static func size(_ literal: Literal) -> Size? {
        var pair = literal.elements?.suffix(2).map { positive($0.integer) } ?? []
        if let side = positive(literal.integer) { pair = [side, side] }
        if literal.entries != nil {
            pair = [positive(literal["height", "h"]?.integer), positive(literal["width", "w"]?.integer)]
        }
        if pair.count == 1 { pair += pair }
        guard pair.count == 2, let height = pair[0], let width = pair[1] else { return nil }
        return Size(height: height, width: width)
    }

    /// Lengths beyond this are no pictures and no strides.
    private static func positive(_ number: Int?) -> Int? { number.flatMap { (1...(1 << 16)).contains($0) ? $0 : nil } }
}

extension ModelMetadata.Task {
    /// The task by one of the words that exporters have for it.
    init?(word: String) {
        let plain = word.lowercased().filter { $0.isLetter || $0.isNumber }
        let words: [(Self, [String])] = [
            (.classification, ["classify", "classification", "imageclassification"]),
            (.detection, ["detect", "detection", "objectdetection"]),
            (.instanceSegmentation, ["segment", "instancesegmentation"]),
            (.keyPoints, ["pose", "keypoints", "keypointdetection", "poseestimation"]),
            (.orientedDetection, ["obb", "orienteddetection"]),
            (.semanticSegmentation, ["semantic", "semanticsegmentation", "imagesegmentation", "segmentation"]),
            (.depth, ["depth", "depthestimation"]),
            (.picture, ["imagetoimage", "superresolution", "denoising", "reconstruction", "imagerestoration"]),
            (.embedding, ["featureextraction", "imagefeatureextraction", "embedding"]),
        ]
        guard let task = words.first(where: { $0.1.contains(plain) })?.0 else { return nil }
        self = task
    }
}

/// Entries by key, whatever its case and whatever stands in front of it (`model_info/labels`).
private struct Facts {
    private let entries: [String: String]

    /// More names than this belong to no model.
    private static let largestCount = 1 << 17

    init(_ entries: [String: String]) {
        let plain = entries.sorted { $0.key < $1.key }.map { key, value in
            (String(key.lowercased().split { "/.:".contains($0) }.last ?? ""), value)
        }
        self.entries = Dictionary(plain, uniquingKeysWith: { first, _ in first })
    }

    func text(_ keys: String...) -> String? {
        keys.lazy.compactMap { entries[$0] }.first { !$0.isEmpty }
    }

    func literal(_ keys: String...) -> Literal? {
        keys.lazy.compactMap { entries[$0] }.compactMap { Literal(parsing: $0) }.first
    }

    func classNames() -> [String]? {
        let keys = [
            "names", "id2label", "class_names", "classnames", "classes", "labels", "label_names", "class_labels",
            "categories",
        ]
        for key in keys {
            guard let text = entries[key], text.utf8.count <= Literal.largestLength else { continue }
            if let names = Literal(parsing: text).map({ names(of: $0) }) ?? lines(text) { return names }
        }
        if let text = entries["label2id"], let known = Literal(parsing: text)?.entries {
            return arranged(known.map { ($0.value.integer, $0.key.words) })
        }
        for key in ["config", "model_config"] {
            guard let text = entries[key], let config = Literal(parsing: text) else { continue }
            if let names = config["id2label", "names", "labels", "classes"].flatMap({ names(of: $0) }) { return names }
        }
        return nil
    }

    /// A list of names, a dictionary from indices to names, or a list of entries with `id` and `name`.
    private func names(of literal: Literal) -> [String]? {
        if let entries = literal.entries {
            let first = entries.first
            // Some write from the name to the index.
            if let first, first.key.integer == nil, first.value.integer != nil {
                return arranged(entries.map { ($0.value.integer, $0.key.words) })
            }
            return arranged(entries.map { ($0.key.integer, $0.value.words) })
        }
        guard let elements = literal.elements, !elements.isEmpty else { return nil }
        if elements.allSatisfy({ $0.entries != nil }) {
            return arranged(
                elements.enumerated().map { place, entry in
                    (entry["id", "index"]?.integer ?? place, entry["name", "label"]?.words)
                })
        }
        return arranged(elements.enumerated().map { ($0, $1.words) })
    }

    /// Names in the order of their indices; nil where one has no index or no name, or the indices are no classes.
    private func arranged(_ pairs: [(index: Int?, name: String?)]) -> [String]? {
        var names: [Int: String] = [:]
        for pair in pairs {
            guard let index = pair.index, let name = pair.name, (0..<Self.largestCount).contains(index) else {
                return nil
            }
            names[index] = name
        }
        guard let last = names.keys.max() else { return nil }
        return (0...last).map { names[$0] ?? "class \($0)" }
    }

    /// A name a line, or names between commas.
    private func lines(_ text: String) -> [String]? {
        guard let first = text.first(where: { !$0.isWhitespace }), !"[{(".contains(first) else { return nil }
        var parts = text.split(whereSeparator: \.isNewline)
        if parts.count == 1 { parts = text.split(separator: ",") }
        let names = parts.map { part in
            String(part.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
        }
        guard (2...Self.largestCount).contains(names.count), !names.contains("") else { return nil }
        return names
    }
}
