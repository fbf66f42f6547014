import Graphs
import Tensors

/// One output with boxes and class scores of every candidate, as YOLO has it before non-maximum suppression: `[4 + C, N]` (version 8 and
/// later) or `[N, 5 + C]` with an objectness (up to version 7, YOLOX).
package struct GridDetectorHead: CandidateHead {
    package let description: HeadDescription
    let output: OutputSurvey.Output
    let layout: Layout
    let inputSize: (height: Int, width: Int)
    /// The activation of the class scores; of the objectness where there are no classes.
    let activation: String?

    /// How a candidate's numbers lie in the output.
    struct Layout: Sendable {
        /// The axis of candidates, and that of a candidate's numbers.
        let candidateAxis: Int
        let numberAxis: Int
        let candidates: Int
        let numbers: Int
        /// Whether number 4 says that there is any object.
        let hasObjectness: Bool

        /// Where class scores begin; a detector of one kind of object may have its objectness only.
        var firstClass: Int { hasObjectness && numbers > 5 ? 5 : 4 }

        /// The flat position of a candidate's number behind the batch axis.
        func position(_ candidate: Int, _ number: Int) -> Int {
            candidateAxis < numberAxis ? candidate * numbers + number : number * candidates + candidate
        }
    }

    package static func recognised(_ output: OutputSurvey.Output, in survey: OutputSurvey) -> GridDetectorHead? {
        guard let size = survey.inputSize, let layout = layout(of: output, labelCount: survey.labelCount) else {
            return nil
        }
        func end(_ number: Int) -> String? {
            survey.activation(
                of: [layout.position(0, number), layout.position(layout.candidates - 1, number)], in: output)
        }
        let classes = layout.firstClass..<layout.numbers
        let ends = Set(classes.prefix(8).map(end))
        let activation = ends.count == 1 ? ends.first ?? nil : nil
        // Scores pass a sigmoid that box sizes do not: nothing else looks like that.
        let isMixed = activation == "Sigmoid" && end(2) == nil
        let fits = GridSizes.fit(layout.candidates, height: size.height, width: size.width)
        let isNamed = output.isCalled(["yolo", "detect"])
        guard isMixed || (fits && output.activation != "Softmax") || (isNamed && layout.candidates >= 64) else {
            return nil
        }
        let parts = "4 numbers of a box\(layout.firstClass == 5 || layout.hasObjectness ? ", an objectness" : "")"
        let count = classes.count
        let why =
            isMixed
            ? "class scores pass a sigmoid, box sizes do not"
            : fits ? "so many cells have the grids of a detector" : "its name says so"
        return GridDetectorHead(
            description: HeadDescription(
                .detector, output: output.name, classCount: count,
                reason:
                    "'\(output.name)' holds \(parts)\(layout.numbers > 5 || !layout.hasObjectness ? " and \(count) class score\(count == 1 ? "" : "s")" : "") for each of \(layout.candidates) candidates (\(why))\(survey.choice(of: [output.name]))",
                isGuess: !isMixed),
            output: output, layout: layout, inputSize: size, activation: activation)
    }

    private static func layout(of output: OutputSurvey.Output, labelCount: Int?) -> Layout? {
        let long = output.longAxes
        guard long.count == 2 else { return nil }
        let (first, second) = (output.axes[long[0]], output.axes[long[1]])
        let candidatesFirst = first > second
        let (candidates, numbers) = candidatesFirst ? (first, second) : (second, first)
        guard numbers >= 5, candidates >= 20, candidates > numbers else { return nil }
        let hasObjectness: Bool =
            switch labelCount {
            case numbers - 5: true
            case numbers - 4: false
            default: candidatesFirst
            }
        return Layout(
            candidateAxis: candidatesFirst ? long[0] : long[1], numberAxis: candidatesFirst ? long[1] : long[0],
            candidates: candidates, numbers: numbers, hasObjectness: hasObjectness)
    }

    var candidateCount: Int { layout.candidates }

    func probabilities(of candidate: Int, in outputs: OutputValues) throws -> [Double] {
        let elements = try outputs.value(output.name).elements
        func probability(_ number: Int) -> Double {
            let value = elements[layout.position(candidate, number)]
            return activation == nil && !(0...1).contains(value) ? Probability.sigmoid(value) : Double(value)
        }
        let objectness = layout.firstClass == 5 ? probability(4) : 1
        return (layout.firstClass..<layout.numbers).map { objectness * probability($0) }
    }

    func boxes(in outputs: OutputValues) throws -> [InputBox]? {
        let elements = try outputs.value(output.name).elements
        let rows = (0..<candidateCount).map { candidate in
            (0..<4).map { elements[layout.position(candidate, $0)] }
        }
        guard let format = BoxFormat(of: rows, isCorners: false) else { return nil }
        return rows.map { format.box($0, width: inputSize.width, height: inputSize.height) }
    }

    func value(of candidate: Int, class index: Int, in outputs: OutputValues) throws -> Double {
        Double(try outputs.value(output.name).elements[layout.position(candidate, layout.firstClass + index)])
    }

    func logit(of candidate: Int, class index: Int) -> Target {
        let indices = output.axes.indices.map { axis in
            axis == layout.candidateAxis ? candidate : axis == layout.numberAxis ? layout.firstClass + index : 0
        }
        return .logit(.elements(.name(output.name), .element(indices)))
    }

    var remark: String {
        activation == "Sigmoid" ? " (before the sigmoid)" : activation == "Softmax" ? " (before the softmax)" : ""
    }
}

/// The numbers of cells that detectors' grids have.
enum GridSizes {
    private static let strides = [
        [8, 16, 32], [16, 32], [8, 16, 32, 64], [4, 8, 16, 32], [8, 16, 32, 64, 128], [4, 8, 16, 32, 64],
    ]

    /// Whether `count` is a small multiple (the anchors of a cell) of the cells of the usual strides.
    static func fit(_ count: Int, height: Int, width: Int) -> Bool {
        strides.contains { strides in
            let cells = strides.reduce(0) { $0 + ((height + $1 - 1) / $1) * ((width + $1 - 1) / $1) }
            return cells > 0 && count % cells == 0 && (1...9).contains(count / cells)
        }
    }
}
