import Evaluation
import Explanations
import Graphs
import Runtime
import Tensors

/// Pictures and models small enough to work out every number by hand.
enum MetricToys {
    /// `logits = W flat(x)` for `x` of shape `[n, C, H, W]`, one row of weights a class.
    static func linear(_ weights: [[Float]], channels: Int, height: Int, width: Int) throws -> Attributor {
        var graph = Graph()
        let x = graph.addInput(
            "x", type: .float32, dimensions: [.symbolic("n"), .fixed(channels), .fixed(height), .fixed(width)])
        let flat = graph.append("Flatten", [x], name: "flat")[0]
        let matrix = try Tensor(
            shape: [weights.count, channels * height * width], elements: weights.flatMap { $0 })
        let weight = graph.addConstant(AnyTensor(matrix), name: "w")
        let bias = graph.addConstant(AnyTensor(Tensor<Float>(repeating: 0, shape: [weights.count])), name: "b")
        let logits = graph.append("Gemm", [flat, weight, bias], attributes: ["transB": .integer(1)], name: "logits")[0]
        graph.outputs = [Graph.Output(name: "logits", value: logits)]
        return Attributor(Model(graph: graph, engine: try ONNXRuntimeEngine()))
    }

    /// What a metric sees of a picture `[1, C, H, W]` of a classifier.
    static func subject(
        _ attributor: Attributor, picture: Tensor<Float>, map: Tensor<Float>, raw: Tensor<Float>? = nil,
        class index: Int = 0, method: String = "gradient-x-input", display: MethodDescription.Display = .signed,
        hasProbability: Bool = true, others: [(method: MethodSpecification, map: Tensor<Float>)] = [],
        settings: RunSettings = RunSettings()
    ) throws -> EvaluationSubject {
        func experiment(_ target: Target) throws -> Experiment {
            let query = Query(inputs: ["x": AnyTensor(picture)], target: target, methods: [])
            return try attributor.experiments(on: query, samples: 1, label: "test", settings: settings)[0]
        }
        let target = Target.classIndex(index)
        return EvaluationSubject(
            experiment: try experiment(target),
            probability: hasProbability ? try experiment(.probability(target)) : nil,
            method: try MethodSpecification(parsing: method), display: display, raw: raw ?? map, map: map,
            others: others)
    }

    static func tensor(_ elements: [Float], _ shape: Shape) throws -> Tensor<Float> {
        try Tensor(shape: shape, elements: elements)
    }

    static func measure(_ metric: String, _ subject: EvaluationSubject) throws -> Measurement {
        try MetricCatalogue.metric(MethodSpecification(parsing: metric)).measurement(of: subject)
    }
}

func isClose(_ found: Double, _ expected: Double, _ tolerance: Double = 1e-6) -> Bool {
    abs(found - expected) <= tolerance * max(abs(expected), 1)
}

func areClose(_ found: [Double], _ expected: [Double], _ tolerance: Double = 1e-6) -> Bool {
    found.count == expected.count && zip(found, expected).allSatisfy { isClose($0, $1, tolerance) }
}
