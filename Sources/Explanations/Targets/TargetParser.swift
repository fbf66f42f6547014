extension Target {
    /// Reads the target grammar: `3`, `[1,7,4]`, `logits[3]`, `#1[3]`, `scores[:,1]`, `mean(#1[2])`, `mean(T, mask.npy)`,
    /// `sum(T)`, `a - b`, `0.5 * a`, `prob(3)`, `logit(3)`, `energy(NAME)`, `cosine(NAME, vector.npy)`, `dot(NAME, vector.npy)`,
    /// `error(NAME)`, `absolute-error(NAME, other.npy)`. NAME is an output or a tensor inside of the model; in quotes it may hold any
    /// character: `"a [b]"[3]`, `'91'`. Digits in front of a bracket are a name (`91[3]`), alone a class (`91`).
    public init(parsing text: String) throws(ExplanationError) {
        var parser = TargetParser(text)
        self = try parser.parse()
    }
}

/// A recursive descent over the characters of a target.
private struct TargetParser {
    private let text: String
    private let characters: [Character]
    private var position = 0

    init(_ text: String) {
        self.text = text
        characters = Array(text)
    }

    mutating func parse() throws(ExplanationError) -> Target {
        let target = try combination(depth: 0)
        skipSpace()
        guard position == characters.count else { throw problem("'\(characters[position])' does not belong here") }
        return target
    }

    /// `term (± term)*`
    private mutating func combination(depth: Int) throws(ExplanationError) -> Target {
        guard depth < 32 else { throw problem("it is nested too deeply") }
        var terms: [Target.Term] = []
        var sign = takeSymbol("-") ? -1.0 : 1.0
        while true {
            let term = try self.term(depth: depth)
            terms.append(Target.Term(sign * term.factor, term.target))
            if takeSymbol("+") { sign = 1 } else if takeSymbol("-") { sign = -1 } else { break }
        }
        if terms.count == 1, terms[0].factor == 1 { return terms[0].target }
        return .combination(terms)
    }

    /// `[number *] atom`
    private mutating func term(depth: Int) throws(ExplanationError) -> Target.Term {
        skipSpace()
        let start = position
        if let factor = takeNumber(), takeSymbol("*") {
            return Target.Term(factor, try atom(depth: depth))
        }
        position = start
        return Target.Term(1, try atom(depth: depth))
    }

    private mutating func atom(depth: Int) throws(ExplanationError) -> Target {
        skipSpace()
        guard position < characters.count else { throw problem("a target is missing") }
        if takeSymbol("(") {
            let inner = try combination(depth: depth + 1)
            try expect(")")
            return inner
        }
        if characters[position] == "[" {
            let start = position
            let indices = try indexList().compactMap { $0 }
            guard !characters[start..<position].contains(":") else {
                throw problem("':' stands behind an output's name only, e.g. scores[:,1]")
            }
            return .elements(.number(0), .perSample(indices))
        }
        if takeSymbol("#") {
            guard let number = takeInteger() else { throw problem("a number of an output is missing behind '#'") }
            return .elements(.number(number), try selection())
        }
        if let name = try takeQuoted() { return .elements(.name(name), try selection()) }
        let start = position
        if let index = takeInteger(), !nextContinuesName {
            let digits = String(characters[start..<position])
            let selection = try selection()
            return selection == .whole
                ? .elements(.number(0), .element([index])) : .elements(.name(digits), selection)
        }
        position = start
        let name = takeName()
        guard !name.isEmpty else { throw problem("a class index, an output's name or a function is missing") }
        if Self.functions.contains(name), takeSymbol("(") { return try function(name, depth: depth) }
        return .elements(.name(name), try selection())
    }

    private static let functions: Set<String> = [
        "mean", "sum", "prob", "logit", "energy", "cosine", "dot", "error", "absolute-error",
    ]

    /// A name between quotes; a backslash takes the next character as it is.
    private mutating func takeQuoted() throws(ExplanationError) -> String? {
        let quote = characters[position]
        guard quote == "\"" || quote == "'" else { return nil }
        var name = ""
        var place = position + 1
        while place < characters.count, characters[place] != quote {
            if characters[place] == "\\", place + 1 < characters.count { place += 1 }
            name.append(characters[place])
            place += 1
        }
        guard place < characters.count else { throw problem("the closing \(quote) is missing") }
        guard !name.isEmpty else { throw problem("a name is missing between the quotes") }
        position = place + 1
        return name
    }

    private mutating func function(_ name: String, depth: Int) throws(ExplanationError) -> Target {
        let inner = try combination(depth: depth + 1)
        var file: String?
        if ["mean", "cosine", "dot", "error", "absolute-error"].contains(name), takeSymbol(",") {
            skipSpace()
            let start = position
            while position < characters.count, characters[position] != ")" { position += 1 }
            file = String(characters[start..<position]).trimmingTrailingSpace
            guard file?.isEmpty == false else { throw problem("a file is missing behind ','") }
        }
        try expect(")")
        switch name {
        case "mean": return .mean(inner, mask: file)
        case "energy": return .energy(inner)
        case "error": return .error(inner, reference: file, isAbsolute: false)
        case "absolute-error": return .error(inner, reference: file, isAbsolute: true)
        case "cosine", "dot":
            guard let file else {
                throw problem("\(name) takes an output and a file, e.g. \(name)(embedding, other.npy)")
            }
            return name == "dot" ? .dot(inner, file: file) : .cosine(inner, file: file)
        case "sum": return .sum(inner)
        case "prob": return .probability(inner)
        default: return .logit(inner)
        }
    }

    private mutating func selection() throws(ExplanationError) -> Target.Selection {
        skipSpace()
        guard position < characters.count, characters[position] == "[" else { return .whole }
        return .element(try indexList())
    }

    private mutating func indexList() throws(ExplanationError) -> [Int?] {
        try expect("[")
        var indices: [Int?] = []
        repeat {
            skipSpace()
            if takeSymbol(":") {
                indices.append(nil)
                continue
            }
            guard let index = takeInteger() else { throw problem("an index is missing") }
            indices.append(index)
        } while takeSymbol(",")
        try expect("]")
        return indices
    }

    // MARK: Characters

    private mutating func skipSpace() {
        while position < characters.count, characters[position].isWhitespace { position += 1 }
    }

    private mutating func takeSymbol(_ symbol: Character) -> Bool {
        skipSpace()
        guard position < characters.count, characters[position] == symbol else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ symbol: Character) throws(ExplanationError) {
        guard takeSymbol(symbol) else { throw problem("'\(symbol)' is missing") }
    }

    private mutating func takeInteger() -> Int? {
        let digits = characters[position...].prefix { $0.isASCII && $0.isNumber }
        guard let value = Int(String(digits)) else { return nil }
        position += digits.count
        return value
    }

    private mutating func takeNumber() -> Double? {
        let digits = characters[position...].prefix { $0.isASCII && ($0.isNumber || $0 == "." || $0 == "e") }
        guard let value = Double(String(digits)) else { return nil }
        position += digits.count
        return value
    }

    private var nextContinuesName: Bool {
        position < characters.count && characters[position] != "-"
            && TargetText.belongsToPlainName(characters[position])
    }

    /// A name may hold `-` only inside (`a-b` is an output's name, `a - b` a difference).
    private mutating func takeName() -> String {
        let name = characters[position...].prefix { TargetText.belongsToPlainName($0) }
        position += name.count
        return String(name)
    }

    private func problem(_ reason: String) -> ExplanationError {
        .targetSyntax(text: text, position: position, reason: reason)
    }
}

extension String {
    fileprivate var trimmingTrailingSpace: String {
        var copy = self
        while copy.last?.isWhitespace == true { copy.removeLast() }
        return copy
    }
}
