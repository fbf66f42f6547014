package import Graphs
package import Tensors

extension Experiment {
    /// The layer of the question, and its maps `[C, H, W]` for this sample; fails where it has several pictures there, or a volume.
    package func layerMap() throws -> (choice: LayerChoice, maps: Tensor<Float>) {
        _ = try question.pictureLayer(for: label)
        let (choice, maps) = try layerMaps()
        return (choice, maps.values.slice(0))
    }

    /// The layer of the question, and its maps for this sample.
    package func layerMaps() throws -> (choice: LayerChoice, maps: LayerMaps) {
        let choice = try question.layer()
        let layout = try Question.spatial(choice.layer, for: label).layout
        let answers = try answers(at: [input], of: [try MethodSpecification(parsing: "activation:layout=map")])
        return (choice, try LayerMaps(answers.results[0].slice(0), places: layout.lengths.count))
    }

    /// The scores where the layer holds other maps and all else stays: only the part of the model behind it runs.
    ///
    /// - Parameters:
    ///   - count: How many maps.
    ///   - map: The layer's maps of a number, `[C, H, W]` of each picture; called in order. What the layer holds besides (class tokens) stays.
    ///   - consume: Takes the scores of a range of maps; false ends the run.
    /// - Returns: How many maps were answered.
    @discardableResult
    package func streamBehindLayer(
        _ count: Int, map: (Int) throws -> Tensor<Float>, consume: (Range<Int>, [Float]) throws -> Bool
    ) throws -> Int {
        try streamBehindLayer(count, row: map, isMap: true, consume: consume)
    }

    /// As above, for the layer as the model has it: class tokens and all.
    ///
    /// - Parameter layer: The layer's value of a number, for one sample.
    @discardableResult
    package func streamBehindWholeLayer(
        _ count: Int, layer: (Int) throws -> Tensor<Float>, consume: (Range<Int>, [Float]) throws -> Bool
    ) throws -> Int {
        try streamBehindLayer(count, row: layer, isMap: false, consume: consume)
    }

    private func streamBehindLayer(
        _ count: Int, row: (Int) throws -> Tensor<Float>, isMap: Bool,
        consume: (Range<Int>, [Float]) throws -> Bool
    ) throws -> Int {
        let attributor = context.attributor
        let limit = try rowsAtOnce(for: [])
        let size = max(min(limit, count), 1)
        let query = attributor.query(for: try repeated(size), rows: size)
        let batches = try Batches(
            query.inputs, for: attributor, explained: context.explained, origins: query.origins, of: query.samples)
        // A model of fixed batch takes its own number.
        let inputs = try batches.inputs(of: 0)
        let (question, resolved) = try attributor.question(query, inputs, batches, 0)
        let (layer, layout) = try question.spatialLayer(for: label)
        let key = Attributor.ProgramKey(
            shapes: inputs.mapValues(\.shape), scored: resolved.parts.map { resolved.graph[$0.value].name },
            input: batches.explained, layer: layer, methods: [])
        let suffix = try attributor.suffixes.value(for: key) {
            try LayerSuffix(question, layer: layer, layout: layout, engine: attributor.model.engine)
        }
        let whole = try answers(
            at: [Tensor<Float>](repeating: input, count: batches.size), of: [MethodSpecification("activation")]
        ).results[0]
        return try portions(count, size: batches.size) { range, _ in
            var rows = try range.map(row)
            while rows.count < batches.size, let last = rows.last { rows.append(last) }
            let stack = try Tensor.stacking(rows)
            let scores = try suffix.scores(
                isMap ? suffix.layer(whole, holding: stack) : stack, inputs: inputs,
                weights: resolved.parts.map(\.weights))
            return try consume(range, Array(scores.prefix(range.count)))
        }
    }

    /// The layer of the question as the model has it, for this sample, and the axis of its channels; nil where no axis is theirs
    /// alone. Several pictures stand along the first axis; of one, that is left out.
    package func wholeLayer() throws -> (value: Tensor<Float>, channelAxis: Int)? {
        let (layer, layout) = try question.spatialLayer(for: label)
        let shape = layer.shape
        let axes = (1..<max(shape.rank, 1)).filter { shape[$0] == layout.channels }
        guard shape.rank > 1, shape[0] == 1 || shape[0] == layout.batch,
            let axis = layout.steps.isEmpty ? 1 : axes.last, axes.count == 1 || layout.steps.isEmpty
        else { return nil }
        let value = try answers(at: [input], of: [MethodSpecification("activation")]).results[0].slice(0)
        return (value, value.shape.rank == shape.rank ? axis : axis - 1)
    }

    /// This sample so many times.
    private func repeated(_ count: Int) throws -> Context {
        var copy = context
        for name in context.sampled {
            copy.inputs[name] = try context.inputs[name]?.rows([Int](repeating: 0, count: count))
        }
        return copy
    }
}
