/// One row of a manifest: what a CSV line or a JSON object says about a picture.
///
/// Columns (others are ignored): `file`, `image` or `path` · `class`, `label` or `index` · `wnid` · `name`,
/// `category` or `breed` ·
/// `xmin, ymin, xmax, ymax` or `left, top, right, bottom`, edges in pixels · `width, height`, the size that the edges are
/// measured in · `mask` · `difficult`. Several rows of one file are several boxes.
struct ManifestRow {
    enum Cell: Hashable {
        case text(String)
        /// A list or an object.
        case nested
        /// A number that no floating-point number comes near.
        case tooLarge
    }

    static let pictureColumns = ["file", "image", "path"]

    /// The line on which it begins, from 1.
    let line: Int
    /// Where a column's cell stands, by the column's name in lower case.
    let columns: [String: Int]
    /// Nil for what says nothing.
    let cells: [Cell?]

    /// The text of the first of these columns that is not empty.
    func text(_ columns: String...) throws(EntryProblem) -> String? {
        for column in columns {
            switch self.columns[column].flatMap({ cells[$0] }) {
            case .text(let text):
                let trimmed = Self.trimmed(text)
                if !trimmed.isEmpty { return trimmed }
            case .nested: throw .nested(column: column)
            case .tooLarge: throw .tooLarge(column: column)
            case nil: continue
            }
        }
        return nil
    }

    /// The number of the first of these columns that is not empty; always finite.
    func number(_ columns: String...) throws(EntryProblem) -> Double? {
        for column in columns {
            guard let text = try text(column) else { continue }
            guard let number = Double(text), number.isFinite else { throw .notANumber(column: column, text: text) }
            return number
        }
        return nil
    }

    /// Adds what the row says to the data set.
    func add(to assembler: inout EntryAssembler, of source: DatasetSource) throws(EntryProblem) {
        guard let name = try text("file", "image", "path") else { throw .noFileName }
        let image = try source.picture(name)
        let label = try label()
        let size = try size()
        try assembler.add(
            image: image, label: label, box: box(label: label, size: size), mask: mask(of: image, source), size: size)
    }

    private func label() throws(EntryProblem) -> ClassReference? {
        if let text = try text("class", "label", "index") { return try ClassReference(text) }
        return try text("wnid", "name", "category", "breed").map { .name($0) }
    }

    private func size() throws(EntryProblem) -> PixelSize? {
        switch (try number("width"), try number("height")) {
        case (nil, nil): return nil
        case (let width?, let height?): return try PixelSize(checking: width, height)
        case (nil, _): throw .missing(column: "width")
        case (_, nil): throw .missing(column: "height")
        }
    }

    private func box(label: ClassReference?, size: PixelSize?) throws(EntryProblem) -> AnnotatedBox? {
        let (left, top) = (try number("xmin", "left"), try number("ymin", "top"))
        let (right, bottom) = (try number("xmax", "right"), try number("ymax", "bottom"))
        if left == nil, top == nil, right == nil, bottom == nil { return nil }
        guard let left else { throw .missing(column: "xmin") }
        guard let top else { throw .missing(column: "ymin") }
        guard let right else { throw .missing(column: "xmax") }
        guard let bottom else { throw .missing(column: "ymax") }
        return try AnnotatedBox(
            checking: label, left: left, top: top, right: right, bottom: bottom, isDifficult: isDifficult(),
            within: size)
    }

    private func isDifficult() throws(EntryProblem) -> Bool {
        switch try text("difficult")?.lowercased() {
        case nil, "0", "false", "no": false
        case "1", "true", "yes": true
        case let text?: throw .broken("'difficult' is \(EntryProblem.quoted(text)), neither 0 nor 1")
        }
    }

    private func mask(of image: String, _ source: DatasetSource) throws(EntryProblem) -> AnnotatedMask? {
        guard let name = try text("mask") else {
            return MaskConvention.mask(
                ofPicture: image, beside: [source.root] + (source.images.map { [$0] } ?? []), source.lookup)
        }
        let path = name.hasPrefix("/") ? name : "\(source.root)/\(name)"
        guard source.lookup.isFile(path) else { throw .missingMask(name) }
        return MaskConvention.mask(path)
    }

    static func trimmed(_ text: String) -> String {
        // Most have nothing around them, which two bytes tell.
        func isPlain(_ byte: UInt8?) -> Bool { byte.map { (0x21...0x7E).contains($0) } ?? true }
        if isPlain(text.utf8.first), isPlain(text.utf8.last) { return text }
        let kept = text.drop { $0.isWhitespace }
        return String(kept.reversed().drop { $0.isWhitespace }.reversed())
    }
}
