import Tensors

extension Graph {
    /// The graph with every zero Pad in front of a MaxPool a row longer than wanted, and that row cut off behind it.
    ///
    /// ONNX Runtime 1.31 makes one operator of a Pad with zeros and the MaxPool behind it, which pads with minus infinity instead. Whoever
    /// loads a file has that on; it needs the two side by side.
    package func keepingZerosOutOfPoolings() -> Graph {
        var pooled: Set<ValueID> = []
        for node in nodes where node.domain.isEmpty && node.operation == "MaxPool" {
            var operand = node.input(0)
            // The engine takes out what changes nothing first.
            while let value = operand, pooled.insert(value).inserted, let node = producingNode(of: value),
                ["Identity", "Dropout"].contains(node.operation)
            { operand = node.input(0) }
        }
        guard nodes.contains(where: { $0.operation == "Pad" && $0.output(0).map(pooled.contains) ?? false }) else {
            return self
        }
        var rebuilder = GraphRebuilder(self)
        for input in inputs { rebuilder.copyInput(input) }
        for node in nodes {
            guard let result = node.output(0), pooled.contains(result), let pads = zeroPads(node),
                let operand = node.input(0).flatMap({ rebuilder.value($0) }), let shape = shape(of: result)
            else {
                rebuilder.copy(node)
                continue
            }
            let axis = shape.rank - 1
            var (longer, ends) = (shape, pads)
            longer.dimensions[axis] += 1
            ends[2 * shape.rank - 1] += 1
            func integers(_ numbers: [Int]) -> ValueID {
                rebuilder.graph.addConstant(AnyTensor(Tensor(vector: numbers.map { Int64($0) })), name: "integers")
            }
            let value = node.input(2).flatMap { rebuilder.value($0) }.map { [$0] } ?? []
            let padded = rebuilder.graph.addValue(
                name: "\(self[result].name).padded", type: self[result].type, shape: longer)
            rebuilder.graph.append(
                Node(
                    "Pad", inputs: [operand, integers(ends)] + value, outputs: [padded], attributes: node.attributes,
                    origin: node.origin))
            let cut = rebuilder.graph.addValue(name: self[result].name, type: self[result].type, shape: shape)
            rebuilder.graph.append(
                Node(
                    "Slice", inputs: [padded, integers([0]), integers([shape[axis]]), integers([axis])],
                    outputs: [cut]))
            rebuilder.alias(result, to: cut)
        }
        for output in outputs { rebuilder.copyOutput(output) }
        return rebuilder.graph
    }

    /// The pads of all axes, those in front first; nil where the node does something else than put zeros around.
    private func zeroPads(_ node: Node) -> [Int]? {
        guard node.domain.isEmpty, node.operation == "Pad", (node.string("mode") ?? "constant") == "constant",
            let rank = node.output(0).flatMap({ shape(of: $0) })?.rank, rank > 0,
            let given = node.input(1).flatMap({ self[$0].constant?.integers })
        else { return nil }
        if let value = node.input(2) {
            guard self[value].constant?.floats.allSatisfy({ $0 == 0 }) ?? true else { return nil }
        }
        guard let axes = node.input(3) else { return given.count == 2 * rank ? given : nil }
        guard let places = self[axes].constant?.integers.map({ $0 < 0 ? $0 + rank : $0 }),
            given.count == 2 * places.count, places.allSatisfy((0..<rank).contains)
        else { return nil }
        var pads = [Int](repeating: 0, count: 2 * rank)
        for (position, axis) in places.enumerated() {
            pads[axis] = given[position]
            pads[rank + axis] = given[places.count + position]
        }
        return pads
    }
}
