package import Graphs
import Tensors

/// A node whose result is not linear in the operands that vary, `b = y - Σ J_i x_i ≠ 0`: a bias, or the implicit bias of a
/// nonlinearity.
///
/// `S = ⟨∂S/∂x, x⟩ + Σ_nodes ⟨G, b⟩` for every differentiable network.
/// Srinivas, Fleuret: Full-Gradient Representation for Neural Network Visualization, NeurIPS 2019.
package struct BiasShare: Sendable {
    /// The node's result, whose cotangent is G.
    package let result: ValueID
    fileprivate let position: Int
    fileprivate let kind: Kind

    fileprivate enum Kind: Sendable {
        /// A bias per channel, operand 2.
        case channels
        /// The product of these operands' values with a factor each is added.
        case addends([(operand: Int, factor: Double)])
        /// Batch normalisation with fixed statistics.
        case batchNormalization
        /// Of these operands the constant ones are joined in.
        case concatenation
        /// `G y - x G J`, element by element; the only operand that varies.
        case elementwise(operand: Int)
        /// `y` times a factor: a homogeneous function of degree 1 - factor.
        case homogeneous(Double)
    }
}

extension Graph {
    /// The nodes between a value and the outputs that add something of their own, in the graph's order.
    package func biasShares(from source: ValueID, to outputs: [ValueID]) -> [BiasShare] {
        let varies = values(dependingOn: [source])
        let isNeeded = neededNodes(for: outputs).nodes
        return nodes.enumerated().compactMap { position, node in
            guard isNeeded[position], node.domain.isEmpty, let result = node.output(0), varies[result.index],
                self[result].type?.isFloatingPoint == true, result != source
            else { return nil }
            let varying = node.inputs.indices.filter { index in node.inputs[index].map { varies[$0.index] } ?? false }
            return biasKind(of: node, result: result, varying: varying).map {
                BiasShare(result: result, position: position, kind: $0)
            }
        }
    }

    /// A node between a value and the outputs that adds something of its own which is no `BiasShare`; nil where there is none.
    package func nodeWithoutBiasShare(from source: ValueID, to outputs: [ValueID]) -> Node? {
        let varies = values(dependingOn: [source])
        let isNeeded = neededNodes(for: outputs).nodes
        return zip(nodes, isNeeded).first { node, isNeeded in
            isNeeded && node.expansion != nil && node.operands.contains { varies[$0.index] }
        }?.0
    }

    private func biasKind(of node: Node, result: ValueID, varying: [Int]) -> BiasShare.Kind? {
        let fixed = node.inputs.indices.filter { node.inputs[$0] != nil && !varying.contains($0) }
        switch node.operation {
        case "Conv", "ConvTranspose": return varying == [0] && fixed.contains(2) ? .channels : nil
        case "Gemm":
            let factor = Double(node.float("beta") ?? 1)
            return fixed.contains(2) ? .addends([(2, factor)]) : nil
        case "Add", "Sum": return fixed.isEmpty ? nil : .addends(fixed.map { ($0, 1) })
        case "Sub": return fixed.isEmpty ? nil : .addends(fixed.map { ($0, $0 == 0 ? 1 : -1) })
        case "Mean": return fixed.isEmpty ? nil : .addends(fixed.map { ($0, 1 / Double(node.inputs.count)) })
        case "BatchNormalization": return varying == [0] ? .batchNormalization : nil
        case "Concat": return fixed.isEmpty ? nil : .concatenation
        case "Mul", "MatMul", "Einsum": return varying.count == 2 ? .homogeneous(-1) : nil
        case "Div":
            if varying.count == 2 { return .homogeneous(1) }
            return varying == [1] ? .homogeneous(2) : nil
        default:
            guard varying.count == 1, let operand = node.inputs[varying[0]], !Self.homogeneous.contains(node.operation),
                Self.hasBias(node.operation), let shape = shape(of: operand), shape == self.shape(of: result)
            else { return nil }
            return .elementwise(operand: varying[0])
        }
    }

    /// Operators whose result is the derivative times the operand.
    private static let homogeneous: Set<String> = ["Abs", "LeakyRelu", "PRelu", "Relu"]

    /// Functions of each element or of each row that are neither linear nor homogeneous.
    private static func hasBias(_ operation: String) -> Bool {
        if RuleCatalogue.rules[operation] is ElementwiseRule { return true }
        return [
            "Clip", "GroupNormalization", "InstanceNormalization", "LRN", "LayerNormalization", "LogSoftmax",
            "LpNormalization", "Max", "MeanVarianceNormalization", "Min", "Pow", "Softmax",
        ].contains(operation)
    }

    /// Appends `G ⊙ b`, of the result's shape.
    package mutating func appendBiasShare(
        _ share: BiasShare, cotangent: ValueID
    ) throws(DifferentiationError) -> ValueID {
        var step = BackwardStep(graph: self, node: nodes[share.position], position: share.position)
        step.resultCotangents = [cotangent]
        let value = try step.biasShare(share.kind, cotangent)
        self = step.graph
        return value
    }
}

extension BackwardStep {
    fileprivate mutating func biasShare(
        _ kind: BiasShare.Kind, _ cotangent: ValueID
    ) throws(DifferentiationError) -> ValueID {
        switch kind {
        case .channels:
            let bias = try perChannel(try operand(2), rank: try shape(ofResult: 0).rank)
            return multiply(cotangent, bias)
        case .addends(let addends):
            var total: ValueID?
            for (index, factor) in addends {
                let term = scale(try operand(index), by: factor)
                total = total.map { add($0, term) } ?? term
            }
            return multiply(cotangent, total ?? scalar(0))
        case .batchNormalization:
            let epsilon = scalar(Double(node.float("epsilon") ?? 1e-5))
            let deviation = emit("Sqrt", [add(try operand(4), epsilon)])
            let shift = multiply(try operand(3), divide(try operand(1), deviation))
            let bias = try perChannel(subtract(try operand(2), shift), rank: try shape(ofResult: 0).rank)
            return multiply(cotangent, bias)
        case .concatenation:
            let parts = node.inputs.map { input in
                input.map { graph[$0].constant == nil ? multiply($0, scalar(0)) : $0 }
            }
            return multiply(cotangent, emit("Concat", parts, node.attributes))
        case .elementwise(let index):
            let linear = multiply(try localCotangent(of: index), try operand(index))
            return subtract(multiply(cotangent, try result()), linear)
        case .homogeneous(let factor):
            return scale(multiply(cotangent, try result()), by: factor)
        }
    }

    private mutating func perChannel(_ value: ValueID, rank: Int) throws(DifferentiationError) -> ValueID {
        let channels = try shape(ofOperand: 2).count
        return reshape(value, to: Shape([channels] + [Int](repeating: 1, count: max(rank - 2, 0))))
    }

    /// What this node alone sends back to one operand.
    private mutating func localCotangent(of index: Int) throws(DifferentiationError) -> ValueID {
        guard let rule = RuleCatalogue.rules[node.operation] else {
            throw .noRule(operation: node.qualifiedOperation, node: label)
        }
        wanted = node.inputs.indices.map { $0 == index }
        guard let cotangent = try rule.cotangents(&self)[index] else { return scalar(0) }
        return cotangent.value
    }
}
