package import Tensors

extension Graph {
    /// The operators that move quantised numbers without computing with them.
    package static let quantisedMovements: Set<String> = [
        "Concat", "DepthToSpace", "Expand", "Flatten", "Gather", "Identity", "MaxPool", "Pad", "Reshape", "Slice",
        "SpaceToDepth", "Split", "Squeeze", "Tile", "Transpose", "Unsqueeze",
    ]

    /// The graph with its quantisers as floating-point arithmetic, which rounds and saturates as they do.
    ///
    /// `q = clip(round(x / s) + z, lowest, highest)` and `x = (q - z) s`; between them, numbers that only move stay floating-point. The engine's
    /// passes know nothing of it: around QuantizeLinear and DequantizeLinear they make integers of floating-point weights, with
    /// scales of their own, and move quantisers over operators of another type.
    ///
    /// Wants a specialised graph. Types of more than 16 or fewer than 8 bits, and quantisers with blocks, stay.
    package func computingQuantisers() -> Graph {
        guard nodes.contains(where: { ["QuantizeLinear", "DequantizeLinear"].contains($0.operation) }) else {
            return self
        }
        var rewriting = QuantisationArithmetic(self)
        return rewriting.rewritten()
    }

    /// The least and the largest number of a type that quantisers round to; nil for other types.
    package static func quantisedRange(of type: ElementType?) -> ClosedRange<Float>? {
        switch type {
        case .uint8: 0...255
        case .int8: -128...127
        case .uint16: 0...65_535
        case .int16: -32_768...32_767
        default: nil
        }
    }
}

/// A graph on its way to one without quantisers.
private struct QuantisationArithmetic {
    private let source: Graph
    private var rebuilder: GraphRebuilder
    /// The new graph's floating-point levels that stand for an old integer value.
    private var levels: [ValueID: ValueID] = [:]
    /// Old integer values that something reads as integers.
    private var cast: Set<ValueID> = []

    init(_ graph: Graph) {
        source = graph
        rebuilder = GraphRebuilder(graph)
    }

    mutating func rewritten() -> Graph {
        for input in source.inputs { rebuilder.copyInput(input) }
        for node in source.nodes {
            guard !quantise(node), !dequantise(node), !move(node) else { continue }
            for operand in node.operands { asInteger(operand) }
            rebuilder.copy(node)
        }
        for output in source.outputs {
            asInteger(output.value)
            rebuilder.copyOutput(output)
        }
        return rebuilder.graph
    }

    // MARK: Operators

    private mutating func quantise(_ node: Node) -> Bool {
        guard node.domain.isEmpty, node.operation == "QuantizeLinear", let result = node.output(0),
            let range = Graph.quantisedRange(of: source[result].type),
            let type = node.input(0).flatMap({ source[$0].type }), let (x, scale, zero) = operands(of: node, as: type),
            let shape = source.shape(of: result)
        else { return false }
        let stem = "\(source[result].name).level"
        var level = emit("Round", [emit("Div", [x, scale], shape, type, stem)], shape, type, stem)
        if let zero { level = emit("Add", [level, zero], shape, type, stem) }
        let bounds = [range.lowerBound, range.upperBound].map { constant($0, type) }
        levels[result] = emit("Clip", [level] + bounds, shape, type, stem)
        return true
    }

    private mutating func dequantise(_ node: Node) -> Bool {
        guard node.domain.isEmpty, node.operation == "DequantizeLinear", let result = node.output(0),
            let operand = node.input(0), Graph.quantisedRange(of: source[operand].type) != nil,
            // Weights that are too large to be folded stay integers.
            source[operand].constant == nil, let type = source[result].type,
            let (x, scale, zero) = operands(of: node, as: type), let shape = source.shape(of: result)
        else { return false }
        let shifted = zero.map { emit("Sub", [x, $0], shape, type, "\(source[result].name).level") } ?? x
        let value = rebuilder.graph.addValue(name: source[result].name, type: type, shape: shape)
        rebuilder.graph.append(Node("Mul", inputs: [shifted, scale], outputs: [value], origin: node.origin))
        rebuilder.alias(result, to: value)
        return true
    }

    /// Copies an operator that moves levels; what else it moves with them becomes floating-point, too.
    private mutating func move(_ node: Node) -> Bool {
        guard node.domain.isEmpty, Graph.quantisedMovements.contains(node.operation), let first = node.output(0),
            let integer = source[first].type, Graph.quantisedRange(of: integer) != nil,
            let level = node.inputs.compactMap({ input in input.flatMap { levels[$0] } }).first,
            let type = rebuilder.graph[level].type
        else { return false }
        let inputs = node.inputs.map { operand -> ValueID? in
            guard let operand else { return nil }
            if let level = levels[operand] { return level }
            guard source[operand].type == integer, let value = rebuilder.value(operand) else {
                return rebuilder.value(operand)
            }
            return floating(value, type)
        }
        let outputs = node.outputs.map { output -> ValueID? in
            guard let output else { return nil }
            guard source[output].type == integer else {
                let value = rebuilder.graph.addValue(
                    name: source[output].name, type: source[output].type, shape: source.shape(of: output))
                rebuilder.alias(output, to: value)
                return value
            }
            let value = rebuilder.graph.addValue(
                name: "\(source[output].name).level", type: type, shape: source.shape(of: output))
            levels[output] = value
            return value
        }
        rebuilder.graph.append(
            Node(node.operation, inputs: inputs, outputs: outputs, attributes: node.attributes, origin: node.origin))
        return true
    }

    /// Puts integers where levels stand, for what reads them as integers.
    private mutating func asInteger(_ value: ValueID) {
        guard let level = levels[value], let type = source[value].type, cast.insert(value).inserted else { return }
        let integers = rebuilder.graph.addValue(
            name: source[value].name, type: type, shape: source.shape(of: value))
        rebuilder.graph.append(
            Node(
                "Cast", inputs: [level], outputs: [integers], attributes: ["to": .integer(Int(type.rawValue))]))
        rebuilder.alias(value, to: integers)
    }

    // MARK: Pieces

    /// The operand, the scale and the zero point (nil where it is 0), which broadcast to the operand; nil of other forms.
    private mutating func operands(
        of node: Node, as type: ElementType
    ) -> (x: ValueID, scale: ValueID, zero: ValueID?)? {
        guard (node.integer("block_size") ?? 0) == 0, let operand = node.input(0), let scale = node.input(1),
            let shape = source.shape(of: operand), let parameters = source.shape(of: scale), type.isFloatingPoint,
            let value = levels[operand] ?? rebuilder.value(operand)
        else { return nil }
        var aligned = Shape([])
        if parameters.count > 1 {
            let given = node.integer("axis") ?? 1
            let axis = given < 0 ? given + shape.rank : given
            guard shape.dimensions.indices.contains(axis), parameters.dimensions == [shape[axis]] else { return nil }
            aligned = Shape(shape.dimensions.indices.map { $0 == axis ? shape[axis] : 1 })
        }
        guard let newScale = parameter(scale, aligned, type) else { return nil }
        let x = floating(value, type)
        guard let zero = node.input(2), source[zero].constant?.floats.contains(where: { $0 != 0 }) ?? true else {
            return (x, newScale, nil)
        }
        guard let newZero = parameter(zero, aligned, type) else { return nil }
        return (x, newScale, newZero)
    }

    private mutating func parameter(_ value: ValueID, _ shape: Shape, _ type: ElementType) -> ValueID? {
        if let constant = source[value].constant {
            guard let aligned = try? constant.reshaped(shape) else { return nil }
            return rebuilder.graph.addConstant(aligned.converted(to: type), name: source[value].name)
        }
        asInteger(value)
        guard let new = rebuilder.value(value) else { return nil }
        let lengths = rebuilder.graph.addConstant(AnyTensor(Tensor(vector: shape.dimensions.map { Int64($0) })))
        let name = source[value].name
        return floating(emit("Reshape", [new, lengths], shape, source[value].type ?? type, name), type)
    }

    /// A value in a floating-point type.
    private mutating func floating(_ value: ValueID, _ type: ElementType) -> ValueID {
        if rebuilder.graph[value].type == type { return value }
        let name = rebuilder.graph[value].name
        if let constant = rebuilder.graph[value].constant {
            return rebuilder.graph.addConstant(constant.converted(to: type), name: name)
        }
        return emit(
            "Cast", [value], rebuilder.graph.shape(of: value) ?? [], type, name,
            ["to": .integer(Int(type.rawValue))])
    }

    private mutating func constant(_ number: Float, _ type: ElementType) -> ValueID {
        rebuilder.graph.addConstant(AnyTensor(Tensor(number)).converted(to: type))
    }

    private mutating func emit(
        _ operation: String, _ inputs: [ValueID], _ shape: Shape, _ type: ElementType, _ name: String,
        _ attributes: [String: Attribute] = [:]
    ) -> ValueID {
        let result = rebuilder.graph.append(operation, inputs, attributes: attributes, name: name)[0]
        rebuilder.graph[result].type = type
        rebuilder.graph[result].shape = shape
        return result
    }
}
