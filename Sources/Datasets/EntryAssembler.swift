/// Collects what a source says about pictures: what it says about one picture and one class becomes one entry.
struct EntryAssembler {
    private struct Key: Hashable {
        let image: BytePath
        let label: ClassReference?
    }

    /// The source's name, for problems.
    let source: String
    private var positions: [Key: Int] = [:]
    private var sizes: [BytePath: PixelSize] = [:]
    private(set) var dataset = Dataset(entries: [])

    init(source: String) { self.source = source }

    /// Adds to a picture's entry; the first that is said about its mask stays.
    mutating func add(
        image: String, label: ClassReference? = nil, box: AnnotatedBox? = nil, mask: AnnotatedMask? = nil,
        size: PixelSize? = nil
    ) throws(EntryProblem) {
        let path = BytePath(image)
        if let size {
            if let known = sizes[path] {
                guard known == size else { throw .sizesDisagree }
            } else {
                sizes[path] = size
            }
        }
        let key = Key(image: path, label: label)
        if let position = positions[key] {
            if let box { dataset.entries[position].boxes.append(box) }
            if dataset.entries[position].mask == nil { dataset.entries[position].mask = mask }
            if dataset.entries[position].annotatedSize == nil { dataset.entries[position].annotatedSize = size }
        } else {
            positions[key] = dataset.entries.count
            dataset.entries.append(
                DatasetEntry(
                    image: image, label: label, boxes: box.map { [$0] } ?? [], mask: mask, annotatedSize: size))
        }
    }

    /// Notes how often something of one kind could not be used, where it is anything.
    mutating func note(_ count: Int, _ noun: String, _ reason: String) {
        guard count > 0 else { return }
        dataset.problems.append("\(source): \(count) \(noun)\(count == 1 ? "" : "s") \(reason)")
    }

    /// Notes what could not be used.
    mutating func note(_ problem: EntryProblem, at place: String) {
        dataset.problems.append("\(source), \(place): \(problem)")
    }
}

extension PixelSize {
    /// More pixels a side than any picture has.
    static let largest = 1_000_000

    /// A size that a picture can have.
    init(checking width: Double, _ height: Double) throws(EntryProblem) {
        guard let columns = Int(exactly: width), let rows = Int(exactly: height), (1...Self.largest).contains(columns),
            (1...Self.largest).contains(rows)
        else { throw .size("\(width) x \(height)") }
        self.init(width: columns, height: rows)
    }
}

extension AnnotatedBox {
    /// How far an edge may lie outside by rounding or by another way of counting pixels; it is moved to the border.
    private static let slack = 1.0

    /// The part of a box that lies in the picture; fails for one that is empty, or reaches out by more than a pixel.
    init(
        checking label: ClassReference?, left: Double, top: Double, right: Double, bottom: Double,
        isDifficult: Bool = false, within size: PixelSize?
    ) throws(EntryProblem) {
        self.init(label: label, left: left, top: top, right: right, bottom: bottom, isDifficult: isDifficult)
        let limit = Double(PixelSize.largest)
        guard [left, top, right, bottom].allSatisfy({ abs($0) <= limit }) else { throw .notFinite }
        guard left < right, top < bottom else { throw .emptyBox(self) }
        let (width, height) = (size.map { Double($0.width) } ?? limit, size.map { Double($0.height) } ?? limit)
        guard left >= -Self.slack, top >= -Self.slack, right <= width + Self.slack, bottom <= height + Self.slack,
            right > 0, bottom > 0, left < width, top < height
        else { throw .outside(self, size) }
        (self.left, self.top) = (max(left, 0), max(top, 0))
        (self.right, self.bottom) = (min(right, width), min(bottom, height))
    }
}

extension ClassReference {
    /// A whole number is a position, anything else a name; nil for nothing.
    init?(_ text: String) throws(EntryProblem) {
        guard !text.isEmpty else { return nil }
        // A table with a gap in a column of whole numbers is often saved with `472.0`.
        guard let index = Int(text.hasSuffix(".0") ? String(text.dropLast(2)) : text) else {
            self = .name(text)
            return
        }
        guard index >= 0 else { throw .notAClass(text) }
        self = .index(index)
    }
}
