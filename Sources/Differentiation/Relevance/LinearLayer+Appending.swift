import Graphs
import Tensors

/// A linear layer's weights and bias as values, with everything multiplied in that stands behind the node.
struct LinearParameters {
    /// Of the shape of the node's weights.
    let weight: ValueID
    /// Broadcast to the result; nil where there is none.
    let bias: ValueID?
}

extension LinearLayer {
    /// Appends the layer's weights and bias.
    func parameters(_ step: inout BackwardStep) throws(DifferentiationError) -> LinearParameters {
        guard let kernel = node.input(weight), let given = step.graph.shape(of: result),
            let axes = WeightAxes(of: node, data: data, result: given, in: step.graph)
        else {
            throw .unsupported(node: step.graph.label(node), reason: "its weights are missing")
        }
        let shape = try step.shape(of: kernel)
        var weight = kernel
        var bias = node.input(2)
        if node.operation == "Gemm" {
            weight = step.scale(weight, by: Double(node.float("alpha") ?? 1))
            bias = bias.map { step.scale($0, by: Double(node.float("beta") ?? 1)) }
        } else if let value = bias {
            bias = step.reshape(value, to: axes.perChannel(rank: given.rank))
        }
        for part in steps {
            switch part {
            case .shift(let value, let isNegative):
                let term = isNegative ? step.negate(value) : value
                bias = bias.map { step.add($0, term) } ?? term
            case .scale(let factor):
                let isSingle = step.graph.shape(of: factor)?.count == 1
                let form = isSingle ? [] : axes.factorShape ?? []
                weight = step.multiply(weight, step.reshape(factor, to: form))
                bias = bias.map { step.multiply($0, factor) }
            case .normalisation(let normalisation):
                let (slope, shift) = try affine(&step, normalisation)
                weight = step.multiply(weight, step.reshape(slope, to: axes.factorShape ?? []))
                let perChannel = axes.perChannel(rank: given.rank)
                let (factor, term) = (step.reshape(slope, to: perChannel), step.reshape(shift, to: perChannel))
                bias = bias.map { step.add(step.multiply($0, factor), term) } ?? term
            }
        }
        step.graph[weight].shape = shape
        step.graph[weight].type = step.graph[kernel].type
        return LinearParameters(weight: weight, bias: bias)
    }

    /// Slope and shift of a batch normalisation with fixed statistics, one number a channel.
    private func affine(
        _ step: inout BackwardStep, _ normalisation: Node
    ) throws(DifferentiationError) -> (slope: ValueID, shift: ValueID) {
        let values = normalisation.inputs.compactMap { $0 }
        guard values.count == 5 else {
            throw .unsupported(node: step.graph.label(normalisation), reason: "it has no statistics")
        }
        let epsilon = step.scalar(Double(normalisation.float("epsilon") ?? 1e-5))
        let slope = step.divide(values[1], step.emit("Sqrt", [step.add(values[4], epsilon)]))
        return (slope, step.subtract(values[2], step.multiply(values[3], slope)))
    }

    /// `Op(x, W)`, without bias.
    func product(_ step: inout BackwardStep, _ x: ValueID, _ weight: ValueID) -> ValueID {
        step.emit(node.operation, operands(x, weight), attributes)
    }

    /// `Wᵀ c`: how a cotangent of the result comes back to the operand.
    func transposedProduct(
        _ step: inout BackwardStep, _ cotangent: ValueID, _ weight: ValueID
    ) throws(DifferentiationError) -> ValueID {
        guard let input else { throw .unsupported(node: step.graph.label(node), reason: "an operand is missing") }
        let linear = Node(
            node.operation, inputs: operands(input, weight), outputs: [node.output(0)], attributes: attributes,
            origin: node.origin)
        return try step.cotangent(ofOperand: data, of: linear, cotangent)
    }

    private func operands(_ x: ValueID, _ weight: ValueID) -> [ValueID?] { data == 0 ? [x, weight] : [weight, x] }

    /// `alpha` is multiplied into the weights.
    private var attributes: [String: Attribute] {
        node.attributes.filter { !["alpha", "beta"].contains($0.key) || node.operation != "Gemm" }
    }
}

extension WeightAxes {
    /// The shape with which one number a channel is broadcast over a result of so many axes.
    func perChannel(rank: Int) -> Shape {
        Shape([channels] + [Int](repeating: 1, count: max(rank - channel - 1, 0)))
    }
}

extension BackwardStep {
    /// The cotangent of one operand of a node that is not the step's own, by the true derivative.
    mutating func cotangent(
        ofOperand index: Int, of other: Node, _ cotangent: ValueID
    ) throws(DifferentiationError) -> ValueID {
        guard let rule = RuleCatalogue.rules[other.operation] else {
            throw .noRule(operation: other.qualifiedOperation, node: graph.label(other))
        }
        let (ownNode, ownWanted, ownCotangents) = (node, wanted, resultCotangents)
        defer { (node, wanted, resultCotangents) = (ownNode, ownWanted, ownCotangents) }
        node = other
        wanted = other.inputs.indices.map { $0 == index }
        resultCotangents = [cotangent]
        guard let found = try rule.cotangents(&self)[index] else {
            throw .unsupported(node: label, reason: "its derivative does not reach its operand \(index)")
        }
        return unbroadcast(found, to: try shape(of: try operand(index)))
    }
}
