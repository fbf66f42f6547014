import Differentiation
package import Graphs
import Runtime
package import Tensors

/// A score with what its files hold.
package struct TrialScore: Sendable {
    package let target: Target
    package let text: String
    package let readMask: @Sendable (String) throws -> Tensor<Float>

    package init(
        _ target: Target, text: String = "",
        readMask: @escaping @Sendable (String) throws -> Tensor<Float> = { try Numpy.read(path: $0).floatTensor }
    ) {
        self.target = target
        self.text = text
        self.readMask = readMask
    }
}

/// Candidate layers with the program that makes the maps of all of them in one run.
struct LayerTrialProgram: Sendable {
    let candidates: [LayerChoice]
    /// Nil where there is nothing to compare.
    let compiled: CompiledQuestion?

    /// Candidates nearest to the picture are given up where something between them and the score has no derivative.
    init(_ question: Question, limit: Int, engine: any Engine) throws {
        // Layers that hold several pictures of a sample, or volumes, are not compared on one.
        let single = try question.layerCandidates().filter { choice in
            choice.layer.layout.map { question.pictures(in: $0) == 1 && $0.lengths.count == 2 } ?? false
        }
        var candidates = Array(single.prefix(limit))
        while candidates.count > 1 {
            do {
                compiled = try CompiledQuestion(
                    question, methods: candidates.map { _ in MethodSpecification("gradcam") },
                    built: candidates.map { GradCAM(at: $0) }, engine: engine)
                self.candidates = candidates
                return
            } catch is DifferentiationError {
                candidates.removeLast()
            }
        }
        self.candidates = candidates
        compiled = nil
    }
}

extension Attributor {
    /// Compares the candidate layers for a score on the first sample; nil where there are fewer than two.
    ///
    /// - Parameters:
    ///   - inputs: A tensor per input, as for `attribute`.
    ///   - score: What is explained.
    ///   - rival: The score that the map should differ from: the runner-up's.
    ///   - input: The picture input; nil is the first.
    package func layerTrial(
        inputs: [String: AnyTensor], score: TrialScore, rival: TrialScore? = nil, wrt input: String? = nil
    ) throws -> (trial: LayerTrial, choice: LayerChoice)? {
        guard let (candidates, maps, clean) = try trialMaps(inputs, score, input) else { return nil }
        let others = try rival.flatMap { try trialMaps(inputs, $0, input) }
        let name = input ?? model.inputs.first?.name ?? ""
        guard let picture = inputs[name],
            let deletion = try DeletionPictures(picture, axes: pictureAxes(of: name, in: inputs))
        else { return nil }
        // Three at once: more would be no faster on a processor, and take the memory of as many forward passes.
        let single = try specialisedGraph(for: inputs.mapValues(\.shape)).peakBytes()
        let portion = max(1, min(3, model.engine.memory.bytes / 2 / max(single, 1)))
        let curves = try zip(candidates, maps).map { candidate, map -> [Double]? in
            guard let layout = candidate.layer.layout, LayerTrial.isInformative(map.elements) else { return nil }
            let masked = try deletion.masked(deletion.tiles(rankedBy: map, placement: layout.placement))
            let scores = try stride(from: 0, to: masked.shape[0], by: portion).flatMap { start in
                let rows = Array(start..<min(start + portion, masked.shape[0]))
                var pictures = try repeated(inputs, rows.count)
                pictures[name] = try masked.rows(rows)
                return try attribute(
                    inputs: pictures, target: score.target, targetText: score.text,
                    methods: [MethodSpecification("score")], wrt: name, readMask: score.readMask
                )[0].scores.map(Double.init)
            }
            return scores.allSatisfy(\.isFinite) ? scores : nil
        }
        let lowest = curves.compactMap { $0?.min() }.min() ?? clean
        let range = clean - lowest
        let measurements = candidates.indices.map { index in
            let rivals = others.flatMap { $0.candidates == candidates ? $0.maps[index].elements : nil }
            let falls = curves[index]?.prefix(DeletionPictures.steps).map { clean - $0 }
            return LayerTrial.Measurement(
                candidates[index].layer,
                discrimination: rivals.map { LayerTrial.discrimination(maps[index].elements, $0) },
                deletion: falls.map { range > 0 ? $0.reduce(0, +) / Double($0.count) / range : 0 })
        }
        let trial = LayerTrial(measurements)
        let chosen = candidates[trial.chosen]
        return (trial, LayerChoice(layer: chosen.layer, reason: "\(trial.reason); it is \(chosen.reason)"))
    }

    /// The first sample of inputs that take any number of samples, so many times; others belong to all samples.
    private func repeated(_ inputs: [String: AnyTensor], _ count: Int) throws -> [String: AnyTensor] {
        let free = Set(model.inputs.filter { $0.dimensions.first.map { $0.length == nil } ?? false }.map(\.name))
        return try Dictionary(
            uniqueKeysWithValues: inputs.map { name, tensor in
                let isSample = free.contains(name) && tensor.shape.dimensions.first == 1
                return (name, isSample ? try tensor.rows([Int](repeating: 0, count: count)) : tensor)
            })
    }

    /// The maps of the first sample at all candidates, and its score.
    private func trialMaps(
        _ inputs: [String: AnyTensor], _ score: TrialScore, _ input: String?
    ) throws -> (candidates: [LayerChoice], maps: [Tensor<Float>], score: Double)? {
        let batches = try Batches(inputs, for: self, explained: input)
        let piece = try batches.inputs(of: 0)
        let resolved = try resolved(
            piece, batches, 0, target: batches.target(score.target, of: 0), text: score.text, readMask: score.readMask)
        let question = Question(
            graph: resolved.graph, scored: resolved.parts.map(\.value), input: resolved.explained, namedLayer: nil,
            batch: batches.size, modelValues: resolved.modelValues)
        let key = ProgramKey(
            shapes: piece.mapValues(\.shape), scored: resolved.parts.map { resolved.graph[$0.value].name },
            input: batches.explained, layer: nil, methods: [])
        let program = try trials.value(for: key) {
            try LayerTrialProgram(question, limit: LayerTrial.candidateLimit, engine: model.engine)
        }
        guard let compiled = program.compiled else { return nil }
        let maps = try compiled.run(piece, weights: resolved.parts.map(\.weights), notes: [])
        return (program.candidates, maps.map { $0.values.slice(0) }, Double(maps.first?.scores.first ?? .nan))
    }
}
