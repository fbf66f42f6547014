package import Graphs
import Tensors

/// What a specialised graph tells about its outputs: the facts by which heads are recognised.
package struct OutputSurvey: Sendable {
    /// One output that holds floating-point numbers.
    package struct Output: Sendable {
        package let name: String
        package let value: ValueID
        /// The lengths behind the batch axis.
        package let axes: [Int]
        /// The softmax or sigmoid that all elements passed last; nil where there is none, or not for all.
        package let activation: String?
        /// Whether a name says that the output only helps training.
        package let isAuxiliary: Bool

        /// The axes that are longer than 1.
        package var longAxes: [Int] { axes.indices.filter { axes[$0] > 1 } }

        /// Whether one of these words is in the output's name.
        package func isCalled(_ words: [String]) -> Bool {
            let lower = name.lowercased()
            return words.contains { lower.contains($0) }
        }
    }

    /// The outputs in the file's order, auxiliary ones last.
    package let outputs: [Output]
    /// Height and width of the picture input, where it is one.
    package let inputSize: (height: Int, width: Int)?
    /// Whether the picture input is `[B, H, W, C]`.
    package let isChannelsLast: Bool
    /// How many class names are known.
    package let labelCount: Int?
    package let graph: Graph
    package let batch: Int

    /// The outputs of a specialised graph, for the input of this name.
    package init(_ graph: Graph, input: String, batch: Int, labelCount: Int? = nil) {
        self.graph = graph
        self.batch = batch
        self.labelCount = labelCount
        let all = graph.outputs.compactMap { Self.output($0, graph, batch) }
        outputs = all.filter { !$0.isAuxiliary } + all.filter(\.isAuxiliary)
        guard let shape = graph.value(named: input).flatMap({ graph.shape(of: $0) }), shape.rank == 4 else {
            inputSize = nil
            isChannelsLast = false
            return
        }
        isChannelsLast = [1, 3, 4].contains(shape[3]) && ![1, 3, 4].contains(shape[1])
        inputSize = isChannelsLast ? (shape[1], shape[2]) : (shape[2], shape[3])
    }

    private static func output(_ output: Graph.Output, _ graph: Graph, _ batch: Int) -> Output? {
        guard let shape = graph.shape(of: output.value), graph[output.value].type?.isFloatingPoint == true,
            shape.count > 0, graph.producer(of: output.value) != nil
        else { return nil }
        let hasBatch = shape.rank > 0 && shape[0] == batch && (shape.rank > 1 || batch > 1 || shape.count == 1)
        guard hasBatch || batch == 1 else { return nil }
        let axes = hasBatch ? Array(shape.dimensions.dropFirst()) : shape.dimensions
        let sample = Swift.stride(from: 0, to: shape.count, by: max(shape.count / 64, 1))
        let ends = Set(graph.traced(Array(sample), of: output.value).map(\.activation))
        return Output(
            name: output.name, value: output.value, axes: axes, activation: ends.count == 1 ? ends.first ?? nil : nil,
            isAuxiliary: output.name.lowercased().contains("aux"))
    }

    /// The activation that these positions of an output's first sample passed; nil where they differ or passed none.
    package func activation(of positions: [Int], in output: Output) -> String? {
        let ends = Set(graph.traced(positions, of: output.value).map(\.activation))
        return ends.count == 1 ? ends.first ?? nil : nil
    }

    /// The head that explanations use: that of the first output with one; embeddings and their like come after class scores.
    package func head() -> (any Head)? {
        let candidates = outputs.compactMap { output in
            HeadCatalogue.kinds.lazy.compactMap { $0.recognised(output, in: self) }.first
        }
        let secondary: Set<HeadDescription.Kind> = [.embedding, .regression]
        return candidates.first { $0.description.kind == .detector }
            ?? candidates.first { !secondary.contains($0.description.kind) } ?? candidates.first
    }

    /// Why this output and not another, for the reason of a head; empty where there is one output only.
    package func choice(of names: [String]) -> String {
        let others = graph.outputs.filter { !names.contains($0.name) }.map(\.name)
        guard !others.isEmpty else { return "" }
        let auxiliary = outputs.filter { $0.isAuxiliary && others.contains($0.name) }.map(\.name)
        let rest = others.filter { !auxiliary.contains($0) }
        var words: [String] = []
        if !auxiliary.isEmpty {
            words.append(
                "\(auxiliary.map { "'\($0)'" }.joined(separator: ", ")) \(auxiliary.count == 1 ? "is" : "are") auxiliary by name"
            )
        }
        if !rest.isEmpty {
            let listed = rest.prefix(4).map { "'\($0)'" }.joined(separator: ", ") + (rest.count > 4 ? ", …" : "")
            words.append("\(listed) can be explained with --target")
        }
        return "; of \(graph.outputs.count) outputs it is the main one (\(words.joined(separator: "; ")))"
    }
}
