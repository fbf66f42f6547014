import Graphs
import Tensors

/// The scores of all classes as one value of a graph, so that a class can be chosen inside it.
struct ClassScores {
    /// What the model's output means.
    let head: any Head
    /// The number of classes.
    let count: Int
    private let batch: Int

    /// - Throws: `ExplanationError.target` where the model is no classifier.
    init(of graph: Graph, input: String, batch: Int, target: CompilationTarget) throws {
        let known = try OutputSurvey(graph, input: input, batch: batch).head()
        guard let head = known, [.classifier, .multiLabel].contains(head.description.kind) else {
            let kind =
                known.map { "the model is a \($0.description.kind.rawValue)" } ?? "what its outputs mean is not known"
            throw ExplanationError.target(
                text: target.text,
                reason:
                    "it needs one score a class, and \(kind); give a target of your own, e.g. \(TargetText.option(graph.exampleTarget))"
            )
        }
        self.head = head
        count = head.description.classCount
        self.batch = batch
    }

    /// The score of one class for every sample.
    func target(of index: Int) throws -> Target {
        try head.score(of: Finding(index: index, score: 0), ScoreRequest(), in: OutputValues(values: [:])).target
    }

    /// The value that holds the scores, `[B, classes]` in this order of elements.
    ///
    /// - Throws: `ExplanationError.target` where the classes' scores do not lie side by side in one value.
    func value(in graph: Graph, resolve: (Target) throws -> [ResolvedTarget.Part]) throws -> ValueID {
        var found: ValueID?
        for index in Set([0, count / 2, count - 1]) {
            let parts = try resolve(target(of: index))
            guard parts.count == 1, let part = parts.first, part.value == found ?? part.value,
                part.weights.elements.count == batch * count,
                part.weights.elements.indices.allSatisfy({
                    part.weights.elements[$0] == ($0 % count == index ? 1 : 0)
                })
            else { throw scattered }
            found = part.value
        }
        guard let found else { throw scattered }
        return found
    }

    private var scattered: ExplanationError {
        .target(
            text: "top1",
            reason: "the classes' scores do not lie side by side in one tensor; give a --target of your own")
    }

    /// The highest class of every sample, `[B]`; the first of equals.
    func highest(of scores: ValueID, in graph: inout Graph) -> ValueID {
        let rows = reshaped(scores, to: [batch, count], in: &graph)
        let result = graph.append(
            "ArgMax", [rows], attributes: ["axis": .integer(1), "keepdims": .integer(0)], name: "target.highest")[0]
        graph[result].type = .int64
        graph[result].shape = [batch]
        return result
    }

    /// 1 at the chosen class of every sample and 0 elsewhere, of the scores' type and shape; a class that does not exist
    /// stops the run.
    func weights(of target: ValueID, for scores: ValueID, in graph: inout Graph) -> ValueID {
        let type = graph[scores].type ?? .float32
        let shape = graph.shape(of: scores) ?? [batch, count]
        let zeros = graph.addConstant(AnyTensor(zeros: type, shape: [batch, count]), name: "target.zeros")
        let ones = graph.addConstant(
            AnyTensor(Tensor<Float>(repeating: 1, shape: [batch, 1])).converted(to: type), name: "target.ones")
        let column = reshaped(target, to: [batch, 1], in: &graph)
        let chosen = graph.append(
            "ScatterElements", [zeros, column, ones], attributes: ["axis": .integer(1)], name: "target.weights")[0]
        graph[chosen].type = type
        graph[chosen].shape = [batch, count]
        return reshaped(chosen, to: shape, in: &graph)
    }

    private func reshaped(_ value: ValueID, to shape: Shape, in graph: inout Graph) -> ValueID {
        let lengths = graph.addConstant(
            AnyTensor(Tensor(vector: shape.dimensions.map { Int64($0) })), name: "target.shape")
        let result = graph.append("Reshape", [value, lengths], name: "target.reshaped")[0]
        graph[result].type = graph[value].type
        graph[result].shape = shape
        return result
    }
}
