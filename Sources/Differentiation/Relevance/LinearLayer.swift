import Graphs
import Tensors

/// A node that is linear in the one operand that depends on what is explained, together with the scales and biases that
/// the exporter wrote behind it as nodes of their own: `z = Op(x, W) s + b`.
struct LinearLayer: Sendable {
    enum Kind: Sendable, Hashable {
        /// Weights that move over positions.
        case convolution
        /// Weights between all elements: matrix products, and convolutions of a single position.
        case dense
    }

    /// What the exporter wrote behind the node, in order.
    enum Step: Sendable {
        case scale(ValueID)
        case shift(ValueID, isNegative: Bool)
        case normalisation(Node)
    }

    let node: Node
    let kind: Kind
    /// The operand that depends on what is explained.
    let data: Int
    /// The operand with the weights.
    let weight: Int
    let steps: [Step]
    /// The node's result and what the steps make of it; the last is `z`.
    let results: [ValueID]
    /// Whether `x` has no negative element, whatever the picture.
    let isNonNegative: Bool

    var result: ValueID { results[results.count - 1] }
    var input: ValueID? { node.input(data) }

    /// The layer that a node begins, nil where it is none.
    init?(_ node: Node, in use: GraphUse) {
        let graph = use.graph
        func isFree(_ index: Int) -> Bool { node.input(index).map { use.isFree($0) } ?? false }
        switch node.operation {
        case "Conv", "ConvTranspose": guard isFree(0), !isFree(1), !isFree(2) else { return nil }
        case "Gemm", "MatMul": guard isFree(0) != isFree(1), !isFree(2) else { return nil }
        default: return nil
        }
        data = isFree(0) ? 0 : 1
        weight = 1 - data
        guard node.domain.isEmpty, let output = node.output(0), let input = node.input(data),
            let shape = graph.shape(of: output), let inputShape = graph.shape(of: input),
            let axes = WeightAxes(of: node, data: data, result: shape, in: graph),
            graph[output].type?.isFloatingPoint == true
        else { return nil }
        self.node = node
        let positions = (inputShape.dimensions.dropFirst(2) + shape.dimensions.dropFirst(2)).reduce(1, max)
        kind = node.operation.hasPrefix("Conv") && positions > 1 ? .convolution : .dense
        isNonNegative = use.isNonNegative(input)
        var steps: [Step] = []
        var results = [output]
        while let next = use.onlyReader(of: results[results.count - 1]), let result = next.output(0),
            graph.shape(of: result) == shape,
            let step = Self.step(next, behind: results[results.count - 1], axes, in: use)
        {
            steps.append(step)
            results.append(result)
        }
        self.steps = steps
        self.results = results
    }

    /// What a node behind the layer adds to it, nil where the layer ends in front of it.
    private static func step(_ node: Node, behind value: ValueID, _ axes: WeightAxes, in use: GraphUse) -> Step? {
        if node.operation == "BatchNormalization" {
            guard node.input(0) == value, axes.channel == 1, axes.factorShape != nil,
                node.integer("training_mode") ?? 0 == 0,
                !node.inputs.dropFirst().contains(where: { $0.map(use.isFree) ?? false })
            else { return nil }
            return .normalisation(node)
        }
        guard ["Add", "Sub", "Mul"].contains(node.operation), let left = node.input(0), let right = node.input(1),
            left != right, left == value || (right == value && node.operation != "Sub")
        else { return nil }
        let other = left == value ? right : left
        guard !use.isFree(other) else { return nil }
        guard node.operation == "Mul" else { return .shift(other, isNegative: node.operation == "Sub") }
        return axes.isPerChannel(use.graph.shape(of: other)) ? .scale(other) : nil
    }
}

/// Which axes of a layer's weights and result belong together.
struct WeightAxes: Sendable {
    /// The channels' axis in the result.
    let channel: Int
    let channels: Int
    private let rank: Int
    /// The shape with which one factor a channel multiplies the weights; nil where the weights are not laid out so.
    let factorShape: Shape?

    init?(of node: Node, data: Int, result: Shape, in graph: Graph) {
        guard let kernel = node.input(1 - data), let weights = graph.shape(of: kernel), result.rank > 0 else {
            return nil
        }
        rank = result.rank
        var axis: Int?
        switch node.operation {
        case "Conv":
            channel = 1
            axis = 0
        case "ConvTranspose":
            channel = 1
            axis = node.integer("group") ?? 1 == 1 ? 1 : nil
        case "Gemm":
            let isTransposed = node.integer(data == 0 ? "transB" : "transA") ?? 0 != 0
            channel = data == 0 ? 1 : 0
            axis = (data == 0) == isTransposed ? 0 : 1
        default:
            channel = data == 0 ? rank - 1 : rank - 2
            axis = weights.rank == 2 ? (data == 0 ? 1 : 0) : nil
        }
        guard result.dimensions.indices.contains(channel) else { return nil }
        let length = result[channel]
        channels = length
        factorShape = axis.flatMap { axis in
            guard weights.dimensions.indices.contains(axis), weights[axis] == length else { return nil }
            var lengths = [Int](repeating: 1, count: weights.rank)
            lengths[axis] = length
            return Shape(lengths)
        }
    }

    /// Whether a factor of this shape is one number, or one number a channel of the result.
    func isPerChannel(_ shape: Shape?) -> Bool {
        guard let shape, shape.rank <= rank else { return false }
        if shape.count == 1 { return true }
        guard factorShape != nil, shape.count == channels else { return false }
        let place = channel - (rank - shape.rank)
        return shape.dimensions.indices.contains(place) && shape[place] == channels
    }
}
