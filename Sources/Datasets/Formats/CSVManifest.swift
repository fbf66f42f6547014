/// A table with a header, one row a picture or a box; columns as in `ManifestRow`.
enum CSVManifest: DatasetReader {
    static let format = DatasetFormat(
        name: "csv",
        summary: "a table with a header (file, class, xmin, ymin, xmax, ymax, mask, ...), one row a picture or a box")
    private static let extensions: Set<String> = ["csv", "tsv"]

    static func recognises(_ source: DatasetSource) -> Bool { !source.files(withExtensions: extensions).isEmpty }

    static func read(_ source: DatasetSource) throws(DatasetError) -> Dataset {
        let file = try source.file(withExtensions: extensions)
        var records = CSVRecords(try DatasetSource.contents(ofFile: file))
        let header = records.next()?.cells.map { ManifestRow.trimmed($0).lowercased() } ?? []
        guard ManifestRow.pictureColumns.contains(where: header.contains) else {
            throw .malformed(
                path: file, format: format.name,
                reason: "its first line names no column 'file', 'image' or 'path'; add a header")
        }
        // Of two columns of one name the first counts.
        let columns = Dictionary(zip(header, header.indices), uniquingKeysWith: { first, _ in first })
        var assembler = EntryAssembler(source: DatasetSource.lastComponent(of: file))
        for record in records {
            do throws(EntryProblem) {
                try row(record, columns, count: header.count).add(to: &assembler, of: source)
            } catch {
                assembler.note(error, at: "line \(record.line)")
            }
        }
        return assembler.dataset
    }

    private static func row(
        _ record: CSVRecords.Record, _ columns: [String: Int], count: Int
    ) throws(EntryProblem) -> ManifestRow {
        if let defect = record.defect { throw .broken(defect) }
        guard record.cells.count == count else {
            throw .broken(
                "it has \(record.cells.count) cell\(record.cells.count == 1 ? "" : "s"), the header \(count)")
        }
        return ManifestRow(line: record.line, columns: columns, cells: record.cells.map { .text($0) })
    }
}
