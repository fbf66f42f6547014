import Graphs
import Tensors

/// What a recurrent node says about itself.
struct RecurrentLayer {
    let steps: Int
    let batch: Int
    let hidden: Int
    let directions: Int
    /// Whether the only direction is backwards.
    let isReversed: Bool
    /// `[steps, batch, inputs]`.
    let input: ValueID
    /// Where pre-activations are clipped; nil where they are not.
    let clip: Double?
    private let activations: [RecurrentActivation]
    private let gates: Int
    private let node: Node

    init(
        _ step: BackwardStep, gates: Int, defaults: [RecurrentActivation], peepholes: Int, _ builder: ExpansionBuilder
    ) throws(DifferentiationError) {
        guard let input = builder.operand(0) else {
            throw .unsupported(node: step.label, reason: "its operand 0 is missing")
        }
        self.input = input
        node = step.node
        self.gates = gates
        guard node.integer("layout") ?? 0 == 0 else {
            throw .unsupported(node: step.label, reason: "its layout has the samples first")
        }
        let (x, w, r) = (try step.shape(ofOperand: 0), try step.shape(ofOperand: 1), try step.shape(ofOperand: 2))
        let direction = node.string("direction") ?? "forward"
        directions = direction == "bidirectional" ? 2 : 1
        isReversed = direction == "reverse"
        guard x.rank == 3, w.rank == 3, r.rank == 3, r[2] > 0, x[0] > 0, w == [directions, gates * r[2], x[2]],
            r == [directions, gates * r[2], r[2]]
        else {
            throw .unsupported(node: step.label, reason: "its operands \(x), \(w) and \(r) do not fit")
        }
        (steps, batch, hidden) = (x[0], x[1], r[2])
        let states: Shape = [directions, batch, hidden]
        let expected: [Int: Shape] = [
            3: [directions, 2 * gates * hidden], 4: [batch], 5: states, 6: states, 7: [directions, peepholes * hidden],
        ]
        for (index, shape) in expected where node.input(index) != nil {
            let given = try step.shape(ofOperand: index)
            guard given == shape else {
                throw .unsupported(node: step.label, reason: "its operand \(index) is \(given), not \(shape)")
            }
        }
        clip = node.float("clip").map { Double($0) }
        activations = try RecurrentActivation.all(
            of: node, defaults: defaults, directions: directions, label: step.label)
    }

    /// The activations of a direction, in the operator's order.
    func activations(_ direction: Int) -> [RecurrentActivation] {
        let count = activations.count / directions
        return Array(activations[direction * count..<(direction + 1) * count])
    }

    /// Whether an LSTM's forget gate is one less its input gate.
    var couplesForgetGate: Bool { node.integer("input_forget") ?? 0 != 0 }

    /// Whether a GRU's reset gate scales what the weights made of the state, and not the state.
    var resetsAfterwards: Bool { node.integer("linear_before_reset") ?? 0 != 0 }

    // MARK: Weights

    /// The rows of a direction's weights for some gates: `[count · hidden, columns]`, of operand 1 (input) or 2 (state).
    func weights(
        _ operand: Int, _ direction: Int, gates range: Range<Int>, _ builder: inout ExpansionBuilder
    ) -> ValueID {
        let whole = builder.operand(operand) ?? input
        let own = builder.slice(whole, from: direction, to: direction + 1, axis: 0)
        let rows = builder.slice(own, from: range.lowerBound * hidden, to: range.upperBound * hidden, axis: 1)
        return builder.reshape(rows, to: [range.count * hidden, builder.shape(whole)[2]])
    }

    /// A matrix with its axes exchanged.
    func transposed(_ matrix: ValueID, _ builder: inout ExpansionBuilder) -> ValueID {
        builder.transpose(matrix, [1, 0])
    }

    /// Some gates' biases of one kind, `[count · hidden]`; nil where the node has none.
    func bias(
        ofState: Bool, _ direction: Int, gates range: Range<Int>, _ builder: inout ExpansionBuilder
    ) -> ValueID? {
        guard let whole = builder.operand(3) else { return nil }
        let own = builder.slice(whole, from: direction, to: direction + 1, axis: 0)
        let start = ((ofState ? gates : 0) + range.lowerBound) * hidden
        let part = builder.slice(own, from: start, to: start + range.count * hidden, axis: 1)
        return builder.reshape(part, to: [range.count * hidden])
    }

    /// Both kinds of bias together.
    func bias(_ direction: Int, gates range: Range<Int>, _ builder: inout ExpansionBuilder) -> ValueID? {
        guard let input = bias(ofState: false, direction, gates: range, &builder),
            let state = bias(ofState: true, direction, gates: range, &builder)
        else { return nil }
        return builder.add(input, state)
    }

    /// The three peephole vectors of an LSTM's direction, `[hidden]` each; nil where it has none.
    func peepholes(_ direction: Int, _ builder: inout ExpansionBuilder) -> [ValueID]? {
        guard let whole = builder.operand(7) else { return nil }
        let own = builder.reshape(
            builder.slice(whole, from: direction, to: direction + 1, axis: 0), to: [3 * hidden])
        return builder.split(own, [hidden, hidden, hidden], axis: 0)
    }

    // MARK: Steps

    /// `W x_t + b` for some gates at every step, `[1, batch, count · hidden]` each, by one product for all of them.
    func projections(
        _ direction: Int, gates range: Range<Int>, bias: ValueID?, _ builder: inout ExpansionBuilder
    ) -> [ValueID] {
        let rows = weights(1, direction, gates: range, &builder)
        let columns = transposed(rows, &builder)
        var all = builder.product(input, columns)
        if let bias { all = builder.add(all, bias) }
        return builder.split(all, [Int](repeating: 1, count: steps), axis: 0)
    }

    /// The input at every step, `[1, batch, inputs]` each.
    func inputs(_ builder: inout ExpansionBuilder) -> [ValueID] {
        builder.split(input, [Int](repeating: 1, count: steps), axis: 0)
    }

    /// Pre-activations within the bounds that the node gives.
    func clipped(_ value: ValueID, _ builder: inout ExpansionBuilder) -> ValueID {
        guard let clip else { return value }
        let bounds = [builder.scalar(-clip), builder.scalar(clip)]
        return builder.emit("Clip", [value] + bounds, shape: builder.shape(value))
    }
}

/// `W x_t + R s + b` for some gates.
///
/// Derivatives take `W x_t + b` for all steps at once. Relevance is divided among input and state together, so there it is one
/// linear layer `[W R] [x_t, s] + b`.
struct RecurrentProduct {
    private var projections: [ValueID] = []
    private var inputs: [ValueID] = []
    private let state: ValueID
    private let inputWeights: ValueID?
    private let joint: ValueID?
    private let bias: ValueID?

    init(
        _ layer: RecurrentLayer, _ direction: Int, gates range: Range<Int>, isLayered: Bool,
        hasStateBias: Bool = true, _ builder: inout ExpansionBuilder
    ) {
        bias =
            hasStateBias
            ? layer.bias(direction, gates: range, &builder)
            : layer.bias(ofState: false, direction, gates: range, &builder)
        let rows = layer.weights(2, direction, gates: range, &builder)
        state = layer.transposed(rows, &builder)
        guard isLayered else {
            projections = layer.projections(direction, gates: range, bias: bias, &builder)
            (inputWeights, joint) = (nil, nil)
            return
        }
        inputs = layer.inputs(&builder)
        let own = layer.weights(1, direction, gates: range, &builder)
        inputWeights = layer.transposed(own, &builder)
        let both = builder.concatenate([own, rows], axis: 1)
        joint = layer.transposed(both, &builder)
    }

    /// The pre-activations of a step; a state of nil is zeros.
    func value(at time: Int, state value: ValueID?, _ builder: inout ExpansionBuilder) -> ValueID {
        guard let inputWeights, let joint else {
            guard let value else { return projections[time] }
            let product = builder.product(value, state)
            return builder.add(projections[time], product)
        }
        var operand = inputs[time]
        if let value { operand = builder.concatenate([operand, value], axis: 2) }
        let product = builder.product(operand, value == nil ? inputWeights : joint)
        return bias.map { builder.add(product, $0) } ?? product
    }
}
