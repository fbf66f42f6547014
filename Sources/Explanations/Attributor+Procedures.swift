import Graphs
import Tensors

extension Attributor {
    /// What a procedure says about every sample of a query.
    func attribute(
        _ query: Query, by method: MethodSpecification, scores: [Float], notes: [String], settings: RunSettings
    ) throws -> Attribution {
        guard let procedure = try MethodCatalogue.method(method) as? any ProcedureMethod else {
            throw ExplanationError.unknownMethod(name: method.name, suggestions: [])
        }
        var remarks = notes
        let experiments = try experiments(on: query, samples: scores.count, label: method.name, settings: settings)
        let results = try experiments.map { experiment in
            let result = try procedure.result(of: experiment)
            for note in experiment.notes + result.notes where !remarks.contains(note) { remarks.append(note) }
            return result
        }
        // A run that ended early may lack one for a sample.
        let names = (results.first?.companions.keys.sorted() ?? []).filter { name in
            results.allSatisfy { $0.companions[name] != nil }
        }
        var layer = results.first?.layer
        if let chosen = query.chosen, let own = layer, own.layer.tensorName == chosen.layer.tensorName {
            layer = LayerChoice(layer: own.layer, reason: chosen.reason)
        }
        return Attribution(
            method: method, values: try Self.joined(results, of: experiments), layer: layer, scores: scores,
            checks: results.map(\.checks),
            companions: try Dictionary(
                uniqueKeysWithValues: names.map { name in
                    (name, try Tensor.stacking(results.compactMap { $0.companions[name] }))
                }),
            notes: remarks)
    }

    /// The samples' results one behind the other; several pictures of a sample have a row each, as in the model.
    private static func joined(_ results: [ProcedureResult], of experiments: [Experiment]) throws -> Tensor<Float> {
        let isDivided = zip(results, experiments).contains { result, experiment in
            let pictures = result.layer?.layer.layout.map { experiment.question.pictures(in: $0) } ?? 1
            let isInput = result.values.shape.dimensions == Array(experiment.input.shape.dimensions.dropFirst())
            return pictures > 1 && result.values.shape.dimensions.first == pictures
                || isInput && !experiment.isSampled
        }
        let values = results.map(\.values)
        return isDivided ? try Tensor.concatenating(values) : try Tensor.stacking(values)
    }

    /// One experiment a sample of a query.
    package func experiments(
        on query: Query, samples: Int, label: String, settings: RunSettings = RunSettings()
    ) throws -> [Experiment] {
        try contexts(of: query, samples: samples).map { try Experiment($0, settings: settings, label: label) }
    }

    /// One context a sample: its rows of the inputs, its part of the target.
    private func contexts(of query: Query, samples: Int) throws -> [Experiment.Context] {
        let ports = model.inputs
        guard let explained = query.explained ?? ports.first?.name, let tensor = query.inputs[explained] else {
            throw GraphError.unknownInput(name: query.explained ?? "", known: ports.map(\.name))
        }
        let rows = tensor.shape.dimensions.first ?? 1
        let declared = ports.first { $0.name == explained }?.dimensions.first
        var inputs: [String: AnyTensor] = [:]
        var sampled: Set<String> = []
        for port in ports {
            guard let tensor = query.inputs[port.name] else { continue }
            inputs[port.name] = tensor.converted(to: port.elementType)
            let isFree = port.dimensions.first.map { $0.length == nil || $0 == declared } ?? true
            if port.name == explained || (isFree && tensor.shape.dimensions.first == rows) { sampled.insert(port.name) }
        }
        // Views of one sample stay together.
        if rows != samples { sampled = [] }
        guard tensor.shape.rank > 0 else {
            throw ExplanationError.batch(reason: "the input '\(explained)' has no axis of samples")
        }
        return try (0..<samples).map { sample in
            Experiment.Context(
                attributor: self,
                inputs: try Dictionary(
                    uniqueKeysWithValues: inputs.map { name, tensor in
                        (name, sampled.contains(name) ? try tensor.rows([sample]) : tensor)
                    }),
                sampled: sampled, explained: explained, target: query.target, text: query.text, layer: query.layer,
                chosen: query.chosen, sample: query.origins?[sample] ?? sample, samples: query.samples ?? samples,
                readMask: query.readMask)
        }
    }

    /// The question of one sample.
    func question(for context: Experiment.Context) throws -> Question {
        let query = self.query(for: context, rows: 1)
        let batches = try Batches(
            query.inputs, for: self, explained: context.explained, origins: query.origins, of: query.samples)
        return try question(query, batches.inputs(of: 0), batches, 0).question
    }

    /// A query about so many equal rows of a sample.
    func query(for context: Experiment.Context, rows: Int) -> Query {
        Query(
            inputs: context.inputs, target: context.target, text: context.text, methods: [], layer: context.layer,
            chosen: context.chosen, explained: context.explained,
            origins: [Int](repeating: context.sample, count: rows), samples: context.samples,
            readMask: context.readMask)
    }

    /// The most bytes that values take at one time when one row of a question is answered.
    func bytesPerRow(of question: Question, methods: [MethodSpecification]) throws -> Int {
        let key = ProgramKey(
            shapes: Dictionary(
                question.graph.inputs.map { (question.graph[$0].name, question.graph.shape(of: $0) ?? []) },
                uniquingKeysWith: { first, _ in first }),
            scored: question.scored.map { question.graph[$0].name }, input: question.graph[question.input].name,
            layer: question.namedLayer, methods: methods)
        return try sizes.value(for: key) {
            let built = try methods.map { try MethodCatalogue.graphMethod($0) }
            let bytes = try CompiledQuestion.graph(for: question, methods: built).program.peakBytes()
            return bytes / max(question.batch, 1)
        }
    }
}
