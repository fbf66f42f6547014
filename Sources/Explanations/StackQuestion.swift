package import Graphs
package import Tensors

/// A question about pictures that a method brings along.
package struct StackQuestion {
    /// The score that somebody named: it tells which output is meant.
    package let target: Target
    /// The method's label, for messages.
    package let label: String
    private let attributor: Attributor
    private let query: Query
    private let explained: String

    init(_ attributor: Attributor, _ query: Query, label: String) throws {
        guard let explained = query.explained ?? attributor.model.inputs.first?.name else {
            throw GraphError.unknownInput(name: "", known: [])
        }
        target = query.target
        self.attributor = attributor
        self.query = query
        self.label = label
        self.explained = explained
    }

    /// What graph methods say about pictures `[N, …]`.
    ///
    /// - Parameter vectors: What a target of this name reads, `dot(…)` say.
    package func answers(
        at pictures: Tensor<Float>, about target: Target, of methods: [MethodSpecification],
        vectors: [String: Tensor<Float>] = [:]
    ) throws -> [Attribution] {
        var asked = query
        asked.inputs[explained] = AnyTensor(pictures)
        asked.target = target
        asked.methods = methods
        asked.explained = explained
        // What is only a step of the method is not diagnosed as a result.
        asked.diagnoses = false
        let read = query.readMask
        asked.readMask = { name in try vectors[name] ?? read(name) }
        return try attributor.attribute(asked)
    }
}

/// What a stack method found out.
package struct StackResult: Sendable {
    /// The raw result, all axes.
    package var values: Tensor<Float>
    /// Where it lives, nil where it is no layer.
    package var layer: LayerChoice?
    /// The explained number of every row.
    package var scores: [Float]
    /// What a user should know.
    package var notes: [String]
    /// Further arrays by name.
    package var companions: [String: Tensor<Float>]

    package init(
        _ values: Tensor<Float>, layer: LayerChoice?, scores: [Float], notes: [String] = [],
        companions: [String: Tensor<Float>] = [:]
    ) {
        self.values = values
        self.layer = layer
        self.scores = scores
        self.notes = notes
        self.companions = companions
    }
}

extension Attributor {
    /// The answers to a query of which some methods bring their own pictures.
    func attribute(
        _ query: Query, _ stacks: [(any StackMethod)?], settings: RunSettings
    ) throws -> [Attribution] {
        var others = query
        others.methods = zip(query.methods, stacks).filter { $0.1 == nil }.map(\.0)
        var rest = others.methods.isEmpty ? [] : try attribute(others, settings: settings)
        rest.reverse()
        return try zip(query.methods, stacks).compactMap { method, stack in
            guard let stack else { return rest.popLast() }
            let result = try stack.result(of: StackQuestion(self, query, label: method.label))
            var answer = Attribution(
                method: method, values: result.values, layer: result.layer, scores: result.scores,
                companions: result.companions, notes: result.notes)
            let broken = answer.scores.count { !$0.isFinite }
            if broken > 0 {
                answer.notes.append(
                    ExplanationError.notFinite(what: "The scores of \(method.label)", count: broken).description)
            }
            return answer
        }
    }
}

extension Target {
    /// The outputs that the target reads.
    package var sources: Set<Source> {
        switch self {
        case .elements(let source, _): [source]
        case .mean(let inner, _), .sum(let inner), .probability(let inner), .logit(let inner), .energy(let inner),
            .cosine(let inner, _), .dot(let inner, _), .error(let inner, _, _):
            inner.sources
        case .combination(let terms): terms.reduce(into: []) { $0.formUnion($1.target.sources) }
        }
    }
}
