package import Graphs
package import Tensors

/// A layer of a model with the tensors that training sets.
package struct TrainableLayer: Sendable, Hashable {
    /// The layer's human name.
    package let name: String
    /// Its tensors, weights first.
    package var tensors: [TrainableTensor]
}

/// A constant of a graph that training sets.
package struct TrainableTensor: Sendable, Hashable {
    /// What a tensor does in its layer: initialisers tell them apart.
    package enum Role: String, Sendable, Hashable {
        /// The kernel of a convolution.
        case kernel
        /// The matrix of a dense layer.
        case matrix
        /// Vectors that are looked up or stand beside the data: embeddings, class tokens, positions.
        case embedding
        /// What is added to a channel.
        case bias
        /// What a channel is multiplied by.
        case scale
        /// The slope below zero of a parametric rectifier.
        case slope
        /// A running mean: no parameter but a statistic.
        case mean
        /// A running variance: no parameter but a statistic.
        case variance
    }

    /// The constant's name in the specialised graph.
    package let name: String
    /// What it does.
    package let role: Role
    /// How many numbers one result is a weighted sum of; 1 for what is no weight.
    package let fanIn: Int
    /// The trained contents.
    package let values: AnyTensor

    package init(name: String, role: Role, fanIn: Int, values: AnyTensor) {
        self.name = name
        self.role = role
        self.fanIn = fanIn
        self.values = values
    }

    /// Whether it holds a quantiser's integers, whose scale stands elsewhere in the graph (MatMulInteger, ConvInteger).
    package var areLevels: Bool {
        guard role == .kernel || role == .matrix else { return false }
        let numbers = values.floats
        return numbers.allSatisfy { $0 == $0.rounded() } && numbers.contains { abs($0) > 1 }
    }

    /// Whether it is measured, not trained.
    package var isStatistic: Bool { role == .mean || role == .variance }
}

extension Graph {
    /// The layers between an input and some values that training set, in topological order.
    ///
    /// Parameters are floating-point constants: weights and biases of convolutions, dense layers and recurrent ones, constants
    /// by which channels are multiplied or which are added to them, scales and shifts of normalisations with their statistics,
    /// slopes, embeddings, tokens. A normalisation, scale, bias or slope belongs to the last layer with weights before it.
    /// Constants before the first weights (how a graph prepares its picture), single numbers, bounds, sizes and attention masks are
    /// left alone. A tensor that several layers share belongs to the last of them.
    package func trainableLayers(from input: ValueID, to results: [ValueID]) -> [TrainableLayer] {
        let isBehindInput = values(dependingOn: [input])
        let isNeeded = neededNodes(for: results).nodes
        let names = Dictionary(layers().map { ($0.value, $0.name) }, uniquingKeysWith: { first, _ in first })
        var found: [TrainableLayer] = []
        /// The last layer with weights on the way to a value.
        var owner = [Int?](repeating: nil, count: values.count)
        for (position, node) in nodes.enumerated() where isNeeded[position] {
            let operands = node.inputs.compactMap { $0 }.filter { isBehindInput[$0.index] }
            guard !operands.isEmpty else { continue }
            var layer = operands.compactMap { owner[$0.index] }.max()
            let tensors = trainableTensors(of: node, isBehindWeights: layer != nil)
            if !tensors.isEmpty {
                if layer == nil || tensors.contains(where: { $0.role == .kernel || $0.role == .matrix }) {
                    layer = found.count
                    let name = node.output(0).flatMap { names[$0] }
                    found.append(TrainableLayer(name: name ?? node.operation, tensors: []))
                }
                if let layer { found[layer].tensors += tensors }
            }
            for result in node.results { owner[result.index] = layer }
        }
        return Self.withoutRepetitions(found)
    }

    /// Keeps the last mention of every tensor, and the layers that have one.
    private static func withoutRepetitions(_ layers: [TrainableLayer]) -> [TrainableLayer] {
        var seen: Set<String> = []
        var kept: [TrainableLayer] = []
        for var layer in layers.reversed() {
            layer.tensors = layer.tensors.filter { seen.insert($0.name).inserted }
            if !layer.tensors.isEmpty { kept.append(layer) }
        }
        return kept.reversed()
    }

    private func trainableTensors(of node: Node, isBehindWeights: Bool) -> [TrainableTensor] {
        func tensor(_ index: Int, _ role: TrainableTensor.Role, fanIn: (Shape) -> Int = { _ in 1 }) -> TrainableTensor?
        {
            guard let value = node.input(index), let constant = self[value].constant,
                constant.elementType.isFloatingPoint, constant.shape.count > 0
            else { return nil }
            return TrainableTensor(
                name: self[value].name, role: role, fanIn: max(fanIn(constant.shape), 1), values: constant)
        }
        /// A constant beside data: a channel's, not a single number, and no mask.
        func beside(_ role: TrainableTensor.Role) -> TrainableTensor? {
            guard isBehindWeights else { return nil }
            let candidates = node.inputs.indices.compactMap { tensor($0, role) }
            return candidates.first { $0.values.shape.count > 1 && !Self.isMask($0.values) }
        }
        guard node.domain.isEmpty else { return [] }
        let found: [TrainableTensor?]
        switch node.operation {
        case "Conv":
            found = [tensor(1, .kernel) { $0.dimensions.dropFirst().reduce(1, *) }, tensor(2, .bias)]
        case "ConvTranspose":
            let groups = node.integer("group") ?? 1
            found = [
                tensor(1, .kernel) { $0.dimensions.enumerated().reduce(1) { $0 * ($1.0 == 1 ? 1 : $1.1) } / groups },
                tensor(2, .bias),
            ]
        case "Gemm":
            let isTransposed = (node.integer("transB") ?? 0) != 0
            let isLeftTransposed = (node.integer("transA") ?? 0) != 0
            found = [
                tensor(1, .matrix) { $0.dimensions[isTransposed ? 1 : 0] },
                tensor(0, .matrix) { $0.dimensions[isLeftTransposed ? 0 : 1] }, tensor(2, .bias),
            ]
        case "MatMul":
            found = [
                tensor(1, .matrix) { $0.dimensions[max($0.rank - 2, 0)] },
                tensor(0, .matrix) { $0.dimensions.last ?? 1 },
            ]
        case "Einsum":
            found = node.inputs.indices.map { tensor($0, .matrix) { $0.count / max($0.dimensions.last ?? 1, 1) } }
        case "LSTM", "GRU", "RNN":
            found = [
                tensor(1, .matrix) { $0.dimensions.last ?? 1 }, tensor(2, .matrix) { $0.dimensions.last ?? 1 },
                tensor(3, .bias),
            ]
        case "BatchNormalization":
            found = [tensor(1, .scale), tensor(2, .bias), tensor(3, .mean), tensor(4, .variance)]
        case "LayerNormalization", "InstanceNormalization", "GroupNormalization":
            found = [tensor(1, .scale), tensor(2, .bias)]
        case "PRelu": found = [tensor(1, .slope)]
        case "Gather": found = [tensor(0, .embedding)]
        case "Add", "Sub": found = [beside(.bias)]
        case "Mul", "Div": found = [beside(.scale)]
        case "Concat": found = isBehindWeights ? node.inputs.indices.map { tensor($0, .embedding) } : []
        default: found = []
        }
        return found.compactMap { $0 }
    }

    /// Attention masks hold two different values at most, one of them nothing, or numbers that switch off; padding is all zero.
    private static func isMask(_ tensor: AnyTensor) -> Bool {
        let values = tensor.floats
        guard let lowest = values.min(), let highest = values.max(), lowest.isFinite, highest.isFinite else {
            return true
        }
        if lowest <= -50, highest == 0 { return true }
        return values.count > 8 && values.allSatisfy { $0 == lowest || $0 == highest } && (lowest == 0 || highest == 0)
    }
}
