import Graphs
import Runtime
import Synchronization
package import Tensors

/// One sample of a question, and the model to be asked about changed copies of it.
package final class Experiment: Sendable {
    /// What is asked, for this sample alone.
    package let question: Question
    /// The explained input of this sample, `[1, …]`; an input without an axis of samples has that in front.
    package let input: Tensor<Float>
    /// What the method may use.
    package let settings: RunSettings
    /// The method's label, for progress.
    package let label: String
    let context: Context
    /// Experiments of wrapped methods share the time of the method around them.
    private let start: ContinuousClock.Instant
    private let found = Mutex<[String]>([])

    /// Everything that a run needs besides the explained input.
    struct Context: Sendable {
        let attributor: Attributor
        /// This sample's inputs.
        var inputs: [String: AnyTensor]
        /// The inputs that hold samples along their first axis.
        let sampled: Set<String>
        let explained: String
        /// Whether the explained input holds samples along its first axis; pictures of one sample, such as views, it can hold as well.
        var isSampled: Bool { sampled.contains(explained) }
        var target: Target
        let text: String
        var layer: String?
        var chosen: LayerChoice?
        /// Which of how many samples of the whole question this is.
        let sample: Int
        let samples: Int
        let readMask: @Sendable (String) throws -> Tensor<Float>
    }

    init(
        _ context: Context, settings: RunSettings, label: String, start: ContinuousClock.Instant = .now,
        question known: Question? = nil
    ) throws {
        self.context = context
        self.settings = settings
        self.label = label
        self.start = start
        guard let tensor = context.inputs[context.explained] else {
            throw GraphError.unknownInput(name: context.explained, known: context.inputs.keys.sorted())
        }
        let values = tensor.floatTensor
        input = try context.isSampled ? values : values.reshaped(Shape([1] + values.shape.dimensions))
        question = try known ?? context.attributor.question(for: context)
    }

    /// What was noticed on the way: runs that ended early.
    package var notes: [String] { found.withLock { $0 } }

    /// The explained input's channels, rows and columns; fails where it is no picture.
    package func planes() throws -> PicturePlanes {
        guard context.isSampled, let planes = knownPlanes else { return try question.planes(for: label) }
        if let guess = question.graph.layoutGuess(of: question.input) { note(guess) }
        return planes
    }

    /// The explained input's channels, rows and columns; nil where it is no picture.
    package var knownPlanes: PicturePlanes? {
        PicturePlanes(input.shape, channelAxis: question.graph.channelAxis(of: question.input))
    }

    /// Whether the explained input has an axis of samples.
    package var isSampled: Bool { context.isSampled }

    /// Which sample of the whole question this is.
    package var sample: Int { context.sample }

    /// How many samples the whole question has.
    package var samples: Int { context.samples }

    /// This sample's part of given values, in the input's shape: values for one input, or for each sample; nil where they fit neither.
    package func row(of values: Tensor<Float>) -> Tensor<Float>? {
        let single = input.shape.dimensions.dropFirst()
        let dimensions = values.shape.dimensions
        if dimensions == Array(single) || dimensions == [1] + single { return try? values.reshaped(input.shape) }
        guard dimensions == [context.samples] + single else { return nil }
        return try? values.slice(context.sample).reshaped(input.shape)
    }

    // MARK: Other experiments

    /// The same question about another input of the same shape.
    package func experiment(at input: Tensor<Float>) throws -> Experiment {
        var changed = context
        changed.inputs[context.explained] = try row(input)
        return try child(changed, question: question)
    }

    /// The same question at another layer.
    package func experiment(atLayer layer: String) throws -> Experiment {
        var changed = context
        changed.layer = layer
        changed.chosen = nil
        return try child(changed)
    }

    /// The explained target.
    package var target: Target { context.target }

    /// The same question about another score.
    package func experiment(about target: Target) throws -> Experiment {
        var changed = context
        changed.target = target
        return try child(changed)
    }

    /// An experiment within this one: it has the same end of time, and leaves the report of progress to this one.
    private func child(_ context: Context, question: Question? = nil) throws -> Experiment {
        var settings = settings
        settings.progress = nil
        return try Experiment(context, settings: settings, label: label, start: start, question: question)
    }

    /// What another method says about this sample: how methods wrap methods.
    package func result(of method: MethodSpecification) throws -> ProcedureResult {
        let built = try MethodCatalogue.method(method)
        guard let procedure = built as? any ProcedureMethod else {
            let answer = try answers(at: [input], of: [method])
            return ProcedureResult(
                answer.results[0].slice(0), layer: try built.layer(in: question),
                checks: built.checks(of: answer.results[0].slice(0), score: Double(answer.scores[0])))
        }
        var result = try procedure.result(of: self)
        result.notes += notes
        return result
    }

    // MARK: Running

    /// What the model says about some inputs.
    package struct Answers: Sendable {
        /// The score of each.
        package let scores: [Float]
        /// One tensor a method, `[inputs, …]`; where a sample has several pictures, such as views, they follow: `[inputs, pictures, …]`.
        package let results: [Tensor<Float>]
    }

    /// What graph methods say about a few inputs of the explained input's shape, all at once where the model allows it.
    package func answers(at points: [Tensor<Float>], of methods: [MethodSpecification] = []) throws -> Answers {
        guard context.isSampled || points.count < 2 else {
            return try Answers(joining: points.map { try answers(at: [$0], of: methods) })
        }
        var inputs = context.inputs
        for name in context.sampled where name != context.explained {
            inputs[name] = try inputs[name]?.rows([Int](repeating: 0, count: points.count))
        }
        inputs[context.explained] = try rows(points)
        let asked = methods.isEmpty ? [MethodSpecification("score")] : methods
        var query = Query(
            inputs: inputs, target: context.target, text: context.text, methods: asked, layer: context.layer,
            chosen: context.chosen, explained: context.explained,
            origins: [Int](repeating: context.sample, count: points.count), samples: context.samples,
            readMask: context.readMask)
        query.diagnoses = false
        let attributions = try context.attributor.attribute(query)
        return Answers(
            scores: attributions[0].scores,
            results: methods.isEmpty ? [] : try attributions.map { try $0.values.divided(into: points.count) })
    }

    /// Asks graph methods about many inputs, as many at once as the memory budget allows, and hands on what they say.
    ///
    /// Ends early when the time is up, on cancellation, or where `consume` returns false.
    /// - Parameters:
    ///   - count: How many inputs.
    ///   - methods: Graph methods of the catalogue; none is asked where only scores are wanted.
    ///   - point: The input of a number; called in order.
    ///   - consume: Takes the answers to a range of inputs; false ends the run.
    /// - Returns: How many inputs were answered.
    /// - Throws: `RuntimeError.cancelled` where not one was.
    @discardableResult
    package func stream(
        _ count: Int, of methods: [MethodSpecification] = [], point: (Int) throws -> Tensor<Float>,
        consume: (Range<Int>, Answers) throws -> Bool
    ) throws -> Int {
        try portions(count, size: rowsAtOnce(for: methods)) { range, size in
            var points = try range.map(point)
            // One program serves all portions: the last is filled up.
            while points.count < size, let last = points.last { points.append(last) }
            let answers = try answers(at: points, of: methods)
            return try consume(range, answers.first(range.count))
        }
    }

    /// Calls `run` with portions of `0..<count` until they are done, the time is up or the run is cancelled.
    func portions(_ count: Int, size: Int, run: (Range<Int>, Int) throws -> Bool) throws -> Int {
        let size = max(min(size, count), 1)
        var done = 0
        while done < count {
            if let ending = ending(done) {
                guard done > 0 || ending == .time else { throw RuntimeError.cancelled }
                if done > 0 {
                    note("\(label) ended after \(done) of \(count) runs: \(ending.rawValue)")
                    break
                }
            }
            let range = done..<min(done + size, count)
            let goesOn = try run(range, size)
            done = range.upperBound
            settings.progress?(
                RunProgress(label: label, done: done, total: count, elapsed: ContinuousClock.now - start))
            if !goesOn { break }
        }
        return done
    }

    private enum Ending: String {
        case time = "the time was up"
        case cancellation = "it was interrupted"
    }

    private func ending(_ done: Int) -> Ending? {
        if settings.cancellation?.isCancelled == true { return .cancellation }
        if let time = settings.time, ContinuousClock.now - start >= time { return .time }
        return nil
    }

    /// Whether a method should end with what it has.
    package var isOver: Bool { ending(1) != nil }

    /// Adds a note to the result.
    package func note(_ text: String) { found.withLock { if !$0.contains(text) { $0.append(text) } } }

    /// How many inputs are run at once.
    package func rowsAtOnce(for methods: [MethodSpecification]) throws -> Int {
        guard context.isSampled else { return 1 }
        let bytes = try context.attributor.bytesPerRow(of: question, methods: methods)
        return max(1, min(settings.memory / max(bytes, 1), context.attributor.largestBatch))
    }

    private func row(_ point: Tensor<Float>) throws -> AnyTensor { try rows([point]) }

    private func rows(_ points: [Tensor<Float>]) throws -> AnyTensor {
        guard let stray = points.first(where: { $0.elements.count != input.elements.count }) else {
            let shape = Shape((context.isSampled ? [points.count] : []) + input.shape.dimensions.dropFirst())
            let tensor = AnyTensor(try Tensor(shape: shape, elements: points.flatMap(\.elements)))
            return tensor.converted(to: context.inputs[context.explained]?.elementType ?? .float32)
        }
        throw TensorError.shapeMismatch(stray.shape, input.shape)
    }
}

extension Experiment.Answers {
    /// The answers to inputs that were asked about one by one.
    fileprivate init(joining parts: [Experiment.Answers]) throws {
        scores = parts.flatMap(\.scores)
        results = try (parts.first?.results ?? []).indices.map { index in
            try Tensor.concatenating(parts.map { $0.results[index] })
        }
    }

    fileprivate func first(_ count: Int) throws -> Experiment.Answers {
        guard scores.count > count else { return self }
        return Experiment.Answers(
            scores: Array(scores.prefix(count)),
            results: try results.map { tensor in
                let shape = Shape([count] + tensor.shape.dimensions.dropFirst())
                return try Tensor(shape: shape, elements: Array(tensor.elements.prefix(shape.count)))
            })
    }
}
