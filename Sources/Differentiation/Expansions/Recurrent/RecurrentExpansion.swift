import Graphs
import Tensors

/// LSTM, GRU and RNN: one copy of the cell a step. Weights are read by every copy and stand in the graph once.
///
/// Padded steps of shorter sequences (`sequence_lens`) keep the state and give 0.
struct RecurrentExpansion<Cell: RecurrentCell>: OperatorExpansion {
    /// More copies of the cell than this make a program that takes minutes to load.
    private static var largestCount: Int { 4096 }

    func expand(
        _ step: BackwardStep, into builder: inout ExpansionBuilder
    ) throws(DifferentiationError) -> [ValueID?] {
        let layer = try RecurrentLayer(
            step, gates: Cell.gates, defaults: Cell.activations, peepholes: Cell.peepholes, builder)
        guard layer.steps * layer.directions <= Self.largestCount else {
            throw .unsupported(
                node: step.label,
                reason: "its \(layer.steps) steps would be more than \(Self.largestCount) copies of its cell")
        }
        let padding = builder.operand(4).map { PaddedSteps($0, of: layer, step, &builder) } ?? nil
        var sequences: [ValueID] = []
        var last: [(hidden: ValueID, cell: ValueID?)] = []
        for direction in 0..<layer.directions {
            let isReversed = direction == 1 || layer.isReversed
            var cell = try Cell(layer, direction: direction, &builder)
            var state = initialState(layer, direction, hasPadding: padding != nil, &builder)
            var results = [ValueID](repeating: layer.input, count: layer.steps)
            for time in isReversed ? Array((0..<layer.steps).reversed()) : Array(0..<layer.steps) {
                let next = cell.next(state, at: time, &builder)
                guard let padding else {
                    state = next
                    results[time] = next.hidden ?? layer.input
                    continue
                }
                let kept = padding.merging(next, state, at: time, &builder)
                state = kept.state
                results[time] = kept.result
            }
            let sequence = builder.concatenate(results, axis: 0)
            sequences.append(builder.reshape(sequence, to: [layer.steps, 1, layer.batch, layer.hidden]))
            guard let hidden = state.hidden else {
                throw .unsupported(node: step.label, reason: "its sequence has no step")
            }
            let end = padding.map { $0.last(state, &builder) } ?? state
            last.append((end.hidden ?? hidden, end.cell))
        }
        let cells = last.compactMap(\.cell)
        return [
            builder.concatenate(sequences, axis: 1), builder.concatenate(last.map(\.hidden), axis: 0),
            cells.isEmpty ? nil : builder.concatenate(cells, axis: 0),
        ]
    }

    func obstacleForRelevance(_ node: Node) -> String? { Cell.obstacleForRelevance(node) }

    /// The given initial state of a direction; nil is zeros, which nothing need be multiplied with.
    private func initialState(
        _ layer: RecurrentLayer, _ direction: Int, hasPadding: Bool, _ builder: inout ExpansionBuilder
    ) -> RecurrentState {
        func part(_ index: Int) -> ValueID? {
            if let value = builder.operand(index) {
                return builder.slice(value, from: direction, to: direction + 1, axis: 0)
            }
            // A padded step hands on whatever state there is.
            guard hasPadding else { return nil }
            let zero = builder.scalar(0)
            return builder.expand(zero, to: [1, layer.batch, layer.hidden])
        }
        return RecurrentState(hidden: part(5), cell: Cell.hasCellState ? part(6) : nil)
    }
}

/// What a cell hands on; `[1, batch, hidden]`, nil for zeros.
struct RecurrentState {
    var hidden: ValueID?
    var cell: ValueID?
}

/// One step of a recurrent layer, for one direction.
protocol RecurrentCell: Sendable {
    /// How many rows of weights there are for each hidden unit.
    static var gates: Int { get }
    /// The activations where the node names none.
    static var activations: [RecurrentActivation] { get }
    /// How many peephole weights there are for each hidden unit.
    static var peepholes: Int { get }
    static var hasCellState: Bool { get }
    static func obstacleForRelevance(_ node: Node) -> String?

    init(_ layer: RecurrentLayer, direction: Int, _ builder: inout ExpansionBuilder) throws(DifferentiationError)

    /// The state behind a step.
    mutating func next(_ state: RecurrentState, at time: Int, _ builder: inout ExpansionBuilder) -> RecurrentState
}

/// Which steps of which samples lie behind the end of their sequence.
private struct PaddedSteps {
    /// `[1, batch, 1]`, int32.
    private let lengths: ValueID
    private let hidden: Int

    /// Nil where constant lengths say that no step is padding.
    init?(_ lengths: ValueID, of layer: RecurrentLayer, _ step: BackwardStep, _ builder: inout ExpansionBuilder) {
        let constant = step.node.input(4).flatMap { step.graph[$0].constant }?.integers
        guard constant?.allSatisfy({ $0 >= layer.steps }) != true else { return nil }
        self.lengths = builder.reshape(lengths, to: [1, layer.batch, 1])
        hidden = layer.hidden
    }

    /// The state behind a step and the step's result: where it is padding, the state as it was, and 0.
    func merging(
        _ next: RecurrentState, _ state: RecurrentState, at time: Int, _ builder: inout ExpansionBuilder
    ) -> (state: RecurrentState, result: ValueID) {
        let condition = reaches(beyond: time, &builder)
        var merged = next
        if let new = next.hidden, let old = state.hidden { merged.hidden = builder.choose(condition, new, old) }
        if let new = next.cell, let old = state.cell { merged.cell = builder.choose(condition, new, old) }
        let result = next.hidden.map { builder.choose(condition, $0, builder.scalar(0)) }
        return (merged, result ?? builder.scalar(0))
    }

    /// The state at the end; the engine gives 0 for sequences without a step.
    func last(_ state: RecurrentState, _ builder: inout ExpansionBuilder) -> RecurrentState {
        let condition = reaches(beyond: 0, &builder)
        let zero = builder.scalar(0)
        return RecurrentState(
            hidden: state.hidden.map { builder.choose(condition, $0, zero) },
            cell: state.cell.map { builder.choose(condition, $0, zero) })
    }

    private func reaches(beyond time: Int, _ builder: inout ExpansionBuilder) -> ValueID {
        let number = builder.graph.addConstant(AnyTensor(Tensor<Int32>(Int32(clamping: time))), name: "time")
        return builder.binary("Greater", lengths, number, type: .bool)
    }
}
