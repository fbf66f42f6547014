import Graphs
import Tensors

/// Random matrix products and Einsum equations.
extension MovementDraws {
    /// Operands of any two ranks, with batches that broadcast.
    mutating func matMul() -> Case {
        let (rows, inner, columns) = (number(1...3), number(1...3), number(1...3))
        let batch = (0..<number(0...2)).map { _ in number(1...2) }
        func part(_ matrix: [Int], _ vector: [Int], _ choice: Int, _ ones: [Bool], _ length: Int) -> Shape {
            guard choice > 0 else { return Shape(vector) }
            let own = zip(batch, ones).map { $1 ? 1 : $0 }
            return Shape(own.suffix(length) + matrix)
        }
        let (leftOnes, rightOnes) = (batch.map { _ in flag() }, batch.map { _ in flag() })
        let left = part([rows, inner], [inner], number(0...3), leftOnes, number(0...batch.count))
        let right = part([inner, columns], [inner], number(0...3), rightOnes, number(0...batch.count))
        return FiniteDifferenceTests.several("MatMul", "", [left, right])
    }

    /// Up to three operands of up to three labels out of four, some twice; some with an ellipsis, whose axes broadcast.
    mutating func einsum() -> Case {
        let letters = Array("abCd")
        let lengths = letters.map { _ in number(1...3) }
        let hasEllipsis = flag() && flag()
        let ellipsis = hasEllipsis ? (0..<number(1...2)).map { _ in number(1...2) } : []
        var (terms, shapes) = ([String](), [Shape]())
        var used: [Int] = []
        for _ in 0..<number(1...3) {
            let labels = (0..<number((hasEllipsis ? 0 : 1)...3 - ellipsis.count)).map { _ in number(0...3) }
            used += labels
            let cut = number(0...labels.count)
            let own = ellipsis.map { flag() ? 1 : $0 }
            let text = labels.map { String(letters[$0]) }
            terms.append(
                (text[..<cut] + (hasEllipsis ? ["..."] : []) + text[cut...]).joined())
            shapes.append(Shape(labels[..<cut].map { lengths[$0] } + own + labels[cut...].map { lengths[$0] }))
        }
        var equation = terms.joined(separator: ",")
        if flag() || flag() {
            let unique = Set(used).sorted().shuffled(using: &random)
            let kept = unique.prefix(number(0...unique.count)).map { String(letters[$0]) }.joined()
            equation += "->" + (hasEllipsis ? "..." : "") + kept
        }
        // The engine does not find upper-case labels for an implicit result.
        if !equation.contains("->") { equation = equation.lowercased() }
        return FiniteDifferenceTests.several("Einsum", equation, shapes, ["equation": .string(equation)])
    }
}
