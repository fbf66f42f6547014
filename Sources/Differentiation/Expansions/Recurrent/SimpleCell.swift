import Graphs

/// The plain recurrent cell: `h_t = F(W x + R h + b)`.
struct SimpleCell: RecurrentCell {
    static let gates = 1
    static let activations = [RecurrentActivation("Tanh")]
    static let peepholes = 0
    static let hasCellState = false

    private let layer: RecurrentLayer
    private let activation: RecurrentActivation
    private let product: RecurrentProduct

    init(
        _ layer: RecurrentLayer, direction: Int, _ builder: inout ExpansionBuilder
    ) throws(DifferentiationError) {
        self.layer = layer
        activation = layer.activations(direction)[0]
        product = RecurrentProduct(layer, direction, gates: 0..<1, isLayered: builder.isLayered, &builder)
    }

    mutating func next(
        _ state: RecurrentState, at time: Int, _ builder: inout ExpansionBuilder
    ) -> RecurrentState {
        let sum = layer.clipped(product.value(at: time, state: state.hidden, &builder), &builder)
        return RecurrentState(hidden: activation.apply(sum, &builder))
    }

    static func obstacleForRelevance(_ node: Node) -> String? { nil }
}
