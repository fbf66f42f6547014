import ONNXMessages
import Tensors

extension Graph {
    /// Operators whose result differs from run to run.
    private static let random: Set<String> = [
        "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli",
    ]

    /// Operators whose result is no tensor of numbers (a Constant that the import left is a text).
    static let notNumeric: Set<String> = [
        "Constant", "Optional", "SequenceConstruct", "SequenceEmpty", "SequenceErase", "SequenceInsert", "SequenceMap",
        "SplitToSequence",
    ]

    /// The graph with every node replaced whose result does not depend on the inputs' contents; nil where there is
    /// none.
    package func foldingConstants(by evaluator: any GraphEvaluator) throws -> Graph? {
        var constants: [ValueID: AnyTensor] = [:]
        var constant = values.map { $0.constant != nil }
        var foldable = [Bool](repeating: false, count: nodes.count)
        var room = evaluator.memory.bytes / 4
        for (position, node) in nodes.enumerated() {
            if let tensor = shapeConstant(node), let result = node.output(0) {
                constants[result] = tensor
                constant[result.index] = true
            } else if Self.isFoldable(node), node.operands.allSatisfy({ constant[$0.index] }), isBounded(node),
                let bytes = smallSize(of: node), bytes <= room
            {
                foldable[position] = true
                room -= bytes
                for result in node.results { constant[result.index] = true }
            }
        }
        let computed = frontier(of: foldable)
        guard !computed.isEmpty || !constants.isEmpty else { return nil }
        if !computed.isEmpty {
            let known = replacing(constants)
            let program = known.tapped(at: computed.compactMap { known.value(named: self[$0].name) })
            for (value, tensor) in zip(computed, try evaluator.evaluate(program, inputs: [:])) {
                constants[value] = tensor
            }
        }
        let folded = replacing(constants, dropping: foldable)
        try folded.validate(after: "constant folding")
        return folded
    }

    /// The bytes of a node's results, nothing for those of unknown shape; nil where one is so large that it is left to be
    /// computed when the model runs.
    private func smallSize(of node: Node) -> Int? {
        var bytes = 0
        for result in node.results {
            guard let shape = self[result].shape else { continue }
            guard let count = shape.checkedCount, count <= 1 << 26 else { return nil }
            bytes += count * (self[result].type?.byteCount ?? 1)
        }
        return bytes
    }

    /// Operators whose results can be far larger than their operands, by numbers among these.
    private static let growing: Set<String> = [
        "BlackmanWindow", "CenterCropPad", "ConstantOfShape", "Expand", "HammingWindow", "HannWindow", "MaxUnpool",
        "MelWeightMatrix", "OneHot", "Pad", "Range", "Resize", "Tile", "Upsample",
    ]

    /// Whether a run of the node ends, and its result is of a size that is known or follows from its operands' sizes.
    ///
    /// A length that is itself computed is known one round later.
    private func isBounded(_ node: Node) -> Bool {
        if let cost = LoopCost(node, in: self) { return !cost.mayBeEndless }
        guard Self.growing.contains(node.operation), node.results.contains(where: { self[$0].shape == nil }) else {
            return true
        }
        return false
    }

    /// Whether a node's results are numbers that its operands alone tell.
    static func isFoldable(_ node: Node) -> Bool {
        !random.contains(node.operation) && !notNumeric.contains(node.operation) && !hasRandomBody(node)
    }

    private static func hasRandomBody(_ node: Node) -> Bool {
        func isRandom(_ graph: GraphProto) -> Bool {
            graph.node.contains { inner in
                random.contains(inner.opType) || inner.attribute.contains { $0.hasG && isRandom($0.g) }
            }
        }
        return node.attributes.values.contains { if case .subgraph(let body) = $0 { isRandom(body) } else { false } }
    }

    /// Results of foldable nodes that something else reads, or that are outputs.
    private func frontier(of foldable: [Bool]) -> [ValueID] {
        var folded = Set<ValueID>()
        for (position, node) in nodes.enumerated() where foldable[position] { folded.formUnion(node.results) }
        var read = Set(outputs.map(\.value)).intersection(folded)
        for (position, node) in nodes.enumerated() where !foldable[position] {
            read.formUnion(node.operands.filter(folded.contains))
        }
        return read.sorted()
    }

    /// What `Shape` and `Size` give for a value whose shape is known, whatever its contents.
    private func shapeConstant(_ node: Node) -> AnyTensor? {
        guard node.domain.isEmpty, let input = node.input(0), let shape = self[input].shape else { return nil }
        switch node.operation {
        case "Shape":
            func clamp(_ axis: Int) -> Int { min(max(axis < 0 ? axis + shape.rank : axis, 0), shape.rank) }
            let start = clamp(node.integer("start") ?? 0)
            let end = clamp(node.integer("end") ?? shape.rank)
            let dimensions = start < end ? shape.dimensions[start..<end] : []
            return AnyTensor(Tensor(vector: dimensions.map { Int64($0) }))
        case "Size":
            return AnyTensor(Tensor(Int64(shape.count)))
        default:
            return nil
        }
    }

    /// The graph with constants where nodes computed values; nodes marked in `dropping` go altogether.
    private func replacing(_ constants: [ValueID: AnyTensor], dropping dropped: [Bool]? = nil) -> Graph {
        var rebuilder = GraphRebuilder(self)
        for input in inputs { rebuilder.copyInput(input) }
        for (value, tensor) in constants.sorted(by: { $0.key < $1.key }) { rebuilder.replace(value, by: tensor) }
        for (position, node) in nodes.enumerated() where dropped?[position] != true {
            if let result = node.output(0), constants[result] != nil { continue }
            rebuilder.copy(node)
        }
        for output in outputs { rebuilder.copyOutput(output) }
        return rebuilder.graph
    }
}
