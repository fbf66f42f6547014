package import Tensors

extension Graph {
    /// The graph for inputs of exactly these shapes: every value knows its type and shape, and what does not depend on
    /// the inputs' contents is a constant.
    ///
    /// Shapes come from the engine. Folding can make more of them known (a Reshape by a computed shape) and settle the
    /// condition of an If or the length of a loop, whose bodies then take their place; all repeat until nothing changes.
    package func specialised(to shapes: [String: Shape], by evaluator: any GraphEvaluator) throws -> Graph {
        var graph = eliminatingDeadNodes()
        try graph.setInputShapes(shapes, within: evaluator.memory)
        // Folding ends by itself, after as many rounds as shapes hang on one another: two or three for each block of a Swin.
        var unrolled = 0
        while unrolled < Self.largestNesting {
            try graph.checkNodes()
            try graph.checkLoops()
            try graph.inferShapes(by: evaluator)
            try graph.checkNodes()
            try graph.checkMemory(evaluator.memory)
            let folded = try graph.foldingConstants(by: evaluator)
            let resolved = try (folded ?? graph).resolvingControlFlow(by: evaluator)
            guard let next = resolved ?? folded else { break }
            graph = next
            unrolled += resolved == nil ? 0 : 1
        }
        try graph.measureRemainingShapes(by: evaluator)
        graph = graph.eliminatingDeadNodes()
        try graph.checkMemory(evaluator.memory)
        try graph.validate(after: "specialisation")
        return graph
    }

    /// Loops nested deeper than this are left as they are.
    private static let largestNesting = 32

    private mutating func setInputShapes(_ shapes: [String: Shape], within memory: MemoryBudget) throws {
        let known = inputs.map { self[$0].name }
        if let unknown = shapes.keys.sorted().first(where: { !known.contains($0) }) {
            throw GraphError.unknownInput(name: unknown, known: known)
        }
        for input in inputs {
            let declared = self[input].declared
            let text = "[" + (declared?.map(\.description).joined(separator: ", ") ?? "") + "]"
            guard let shape = shapes[self[input].name] ?? self[input].shape else {
                throw GraphError.openDimension(input: self[input].name, declared: text)
            }
            if let declared {
                let fits =
                    declared.count == shape.rank
                    && zip(declared, shape.dimensions).allSatisfy { $0.length == nil || $0.length == $1 }
                guard fits else {
                    throw GraphError.inputShape(input: self[input].name, declared: text, given: shape)
                }
            }
            // What was folded for one shape does not hold for another.
            if let known = self[input].shape, known != shape {
                throw GraphError.inputShape(input: self[input].name, declared: "\(known)", given: shape)
            }
            try memory.admit(shape, of: self[input].type, named: self[input].name)
            self[input].shape = shape
        }
    }

    /// The types and shapes that the engine infers, where they are also those that it computes.
    private mutating func inferShapes(by evaluator: any GraphEvaluator) throws {
        repeat { try inferUnknownShapes(by: evaluator) } while settlePoolings()
    }

    /// Asks the engine for the types and shapes that it infers; weights go in as inputs, so that none is copied.
    ///
    /// What stands behind lengths that could be negative is asked for when they are known (`DoubtfulLengths`).
    private mutating func inferUnknownShapes(by evaluator: any GraphEvaluator) throws {
        var asked: Set<String> = []
        while true {
            let isHidden = DoubtfulLengths(self, asked: asked).isHidden
            let unknown = nodes.flatMap(\.results).filter {
                (self[$0].type == nil || self[$0].shape == nil) && !isHidden[$0.index] && !asked.contains(self[$0].name)
            }
            guard !unknown.isEmpty else { return }
            try infer(unknown, hides: isHidden.contains(true), by: evaluator)
            asked.formUnion(unknown.map { self[$0].name })
            guard isHidden.contains(true) else { return }
        }
    }

    private mutating func infer(_ unknown: [ValueID], hides: Bool, by evaluator: any GraphEvaluator) throws {
        var probe = self
        if hides {
            probe = tapped(at: unknown)
        } else {
            probe.outputs = unknown.map { Output(name: self[$0].name, value: $0) }
        }
        let whole = probe
        for index in probe.values.indices {
            let value = ValueID(index: index)
            guard let constant = probe[value].constant, constant.elementType.isFloatingPoint,
                constant.shape.count > 1024
            else { continue }
            probe[value].constant = nil
            probe.setInputs(probe.inputs + [value])
        }
        let inferences = try whole.namingRefusedNode(by: evaluator) { try evaluator.inferOutputs(of: probe) }
        for (value, inferred) in zip(unknown, inferences) {
            self[value].type = inferred.type ?? self[value].type
            guard let dimensions = inferred.dimensions else { continue }
            let lengths = dimensions.compactMap { $0 }
            let node = producingNode(of: value).map(label)
            if lengths.count == dimensions.count {
                try evaluator.memory.admit(Shape(lengths), of: self[value].type, named: self[value].name, by: node)
                self[value].shape = Shape(lengths)
            } else if lengths.contains(where: { $0 < 0 })
                || producingNode(of: value).map({ DoubtfulLengths.isNegative($0, in: self) }) == true
            {
                let shape = Shape(dimensions.map { $0 ?? -1 })
                throw GraphError.negativeLength(
                    value: self[value].name, node: node, shape: shape, length: shape.dimensions.min() ?? -1)
            }
        }
    }

    /// Runs the graph on zeros for the shapes that inference cannot tell (they depend on contents).
    private mutating func measureRemainingShapes(by evaluator: any GraphEvaluator) throws {
        // A loop that only its condition ends may never end on zeros.
        let endless = values(dependingOn: nodes.filter(isWhileLoop).flatMap(\.results))
        let unknown = nodes.filter { !Self.notNumeric.contains($0.operation) }.flatMap(\.results).filter {
            (self[$0].type == nil || self[$0].shape == nil) && !endless[$0.index]
        }
        guard !unknown.isEmpty else { return }
        let probe = tapped(at: unknown)
        var zeros: [String: AnyTensor] = [:]
        for input in probe.inputs {
            guard let type = probe[input].type, let shape = probe[input].shape else { continue }
            zeros[probe[input].name] = AnyTensor(zeros: type, shape: shape)
        }
        for (value, tensor) in zip(unknown, try evaluator.evaluate(probe, inputs: zeros)) {
            self[value].type = tensor.elementType
            self[value].shape = tensor.shape
        }
    }

    private func isWhileLoop(_ node: Node) -> Bool {
        LoopCost(node, in: self)?.mayBeEndless ?? (node.operation == "Loop")
    }
}
