import Graphs
import Tensors

/// Which of a candidate's numbers are the box, the objectness and the class scores: told by where each column comes from.
///
/// Columns behind one activation that the box does not pass are class scores; the file's own statements (names, key points, task) come
/// before that.
struct CandidateColumns {
    /// The class scores.
    private(set) var classes: Range<Int>
    /// The column that says whether there is any object.
    private(set) var objectness: Int?
    /// Four columns that say where it is.
    private(set) var boxes: Range<Int>?
    /// Whether the box passes a sigmoid of its own, and so counts from 0 to 1.
    private(set) var boxesAreRelative = false
    /// The activation of the class scores; of the objectness where there are no classes.
    private(set) var activation: String?
    /// Columns that are neither, and what they are taken for.
    private(set) var further: (count: Int, words: String)?
    /// Whether activations or the file tell the columns apart.
    private(set) var isTold = false
    /// How they are told apart.
    private(set) var why = "class scores pass a sigmoid, box sizes do not"
    /// What remains open.
    private(set) var question: String?

    /// Neighbouring columns of one origin.
    private struct Run {
        var range: Range<Int>
        let activation: String?
        let activated: ValueID?
    }

    init(of table: CandidateTable, in survey: OutputSurvey) {
        let runs = Self.runs(of: table, in: survey)
        let scored = runs.filter { $0.activation != nil }
        // Boxes come first with everybody but a few, whose scores do.
        let chosen = scored.first { $0.range.lowerBound >= 4 } ?? scored.first { $0.range.upperBound < table.count }
        guard let chosen else {
            classes = 4..<table.count
            boxes = 0..<4
            settleWithoutActivation(table, survey)
            noteFurther(of: table, in: survey)
            return
        }
        classes = chosen.range
        activation = chosen.activation
        isTold = true
        if chosen.activation == "Softmax" || chosen.activation == "LogSoftmax" {
            why = "class scores pass a softmax, boxes do not"
        }
        let others = runs.filter { $0.range != chosen.range }
        if chosen.range.lowerBound >= 4 {
            boxes = 0..<4
            boxesAreRelative = others.first.map { $0.range == 0..<4 && $0.activation == "Sigmoid" } ?? false
            if boxesAreRelative { why = "boxes and class scores have a sigmoid each" }
        } else {
            boxes = others.first { $0.activation == nil && $0.range.count == 4 }?.range
            why = "class scores pass a \(chosen.activation == "Sigmoid" ? "sigmoid" : "softmax"), the rest does not"
        }
        if let next = scored.first(where: { $0.range.lowerBound == chosen.range.upperBound }),
            chosen.range == 4..<5, next.activation == chosen.activation
        {
            objectness = 4
            classes = next.range
            why = "objectness and class scores have a sigmoid each"
        } else {
            settleObjectness(chosen.activated, table, survey)
        }
        settleByStatements(table, survey)
        noteFurther(of: table, in: survey)
    }

    private static func runs(of table: CandidateTable, in survey: OutputSurvey) -> [Run] {
        let middle = table.candidates / 2
        return (0..<table.count).reduce(into: []) { runs, column in
            let end = survey.end(of: [table.position(middle, column)], in: table.output)
            if let last = runs.last, last.activation == end?.activation, last.activated == end?.activated {
                runs[runs.count - 1].range = last.range.lowerBound..<column + 1
            } else {
                runs.append(Run(range: column..<column + 1, activation: end?.activation, activated: end?.activated))
            }
        }
    }

    /// One activation holds all scores: whether the first of them is an objectness.
    private mutating func settleObjectness(_ activated: ValueID?, _ table: CandidateTable, _ survey: OutputSurvey) {
        guard classes.lowerBound == 4, activation == "Sigmoid", !boxesAreRelative else { return }
        if classes.count == 1 {
            // A detector of one kind of object may have its objectness only.
            return
        }
        let without: Bool
        switch survey.labelCount {
        case classes.count - 1: without = false
        case classes.count: without = true
        default:
            let shares = activated.map { survey.boxes(of: table, dependOn: $0) } ?? false
            let isColumnwise = table.candidateAxis > (table.numberAxis ?? 0) || survey.joinsColumns(table)
            without = !shares && isColumnwise
            if !shares && !isColumnwise {
                question =
                    "is number 4 of a row an objectness? if it is the first class, --labels with the names of all classes settles it"
            }
        }
        guard !without else { return }
        objectness = 4
        classes = 5..<classes.upperBound
    }

    /// Without any activation the shape has to tell: objectness with rows, none with columns.
    private mutating func settleWithoutActivation(_ table: CandidateTable, _ survey: OutputSurvey) {
        let hasObjectness: Bool =
            switch survey.labelCount {
            case table.count - 5: true
            case table.count - 4: false
            default: table.candidateAxis < (table.numberAxis ?? 0)
            }
        if hasObjectness, table.count > 5 {
            objectness = 4
            classes = 5..<table.count
        }
        settleByStatements(table, survey)
    }

    /// The file's own number of classes ends the class scores; what comes behind is something else.
    private mutating func settleByStatements(_ table: CandidateTable, _ survey: OutputSurvey) {
        guard let count = survey.metadata.classNames?.count ?? survey.labelCount, count > 0, count < classes.count,
            survey.metadata.task != nil || survey.metadata.isUltralytics
        else { return }
        classes = classes.lowerBound..<classes.lowerBound + count
    }

    private mutating func noteFurther(of table: CandidateTable, in survey: OutputSurvey) {
        let count = table.count - classes.upperBound - (boxes.map { $0.lowerBound >= classes.upperBound ? 4 : 0 } ?? 0)
        guard count > 0 else { return }
        let masks = survey.outputs.contains { output in
            output.name != table.output.name && output.longAxes.count == 3 && output.axes.contains(count)
        }
        let keyPoints = survey.metadata.keyPoints.map { $0.count * $0.numbers }
        let words =
            switch survey.metadata.task {
            case .keyPoints: "numbers of key points"
            case .orientedDetection: "angle"
            case .instanceSegmentation: "mask coefficients"
            default:
                masks
                    ? "mask coefficients" : keyPoints == count ? "numbers of key points" : "numbers that are no classes"
            }
        further = (count, words)
    }
}

extension OutputSurvey {
    /// Whether a candidate's box is computed from this value.
    fileprivate func boxes(of table: CandidateTable, dependOn value: ValueID) -> Bool {
        let reached = graph.values(dependingOn: [value])
        let middle = table.candidates / 2
        return (0..<4).contains { column in
            graph.traced([table.position(middle, column)], of: table.output.value, to: []).contains {
                reached[$0.value.index]
            }
        }
    }

    /// Whether boxes and scores were joined as columns `[4 + C, N]` before a last transposition.
    fileprivate func joinsColumns(_ table: CandidateTable) -> Bool {
        var current = table.output.value
        var isTransposed = false
        while let node = graph.producingNode(of: current), node.domain.isEmpty, let operand = node.input(0),
            let shape = graph.shape(of: current)
        {
            switch node.operation {
            case "Identity", "Cast", "Reshape", "Squeeze", "Unsqueeze": break
            case "Transpose":
                let order = node.integers("perm") ?? Array((0..<shape.rank).reversed())
                isTransposed = order.last.map { $0 + 1 < shape.rank } ?? false
            case "Concat":
                // A join of candidates is followed into its first part.
                let axis = node.integer("axis") ?? 0
                let along = axis < 0 ? axis + shape.rank : axis
                guard shape.dimensions.indices.contains(along), shape[along] == table.candidates else {
                    return isTransposed
                }
            default: return isTransposed
            }
            current = operand
        }
        return isTransposed
    }
}
