import Graphs

/// Gated recurrent unit: `h_t = (1 - z) ⊙ n + z ⊙ h`, `z, r = F(W x + R h + b)` and `n = G(W x + R (r ⊙ h) + b)`, or
/// `n = G(W x + b + r ⊙ (R h + b'))` with `linear_before_reset`.
struct GRUCell: RecurrentCell {
    static let gates = 3
    static let activations = [RecurrentActivation("Sigmoid"), RecurrentActivation("Tanh")]
    static let peepholes = 0
    static let hasCellState = false

    private let layer: RecurrentLayer
    private let activations: [RecurrentActivation]
    private let gates: RecurrentProduct
    private let candidate: Candidate

    private enum Candidate {
        case resetBefore(RecurrentProduct)
        case resetAfter(RecurrentProduct, state: ValueID, bias: ValueID?)
    }

    init(
        _ layer: RecurrentLayer, direction: Int, _ builder: inout ExpansionBuilder
    ) throws(DifferentiationError) {
        self.layer = layer
        activations = layer.activations(direction)
        gates = RecurrentProduct(layer, direction, gates: 0..<2, isLayered: false, &builder)
        guard layer.resetsAfterwards else {
            candidate = .resetBefore(
                RecurrentProduct(layer, direction, gates: 2..<3, isLayered: builder.isLayered, &builder))
            return
        }
        let rows = layer.weights(2, direction, gates: 2..<3, &builder)
        candidate = .resetAfter(
            RecurrentProduct(
                layer, direction, gates: 2..<3, isLayered: builder.isLayered, hasStateBias: false, &builder),
            state: layer.transposed(rows, &builder), bias: layer.bias(ofState: true, direction, gates: 2..<3, &builder))
    }

    mutating func next(
        _ state: RecurrentState, at time: Int, _ builder: inout ExpansionBuilder
    ) -> RecurrentState {
        let size = layer.hidden
        let sums = layer.clipped(gates.value(at: time, state: state.hidden, &builder), &builder)
        let active = builder.split(activations[0].apply(sums, &builder), [size, size], axis: 2)
        let sum = candidateSum(state.hidden, reset: active[1], at: time, &builder)
        let new = activations[1].apply(layer.clipped(sum, &builder), &builder)
        let share = builder.subtract(builder.scalar(1), active[0])
        let hidden = builder.multiply(share, new)
        guard let old = state.hidden else { return RecurrentState(hidden: hidden) }
        let kept = builder.multiply(active[0], old)
        return RecurrentState(hidden: builder.add(hidden, kept))
    }

    private func candidateSum(
        _ hidden: ValueID?, reset: ValueID, at time: Int, _ builder: inout ExpansionBuilder
    ) -> ValueID {
        switch candidate {
        case .resetBefore(let product):
            let scaled = hidden.map { builder.multiply(reset, $0) }
            return product.value(at: time, state: scaled, &builder)
        case .resetAfter(let product, let weights, let bias):
            let own = product.value(at: time, state: nil, &builder)
            var part = hidden.map { builder.product($0, weights) }
            if let bias { part = part.map { builder.add($0, bias) } ?? bias }
            guard let part else { return own }
            let scaled = builder.multiply(reset, part)
            return builder.add(own, scaled)
        }
    }

    static func obstacleForRelevance(_ node: Node) -> String? {
        RecurrentActivation.obstacleForRelevance(node, defaults: activations)
    }
}
