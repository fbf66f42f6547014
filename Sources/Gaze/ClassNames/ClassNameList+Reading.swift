import Explanations
import Foundation
import Yams

extension ClassNameList {
    /// More classes than this belong to no model.
    static let largestCount = 1 << 17

    /// Reads a file of class names: one a line (also behind ImageNet identifiers), numbers and names between commas, tabs, colons or
    /// spaces, a list or dictionary in JSON, Python or YAML (Keras' `imagenet_class_index.json`, `id2label` of a `config.json`, `names`
    /// of a `data.yaml`), a Darknet `.names` file, or a label map (`item { id: 1 name: 'cat' }`).
    ///
    /// - Throws: `GazeError.labels` where it is none of these, or where it is not clear which name belongs to which class.
    public init(contentsOf path: String) throws(GazeError) {
        do {
            let text = try FileContents.text(path: path)
            let kind = URL(fileURLWithPath: path).pathExtension.lowercased()
            var list = try Self.read(text, kind: kind)
            list.source = .given(path)
            self = list
        } catch { throw .labels(path: path, reason: error.reason) }
    }

    /// The names in a text; `kind` is the file's extension.
    static func read(_ text: String, kind: String) throws(FileProblem) -> ClassNameList {
        guard !text.unicodeScalars.contains(where: { $0.value < 0x20 && !"\t\n\r\u{C}".unicodeScalars.contains($0) })
        else { throw FileProblem(reason: "it is no text") }
        let lines = text.split(whereSeparator: \.isNewline)
        guard let start = text.first(where: { !$0.isWhitespace }) else {
            throw FileProblem(reason: "it holds no name")
        }
        if start == "<" { throw FileProblem(reason: "it is a page or XML, no list of names") }
        if text.hasPrefix("version https://git-lfs") {
            throw FileProblem(reason: "it is a Git LFS pointer and not the file itself ('git lfs pull' fetches it)")
        }
        let first = lines.map { $0.trimmingCharacters(in: .whitespaces) }.first { !$0.isEmpty && !$0.hasPrefix("#") }
        let isDeclaredYAML = ["yaml", "yml"].contains(kind)
        if "[{(".contains(start), kind == "json" || !isBracketedName(first ?? "", lines: lines.count) {
            if let literal = Literal(parsing: text) { return try list(of: literal) }
            guard isDeclaredYAML else { throw FileProblem(reason: "it begins like JSON and is none") }
        }
        if let items = try LabelMapReader.entries(in: text) { return try numbered(items) }
        if isDeclaredYAML || isYAML(first ?? "") { return try list(of: yaml(text)) }
        if kind == "json" { throw FileProblem(reason: "it is no JSON") }
        return try ClassNameTable.list(in: text, isTable: ["csv", "tsv"].contains(kind))
    }

    /// `[UNK]` may be the first of the names, one a line.
    private static func isBracketedName(_ line: String, lines: Int) -> Bool {
        lines > 1 && line.count > 2 && line.hasPrefix("[") && line.hasSuffix("]")
            && !line.contains { ",'\"".contains($0) }
    }

    private static func isYAML(_ line: String) -> Bool {
        line == "---" || line.hasPrefix("- ") || ["names:", "id2label:"].contains { line.hasPrefix($0) }
    }

    private static func yaml(_ text: String) throws(FileProblem) -> Literal {
        guard let root = try YAMLText.root(of: text) else { throw FileProblem(reason: "it holds no name") }
        var count = 0
        return try literal(root, depth: 0, count: &count)
    }

    /// Aliases may make a small file a large tree, so nodes are counted.
    private static func literal(_ node: Yams.Node, depth: Int, count: inout Int) throws(FileProblem) -> Literal {
        count += 1
        guard depth < 16, count < largestCount * 4 else { throw FileProblem(reason: "it is nested too deeply") }
        switch node {
        // `no` and `1e3` are names here, not a truth value and a number.
        case .scalar(let scalar): return .text(scalar.string)
        case .alias: throw FileProblem(reason: "an alias in it leads nowhere")
        case .sequence(let sequence):
            var elements: [Literal] = []
            for element in sequence { elements.append(try literal(element, depth: depth + 1, count: &count)) }
            return .list(elements)
        case .mapping(let mapping):
            var entries: [Literal.Entry] = []
            for (key, value) in mapping {
                entries.append(
                    Literal.Entry(
                        key: try literal(key, depth: depth + 1, count: &count),
                        value: try literal(value, depth: depth + 1, count: &count)))
            }
            return .dictionary(entries)
        }
    }
}

extension ClassNameList {
    /// Keys under which names stand in a file that holds more than them.
    private static let keys = [
        "id2label", "names", "class_names", "classnames", "classes", "labels", "label_names", "categories", "label2id",
        "class_to_idx",
    ]

    /// A list of names, a dictionary between numbers and names, or one of these under a known key.
    private static func list(of literal: Literal, depth: Int = 0) throws(FileProblem) -> ClassNameList {
        if let entries = literal.entries {
            for key in keys {
                if let inner = literal[key], inner.entries != nil || inner.elements != nil, depth < 4 {
                    return try list(of: inner, depth: depth + 1)
                }
            }
            if entries.allSatisfy({ $0.key.integer != nil }) {
                return try numbered(entries) { entry throws(FileProblem) in
                    try name(in: entry.value).numbered(entry.key.integer)
                }
            }
            // Numbers of classes begin with 0 or 1; `nc: 3` is none.
            if entries.allSatisfy({ $0.value.integer != nil }), entries.contains(where: { ($0.value.integer ?? 2) < 2 })
            {
                return try numbered(entries) { entry throws(FileProblem) in
                    ListedName(name: entry.key.words ?? "").numbered(entry.value.integer)
                }
            }
            throw FileProblem(
                reason:
                    "it holds neither numbers with names nor one of the keys \(keys.prefix(8).joined(separator: ", "))")
        }
        guard let elements = literal.elements, !elements.isEmpty else { throw FileProblem(reason: "it holds no name") }
        if elements.allSatisfy({ $0["id", "index", "class_id", "label_id"]?.integer != nil }) {
            return try numbered(elements) { element throws(FileProblem) in
                try name(in: element).numbered(element["id", "index", "class_id", "label_id"]?.integer)
            }
        }
        if elements.allSatisfy({ pair in pair.elements?.count == 2 && pair.elements?[0].number != nil }) {
            return try numbered(elements) { pair throws(FileProblem) in
                try name(in: pair.elements?[1] ?? .nothing).numbered(pair.elements?[0].integer)
            }
        }
        var names: [ListedName] = []
        for element in elements { names.append(try name(in: element)) }
        return try ordered(names)
    }

    /// The name that an entry holds, with the identifier beside it: `"tench"`, `["n01440764", "tench"]`, `{"name": "tench"}`.
    private static func name(in literal: Literal) throws(FileProblem) -> ListedName {
        if let text = literal.words { return ListedName(line: text) }
        if let name = literal["display_name", "name", "label", "class_name", "title"]?.words {
            return ListedName(name: name)
        }
        if let words = literal.elements?.map(\.words), !words.isEmpty, words.allSatisfy({ $0 != nil }) {
            let texts = words.compactMap(\.self)
            let names = texts.filter { !ClassNameTable.isIdentifier($0) }
            return ListedName(
                name: names.joined(separator: ", "), identifier: texts.first { ClassNameTable.isIdentifier($0) })
        }
        throw FileProblem(reason: "an entry of it is no name")
    }

    /// Names in the order of the classes.
    static func ordered(_ names: [ListedName]) throws(FileProblem) -> ClassNameList {
        guard !names.isEmpty else { throw FileProblem(reason: "it holds no name") }
        guard names.count <= largestCount else { throw FileProblem(reason: "it holds more than \(largestCount) names") }
        let pairs = names.enumerated().compactMap { index, entry in entry.identifier.map { ($0, index) } }
        return ClassNameList(
            entries: names.enumerated().map { Entry(index: $0, name: $1.name) }, isNumbered: false,
            identifiers: Dictionary(pairs, uniquingKeysWith: { first, _ in first }), source: .given(""))
    }

    private static func numbered<Item>(
        _ items: [Item], _ name: (Item) throws(FileProblem) -> ListedName
    ) throws(FileProblem) -> ClassNameList {
        var names: [ListedName] = []
        for item in items { names.append(try name(item)) }
        return try numbered(names)
    }

    /// Names with numbers.
    static func numbered(_ names: [ListedName]) throws(FileProblem) -> ClassNameList {
        var known: [Int: Entry] = [:]
        var identifiers: [String: Int] = [:]
        for entry in names {
            guard let index = entry.index, (0..<largestCount).contains(index) else {
                throw FileProblem(
                    reason: "'\(entry.name)' has the number \(entry.index.map(String.init) ?? "?"), which is no class")
            }
            let name = entry.name.trimmingCharacters(in: .whitespaces)
            guard known[index] == nil else {
                throw FileProblem(reason: "two names have the number \(index)")
            }
            known[index] = Entry(index: index, name: name.isEmpty ? "class \(index)" : name)
            if let identifier = entry.identifier { identifiers[identifier] = index }
        }
        guard !known.isEmpty else { throw FileProblem(reason: "it holds no name") }
        return ClassNameList(
            entries: known.values.sorted { $0.index < $1.index }, isNumbered: true, identifiers: identifiers,
            source: .given(""))
    }
}

/// A name with what stands beside it in a file.
struct ListedName {
    var name: String
    var identifier: String?
    var index: Int?

    init(name: String, identifier: String? = nil, index: Int? = nil) {
        self.name = name
        self.identifier = identifier
        self.index = index
    }

    /// `n02123394 Persian cat` in two parts; any other line is a name.
    init(line: String) {
        let known = ClassNameTable.identified(line)
        self.init(name: known?.name ?? line, identifier: known?.identifier)
    }

    func numbered(_ index: Int?) -> ListedName {
        ListedName(name: name, identifier: identifier, index: index)
    }
}

extension Literal {
    /// A number that stands without quotes.
    fileprivate var number: Int? { if case .number = self { integer } else { nil } }
}
