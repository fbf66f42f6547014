import Foundation
import FoundationXML

/// What a Pascal VOC annotation file says.
struct VOCAnnotation: Hashable {
    /// One object of the picture; edges as the file writes them.
    struct Object: Hashable {
        var name: String?
        var edges: [String: String] = [:]
        var isDifficult = false
    }

    /// The picture's name.
    var file: String?
    var width: String?
    var height: String?
    var objects: [Object] = []

    /// Reads a file; fails where it is not well-formed. Nothing outside of the file is ever read.
    init(_ data: Data) throws(EntryProblem) {
        let text = try Self.text(of: data)
        // Entities are the only way in which XML grows or reaches out, and no annotation has any.
        guard !text.contains("<!DOCTYPE"), !text.contains("<!ENTITY") else {
            throw .broken("it declares a document type, which annotations do not")
        }
        let parser = XMLParser(data: Data(text.utf8))
        parser.shouldResolveExternalEntities = false
        let reader = Reader()
        parser.delegate = reader
        // On Linux `parse` succeeds where the text ends too early: what is still open says so.
        let isRead = parser.parse()
        guard !reader.isTooDeep else {
            throw .broken(
                "its elements are nested more than \(Reader.deepest) deep, which those of annotations are not")
        }
        guard isRead, reader.isComplete else {
            throw .broken("it is not well-formed XML (line \(parser.lineNumber))")
        }
        guard reader.isAnnotation else { throw .broken("its outermost element is not 'annotation'") }
        self = reader.annotation
    }

    private init() {}

    /// The text without its declaration: UTF-8, or Latin-1 where the declaration says so.
    private static func text(of data: Data) throws(EntryProblem) -> String {
        let bytes = data.starts(with: [0xEF, 0xBB, 0xBF]) ? data.dropFirst(3) : data
        let head = String(decoding: bytes.prefix(200), as: UTF8.self).lowercased()
        let isLatin = head.contains("iso-8859-1") || head.contains("windows-1252")
        guard var text = isLatin ? String(data: bytes, encoding: .isoLatin1) : String(validating: bytes, as: UTF8.self),
            !text.utf8.contains(0)
        else { throw .broken("it is not a text in UTF-8") }
        if text.hasPrefix("<?xml"), let end = text.range(of: "?>") { text.removeSubrange(..<end.upperBound) }
        return text
    }

    /// Follows the parser through the elements.
    private final class Reader: NSObject, XMLParserDelegate {
        var annotation = VOCAnnotation()
        var isAnnotation = false
        /// Elements inside of each other, at most.
        static let deepest = 64
        private(set) var isTooDeep = false
        /// Whether there was an element, and all are closed.
        var isComplete: Bool { hasElements && path.isEmpty }
        private var hasElements = false
        private var path: [String] = []
        private var text = ""

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String]
        ) {
            guard path.count < Self.deepest else {
                isTooDeep = true
                parser.abortParsing()
                return
            }
            if path.isEmpty { isAnnotation = name == "annotation" }
            hasElements = true
            path.append(name)
            text = ""
            if path.count == 2, path == ["annotation", "object"] { annotation.objects.append(Object()) }
        }

        func parser(_ parser: XMLParser, foundCharacters string: String) {
            if !isTooDeep { text += string }
        }

        func parser(
            _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
        ) {
            guard !isTooDeep else { return }
            defer {
                text = ""
                _ = path.popLast()
            }
            guard path.count <= 4 else { return }
            let value = ManifestRow.trimmed(text)
            let last = annotation.objects.count - 1
            // Parts of an object (head, hand) have names and boxes of their own, one level deeper.
            switch Array(path.dropFirst()) {
            case ["filename"]: annotation.file = value
            case ["size", "width"]: annotation.width = value
            case ["size", "height"]: annotation.height = value
            case ["object", "name"] where last >= 0: annotation.objects[last].name = value
            case ["object", "difficult"] where last >= 0: annotation.objects[last].isDifficult = value == "1"
            case ["object", "bndbox", "xmin"], ["object", "bndbox", "ymin"], ["object", "bndbox", "xmax"],
                ["object", "bndbox", "ymax"]:
                if last >= 0 { annotation.objects[last].edges[name] = value }
            default: break
            }
        }
    }
}
