package import Graphs
import Tensors

/// What a specialised graph tells about its outputs: the facts by which heads are recognised.
package struct OutputSurvey: Sendable {
    /// One value that holds floating-point numbers which a head may read: an output, or the scores in front of a decision.
    package struct Output: Sendable {
        /// The name that a target knows it by.
        package let name: String
        package let value: ValueID
        /// The lengths behind the batch axis.
        package let axes: [Int]
        /// The softmax or sigmoid that all elements passed last; nil where there is none, or not for all.
        package let activation: String?
        /// What the activation's result was multiplied by: 100 for percent.
        package var factor: Float = 1
        /// Whether a name says that the output only helps training.
        package var isAuxiliary = false
        /// Whether its numbers were quantised last.
        package var isQuantised = false
        /// Whether some of its numbers are classes' numbers or ranks, which an operator made of scores.
        package var holdsIndices = false
        /// The operator that decides from these numbers what the file puts out, and the outputs that it makes.
        package var decision: (operation: String, outputs: [String])?

        /// The axes that are longer than 1.
        package var longAxes: [Int] { axes.indices.filter { axes[$0] > 1 } }

        /// Whether one of these words is in the output's name.
        package func isCalled(_ words: [String]) -> Bool {
            let lower = name.lowercased()
            return words.contains { lower.contains($0) }
        }
    }

    /// The outputs in the file's order, then what others are decided from, auxiliary ones last.
    package private(set) var outputs: [Output]
    /// Height and width of the picture input, where it is one.
    package let inputSize: (height: Int, width: Int)?
    /// How many channels the picture input has.
    package let inputChannels: Int?
    /// The shape of the input without its batch axis.
    package let inputAxes: [Int]
    /// Whether the picture input is `[B, H, W, C]`.
    package let isChannelsLast: Bool
    /// How many class names are known.
    package let labelCount: Int?
    /// What the file states about itself.
    package let metadata: ModelMetadata
    package let graph: Graph
    package let batch: Int
    /// Where the file picks candidates of a detector from; nil where it does not, or that is not found.
    private(set) var picks: CandidatePicks?

    /// The outputs of a specialised graph, for the input of this name; class names of the file count where no others are known.
    package init(_ graph: Graph, input: String, batch: Int, labelCount: Int? = nil) {
        self.graph = graph
        self.batch = batch
        metadata = ModelMetadata(graph.metadata)
        self.labelCount = labelCount ?? metadata.classNames?.count
        outputs = Self.outputs(of: graph, batch)
        let value = graph.value(named: input)
        inputAxes = Array((value.flatMap { graph.shape(of: $0) } ?? []).dimensions.dropFirst())
        guard let axes = value.flatMap({ graph.pictureAxes(of: $0) }), axes.sampleAxis != nil else {
            (inputSize, inputChannels) = (nil, nil)
            isChannelsLast = false
            return
        }
        isChannelsLast = axes.channelAxis == 3
        inputSize = (axes.height, axes.width)
        inputChannels = value.flatMap { graph.shape(of: $0) }.map { $0[axes.channelAxis] }
        picks = findPicks()
        if let scores = picks?.scores.output, !outputs.contains(where: { $0.value == scores.value }) {
            outputs.append(scores)
        }
    }

    private static func outputs(of graph: Graph, _ batch: Int) -> [Output] {
        var plain: [Output] = []
        var decided: [Output] = []
        for output in graph.outputs {
            if let decision = graph.decision(behind: output.value) {
                if let known = decided.firstIndex(where: { $0.value == graph.unflattened(decision.scores) }) {
                    decided[known].decision?.outputs.append(output.name)
                } else if var scores = inner(graph.unflattened(decision.scores), graph, batch) {
                    scores.decision = (decision.operation, [output.name])
                    decided.append(scores)
                }
            } else if let known = Self.output(output.value, name: output.name, graph, batch) {
                if known.holdsIndices, var scores = ranked(in: known, graph, batch) {
                    scores.decision?.outputs = [output.name]
                    decided.append(scores)
                } else {
                    plain.append(known)
                }
            }
        }
        // Scores that the file puts out as well are an output like others.
        decided.removeAll { scores in plain.contains { $0.value == scores.value } }
        plain.removeAll { output in
            guard let node = graph.producingNode(of: output.value), node.isStandard("ReduceMax"),
                let all = node.input(0).map(graph.valueBeforeActivation)
            else { return false }
            return decided.contains { graph.valueBeforeActivation($0.value) == all }
        }
        return plain.filter { !$0.isAuxiliary } + decided + plain.filter(\.isAuxiliary)
    }

    /// The one list of scores that an output of ranks beside their scores was decided from; nil where there are several lists.
    private static func ranked(in output: Output, _ graph: Graph, _ batch: Int) -> Output? {
        let count = min(output.axes.reduce(1, *), 128)
        for end in graph.traced(Array(0..<count), of: output.value, to: []) where graph.isIndex(end.value) {
            guard let decision = graph.decision(behind: end.value),
                var scores = inner(graph.unflattened(decision.scores), graph, batch), scores.longAxes.count == 1
            else { return nil }
            scores.decision = (decision.operation, [])
            return scores
        }
        return nil
    }

    /// A value inside of the graph, by its own name.
    package static func inner(_ value: ValueID, _ graph: Graph, _ batch: Int) -> Output? {
        output(value, name: graph[value].name, graph, batch)
    }

    private static func output(_ value: ValueID, name: String, _ graph: Graph, _ batch: Int) -> Output? {
        guard let shape = graph.shape(of: value), graph[value].type?.isFloatingPoint == true,
            shape.count > 0, graph.producer(of: value) != nil
        else { return nil }
        let hasBatch = shape.rank > 0 && shape[0] == batch && (shape.rank > 1 || batch > 1 || shape.count == 1)
        guard hasBatch || batch == 1 else { return nil }
        let axes = hasBatch ? Array(shape.dimensions.dropFirst()) : shape.dimensions
        // A whole row of a table, and some of all.
        let sample =
            Array(0..<min(shape.count, 128))
            + Array(Swift.stride(from: 0, to: shape.count, by: max(shape.count / 64, 1)))
        let traced = graph.traced(sample, of: value)
        let ends = Set(traced.map(\.activation))
        let factors = Set(traced.map(\.factor))
        let isWhole = ends.count == 1 && factors.count == 1
        return Output(
            name: name, value: value, axes: axes, activation: isWhole ? ends.first ?? nil : nil,
            factor: isWhole && ends.first != .some(nil) ? factors.first ?? 1 : 1,
            isAuxiliary: name.lowercased().contains("aux"), isQuantised: graph.unquantised(value) != value,
            holdsIndices: traced.contains { graph.isIndex($0.value) })
    }

    /// What these positions of an output's first sample passed last: the activation and its result; nil where they differ or passed
    /// none.
    package func end(of positions: [Int], in output: Output) -> TracedElements? {
        let traced = graph.traced(positions, of: output.value)
        guard let first = traced.first, first.activation != nil,
            traced.allSatisfy({ $0.activation == first.activation })
        else { return nil }
        return first
    }

    /// The activation that these positions of an output's first sample passed; nil where they differ or passed none.
    package func activation(of positions: [Int], in output: Output) -> String? {
        end(of: positions, in: output)?.activation
    }

    /// The head that explanations use: that of the first output with one; embeddings and their like come after class scores.
    ///
    /// - Throws: `ExplanationError.unknownHead` where an output is known not to be what its shape looks like, but its parts are not.
    package func head() throws(ExplanationError) -> (any Head)? {
        let candidates = outputs.compactMap { output -> (any Head)? in
            // A row with a class's number in it is no row of scores.
            let kinds = output.holdsIndices ? [PickedDetectorHead.self] : HeadCatalogue.kinds
            return kinds.lazy.compactMap { $0.recognised(output, in: self) }.first
        }
        if candidates.first(where: { $0.description.kind == .detector }) == nil, let problem = undecided() {
            throw problem
        }
        let secondary: Set<HeadDescription.Kind> = [.embedding, .regression, .picture]
        return candidates.first { $0.description.kind == .detector }
            ?? candidates.first { !secondary.contains($0.description.kind) } ?? candidates.first
    }

    /// Why this output and not another, for the reason of a head; empty where there is one output only.
    package func choice(of names: [String]) -> String {
        let decision = outputs.first { names.contains($0.name) && $0.decision != nil }?.decision
        let own = names + (decision?.outputs ?? [])
        let decided = decision.map { decision in
            "; the file puts out \(Self.quoted(decision.outputs)), which \(decision.operation) makes of them, and is explained in front of that"
        }
        let others = graph.outputs.filter { !own.contains($0.name) }.map(\.name)
        guard !others.isEmpty else { return decided ?? "" }
        let auxiliary = outputs.filter { $0.isAuxiliary && others.contains($0.name) }.map(\.name)
        let integers = graph.outputs.filter { graph[$0.value].type?.isFloatingPoint == false }.map(\.name)
        let rest = others.filter { !auxiliary.contains($0) && !integers.contains($0) }
        let whole = others.filter { integers.contains($0) }
        var words: [String] = []
        if !auxiliary.isEmpty {
            words.append("\(Self.quoted(auxiliary)) \(auxiliary.count == 1 ? "is" : "are") auxiliary by name")
        }
        if !rest.isEmpty {
            let example = TargetText.option("mean(\(TargetText.name(rest[0])))")
            words.append("\(Self.quoted(rest)) can be explained with --target, e.g. \(example)")
        }
        if !whole.isEmpty { words.append("\(Self.quoted(whole)) \(whole.count == 1 ? "holds" : "hold") whole numbers") }
        return (decided ?? "")
            + "; of \(graph.outputs.count) outputs it is the main one (\(words.joined(separator: "; ")))"
    }

    /// `'a', 'b', …`
    static func quoted(_ names: [String]) -> String {
        names.prefix(4).map { "'\($0)'" }.joined(separator: ", ") + (names.count > 4 ? ", …" : "")
    }
}

extension Graph {
    /// Whether a value holds whole numbers that the graph computes.
    fileprivate func isIndex(_ value: ValueID) -> Bool {
        self[value].type?.isFloatingPoint == false && producer(of: value) != nil
    }
}
