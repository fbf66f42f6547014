import Graphs

/// Long short-term memory: `c_t = f ⊙ c + i ⊙ g`, `h_t = o ⊙ H(c_t)`, with gates `i, o, f = F(W x + R h + P ⊙ c + b)` and
/// `g = G(W x + R h + b)`; the output gate's peephole reads `c_t`, and a coupled forget gate is `1 - i`.
struct LSTMCell: RecurrentCell {
    static let gates = 4
    static let activations = [
        RecurrentActivation("Sigmoid"), RecurrentActivation("Tanh"), RecurrentActivation("Tanh"),
    ]
    static let peepholes = 3
    static let hasCellState = true

    private let layer: RecurrentLayer
    private let activations: [RecurrentActivation]
    private let peepholes: [ValueID]?
    private let isCoupled: Bool
    /// The gates i, o and f, and the candidate g where it is a layer of its own.
    private let products: [RecurrentProduct]

    init(
        _ layer: RecurrentLayer, direction: Int, _ builder: inout ExpansionBuilder
    ) throws(DifferentiationError) {
        self.layer = layer
        activations = layer.activations(direction)
        peepholes = layer.peepholes(direction, &builder)
        isCoupled = layer.couplesForgetGate
        products =
            builder.isLayered
            ? [
                RecurrentProduct(layer, direction, gates: 0..<3, isLayered: false, &builder),
                RecurrentProduct(layer, direction, gates: 3..<4, isLayered: true, &builder),
            ] : [RecurrentProduct(layer, direction, gates: 0..<4, isLayered: false, &builder)]
    }

    mutating func next(
        _ state: RecurrentState, at time: Int, _ builder: inout ExpansionBuilder
    ) -> RecurrentState {
        let size = layer.hidden
        let values = products.map { $0.value(at: time, state: state.hidden, &builder) }
        let parts = values.count == 2 ? values : builder.split(values[0], [3 * size, size], axis: 2)
        let candidate = activations[1].apply(layer.clipped(parts[1], &builder), &builder)
        let own = peepholes == nil ? gates(parts[0], &builder) : builder.split(parts[0], [size, size, size], axis: 2)

        let input = peepholes.map { gate(own[0], $0[0], state.cell, &builder) } ?? own[0]
        var cell = builder.multiply(input, candidate)
        if let old = state.cell {
            let forget =
                isCoupled
                ? builder.subtract(builder.scalar(1), input)
                : peepholes.map { gate(own[2], $0[2], old, &builder) } ?? own[2]
            let kept = builder.multiply(forget, old)
            cell = builder.add(kept, cell)
        }
        let output = peepholes.map { gate(own[1], $0[1], cell, &builder) } ?? own[1]
        let shown = activations[2].apply(cell, &builder)
        return RecurrentState(hidden: builder.multiply(output, shown), cell: cell)
    }

    /// All three gates at once.
    private func gates(_ value: ValueID, _ builder: inout ExpansionBuilder) -> [ValueID] {
        let active = activations[0].apply(layer.clipped(value, &builder), &builder)
        return builder.split(active, [layer.hidden, layer.hidden, layer.hidden], axis: 2)
    }

    /// A gate that looks at a cell state.
    private func gate(
        _ value: ValueID, _ peephole: ValueID, _ cell: ValueID?, _ builder: inout ExpansionBuilder
    ) -> ValueID {
        var value = value
        if let cell {
            let look = builder.multiply(cell, peephole)
            value = builder.add(value, look)
        }
        return activations[0].apply(layer.clipped(value, &builder), &builder)
    }

    static func obstacleForRelevance(_ node: Node) -> String? {
        RecurrentActivation.obstacleForRelevance(node, defaults: activations)
    }
}
