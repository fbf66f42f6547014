/// Reads label maps of TensorFlow's object detection in protobuf's text form: `item { id: 1 name: 'cat' }`.
struct LabelMapReader {
    private var tokens: [Token]
    private var position = 0

    private enum Token: Equatable {
        case word(String)
        case text(String)
        case sign(Character)
    }

    /// The numbers and names of all items; nil where the text is no label map.
    static func entries(
        in text: String
    ) throws(FileProblem) -> [ListedName]? {
        let start = text.drop { $0.isWhitespace }
        guard start.hasPrefix("item") || start.hasPrefix("#"), let tokens = Self.tokens(of: text),
            tokens.count > 1, tokens[0] == .word("item"), tokens[1] == .sign("{") || tokens[1] == .sign(":")
        else { return nil }
        var reader = LabelMapReader(tokens: tokens)
        var items: [ListedName] = []
        while reader.position < reader.tokens.count { items.append(try reader.item()) }
        return items
    }

    private mutating func item() throws(FileProblem) -> ListedName {
        let damaged = FileProblem(reason: "it begins as a label map, and one of its items is damaged")
        guard take(.word("item")) else { throw damaged }
        _ = take(.sign(":"))
        guard take(.sign("{")) else { throw damaged }
        var (index, name, shown): (Int?, String?, String?) = (nil, nil, nil)
        var depth = 1
        while depth > 0 {
            guard position < tokens.count else { throw damaged }
            let token = tokens[position]
            position += 1
            switch token {
            case .sign("{"): depth += 1
            case .sign("}"): depth -= 1
            case .word(let key) where depth == 1 && take(.sign(":")):
                guard position < tokens.count else { throw damaged }
                switch (key, tokens[position]) {
                case ("id", .word(let number)): index = Int(number)
                case ("name", .text(let text)): name = text
                case ("display_name", .text(let text)): shown = text
                case (_, .sign): continue
                default: break
                }
                position += 1
            default: break
            }
        }
        guard let index, let text = shown ?? name else {
            throw FileProblem(reason: "an item of the label map has no id or no name")
        }
        return ListedName(
            name: text, identifier: name.flatMap { ClassNameTable.isIdentifier($0) ? $0 : nil }, index: index)
    }

    private mutating func take(_ token: Token) -> Bool {
        guard position < tokens.count, tokens[position] == token else { return false }
        position += 1
        return true
    }

    /// Words, texts and signs; nil where a text does not end.
    private static func tokens(of text: String) -> [Token]? {
        var tokens: [Token] = []
        var rest = Substring(text)
        while let first = rest.first {
            if first.isWhitespace || first == "," || first == ";" {
                rest.removeFirst()
            } else if first == "#" {
                rest = rest.drop { !$0.isNewline }
            } else if first == "'" || first == "\"" {
                rest.removeFirst()
                var value = ""
                while let next = rest.popFirst(), next != first {
                    value.append(next == "\\" ? rest.popFirst() ?? next : next)
                    if rest.isEmpty { return nil }
                }
                tokens.append(.text(value))
            } else if first.isLetter || first.isNumber || "_-.+".contains(first) {
                let word = rest.prefix { $0.isLetter || $0.isNumber || "_-.+".contains($0) }
                rest = rest.dropFirst(word.count)
                tokens.append(.word(String(word)))
            } else {
                rest.removeFirst()
                tokens.append(.sign(first))
            }
        }
        return tokens
    }
}
