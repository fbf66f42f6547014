import Tensors

/// One candidate of a detector.
struct Candidate: Sendable {
    /// Its position.
    let position: Int
    /// Its likeliest class.
    let index: Int
    /// That class's probability, times the objectness where there is one.
    let probability: Double
    /// Where it is; nil where the file's numbers are no boxes.
    let box: InputBox?
}

/// Greedy non-maximum suppression, for listing: the likeliest candidate of a class hides those that overlap it.
package enum NonMaximumSuppression {
    /// Below this, candidates are not listed (unless none reaches it).
    package static let threshold = 0.25
    /// Intersection over union from which two boxes of a class count as one object.
    static let overlap = 0.45
    /// More are not listed.
    static let limit = 300

    /// The candidates that stay, the likeliest first; the single likeliest where none reaches the threshold.
    ///
    /// - Parameter overlaps: Whether overlapping candidates of a class are one object; a model may have seen to that itself.
    static func kept(_ candidates: [Candidate], overlaps: Bool = true) -> [Candidate] {
        let sorted = candidates.sorted { ($0.probability, $1.position) > ($1.probability, $0.position) }
        let likely = sorted.prefix { $0.probability >= threshold }.prefix(4096)
        var kept: [Candidate] = []
        for candidate in likely {
            guard kept.count < limit else { break }
            let isHidden = kept.contains { other in
                guard overlaps, other.index == candidate.index, let box = candidate.box, let taken = other.box else {
                    return false
                }
                return box.overlap(with: taken) > overlap
            }
            if !isHidden { kept.append(candidate) }
        }
        return kept.isEmpty ? Array(sorted.prefix(1)) : kept
    }
}

/// What detectors have in common: candidates with classes and boxes.
protocol CandidateHead: Head {
    /// Where its numbers stand.
    var parts: DetectorParts { get }
    /// Height and width of the input.
    var inputSize: (height: Int, width: Int) { get }
}

extension CandidateHead {
    /// How many candidates there are.
    var candidateCount: Int { parts.classes.candidates }

    /// A candidate's class scores as probabilities, 0 for the background.
    func probabilities(of candidate: Int, in outputs: OutputValues) throws -> [Double] {
        let row = parts.classes.row(candidate, of: try outputs.value(parts.classes.output.name).elements)
        var all = parts.form.probabilities(row)
        if let objectness = parts.objectness {
            let number = objectness.row(candidate, of: try outputs.value(objectness.output.name).elements)
            let factor = parts.form.probabilities(number).first ?? 1
            all = all.map { $0 * factor }
        }
        if let empty = parts.emptyClass, all.indices.contains(empty) { all[empty] = 0 }
        return all
    }

    /// The boxes, in the pixels of the input; nil where the numbers are none.
    func boxes(in outputs: OutputValues) throws -> [InputBox]? {
        guard let table = parts.boxes else { return nil }
        let elements = try outputs.value(table.output.name).elements
        let rows = (0..<candidateCount).map { candidate in
            let row = table.row(candidate, of: elements)
            return parts.isRowFirst ? [row[1], row[0], row[3], row[2]] : row
        }
        guard let format = parts.boxFormat ?? BoxFormat(of: rows, isCorners: parts.boxesAreCorners) else { return nil }
        return rows.map { format.box($0, width: inputSize.width, height: inputSize.height) }
    }

    /// What the model puts out for a candidate's class.
    func value(of candidate: Int, class index: Int, in outputs: OutputValues) throws -> Double {
        let elements = try outputs.value(parts.classes.output.name).elements
        return Double(elements[parts.classes.position(candidate, index)])
    }

    /// That element, before its activation.
    func logit(of candidate: Int, class index: Int) -> Target { .logit(parts.classes.element(candidate, index)) }

    package func findings(in outputs: OutputValues) throws -> [Finding] {
        let boxes = try boxes(in: outputs)
        let candidates = try (0..<candidateCount).map { position in
            let probabilities = try probabilities(of: position, in: outputs)
            let best = probabilities.indices.max { probabilities[$0] < probabilities[$1] } ?? 0
            return Candidate(
                position: position, index: best, probability: probabilities.isEmpty ? 0 : probabilities[best],
                box: boxes?[position])
        }
        let finite = candidates.filter { $0.probability.isFinite }
        return try NonMaximumSuppression.kept(finite, overlaps: parts.overlaps).map {
            Finding(
                index: $0.index, score: try value(of: $0.position, class: $0.index, in: outputs),
                probability: $0.probability, box: $0.box, candidate: $0.position)
        }
    }

    package func finding(_ choice: FindingChoice, in outputs: OutputValues) throws -> Finding {
        let boxes = try boxes(in: outputs)
        let position: Int
        if let candidate = choice.candidate {
            guard (0..<candidateCount).contains(candidate) else {
                throw ExplanationError.unsuitable(
                    method: "--box \(candidate)", reason: "the candidates are 0 to \(candidateCount - 1)")
            }
            position = candidate
        } else if let wanted = choice.box {
            guard let boxes else {
                throw ExplanationError.unsuitable(
                    method: "--box x0,y0,x1,y1",
                    reason:
                        "\(parts.boxes.map { "'\($0.output.name)' holds offsets from anchors that the file does not have" } ?? "the file's numbers hold no boxes"), so places are not known; give a candidate's number, 0 to \(candidateCount - 1)"
                )
            }
            // Of several that fit equally well the surest is meant.
            let overlaps = boxes.map { $0.overlap(with: wanted) }
            let best = overlaps.max() ?? 0
            guard best > 0 else {
                throw ExplanationError.unsuitable(
                    method: "--box x0,y0,x1,y1", reason: "no candidate overlaps it; give a box inside the picture")
            }
            let near = overlaps.indices.filter { overlaps[$0] >= best * 0.95 }
            position =
                try near.max { a, b in
                    try strength(a, choice.index, outputs) < strength(b, choice.index, outputs)
                } ?? near[0]
        } else {
            position =
                try (0..<candidateCount).max { a, b in
                    try strength(a, choice.index, outputs) < strength(b, choice.index, outputs)
                } ?? 0
        }
        let probabilities = try probabilities(of: position, in: outputs)
        let index = choice.index ?? probabilities.indices.max { probabilities[$0] < probabilities[$1] } ?? 0
        return Finding(
            index: index, score: try value(of: position, class: index, in: outputs),
            probability: probabilities.indices.contains(index) ? probabilities[index] : nil, box: boxes?[position],
            candidate: position)
    }

    private func strength(_ candidate: Int, _ index: Int?, _ outputs: OutputValues) throws -> Double {
        let all = try probabilities(of: candidate, in: outputs)
        let value = index.map { all.indices.contains($0) ? all[$0] : 0 } ?? all.filter(\.isFinite).max() ?? 0
        // NaN is below everything, or it would be what is explained.
        return value.isNaN ? -1 : value
    }

    package func score(of finding: Finding, _ request: ScoreRequest, in outputs: OutputValues) -> HeadScore {
        let candidate = finding.candidate ?? 0
        var subject = "the logit of '\(description.name(of: finding.index, names: request.names))'"
        var target = logit(of: candidate, class: finding.index)
        if let contrast = request.contrast {
            target = .combination([
                Target.Term(1, target), Target.Term(-1, logit(of: candidate, class: contrast)),
            ])
            subject += " minus that of '\(description.name(of: contrast, names: request.names))'"
        }
        return HeadScore(target, statement: "\(subject) for the box of candidate \(candidate)\(parts.remark)")
    }
}

extension DetectorParts.Form {
    /// The probabilities of a candidate's scores.
    func probabilities(_ row: [Float]) -> [Double] {
        switch self {
        case .activated(let activation): Probability.ofClasses(row, activation: activation)
        case .exclusive: Probability.softmax(row)
        case .independent: row.map(Probability.sigmoid)
        case .unknown: row.map { (0...1).contains($0) ? Double($0) : Probability.sigmoid($0) }
        }
    }
}
