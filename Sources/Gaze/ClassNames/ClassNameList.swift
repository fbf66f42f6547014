public import Explanations

/// Names of classes as a source lists them, before it is known how many classes the model has.
public struct ClassNameList: Sendable, Hashable {
    /// Where names come from.
    public enum Source: Sendable, Hashable {
        /// Somebody named this file or list.
        case given(String)
        /// The model's sidecar.
        case sidecar
        /// The metadata in the model's file.
        case metadata
    }

    /// One class.
    public struct Entry: Sendable, Hashable {
        /// The number that the source gives it; its place in the list where there are no numbers.
        public let index: Int
        /// What it is called.
        public let name: String
    }

    /// The classes, by rising number.
    public let entries: [Entry]
    /// Whether the source numbers its classes itself.
    public let isNumbered: Bool
    /// The number of each WordNet identifier that stands beside a name.
    public let identifiers: [String: Int]
    /// Where the names come from.
    public var source: Source

    /// Names in the order of the classes.
    public init(_ names: [String], source: Source = .given("the list of names")) {
        self.init(
            entries: names.enumerated().map { Entry(index: $0, name: $1) }, isNumbered: false, identifiers: [:],
            source: source)
    }

    init(entries: [Entry], isNumbered: Bool, identifiers: [String: Int], source: Source) {
        self.entries = entries
        self.isNumbered = isNumbered
        self.identifiers = identifiers
        self.source = source
    }

    /// The names number by number from 0 on; a number that is left out is called `class 7`.
    public var names: [String] {
        var names = (0..<(entries.last?.index ?? -1) + 1).map { "class \($0)" }
        for entry in entries { names[entry.index] = entry.name }
        return names
    }
}

extension ClassNameList {
    /// The names of the classes of a model: counted against its scores, so that none stands at another class than its own.
    ///
    /// - Throws: `GazeError.labelCount` where names that somebody gave do not fit; others that do not fit are left out with a note.
    public func labels(for head: HeadDescription) throws(GazeError) -> ClassLabels {
        let (count, listed) = (head.classCount, entries.count)
        guard head.kind != .embedding, listed > 0 else { return ClassLabels(head, names: nil) }
        // One name of a yes or no is that of the yes; a head that does not say how many classes it has takes all names.
        if count == 0 || head.kind == .binary && listed <= 2 {
            return ClassLabels(head, names: head.names(from: names), identifiers: identifiers)
        }
        if let fit = fit(to: head) {
            return ClassLabels(
                head, names: names(fit.shift, count: count, head), identifiers: shifted(fit.shift), note: fit.note)
        }
        if isNumbered, listed == count {
            let ordered = ClassNameList(
                entries: entries.enumerated().map { Entry(index: $0, name: $1.name) }, isNumbered: false,
                identifiers: identifiers.compactMapValues { number in entries.firstIndex { $0.index == number } },
                source: source)
            return ClassLabels(
                head, names: ordered.names, identifiers: ordered.identifiers,
                note:
                    "the \(count) class names are numbered up to \(entries.last?.index ?? 0); they are taken in this order for the \(count) classes"
            )
        }
        switch source {
        case .given(let text):
            throw .labelCount(source: text, names: listed, classes: count, output: head.output)
        case .sidecar, .metadata:
            let owner = source == .sidecar ? "the sidecar's" : "the file's own"
            return ClassLabels(
                head, names: nil,
                note:
                    "\(owner) \(listed) class name\(listed == 1 ? "" : "s") do not fit the \(count) classes of '\(head.output)', so classes go by their numbers; give others with --labels FILE"
            )
        }
    }

    /// By how much numbers have to be moved to be the model's, and what is to be said about it; nil where they do not fit.
    private func fit(to head: HeadDescription) -> (shift: Int, note: String?)? {
        let (count, listed) = (head.classCount, entries.count)
        let (first, last) = (entries.first?.index ?? 0, entries.last?.index ?? 0)
        let isWhole = last - first + 1 == listed
        if last == count - 1, first == 0 || isNumbered {
            let note = "the class names are numbered from 1; class 0 is taken for the background"
            return (0, first == 1 && head.firstClass == 0 ? note : nil)
        }
        if first == 1, last == count {
            return (-1, "the class names are numbered from 1, and the model's classes from 0: name 1 is class 0")
        }
        guard isWhole, first == 0 else { return nil }
        // Labels of detectors often leave out the background.
        if head.firstClass > 0, listed == count - head.firstClass { return (head.firstClass, nil) }
        let isMap = head.kind == .segmentation || head.kind == .fullyConvolutional
        if listed == count - 1, listed == Self.imageNetCount || isMap {
            return (
                1,
                "there are \(listed) class names for \(count) classes: class 0 is taken for the background, and the first name belongs to class 1"
            )
        }
        if listed == count + 1, let name = entries.first?.name, Self.isBackground(name) {
            return (-1, "the first of the \(listed) class names, '\(name)', belongs to none of the \(count) classes")
        }
        return nil
    }

    /// TensorFlow's ImageNet networks have one score more than there are classes.
    private static let imageNetCount = 1000

    private static func isBackground(_ name: String) -> Bool {
        ["background", "dummy", "unlabeled", "unlabelled", "???"].contains(name.lowercased().filter { $0 != "_" })
    }

    private func names(_ shift: Int, count: Int, _ head: HeadDescription) -> [String] {
        var names = (0..<count).map { head.name(of: $0, names: nil) }
        if shift == 1 || (shift == 0 && entries.first?.index == 1) { names[0] = "background" }
        for entry in entries where names.indices.contains(entry.index + shift) {
            names[entry.index + shift] = entry.name
        }
        return names
    }

    private func shifted(_ shift: Int) -> [String: Int] {
        identifiers.mapValues { $0 + shift }.filter { $0.value >= 0 }
    }
}
