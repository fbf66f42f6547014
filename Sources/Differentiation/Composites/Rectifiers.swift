package import Graphs
import Tensors

extension Node {
    /// Whether the node is ONNX's Relu.
    package var isRelu: Bool { domain.isEmpty && operation == "Relu" }

    /// Whether the node cuts off what is below 0: Relu and, among `clips`, a Clip whose constant bounds are 0 and anything
    /// above it or nothing (ReLU6).
    package func isRectifier(in graph: Graph, clips: Bool) -> Bool {
        if isRelu { return true }
        guard clips, domain.isEmpty, operation == "Clip", let lower = input(1),
            graph[lower].constant?.floats.first == 0
        else { return false }
        guard let upper = input(2) else { return true }
        return (graph[upper].constant?.floats.first).map { $0 > 0 } ?? false
    }

    /// Whether the node has a rectifier inside: a recurrent cell with the activation Relu.
    package var hasInnerRectifier: Bool {
        guard hasInnerActivations, case .strings(let names)? = attributes["activations"] else { return false }
        return names.contains("Relu")
    }

    /// Whether the node is a recurrent layer, whose cells have activations.
    package var hasInnerActivations: Bool { domain.isEmpty && ["GRU", "LSTM", "RNN"].contains(operation) }
}
