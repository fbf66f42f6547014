import Graphs
import Tensors

/// Some numbers of every candidate, side by side in one value.
struct CandidateTable: Sendable {
    /// The value.
    let output: OutputSurvey.Output
    /// The axis behind the batch that counts candidates.
    let candidateAxis: Int
    /// The axis that counts a candidate's numbers; nil where each has one.
    let numberAxis: Int?
    /// Which of a candidate's numbers these are.
    private(set) var numbers: Range<Int>
    /// Elements from one candidate to the next, and from one number to the next.
    private let steps: (candidate: Int, number: Int)

    /// How many candidates there are.
    var candidates: Int { output.axes[candidateAxis] }
    /// How many numbers of each.
    var count: Int { numbers.count }

    /// All numbers of every candidate.
    init(_ output: OutputSurvey.Output, candidateAxis: Int, numberAxis: Int?) {
        self.output = output
        self.candidateAxis = candidateAxis
        self.numberAxis = numberAxis
        numbers = 0..<(numberAxis.map { output.axes[$0] } ?? 1)
        let strides = Shape(output.axes).strides
        steps = (strides[candidateAxis], numberAxis.map { strides[$0] } ?? 0)
    }

    /// An output with a row for each of so many candidates; nil where it has none.
    init?(_ output: OutputSurvey.Output, candidates: Int) {
        let long = output.longAxes
        switch long.count {
        case 1 where output.axes[long[0]] == candidates: self.init(output, candidateAxis: long[0], numberAxis: nil)
        case 2 where output.axes[long[0]] == candidates:
            self.init(output, candidateAxis: long[0], numberAxis: long[1])
        case 2 where output.axes[long[1]] == candidates:
            self.init(output, candidateAxis: long[1], numberAxis: long[0])
        default: return nil
        }
    }

    /// A part of each candidate's numbers.
    subscript(part: Range<Int>) -> CandidateTable {
        var copy = self
        copy.numbers = part
        return copy
    }

    /// The flat position of a candidate's number behind the batch axis.
    func position(_ candidate: Int, _ number: Int) -> Int {
        candidate * steps.candidate + (numbers.lowerBound + number) * steps.number
    }

    /// A candidate's numbers.
    func row(_ candidate: Int, of elements: [Float]) -> [Float] {
        (0..<count).map { elements[position(candidate, $0)] }
    }

    /// One number of a candidate, as a target.
    func element(_ candidate: Int, _ number: Int) -> Target {
        .elements(
            .name(output.name),
            .element(
                output.axes.indices.map { axis in
                    axis == candidateAxis ? candidate : axis == numberAxis ? numbers.lowerBound + number : 0
                }))
    }
}

/// Where a detector's numbers stand, and how they are read.
struct DetectorParts: Sendable {
    /// How class scores become probabilities.
    enum Form: Sendable {
        /// They are probabilities, or logarithms of them, by this activation.
        case activated(String)
        /// One class of several holds: softmax.
        case exclusive
        /// Each class for itself: sigmoid.
        case independent
        /// Probabilities where they lie between 0 and 1; else sigmoid.
        case unknown
    }

    /// A score for each class.
    let classes: CandidateTable
    /// How the scores are read.
    let form: Form
    /// Whether there is any object, a factor of every class.
    var objectness: CandidateTable?
    /// Four numbers that say where the candidate is; nil where the file has none.
    var boxes: CandidateTable?
    /// How they say it; nil where their values have to tell.
    var boxFormat: BoxFormat?
    /// Whether the file's numbers may be corners, where their values have to tell; nil is both.
    var boxesAreCorners: Bool?
    /// Whether rows come before columns in a box.
    var isRowFirst = false
    /// The class that stands for nothing: the background, no object.
    var emptyClass: Int?
    /// Whether candidates that overlap are several answers about one object.
    var overlaps = true

    /// The remark on what stands behind the scores.
    var remark: String {
        guard case .activated(let activation) = form else { return "" }
        return activation == "Sigmoid" ? " (before the sigmoid)" : " (before the softmax)"
    }
}
