public import Explanations

/// What the classes of a model are called.
public struct ClassLabels: Sendable, Hashable {
    /// The names, class by class; nil where none are known.
    public let names: [String]?
    /// The names with the class behind those that several classes share: `crane (134)`.
    public let shown: [String]?
    /// The class of each WordNet identifier that stands beside a name.
    public let identifiers: [String: Int]
    /// What a reader should know about how names and classes fit; nil where they do.
    public let note: String?

    init(_ head: HeadDescription, names: [String]?, identifiers: [String: Int] = [:], note: String? = nil) {
        self.names = names
        self.identifiers = identifiers
        self.note = note
        let shared = Dictionary((names ?? []).map { ($0, 1) }, uniquingKeysWith: +).filter { $0.value > 1 }
        shown = names?.enumerated().map { shared[$1] == nil ? $1 : "\($1) (\($0))" }
    }

    /// The class that a text means: an index, a name, one of a name's synonyms, or the only name that contains it.
    public func index(of text: String, in head: HeadDescription) throws(GazeError) -> Int {
        if Int(text) == nil, let index = shown?.firstIndex(of: text) { return index }
        let unnamed = head.kind == .binary ? [0, 1].map { head.name(of: $0, names: nil) } : nil
        return try ClassNames.index(of: text, names: names ?? unnamed, count: head.classCount)
    }
}
