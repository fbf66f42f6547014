package import Graphs
package import Tensors

/// What a rule sees of one node, and where it appends the nodes that it needs.
package struct BackwardStep {
    /// The forward graph with everything appended so far.
    package internal(set) var graph: Graph
    /// The node whose derivative is asked for.
    package internal(set) var node: Node
    /// The node's position in the graph.
    package internal(set) var position: Int
    /// One cotangent per result; nil where nothing flows back.
    package internal(set) var resultCotangents: [ValueID?] = []
    /// For every operand whether its cotangent is needed.
    package internal(set) var wanted: [Bool] = []
    /// Slopes and other constants by value, so that each stands in the graph once.
    private var scalars: [Scalar: ValueID] = [:]

    private struct Scalar: Hashable {
        let value: Double
        let type: ElementType
    }

    package init(graph: Graph, node: Node, position: Int) {
        self.graph = graph
        self.node = node
        self.position = position
    }

    /// Whether the cotangent of this operand is needed.
    package func wants(_ operand: Int) -> Bool { operand < wanted.count && wanted[operand] }

    /// No cotangent for any operand.
    package var none: [Cotangent?] { [Cotangent?](repeating: nil, count: node.inputs.count) }

    /// The node's name for messages.
    package var label: String { graph.label(node) }

    // MARK: Facts about the node

    package func operand(_ index: Int) throws(DifferentiationError) -> ValueID {
        guard let value = node.input(index) else {
            throw .unsupported(node: label, reason: "its operand \(index) is missing")
        }
        return value
    }

    package func result(_ index: Int = 0) throws(DifferentiationError) -> ValueID {
        guard let value = node.output(index) else {
            throw .unsupported(node: label, reason: "its result \(index) is missing")
        }
        return value
    }

    package func shape(of value: ValueID) throws(DifferentiationError) -> Shape {
        guard let shape = graph.shape(of: value) else {
            throw .unknownShape(value: graph[value].name, node: label)
        }
        return shape
    }

    package func shape(ofOperand index: Int) throws(DifferentiationError) -> Shape { try shape(of: try operand(index)) }

    package func shape(ofResult index: Int = 0) throws(DifferentiationError) -> Shape {
        try shape(of: try result(index))
    }

    /// An axis counted from the front.
    package func axis(_ given: Int, rank: Int) throws(DifferentiationError) -> Int {
        guard (-rank..<rank).contains(given) else {
            throw .unsupported(node: label, reason: "its axis \(given) is none of its operand's \(rank) axes")
        }
        return given < 0 ? given + rank : given
    }

    /// The integers of a constant operand; nil where it is left out.
    package func constantIntegers(_ index: Int) throws(DifferentiationError) -> [Int]? {
        guard let value = node.input(index) else { return nil }
        return try constant(value).integers
    }

    /// The numbers of a constant operand; nil where it is left out.
    package func constantFloats(_ index: Int) throws(DifferentiationError) -> [Float]? {
        guard let value = node.input(index) else { return nil }
        return try constant(value).floats
    }

    private func constant(_ value: ValueID) throws(DifferentiationError) -> AnyTensor {
        guard let tensor = graph[value].constant else {
            throw .operandNotConstant(operand: graph[value].name, node: label)
        }
        return tensor
    }

    /// The element type that the node computes in; where its result is an integer, that of its first real operand.
    package var elementType: ElementType {
        guard let type = node.results.first.flatMap({ graph[$0].type }) else { return .float32 }
        if type.isFloatingPoint { return type }
        return node.operands.lazy.compactMap { graph[$0].type }.first(where: \.isFloatingPoint) ?? .float32
    }

    // MARK: Appending

    /// Appends a node with one result.
    package mutating func emit(
        _ operation: String, _ inputs: [ValueID?], _ attributes: [String: Attribute] = [:]
    ) -> ValueID {
        graph.append(operation, inputs, attributes: attributes, name: "d.\(operation)")[0]
    }

    /// A constant of the node's element type.
    package mutating func scalar(_ value: Double) -> ValueID {
        let key = Scalar(value: value, type: elementType)
        if let known = scalars[key] { return known }
        let constant = constant([value], shape: [])
        scalars[key] = constant
        return constant
    }

    /// A constant of the node's element type with a shape; `values` has as many elements.
    package mutating func constant(_ values: [Double], shape: Shape) -> ValueID {
        var tensor = Tensor<Double>(repeating: 0, shape: shape)
        tensor.mutateElements { $0 = values }
        let erased =
            switch elementType {
            case .float64: AnyTensor(tensor)
            case .float16: AnyTensor(tensor.map { Float16($0) })
            case .bfloat16: AnyTensor(tensor.map { BFloat16(Float($0)) })
            default: AnyTensor(tensor.map { Float($0) })
            }
        return graph.addConstant(erased, name: "constant")
    }

    package mutating func integers(_ values: [Int]) -> ValueID {
        graph.addConstant(AnyTensor(Tensor(vector: values.map { Int64($0) })), name: "integers")
    }

    package mutating func add(_ left: ValueID, _ right: ValueID) -> ValueID { emit("Add", [left, right]) }
    package mutating func subtract(_ left: ValueID, _ right: ValueID) -> ValueID { emit("Sub", [left, right]) }
    package mutating func multiply(_ left: ValueID, _ right: ValueID) -> ValueID { emit("Mul", [left, right]) }
    package mutating func divide(_ left: ValueID, _ right: ValueID) -> ValueID { emit("Div", [left, right]) }
    package mutating func negate(_ value: ValueID) -> ValueID { emit("Neg", [value]) }

    package mutating func scale(_ value: ValueID, by factor: Double) -> ValueID {
        factor == 1 ? value : multiply(value, scalar(factor))
    }

    package mutating func cast(_ value: ValueID, to type: ElementType) -> ValueID {
        emit("Cast", [value], ["to": .integer(Int(type.rawValue))])
    }

    package mutating func reshape(_ value: ValueID, to shape: Shape) -> ValueID {
        emit("Reshape", [value, integers(shape.dimensions)], ["allowzero": .integer(1)])
    }

    package mutating func transpose(_ value: ValueID, _ permutation: [Int]) -> ValueID {
        permutation == Array(permutation.indices)
            ? value : emit("Transpose", [value], ["perm": .integers(permutation)])
    }

    package mutating func expand(_ value: ValueID, to shape: Shape) -> ValueID {
        emit("Expand", [value, integers(shape.dimensions)])
    }

    /// The sum over `axes`, which stay with length 1.
    package mutating func sum(_ value: ValueID, over axes: [Int]) -> ValueID {
        axes.isEmpty ? value : emit("ReduceSum", [value, integers(axes)], ["keepdims": .integer(1)])
    }

    /// The mean over `axes`, which stay with length 1.
    package mutating func mean(_ value: ValueID, over axes: [Int]) -> ValueID {
        axes.isEmpty ? value : emit("ReduceMean", [value, integers(axes)], ["keepdims": .integer(1)])
    }

    /// The sum of all elements, with the same number of axes.
    package mutating func total(_ value: ValueID, rank: Int) -> ValueID { sum(value, over: Array(0..<rank)) }

    /// The part from `start` up to `end` along one axis.
    package mutating func slice(_ value: ValueID, from start: Int, to end: Int, axis: Int) -> ValueID {
        emit("Slice", [value, integers([start]), integers([end]), integers([axis])])
    }

    /// Sums the axes away along which `shape` is broadcast to the cotangent's shape.
    package mutating func unbroadcast(_ cotangent: Cotangent, to shape: Shape) -> ValueID {
        guard cotangent.shape != shape else { return cotangent.value }
        let extra = cotangent.shape.rank - shape.rank
        let axes = cotangent.shape.dimensions.indices.filter { axis in
            axis < extra || (shape.dimensions[axis - extra] == 1 && cotangent.shape.dimensions[axis] != 1)
        }
        let summed = sum(cotangent.value, over: axes)
        return extra > 0 ? reshape(summed, to: shape) : summed
    }
}
