import Foundation

/// Lines of a text as names of classes: one a line, or numbers and names in columns.
enum ClassNameTable {
    private typealias Line = (number: Int, text: String)

    /// The names in a text.
    ///
    /// - Parameter isTable: Whether the file says that it has columns, so that its first line may be their heading.
    static func list(in text: String, isTable: Bool) throws(FileProblem) -> ClassNameList {
        let lines = content(of: text, isTable: isTable)
        let filled = lines.filter { !$0.text.isEmpty }
        guard !filled.isEmpty else { throw FileProblem(reason: "it holds no name") }
        for separator: Character in ["\t", ",", ";"] {
            let rows = filled.map { fields(of: $0.text, separator) }
            if let list = try table(rows, separator, isTable: isTable) { return list }
        }
        if let names = numbers(filled.map(\.text)) { return try ClassNameList.numbered(names) }
        if filled.count == 1, lines.count == 1, filled[0].text.contains(",") {
            return try ClassNameList.ordered(fields(of: filled[0].text, ",").map { ListedName(name: $0) })
        }
        if let empty = lines.first(where: \.text.isEmpty) {
            throw FileProblem(
                reason:
                    "line \(empty.number) is empty, and whether it stands for a class is not clear; write a name there or take the line out"
            )
        }
        var names = filled.map { line in
            let known = identified(line.text)
            return ListedName(name: known?.name ?? unquoted(line.text), identifier: known?.identifier)
        }
        if isTable, names.count > 1, nameWords.contains(names[0].name.lowercased()) { names.removeFirst() }
        // `n02119789 1 kit_fox`
        if names.allSatisfy({ $0.identifier != nil }), let behind = numbers(names.map(\.name)) {
            return try ClassNameList.numbered(
                zip(behind, names).map { ListedName(name: $0.name, identifier: $1.identifier, index: $0.index) })
        }
        return try ClassNameList.ordered(names)
    }

    /// Lines without comments, and without empty lines in front, behind, and next to comments.
    private static func content(of text: String, isTable: Bool) -> [Line] {
        let all = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated().map {
            (number: $0 + 1, text: $1.trimmingCharacters(in: .whitespaces))
        }
        func isComment(_ text: String) -> Bool {
            guard text.hasPrefix("#") || text.hasPrefix("//") else { return false }
            // In a table, `#1,7` is the name of class 7.
            return !isTable
                || !["\t", ",", ";"].contains { separator in
                    fields(of: text, separator).dropFirst().contains { Int($0) != nil }
                }
        }
        // Where every line has the sign, it belongs to the names.
        let commented = all.contains { !$0.text.isEmpty && !isComment($0.text) }
        var lines: [Line] = []
        var isOpen = false
        for line in all {
            if commented, isComment(line.text) {
                isOpen = false
                continue
            }
            if line.text.isEmpty, !isOpen { continue }
            lines.append(line)
            isOpen = !line.text.isEmpty || isOpen
        }
        while lines.last?.text.isEmpty == true { lines.removeLast() }
        return lines
    }

    // MARK: Columns

    private static let nameWords: Set<String> = [
        "name", "names", "class_name", "classname", "class name", "label", "labels", "label_name", "display_name",
        "displayname", "class", "classes", "category", "title", "description",
    ]
    private static let numberWords: Set<String> = [
        "index", "idx", "id", "class_id", "classid", "class id", "class_index", "class_idx", "label_id", "labelid",
        "number", "no", "class", "label", "",
    ]

    /// Rows of numbers and names; nil where the lines are no such rows.
    private static func table(
        _ rows: [[String]], _ separator: Character, isTable: Bool
    ) throws(FileProblem) -> ClassNameList? {
        guard rows.allSatisfy({ $0.count > 1 }) else { return nil }
        let heading = rows[0].map { $0.lowercased() }
        let body = rows.dropFirst()
        func isNumber(_ row: [String], _ column: Int) -> Bool {
            row.indices.contains(column) && Int(row[column]) != nil
        }
        // A column from the left, or the last one, whatever commas stand in names.
        let all = (
            first: rows.allSatisfy { isNumber($0, 0) }, last: rows.allSatisfy { isNumber($0, $0.count - 1) }
        )
        if all.first || all.last {
            guard all.first != all.last || rows.allSatisfy({ $0.count == 2 }) else {
                throw FileProblem(reason: "which of its columns holds the names is not clear; give two: NUMBER,NAME")
            }
            return try ClassNameList.numbered(
                rows.map { row in
                    let index = Int(all.first ? row[0] : row[row.count - 1]) ?? 0
                    return name(in: all.first ? row.dropFirst() : row.dropLast(), separator).numbered(index)
                })
        }
        guard !body.isEmpty else { return nil }
        let width = heading.count
        let columns = (0..<width).filter { column in body.allSatisfy { isNumber($0, column) } }
        guard !columns.isEmpty || isTable else { return nil }
        let isRegular = body.allSatisfy { $0.count == width }
        let texts = (0..<width).filter { column in
            !columns.contains(column) && !body.allSatisfy { $0.indices.contains(column) && isIdentifier($0[column]) }
        }
        let named = texts.filter { nameWords.contains(heading[$0]) }
        let hasIdentifiers = rows.allSatisfy { $0.contains { isIdentifier($0) } }
        guard !columns.isEmpty || !named.isEmpty else {
            guard isTable, isRegular, !hasIdentifiers else { return nil }
            throw FileProblem(reason: "which of its columns holds the names is not clear; give two: NUMBER,NAME")
        }
        let index = columns.count == 1 ? columns[0] : columns.first { numberWords.contains(heading[$0]) }
        if columns.isEmpty {
            guard isRegular, named.count == 1 else { return nil }
            return try ClassNameList.ordered(body.map { ListedName(name: $0[named[0]]) })
        }
        let chosen =
            texts.count == 1
            ? texts[0] : named.first { heading[$0].contains("display") } ?? (named.count == 1 ? named[0] : nil)
        guard let index, let chosen else {
            throw FileProblem(reason: "which of its columns holds the names is not clear; give two: NUMBER,NAME")
        }
        guard isRegular || (chosen == width - 1 && body.allSatisfy { $0.count >= width }) else {
            throw FileProblem(reason: "its lines have different numbers of columns; put names with commas in quotes")
        }
        return try ClassNameList.numbered(
            body.map { row in
                let words = isRegular ? row[chosen...chosen] : row[chosen...]
                return ListedName(
                    name: words.joined(separator: "\(separator) "), identifier: row.first { isIdentifier($0) },
                    index: Int(row[index]))
            })
    }

    /// The columns that are left beside the number: identifiers aside, commas belong to the name.
    private static func name(in fields: ArraySlice<String>, _ separator: Character) -> ListedName {
        let names = fields.filter { !isIdentifier($0) }
        var name = ListedName(line: (names.isEmpty ? Array(fields) : names).joined(separator: "\(separator) "))
        name.identifier = fields.first { isIdentifier($0) } ?? name.identifier
        return name
    }

    /// The fields of a line; a separator within double quotes is part of a field, two quotes are one.
    static func fields(of line: String, _ separator: Character) -> [String] {
        var fields: [String] = []
        var field = ""
        var isQuoted = false
        var rest = Substring(line)
        while let character = rest.popFirst() {
            if character == "\"", isQuoted, rest.first == "\"" {
                rest.removeFirst()
                field.append("\"")
            } else if character == "\"", isQuoted || field.allSatisfy(\.isWhitespace) {
                isQuoted.toggle()
                if isQuoted { field = "" }
            } else if character == separator, !isQuoted {
                fields.append(field.trimmingCharacters(in: .whitespaces))
                field = ""
            } else {
                field.append(character)
            }
        }
        return fields + [field.trimmingCharacters(in: .whitespaces)]
    }

    // MARK: Lines

    /// `0: tench` and `0 tench`, where the numbers are those of classes; nil elsewhere.
    private static func numbers(_ lines: [String]) -> [ListedName]? {
        let parsed = lines.compactMap { leadingNumber($0) }
        guard parsed.count == lines.count, let low = parsed.map(\.index).min(), let high = parsed.map(\.index).max()
        else { return nil }
        let distinct = Set(parsed.map(\.index)).count
        // Names that begin with numbers, such as '3 balls', are not numbered one after the other.
        guard parsed.allSatisfy(\.isMarked) || (low <= 1 && distinct == lines.count && high - low == distinct - 1)
        else { return nil }
        return parsed.map { ListedName(line: $0.name).numbered($0.index) }
    }

    /// The number before a colon, or before a space.
    private static func leadingNumber(_ line: String) -> (index: Int, name: String, isMarked: Bool)? {
        let digits = line.prefix { $0.isASCII && $0.isNumber }
        guard let index = Int(digits), let mark = line.dropFirst(digits.count).first, mark == ":" || mark.isWhitespace
        else { return nil }
        let name = line.dropFirst(digits.count + 1).trimmingCharacters(in: .whitespaces)
        return name.isEmpty ? nil : (index, unquoted(name), mark == ":")
    }

    private static func unquoted(_ text: String) -> String {
        guard text.count > 1, let quote = text.first, quote == "'" || quote == "\"" else { return text }
        let inner = text.hasSuffix(",") ? text.dropLast() : Substring(text)
        return inner.count > 1 && inner.last == quote ? String(inner.dropFirst().dropLast()) : text
    }

    // MARK: Identifiers

    /// `n02123394 Persian cat` in two parts; nil for a line without an identifier.
    static func identified(_ line: String) -> (name: String, identifier: String)? {
        let words = line.split(maxSplits: 1) { $0.isWhitespace || $0 == "," }
        guard words.count == 2, isWordNet(String(words[0])) else { return nil }
        return (unquoted(words[1].trimmingCharacters(in: .whitespaces)), String(words[0]))
    }

    /// An identifier of WordNet (`n02123394`) or of Open Images (`/m/01yrx`), which is no name for people.
    static func isIdentifier(_ text: String) -> Bool {
        isWordNet(text) || ["/m/", "/g/", "/t/"].contains { text.hasPrefix($0) }
    }

    private static func isWordNet(_ text: String) -> Bool {
        text.count == 9 && text.first == "n" && text.dropFirst().allSatisfy { $0.isASCII && $0.isNumber }
    }
}
