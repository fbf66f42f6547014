import Graphs
import Tensors

/// Random shapes, axes and attributes for the operators that move values.
struct MovementDraws {
    typealias Case = FiniteDifferenceTests.Case

    var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// A random case of an operator; nil where nothing is drawn for it.
    mutating func draw(_ operation: String) -> Case? {
        switch operation {
        case "Slice": slice()
        case "Split": split()
        case "Concat": concat()
        case "CenterCropPad": centerCropPad()
        case "Gather": gather()
        case "GatherElements": gatherElements()
        case "GatherND": gatherND()
        case "Compress": compress()
        case "TopK": topK()
        case "OneHot": oneHot()
        case "ScatterElements": scatterElements()
        case "ScatterND": scatterND()
        case "Expand": expand()
        case "Tile": tile()
        case "DepthToSpace", "SpaceToDepth": blocks(operation)
        case "CumSum": cumSum()
        case "Trilu": trilu()
        case "ReverseSequence": reverseSequence()
        case "Reshape": reshape()
        case "Squeeze", "Unsqueeze", "Flatten": axes(operation)
        case "MatMul": matMul()
        case "Einsum": einsum()
        default: operation.hasPrefix("Reduce") ? reduction(operation) : nil
        }
    }

    // MARK: Pieces

    mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    mutating func flag() -> Bool { Bool.random(using: &random) }

    /// Of at most 36 elements.
    mutating func shape(rank: ClosedRange<Int>, atLeast: Int = 1) -> Shape {
        let rank = number(rank)
        while true {
            let shape = Shape((0..<rank).map { _ in number(atLeast...4) })
            if shape.count <= 36 { return shape }
        }
    }

    /// Some axes in random order, some counted from the end.
    mutating func axes(of rank: Int, atLeast: Int = 0) -> [Int] {
        guard rank > 0 else { return [] }
        return Array((0..<rank).shuffled(using: &random).prefix(number(atLeast...rank)))
    }

    /// The same axis, from either end.
    mutating func either(_ axis: Int, _ rank: Int) -> Int { flag() ? axis : axis - rank }

    mutating func indices(_ shape: Shape, length: Int, signed: Bool = true) -> AnyTensor {
        var tensor = Tensor<Int64>(repeating: 0, shape: shape)
        let values = (0..<shape.count).map { _ in Int64(number(signed ? -length...length - 1 : 0...length - 1)) }
        tensor.mutateElements { $0 = values }
        return AnyTensor(tensor)
    }

    /// A constant, or the same integers computed from `value` so that only the run knows them.
    static func operand(
        _ graph: inout Graph, _ integers: AnyTensor, computedFrom value: ValueID?
    ) -> ValueID {
        let constant = graph.addConstant(integers)
        guard let value else { return constant }
        let zero = graph.addConstant(AnyTensor(Tensor<Float>(0)))
        let nothing = graph.append("Mul", [value, zero])[0]
        let sum = graph.append("ReduceSum", [nothing], attributes: ["keepdims": .integer(0)])[0]
        let cast = graph.append("Cast", [sum], attributes: ["to": .integer(Int(ElementType.int64.rawValue))])[0]
        return graph.append("Add", [constant, cast])[0]
    }

    /// One operand, with constants behind it.
    private func unary(
        _ operation: String, _ shape: Shape, _ attributes: [String: Attribute] = [:], _ constants: [AnyTensor?] = []
    ) -> Case {
        let name = "\(attributes) \(constants.map { $0.map { "\($0.shape)\($0.integers)" } ?? "-" })"
        return FiniteDifferenceTests.unary(operation, name, shape, attributes, constants: constants)
    }

    private func whole(_ values: [Int]) -> AnyTensor { FiniteDifferenceTests.whole(values.map { Int64($0) }) }

    // MARK: Taking

    private mutating func slice() -> Case {
        let shape = shape(rank: 1...4)
        let chosen = axes(of: shape.rank, atLeast: 1)
        var (starts, ends, steps) = ([Int](), [Int](), [Int]())
        for axis in chosen {
            let length = shape[axis]
            let first = number(0...length - 1)
            let last = number(first...length - 1)
            let stride = number(1...3)
            if flag() {
                starts.append(flag() ? first : first - length)
                ends.append(last == length - 1 ? (flag() ? Int.max : length) : last + 1)
                steps.append(stride)
            } else {
                starts.append(last == length - 1 && flag() ? Int.max : last - length)
                ends.append(first == 0 ? (flag() ? Int.min : -length - 1) : first - 1)
                steps.append(-stride)
            }
        }
        let signed = chosen.map { either($0, shape.rank) }
        return unary("Slice", shape, [:], [whole(starts), whole(ends), whole(signed), whole(steps)])
    }

    private mutating func split() -> Case {
        let shape = shape(rank: 1...3, atLeast: 2)
        let axis = number(0...shape.rank - 1)
        let count = number(1...min(3, shape[axis]))
        // The engine takes equal parts only where the last one is not empty.
        let isEven = (shape[axis] + count - 1) / count * (count - 1) < shape[axis]
        let bySizes = flag() || !isEven
        var sizes = [Int](repeating: 1, count: count)
        if bySizes { for _ in 0..<shape[axis] - count { sizes[number(0...count - 1)] += 1 } }
        let used = axes(of: count, atLeast: 1)
        let signed = Attribute.integer(either(axis, shape.rank))
        let attributes = bySizes ? ["axis": signed] : ["axis": signed, "num_outputs": .integer(count)]
        let constant = whole(sizes)
        return Case(operation: "Split", name: "\(attributes) \(sizes) \(used)", shapes: [shape]) { graph, inputs in
            let operands = bySizes ? inputs + [graph.addConstant(constant)] : inputs
            let parts = graph.append("Split", operands, attributes: attributes, outputCount: count)
            let squares = used.map { graph.append("Mul", [parts[$0], parts[$0]])[0] }
            return graph.append("Concat", squares, attributes: ["axis": .integer(axis)], name: "y")[0]
        }
    }

    private mutating func concat() -> Case {
        let shape = shape(rank: 1...4)
        let axis = number(0...shape.rank - 1)
        let shapes = (0..<number(1...3)).map { _ in
            var part = shape
            part.dimensions[axis] = number(1...3)
            return part
        }
        let attributes = ["axis": Attribute.integer(either(axis, shape.rank))]
        return FiniteDifferenceTests.several("Concat", "\(attributes)", shapes, attributes)
    }

    private mutating func centerCropPad() -> Case {
        let shape = shape(rank: 1...3)
        let chosen = axes(of: shape.rank, atLeast: 1)
        let lengths = chosen.map { _ in number(1...6) }
        return unary("CenterCropPad", shape, ["axes": .integers(chosen)], [whole(lengths)])
    }

    private mutating func gather() -> Case {
        let shape = shape(rank: 1...3)
        let axis = number(0...shape.rank - 1)
        let attributes = ["axis": Attribute.integer(either(axis, shape.rank))]
        let isPermutation = flag() && flag()
        let integers =
            isPermutation
            ? whole((0..<shape[axis]).shuffled(using: &random))
            : indices(self.shape(rank: 0...2), length: shape[axis])
        let isComputed = flag()
        let name = "\(attributes) \(integers.shape)\(integers.integers) \(isComputed ? "computed" : "")"
        return Case(operation: "Gather", name: name, shapes: [shape]) { graph, inputs in
            let index = Self.operand(&graph, integers, computedFrom: isComputed ? inputs[0] : nil)
            return graph.append("Gather", [inputs[0], index], attributes: attributes, name: "y")[0]
        }
    }

    private mutating func gatherElements() -> Case {
        let shape = shape(rank: 1...3)
        let axis = number(0...shape.rank - 1)
        var taken = Shape(shape.dimensions.map { number(1...$0) })
        taken.dimensions[axis] = number(1...5)
        let integers = indices(taken, length: shape[axis])
        return unary("GatherElements", shape, ["axis": .integer(either(axis, shape.rank))], [integers])
    }

    private mutating func gatherND() -> Case {
        let shape = shape(rank: 1...4)
        let batch = number(0...shape.rank - 1)
        let depth = number(1...shape.rank - batch)
        let inner = Array(self.shape(rank: 0...1).dimensions)
        // One length bounds every coordinate that is drawn.
        let length = shape.dimensions[batch..<batch + depth].min() ?? 1
        let integers = indices(Shape(shape.dimensions[..<batch] + inner + [depth]), length: length)
        return unary("GatherND", shape, ["batch_dims": .integer(batch)], [integers])
    }

    private mutating func compress() -> Case {
        let shape = shape(rank: 1...3)
        let axis = flag() ? number(0...shape.rank - 1) : nil
        var condition = (0..<number(1...(axis.map { shape[$0] } ?? shape.count))).map { _ in number(0...1) }
        condition[0] = 1
        let attributes: [String: Attribute] = axis.map { ["axis": .integer(either($0, shape.rank))] } ?? [:]
        return unary("Compress", shape, attributes, [whole(condition).converted(to: .bool)])
    }

    private mutating func topK() -> Case {
        let shape = shape(rank: 1...3)
        let axis = number(0...shape.rank - 1)
        let count = whole([number(1...shape[axis])])
        let attributes: [String: Attribute] = [
            "axis": .integer(either(axis, shape.rank)), "largest": .integer(number(0...1)),
            "sorted": .integer(1),
        ]
        return Case(operation: "TopK", name: "\(attributes) \(count.integers)", shapes: [shape]) { graph, inputs in
            let operands = [inputs[0], graph.addConstant(count)]
            return graph.append("TopK", operands, attributes: attributes, outputCount: 2, name: "y")[0]
        }
    }

    private mutating func oneHot() -> Case {
        let depth = number(1...4)
        let integers = indices(shape(rank: 1...2), length: depth)
        let axis = Attribute.integer(number(-1...integers.shape.rank))
        return Case(operation: "OneHot", name: "\(axis) \(integers.integers)", shapes: [[2]]) { graph, inputs in
            let operands = [graph.addConstant(integers), graph.addConstant(AnyTensor(Tensor(Int64(depth))))]
            return graph.append("OneHot", operands + inputs, attributes: ["axis": axis], name: "y")[0]
        }
    }

    // MARK: Placing

    private mutating func scatter(
        _ operation: String, _ shape: Shape, _ integers: AnyTensor, updates: Shape, _ attributes: [String: Attribute]
    ) -> Case {
        let isComputed = flag()
        let name = "\(attributes) \(integers.shape)\(integers.integers) \(isComputed ? "computed" : "")"
        return Case(operation: operation, name: name, shapes: [shape, updates]) { graph, inputs in
            let index = Self.operand(&graph, integers, computedFrom: isComputed ? inputs[0] : nil)
            // Data and updates lie 1/8 apart, so that no maximum is a tie.
            let offset = graph.addConstant(AnyTensor(Tensor<Float>(0.125)))
            let moved = graph.append("Add", [inputs[1], offset])[0]
            return graph.append(operation, [inputs[0], index, moved], attributes: attributes, name: "y")[0]
        }
    }

    private mutating func scatterElements() -> Case {
        let shape = shape(rank: 1...3)
        let axis = number(0...shape.rank - 1)
        let reduction = ["none", "add", "mul", "max", "min"].randomElement(using: &random) ?? "none"
        var updates = Shape(shape.dimensions.map { number(1...$0) })
        if reduction != "none" { updates.dimensions[axis] = number(1...4) }
        var integers = indices(updates, length: shape[axis])
        if reduction == "none" {
            // The same distinct places along every line.
            let places = (0..<shape[axis]).shuffled(using: &random)
            var tensor = Tensor<Int64>(repeating: 0, shape: updates)
            let (stride, length) = (updates.strides[axis], updates[axis])
            let values = (0..<updates.count).map { Int64(places[$0 / stride % length]) }
            tensor.mutateElements { $0 = values }
            integers = AnyTensor(tensor)
        }
        let attributes: [String: Attribute] = [
            "axis": .integer(either(axis, shape.rank)), "reduction": .string(reduction),
        ]
        return scatter("ScatterElements", shape, integers, updates: updates, attributes)
    }

    private mutating func scatterND() -> Case {
        let shape = shape(rank: 1...3)
        let reduction = ["none", "add", "mul", "max", "min"].randomElement(using: &random) ?? "none"
        let isUnique = reduction == "none"
        let depth = isUnique ? 1 : number(1...shape.rank)
        let count = isUnique ? number(1...shape[0]) : number(1...3)
        let length = shape.dimensions[..<depth].min() ?? 1
        let integers =
            isUnique
            ? FiniteDifferenceTests.matrix(
                (0..<shape[0]).shuffled(using: &random).prefix(count).map { Int64($0) }, columns: 1)
            : indices([count, depth], length: length)
        let updates = Shape([count] + shape.dimensions[depth...])
        return scatter("ScatterND", shape, integers, updates: updates, ["reduction": .string(reduction)])
    }

    // MARK: Repeating and reordering

    private mutating func expand() -> Case {
        let full = shape(rank: 0...4)
        let dropped = number(0...full.rank)
        let shape = Shape(full.dimensions[dropped...].map { flag() ? 1 : $0 })
        return unary("Expand", shape, [:], [whole(full.dimensions)])
    }

    private mutating func tile() -> Case {
        let shape = shape(rank: 1...3)
        let copies = shape.dimensions.map { _ in number(1...3) }
        return unary("Tile", shape, [:], [whole(copies)])
    }

    private mutating func blocks(_ operation: String) -> Case {
        let size = number(1...3)
        let few: [Int] = [number(1...2), 1, number(1...2), number(1...2)]
        let isDeep = operation == "DepthToSpace"
        let shape: Shape =
            isDeep
            ? [few[0], few[1] * size * size, few[2], few[3]] : [few[0], few[1], few[2] * size, few[3] * size]
        var attributes: [String: Attribute] = ["blocksize": .integer(size)]
        if isDeep { attributes["mode"] = .string(flag() ? "DCR" : "CRD") }
        return unary(operation, shape, attributes)
    }

    private mutating func cumSum() -> Case {
        let shape = shape(rank: 1...3)
        let axis = either(number(0...shape.rank - 1), shape.rank)
        let attributes: [String: Attribute] = [
            "exclusive": .integer(number(0...1)), "reverse": .integer(number(0...1)),
        ]
        return unary("CumSum", shape, attributes, [AnyTensor(Tensor(Int64(axis)))])
    }

    private mutating func trilu() -> Case {
        let offset = AnyTensor(Tensor(Int64(number(-3...3))))
        return unary("Trilu", shape(rank: 2...3), ["upper": .integer(number(0...1))], flag() ? [offset] : [])
    }

    private mutating func reverseSequence() -> Case {
        let shape = shape(rank: 2...3)
        let time = number(0...1)
        let lengths = (0..<shape[1 - time]).map { _ in number(1...shape[time]) }
        let attributes: [String: Attribute] = ["time_axis": .integer(time), "batch_axis": .integer(1 - time)]
        return unary("ReverseSequence", shape, attributes, [whole(lengths)])
    }

    private mutating func reshape() -> Case {
        let shape = shape(rank: 1...4)
        // The first axes kept by 0, the rest in one by -1, and ones between.
        let kept = number(0...shape.rank - 1)
        let target = [Int](repeating: 0, count: kept) + [Int](repeating: 1, count: number(0...1)) + [-1]
        return unary("Reshape", shape, [:], [whole(target)])
    }

    private mutating func axes(_ operation: String) -> Case {
        var shape = shape(rank: 1...3)
        if operation == "Flatten" {
            return unary("Flatten", shape, ["axis": .integer(number(-shape.rank...shape.rank))])
        }
        if operation == "Squeeze" {
            let chosen = axes(of: shape.rank, atLeast: 1)
            for axis in chosen { shape.dimensions[axis] = 1 }
            return unary("Squeeze", shape, [:], [whole(chosen.map { either($0, shape.rank) })])
        }
        let added = number(1...2)
        let chosen = Array((0..<shape.rank + added).shuffled(using: &random).prefix(added))
        return unary("Unsqueeze", shape, [:], [whole(chosen.map { either($0, shape.rank + added) })])
    }

    private mutating func reduction(_ operation: String) -> Case {
        let shape = shape(rank: 1...3)
        let chosen = axes(of: shape.rank)
        let attributes: [String: Attribute] = [
            "keepdims": .integer(number(0...1)), "noop_with_empty_axes": .integer(number(0...1)),
        ]
        let axes = whole(chosen.map { either($0, shape.rank) })
        let positive: Set<Int> = operation == "ReduceLogSum" ? [0] : []
        return Case(
            operation: operation, name: "\(attributes) \(axes.integers)", shapes: [shape], positive: positive
        ) { graph, inputs in
            graph.append(operation, inputs + [graph.addConstant(axes)], attributes: attributes, name: "y")[0]
        }
    }
}
