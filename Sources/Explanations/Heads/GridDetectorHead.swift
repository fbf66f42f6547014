import Graphs
import Tensors

/// One output with boxes and class scores of every candidate, as YOLO has it before non-maximum suppression: `[4 + C, N]` (version 8 and
/// later) or `[N, 5 + C]` with an objectness (up to version 7, YOLOX), also with coefficients of masks, key points or an angle.
package struct GridDetectorHead: CandidateHead {
    package let description: HeadDescription
    let parts: DetectorParts
    let inputSize: (height: Int, width: Int)

    package static func recognised(_ output: OutputSurvey.Output, in survey: OutputSurvey) -> GridDetectorHead? {
        guard let size = survey.inputSize, !output.holdsIndices, let table = table(of: output) else { return nil }
        let columns = CandidateColumns(of: table, in: survey)
        let fits = GridSizes.fit(table.candidates, height: size.height, width: size.width)
        let isStated = survey.metadata.task.map {
            [.detection, .instanceSegmentation, .keyPoints, .orientedDetection].contains($0)
        }
        let isNamed = isStated ?? output.isCalled(["yolo", "detect"])
        guard
            columns.isTold || (fits && output.activation != "Softmax" && columns.boxes != nil)
                || (isNamed && table.candidates >= 64)
        else { return nil }
        let parts = DetectorParts(
            classes: table[columns.classes], form: columns.activation.map { .activated($0) } ?? .unknown,
            objectness: columns.objectness.map { table[$0..<$0 + 1] }, boxes: columns.boxes.map { table[$0] },
            boxFormat: columns.boxesAreRelative ? BoxFormat(isCorners: false, isRelative: true) : nil,
            boxesAreCorners: false, overlaps: !columns.boxesAreRelative)
        return GridDetectorHead(
            description: HeadDescription(
                .detector, output: output.name, classCount: columns.classes.count,
                reason: reason(table, columns, fits: fits) + survey.choice(of: [output.name]),
                isGuess: !columns.isTold || columns.question != nil, question: columns.question),
            parts: parts, inputSize: size)
    }

    private static func reason(_ table: CandidateTable, _ columns: CandidateColumns, fits: Bool) -> String {
        let count = columns.classes.count
        var parts = [columns.boxes.map { _ in "4 numbers of a box" }, columns.objectness.map { _ in "an objectness" }]
            .compactMap { $0 }
        parts.append("\(count) class score\(count == 1 ? "" : "s")")
        if let further = columns.further { parts.append("\(further.count) \(further.words)") }
        let why =
            columns.isTold
            ? columns.why : fits ? "so many cells have the grids of a detector" : "its name or the file's task says so"
        let list = parts.dropLast().joined(separator: ", ") + (parts.count > 1 ? " and " : "") + (parts.last ?? "")
        return "'\(table.output.name)' holds \(list) for each of \(table.candidates) candidates (\(why))"
    }

    private static func table(of output: OutputSurvey.Output) -> CandidateTable? {
        let long = output.longAxes
        guard long.count == 2 else { return nil }
        let isFirst = output.axes[long[0]] > output.axes[long[1]]
        let table = CandidateTable(
            output, candidateAxis: long[isFirst ? 0 : 1], numberAxis: long[isFirst ? 1 : 0])
        guard table.count >= 5, table.candidates >= 20, table.candidates > table.count else { return nil }
        return table
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
