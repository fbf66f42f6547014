import Graphs
import Tensors

/// The attention of a token model, `[B, heads, N, N]` block by block, and how its N tokens lie over the picture.
struct TokenAttention {
    /// The softmaxed weights in the model's order; rows are queries.
    let weights: [ValueID]
    /// A layer of these tokens.
    let layer: Layer
    private let batch: Int
    private let tokens: Int
    private let height: Int
    private let width: Int
    /// The token of each cell, row by row.
    private let cells: [Int]

    /// The attention that leads from the explained input to the score.
    init(_ question: Question, for method: String) throws {
        func unsuitable(_ reason: String) -> ExplanationError { .unsuitable(method: method, reason: reason) }
        let graph = question.graph
        let isBehindInput = graph.values(dependingOn: [question.input])
        let isNeeded = graph.neededNodes(for: question.scored).values
        weights = graph.attentionWeights().filter { isBehindInput[$0.index] && isNeeded[$0.index] }
        batch = question.batch
        guard let first = weights.first.flatMap({ graph.shape(of: $0) }), let tokens = first.dimensions.last else {
            throw unsuitable(
                "no attention (a softmax over a product of queries and keys) leads to the target; choose a method for convolutional networks"
            )
        }
        self.tokens = tokens
        for value in weights {
            let shape = graph.shape(of: value) ?? []
            let axis = graph.producingNode(of: value)?.integer("axis") ?? -1
            guard axis == -1 || axis == shape.rank - 1, (3...4).contains(shape.rank), shape[-1] == shape[-2] else {
                throw unsuitable(
                    "the attention '\(graph[value].name)' of shape \(shape) does not go from all tokens to all tokens")
            }
            let matrices = shape.count / max(tokens * tokens, 1)
            guard shape[-1] == tokens, shape.rank == 4 ? shape[0] == batch : matrices % max(batch, 1) == 0 else {
                throw unsuitable(
                    "the attention '\(graph[value].name)' of shape \(shape) runs inside windows or over another number of tokens than '\(graph[weights[0]].name)'"
                )
            }
        }
        let batch = question.batch
        let place = graph.layers(from: question.input).first { layer in
            guard let layout = layer.layout, layer.shape.rank == 3, layout.batch == batch, layout.lengths.count == 2
            else { return false }
            return layout.height * layout.width + layout.tokensWithoutPlace == tokens
                && layer.shape.count == batch * tokens * layout.channels
        }
        guard let place, let layout = place.layout else {
            throw unsuitable(
                "its attention is over \(tokens) places that are no tokens with a place in the picture (attention inside windows or between channels is not supported)"
            )
        }
        layer = place
        (height, width) = (layout.height, layout.width)
        let places =
            layout.steps.lazy.compactMap { step in
                switch step {
                case .slice(axis: 1, let range): Array(range)
                case .gather(axis: 1, let indices): indices
                default: nil
                }
            }.first ?? Array(0..<tokens)
        let count = height * width
        // Samples and tokens may stand in one axis.
        cells = Array(places.prefix(count))
        let isRegular = places.enumerated().allSatisfy { $1 == cells[$0 % max(count, 1)] + $0 / max(count, 1) * tokens }
        guard places.count == count || places.count == batch * count, isRegular,
            cells.allSatisfy({ (0..<tokens).contains($0) })
        else {
            throw unsuitable("the order of its tokens over the picture is not understood")
        }
    }

    /// The token that stands for no place and that the class is read from: the first such.
    private var classToken: Int? {
        let placed = Set(cells)
        return (0..<tokens).first { !placed.contains($0) }
    }

    /// `[B, heads, N, N]` of weights, or of a value of their shape.
    func byHead(_ value: ValueID, like weights: ValueID, in question: inout QuestionGraph) -> ValueID {
        guard let shape = question.graph.shape(of: weights), shape.rank != 4 else { return value }
        let heads = shape.count / max(batch * tokens * tokens, 1)
        return question.reshape(value, to: [batch, heads, tokens, tokens])
    }

    /// The identity, `[1, N, N]`.
    func identity(in question: inout QuestionGraph) -> ValueID {
        var matrix = Tensor<Float>(repeating: 0, shape: [1, tokens, tokens])
        matrix.mutateElements { elements in
            for token in 0..<tokens { elements[token * tokens + token] = 1 }
        }
        return question.constant(matrix)
    }

    /// What the class token (the mean of all tokens where there is none) takes from every cell, `[B, H, W]`, of relevance
    /// `[B, N, N]`.
    func map(of relevance: ValueID, in question: inout QuestionGraph) -> ValueID {
        let row: ValueID
        if let classToken {
            row = question.emit("Gather", [relevance, question.integers([classToken])], ["axis": .integer(1)])
        } else {
            row = question.emit("ReduceMean", [relevance, question.integers([1])], ["keepdims": .integer(1)])
        }
        let placed = question.emit("Gather", [row, question.integers(cells)], ["axis": .integer(2)])
        return question.reshape(placed, to: [batch, height, width])
    }
}
