import Foundation

/// One JSON object a line; keys as the columns of `ManifestRow`.
enum JSONLinesManifest: DatasetReader {
    static let format = DatasetFormat(
        name: "jsonl", summary: "one JSON object a line (file, class, xmin, ymin, xmax, ymax, mask, ...)")
    private static let extensions: Set<String> = ["jsonl", "ndjson"]

    static func recognises(_ source: DatasetSource) -> Bool { !source.files(withExtensions: extensions).isEmpty }

    static func read(_ source: DatasetSource) throws(DatasetError) -> Dataset {
        let file = try source.file(withExtensions: extensions)
        let data = [UInt8](try DatasetSource.contents(ofFile: file))
        var assembler = EntryAssembler(source: DatasetSource.lastComponent(of: file))
        let decoder = JSONDecoder()
        var start = data.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        var number = 0
        while start < data.endIndex {
            let end = data[start...].firstIndex(of: 0x0A) ?? data.endIndex
            let line = data[start..<end]
            start = end + 1
            number += 1
            guard line.contains(where: { $0 > 0x20 }) else { continue }
            do throws(EntryProblem) {
                try row(line, number: number, decoder).add(to: &assembler, of: source)
            } catch {
                assembler.note(error, at: "line \(number)")
            }
        }
        return assembler.dataset
    }

    private static func row(
        _ line: ArraySlice<UInt8>, number: Int, _ decoder: JSONDecoder
    ) throws(EntryProblem) -> ManifestRow {
        var cells: [(name: String, cell: ManifestRow.Cell?)]
        if let flat = FlatJSON.cells(line), Set(flat.map(\.name)).count == flat.count {
            cells = flat
        } else {
            guard let object = try? decoder.decode([String: JSONCell].self, from: Data(line)) else {
                throw .broken("it is not a JSON object")
            }
            cells = object.map { ($0.key, $0.value.cell) }
        }
        // Of two names that differ in case the last in order counts.
        cells.sort { $0.name < $1.name }
        let columns = Dictionary(
            zip(cells.map { $0.name.lowercased() }, cells.indices), uniquingKeysWith: { _, last in last })
        return ManifestRow(line: number, columns: columns, cells: cells.map(\.cell))
    }
}

/// A JSON value as a cell of a table.
private struct JSONCell: Decodable {
    private enum Key: CodingKey {}

    /// Nil for null.
    let cell: ManifestRow.Cell?

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            cell = nil
        } else if let text = try? container.decode(String.self) {
            cell = .text(text)
        } else if let number = try? container.decode(Int.self) {
            cell = .text("\(number)")
        } else if let number = try? container.decode(Double.self) {
            cell = .text("\(number)")
        } else if let flag = try? container.decode(Bool.self) {
            cell = .text("\(flag)")
        } else {
            // What is no text, no truth value, no list and no object is a number that cannot be had.
            let isNested =
                (try? decoder.unkeyedContainer()) != nil || (try? decoder.container(keyedBy: Key.self)) != nil
            cell = isNested ? .nested : .tooLarge
        }
    }
}
