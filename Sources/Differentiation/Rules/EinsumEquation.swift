/// The labels of an Einsum's operands and result, one number an axis: ellipses are spelled out, an implicit result is made
/// explicit.
///
/// A letter's label is its character code, the label of an ellipsis' axis its (negative) distance from the ellipsis' end.
struct EinsumEquation: Equatable {
    let operands: [[Int]]
    let result: [Int]

    /// nil where the text is no equation, or does not fit operands of these ranks.
    init?(_ text: String, ranks: [Int]) {
        let sides = text.filter { !$0.isWhitespace }.replacing("->", with: ">")
            .split(separator: ">", omittingEmptySubsequences: false)
        guard sides.count <= 2, let left = sides.first else { return nil }
        let terms = left.split(separator: ",", omittingEmptySubsequences: false).map { Self.pieces($0) }
        guard terms.count == ranks.count else { return nil }
        var operands: [[Int]] = []
        for (term, rank) in zip(terms, ranks) {
            guard let term, let labels = Self.labels(term, ellipsis: rank - term.joined().count),
                labels.count == rank
            else { return nil }
            operands.append(labels)
        }
        let all = operands.joined()
        let ellipsis = -(all.min() ?? 0)
        if sides.count == 2 {
            guard let term = Self.pieces(sides[1]), let labels = Self.labels(term, ellipsis: max(ellipsis, 0)) else {
                return nil
            }
            result = labels
        } else {
            let counts = Dictionary(all.map { ($0, 1) }, uniquingKeysWith: +)
            result = Set(all).sorted().filter { $0 < 0 || counts[$0] == 1 }
        }
        guard Set(result).count == result.count, Set(all).isSuperset(of: result) else { return nil }
        self.operands = operands
    }

    /// The letters of a term, before and behind its ellipsis where it has one; nil where there is anything else.
    private static func pieces(_ term: Substring) -> [[Int]]? {
        let parts = term.split(separator: "...", maxSplits: 1, omittingEmptySubsequences: false)
        var pieces: [[Int]] = []
        for part in parts {
            var letters: [Int] = []
            for character in part {
                guard character.isASCII, character.isLetter, let code = character.asciiValue else { return nil }
                letters.append(Int(code))
            }
            pieces.append(letters)
        }
        return pieces
    }

    /// The labels with an ellipsis of that many axes.
    private static func labels(_ pieces: [[Int]], ellipsis: Int) -> [Int]? {
        guard let first = pieces.first else { return [] }
        guard pieces.count > 1 else { return first }
        return ellipsis < 0 ? nil : first + (-ellipsis..<0) + pieces[1]
    }
}
