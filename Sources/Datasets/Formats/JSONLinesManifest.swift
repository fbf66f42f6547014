import Foundation

/// One JSON object a line; keys as the columns of `ManifestRow`.
enum JSONLinesManifest: DatasetReader {
    static let format = DatasetFormat(
        name: "jsonl", summary: "one JSON object a line (file, class, xmin, ymin, xmax, ymax, mask, ...)")
    private static let extensions: Set<String> = ["jsonl", "ndjson"]

    static func recognises(_ source: DatasetSource) -> Bool { !source.files(withExtensions: extensions).isEmpty }

    static func read(_ source: DatasetSource) throws(DatasetError) -> Dataset {
        let file = try source.file(withExtensions: extensions)
        var data = try DatasetSource.contents(ofFile: file)
        if data.starts(with: [0xEF, 0xBB, 0xBF]) { data = data.dropFirst(3) }
        var assembler = EntryAssembler(source: DatasetSource.lastComponent(of: file))
        let decoder = JSONDecoder()
        for (index, line) in data.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            guard line.contains(where: { $0 > 0x20 }) else { continue }
            do throws(EntryProblem) {
                try row(line, number: index + 1, decoder).add(to: &assembler, of: source)
            } catch {
                assembler.note(error, at: "line \(index + 1)")
            }
        }
        return assembler.dataset
    }

    private static func row(_ line: Data, number: Int, _ decoder: JSONDecoder) throws(EntryProblem) -> ManifestRow {
        guard let object = try? decoder.decode([String: JSONCell].self, from: Data(line)) else {
            throw .broken("it is not a JSON object")
        }
        var cells: [String: ManifestRow.Cell] = [:]
        for (key, cell) in object.sorted(by: { $0.key < $1.key }) { cells[key.lowercased()] = cell.cell }
        return ManifestRow(line: number, cells: cells)
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
