import Archives

/// Why an entry of a data set is left out; its place in the source is added where it is noted.
enum EntryProblem: Error, Hashable {
    case noFileName
    case missingPicture(String)
    case missingMask(String)
    case missing(column: String)
    case nested(column: String)
    case tooLarge(column: String)
    case notANumber(column: String, text: String)
    case notAClass(String)
    case size(String)
    case sizesDisagree
    case notFinite
    case emptyBox(AnnotatedBox)
    case outside(AnnotatedBox, PixelSize?)
    case broken(String)
}

extension EntryProblem: CustomStringConvertible {
    var description: String {
        switch self {
        case .noFileName: "it names no picture"
        case .missingPicture(let path): "there is no picture \(Self.quoted(path))"
        case .missingMask(let path): "there is no mask \(Self.quoted(path))"
        case .missing(let column): "it has no '\(column)'"
        case .nested(let column): "'\(column)' is a list or an object, not a text or a number"
        case .tooLarge(let column): "'\(column)' is a number beyond what can be computed with"
        case .notANumber(let column, let text): "'\(column)' is \(Self.quoted(text)), not a number"
        case .notAClass(let text): "\(Self.quoted(text)) is neither a class's position nor its name"
        case .size(let text): "the size \(Self.quoted(text)) is not one of a picture (1 to \(PixelSize.largest) pixels)"
        case .sizesDisagree: "its size is not the one that an earlier entry gives for the same picture"
        case .notFinite: "an edge of the box is not a number that a picture can have"
        case .emptyBox(let box): "the box \(Self.edges(box)) is empty"
        case .outside(let box, let size?):
            "the box \(Self.edges(box)) lies outside the picture of \(size.width) x \(size.height) pixels"
        case .outside(let box, nil): "the box \(Self.edges(box)) lies outside the picture"
        case .broken(let reason): reason
        }
    }

    /// A text from a file, short and without control characters.
    static func quoted(_ text: String) -> String {
        "'\(text.prefix(120).shown)\(text.count > 120 ? "…" : "")'"
    }

    private static func edges(_ box: AnnotatedBox) -> String {
        "(\(box.left), \(box.top)) to (\(box.right), \(box.bottom))"
    }
}
