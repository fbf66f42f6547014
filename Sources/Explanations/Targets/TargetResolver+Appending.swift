import Graphs
import Tensors

extension TargetResolver {
    /// A warning where the elements are probabilities, whose gradient vanishes where the model is sure.
    func probabilityNote(_ positions: [Int], of value: ValueID) -> String? {
        // All elements of one output come to the same end in practice; a few tell.
        let sample = stride(from: 0, to: positions.count, by: max(positions.count / 64, 1)).map { positions[$0] }
        let kinds = Set(graph.traced(sample, of: value).compactMap(\.activation))
        let words = [
            ("Softmax", "a softmax probability"), ("Sigmoid", "a sigmoid probability"),
            ("LogSoftmax", "the logarithm of a softmax probability"),
        ].filter { kinds.contains($0.0) }.map(\.1)
        guard !words.isEmpty else { return nil }
        return
            "'\(graph[value].name)' is \(words.joined(separator: " or ")), whose gradient vanishes where the model is sure; logit(…) explains the value before it"
    }

    /// An appended softmax; a sigmoid where there is one number a sample.
    mutating func probability(of value: ValueID) throws -> ValueID {
        // The name tells whose probability it is: compiled questions are known by the names of what they score.
        let name = "probability.\(graph[value].name)"
        if let known = graph.value(named: name), graph.producingNode(of: known)?.input(0) == value { return known }
        guard let shape = graph.shape(of: value) else { throw problem("the shape of its output is not known") }
        let axes = shape.dimensions.indices.filter {
            shape[$0] > 1 && ($0 > 0 || (shape.rank == 1 && batch == 1))
        }
        // Candidates and steps come before classes, [B, N, C]; classes before places, [B, C, H, W].
        let axis = shape.rank == 3 ? axes.last : axes.first
        let made =
            axis.map { graph.append("Softmax", [value], attributes: ["axis": .integer($0)], name: name)[0] }
            ?? graph.append("Sigmoid", [value], name: name)[0]
        graph[made].type = graph[value].type
        graph[made].shape = shape
        return made
    }

    /// `½ Σ f²` of every sample, `[B, 1]`.
    mutating func halfSquaredNorm(of value: ValueID) throws -> ValueID {
        let name = "energy.\(graph[value].name)"
        if let known = graph.value(named: name) { return known }
        let flat = try rows(of: value)
        let half = graph.addConstant(AnyTensor(Tensor<Float>(0.5)).converted(to: type(of: value)), name: "half")
        let square = emit("Mul", [flat, flat], shape: graph.shape(of: flat) ?? [])
        let halved = emit("Mul", [square, half], shape: graph.shape(of: flat) ?? [])
        return try rowSum(of: halved, name: name)
    }

    /// `f / ‖f‖` of every sample, `[B, n]`.
    mutating func direction(of value: ValueID) throws -> ValueID {
        if graph.unnormalised(value) != value { return value }
        let name = "direction.\(graph[value].name)"
        if let known = graph.value(named: name) { return known }
        let flat = try rows(of: value)
        let shape = graph.shape(of: flat) ?? []
        let sum = try rowSum(of: emit("Mul", [flat, flat], shape: shape), name: "squared-length")
        let length = emit("Sqrt", [sum], shape: graph.shape(of: sum) ?? [])
        return emit("Div", [flat, length], shape: shape, name: name)
    }

    mutating func rows(of value: ValueID) throws -> ValueID {
        guard let shape = graph.shape(of: value), shape.count > 0, shape.count % batch == 0 else {
            throw problem("'\(graph[value].name)' does not hold one vector a sample")
        }
        let target = Shape([batch, shape.count / batch])
        let lengths = graph.addConstant(
            AnyTensor(Tensor(vector: target.dimensions.map { Int64($0) })), name: "integers")
        return emit("Reshape", [value, lengths], shape: target, type: type(of: value))
    }

    mutating func rowSum(of value: ValueID, name: String) throws -> ValueID {
        let axes = graph.addConstant(AnyTensor(Tensor<Int64>(vector: [1])), name: "integers")
        return emit(
            "ReduceSum", [value, axes], ["keepdims": .integer(1)], shape: [batch, 1], type: type(of: value), name: name)
    }

    func type(of value: ValueID) -> ElementType { graph[value].type ?? .float32 }

    /// A node whose result's type and shape are known, as the rest of a specialised graph's are.
    mutating func emit(
        _ operation: String, _ inputs: [ValueID], _ attributes: [String: Attribute] = [:], shape: Shape,
        type: ElementType? = nil, name: String = "target"
    ) -> ValueID {
        let result = graph.append(operation, inputs, attributes: attributes, name: name)[0]
        graph[result].type = type ?? graph[inputs[0]].type
        graph[result].shape = shape
        return result
    }
}
