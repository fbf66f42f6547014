import Graphs
import Tensors

/// A function that a recurrent node names, with its numbers.
struct RecurrentActivation: Sendable, Hashable {
    let name: String
    var alpha = 0.0
    var beta = 0.0

    init(_ name: String, alpha: Double? = nil, beta: Double? = nil) {
        self.name = name
        let standard = Self.standard[name] ?? (0, 0)
        self.alpha = alpha ?? standard.0
        self.beta = beta ?? standard.1
    }

    /// The engine's numbers where the node gives none.
    private static let standard: [String: (Double, Double)] = [
        "Elu": (1, 0), "HardSigmoid": (0.2, 0.5), "LeakyRelu": (0.01, 0),
    ]
    private static let withoutNumbers: Set<String> = ["Relu", "Sigmoid", "Softplus", "Softsign", "Tanh"]
    private static let withAlpha: Set<String> = ["Elu", "LeakyRelu", "ThresholdedRelu"]
    private static let withBoth: Set<String> = ["Affine", "HardSigmoid", "ScaledTanh"]

    /// Whether the function lies between 0 and 1 as a gate does.
    var isGate: Bool { name == "Sigmoid" || name == "HardSigmoid" }

    /// The activations of all directions. The lists of numbers hold some only for functions that take them.
    static func all(
        of node: Node, defaults: [RecurrentActivation], directions: Int, label: String
    ) throws(DifferentiationError) -> [RecurrentActivation] {
        guard case .strings(let names)? = node.attributes["activations"] else {
            return [[RecurrentActivation]](repeating: defaults, count: directions).flatMap(\.self)
        }
        guard names.count == defaults.count * directions else {
            throw .unsupported(node: label, reason: "it names \(names.count) activations")
        }
        var (alphas, betas) = (node.floats("activation_alpha")[...], node.floats("activation_beta")[...])
        var result: [RecurrentActivation] = []
        for name in names {
            guard withoutNumbers.contains(name) || withAlpha.contains(name) || withBoth.contains(name) else {
                throw .unsupported(node: label, reason: "its activation '\(name)' has no rule")
            }
            let alpha = withoutNumbers.contains(name) ? nil : alphas.popFirst()
            let beta = withBoth.contains(name) ? betas.popFirst() : nil
            result.append(RecurrentActivation(name, alpha: alpha.map { Double($0) }, beta: beta.map { Double($0) }))
        }
        return result
    }

    /// Relevance goes to what gates let through; whether a factor is a gate is seen by its activation.
    static func obstacleForRelevance(_ node: Node, defaults: [RecurrentActivation]) -> String? {
        guard case .strings(let names)? = node.attributes["activations"] else { return nil }
        for (position, name) in names.enumerated() {
            let isGate = position % defaults.count == 0
            guard RecurrentActivation(name).isGate != isGate else { continue }
            return isGate
                ? "relevance takes gates as weights, and a gate with the activation '\(name)' is none"
                : "relevance tells gates by their activation, and here '\(name)' stands for content"
        }
        return nil
    }

    /// Appends the function.
    func apply(_ value: ValueID, _ builder: inout ExpansionBuilder) -> ValueID {
        let slope = Attribute.float(Float(alpha))
        switch name {
        case "Affine":
            let scaled = builder.multiply(value, builder.scalar(alpha))
            return builder.add(scaled, builder.scalar(beta))
        case "ScaledTanh":
            let inner = builder.multiply(value, builder.scalar(beta))
            let curve = builder.map("Tanh", inner)
            return builder.multiply(curve, builder.scalar(alpha))
        case "Elu", "LeakyRelu", "ThresholdedRelu": return builder.map(name, value, ["alpha": slope])
        case "HardSigmoid": return builder.map(name, value, ["alpha": slope, "beta": .float(Float(beta))])
        default: return builder.map(name, value)
        }
    }
}

extension Node {
    /// The numbers of a list; empty where the node has none.
    fileprivate func floats(_ name: String) -> [Float] {
        if case .floats(let value)? = attributes[name] { value } else { [] }
    }
}
