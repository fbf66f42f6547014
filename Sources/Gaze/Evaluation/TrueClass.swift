package import Datasets
package import Explanations

/// What the classes of a data set are among the classes of a model.
package struct TrueClasses: Sendable {
    private let count: Int
    private let identifiers: [String: Int]
    /// Lower-case names and synonyms; nil for those that several classes share.
    private let indices: [String: Int?]

    package init(_ head: HeadDescription, names: [String]?, identifiers: [String: Int]) {
        count = max(head.classCount, 0)
        self.identifiers = Dictionary(
            identifiers.map { (Self.plain($0.key), $0.value) }, uniquingKeysWith: { first, _ in first })
        let known = head.names(from: names) ?? []
        // A full name comes before another class's synonym.
        let full = known.enumerated().map { (Self.plain($1), Int?.some($0)) }
        let synonyms = known.enumerated().flatMap { index, name in
            name.split(separator: ",").map { (Self.plain(String($0)), Int?.some(index)) }
        }
        let merged: (Int?, Int?) -> Int? = { $0 == $1 ? $0 : nil }
        indices = Dictionary(synonyms, uniquingKeysWith: merged).merging(
            Dictionary(full, uniquingKeysWith: merged), uniquingKeysWith: { _, full in full })
    }

    /// The index of a class; nil where the model has no such class, or several.
    package func index(of reference: ClassReference?) -> Int? {
        let index: Int? =
            switch reference {
            case nil: nil
            // A class map may number the classes in another way than the model does.
            case .index(let index)?: identifiers["\(index)"] ?? index
            case .name(let text)?: identifiers[Self.plain(text)] ?? (indices[Self.plain(text)] ?? nil) ?? Int(text)
            }
        return index.flatMap { (0..<count).contains($0) ? $0 : nil }
    }

    /// `Egyptian_cat` and `egyptian cat` are one name, as are `pug-dog` and `pug dog`.
    private static func plain(_ name: String) -> String {
        name.lowercased().split(whereSeparator: { $0 == "_" || $0 == "-" || $0.isWhitespace }).joined(separator: " ")
    }
}

extension ClassReference {
    /// As the source writes it.
    var text: String {
        switch self {
        case .index(let index): "\(index)"
        case .name(let name): name
        }
    }
}
