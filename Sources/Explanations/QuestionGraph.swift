package import Differentiation
package import Graphs
package import Tensors

/// The graph that answers a question: the model, the gradients that methods asked for, and the nodes that they append.
package struct QuestionGraph {
    /// What is asked.
    package let question: Question
    /// Everything so far.
    package private(set) var graph: Graph
    /// The weights of each scored value: inputs, unless they were given.
    package let seeds: [ValueID]
    private let gradients: [GradientRequest: ValueID]
    private let references: [BackwardRules: ReferenceActivations]

    /// The model with these gradients; those by the same rules share one way back.
    ///
    /// - Parameter given: Values of the question's graph that hold the weights; nil makes inputs for them.
    package init(
        _ question: Question, gradients requests: [GradientRequest], seeds given: [ValueID]? = nil
    ) throws {
        self.question = question
        let derivatives = requests.filter { $0.rules == .derivative }.map(\.value)
        let derived = try question.graph.differentiated(
            question.scored, withRespectTo: Set(derivatives).sorted(), seeds: given)
        var graph = derived.graph
        graph.outputs = []
        let seeds = derived.seeds
        var gradients: [GradientRequest: ValueID] = [:]
        var references: [BackwardRules: ReferenceActivations] = [:]
        for (value, gradient) in derived.cotangents { gradients[.of(value)] = gradient }
        let others = Dictionary(grouping: requests.filter { $0.rules != .derivative }, by: \.rules)
        for (rules, requests) in others.sorted(by: { $0.key.name < $1.key.name }) {
            var starts = seeds
            if rules.start == .weightedValues {
                starts = zip(question.scored, seeds).map { value, seed in
                    graph.appendSelection(of: value, weights: seed, name: "relevance.start")
                }
            }
            let scored = question.scored
            let (composite, reference) = try rules.composite(
                for: question.graph, input: question.input, outputs: scored, in: &graph)
            references[rules] = reference
            let modified = try question.graph.differentiated(
                scored, withRespectTo: Set(requests.map(\.value)).sorted(), by: composite, seeds: starts, into: graph)
            graph = modified.graph
            for (value, gradient) in modified.cotangents { gradients[.of(value, by: rules)] = gradient }
        }
        self.graph = graph
        self.seeds = seeds
        self.gradients = gradients
        self.references = references
    }

    /// The gradient of the score with respect to a value, of the value's shape, by the rules that were requested.
    package func gradient(of value: ValueID, by rules: BackwardRules = .derivative) throws -> ValueID {
        guard let gradient = influence(of: value, by: rules) else {
            throw ExplanationError.noInfluence(
                target: question.scored.map { graph[$0].name }.joined(separator: ", "), value: graph[value].name)
        }
        return gradient
    }

    /// The gradient with respect to a value, nil where it has no influence on the score.
    package func influence(of value: ValueID, by rules: BackwardRules = .derivative) -> ValueID? {
        gradients[.of(value, by: rules)]
    }

    /// A layer as `[B, C, H, W]` (`[B, C, D, H, W]` over a volume), whatever the order of its elements in the model.
    package mutating func map(of value: ValueID, _ layout: MapLayout) -> ValueID {
        graph.appendMap(of: value, layout)
    }

    /// The gradient of the score with respect to a layer as `[B, C, H, W]`.
    package mutating func gradientMap(
        of value: ValueID, _ layout: MapLayout, by rules: BackwardRules = .derivative
    ) throws -> ValueID {
        graph.appendMap(of: try gradient(of: value, by: rules), layout)
    }

    /// What a value of the model is at the reference input of such rules; itself where they have none.
    package func reference(of value: ValueID, by rules: BackwardRules) -> ValueID { references[rules]?[value] ?? value }

    /// The score of every sample, `[B]`: the weighted sum over the scored values.
    package mutating func score() throws -> ValueID { try score(of: question.scored) }

    /// The score of every sample at the reference input of such rules, `[B]`.
    package mutating func referenceScore(by rules: BackwardRules) throws -> ValueID {
        try score(of: question.scored.map { reference(of: $0, by: rules) })
    }

    private mutating func score(of values: [ValueID]) throws -> ValueID {
        var total: ValueID?
        for (value, seed) in zip(values, seeds) {
            var weighted = graph.appendSelection(of: value, weights: seed, name: "map")
            if let type = graph[value].type, type != .float32 {
                weighted = emit("Cast", [weighted], ["to": .integer(Int(ElementType.float32.rawValue))])
            }
            let shape = graph.shape(of: value) ?? []
            let flat = emit("Reshape", [weighted, integers([question.batch, shape.count / max(question.batch, 1)])])
            let sum = emit("ReduceSum", [flat, integers([1])], ["keepdims": .integer(0)])
            total = total.map { emit("Add", [$0, sum]) } ?? sum
        }
        guard let total else { throw ExplanationError.target(text: "", reason: "it reads no output") }
        return total
    }

    /// Appends a node with one result.
    package mutating func emit(
        _ operation: String, _ inputs: [ValueID?], _ attributes: [String: Attribute] = [:]
    ) -> ValueID {
        graph.append(operation, inputs, attributes: attributes, name: "map.\(operation)")[0]
    }

    package mutating func constant(_ tensor: Tensor<Float>) -> ValueID {
        graph.addConstant(AnyTensor(tensor), name: "constant")
    }

    /// Appends what a node of the model adds to a linear function of its operands, times `cotangent`; see `BiasShare`.
    package mutating func appendBiasShare(_ share: BiasShare, cotangent: ValueID) throws -> ValueID {
        try graph.appendBiasShare(share, cotangent: cotangent)
    }

    /// A float32 number as a constant.
    package mutating func scalar(_ value: Double) -> ValueID {
        graph.addConstant(AnyTensor(Tensor<Float>(Float(value))), name: "number")
    }

    package mutating func integers(_ values: [Int]) -> ValueID {
        graph.addConstant(AnyTensor(Tensor(vector: values.map { Int64($0) })), name: "integers")
    }

    /// The mean over all places of a value of a layout's shape; their axes stay with length 1.
    package mutating func spatialMean(_ value: ValueID, _ layout: MapLayout) -> ValueID {
        emit("ReduceMean", [value, integers(layout.placeAxes)], ["keepdims": .integer(1)])
    }

    /// One number a sample as one a picture of a layout, `[B, 1, 1, 1]`: all pictures of a sample share theirs.
    package mutating func perPicture(_ numbers: ValueID, _ layout: MapLayout) -> ValueID {
        let samples = max(question.batch, 1)
        let rows = reshape(numbers, to: [samples, 1])
        let copies = emit("Expand", [rows, integers([samples, layout.batch / samples])])
        return reshape(copies, to: Shape([layout.batch, 1] + layout.lengths.map { _ in 1 }))
    }

    /// `Σ_c weights * map`, `[B, H, W]` (`[B, D, H, W]` over a volume).
    package mutating func channelSum(_ map: ValueID, weightedBy weights: ValueID) -> ValueID {
        emit("ReduceSum", [emit("Mul", [weights, map]), integers([1])], ["keepdims": .integer(0)])
    }

    package mutating func reshape(_ value: ValueID, to shape: Shape) -> ValueID {
        emit("Reshape", [value, integers(shape.dimensions)])
    }

    /// Copies another graph's nodes behind these; values of this graph stand for its inputs.
    package mutating func insert(_ other: Graph, at places: [ValueID: ValueID]) throws -> [ValueID] {
        try graph.insert(other, at: places)
    }

    /// Adds a constant.
    package mutating func constant(_ tensor: AnyTensor, name: String = "constant") -> ValueID {
        graph.addConstant(tensor, name: name)
    }

    /// Declares a result; a name that a value of the model has already gets an underscore.
    package mutating func addOutput(_ value: ValueID, name: String) {
        var free = name
        while graph.value(named: free) != nil { free += "_" }
        graph.outputs.append(Graph.Output(name: free, value: value))
    }
}
