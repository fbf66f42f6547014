import Explanations
import Graphs
import Runtime
import Tensors

/// A sanity check on its way: the model's own maps, and what they were compared with so far.
struct SanityCheckState {
    private let check: SanityCheck
    private let subjects: [SanityCheck.Subject]
    private let chosen: LayerChoice?
    private let comparison: MapComparison
    /// The model's own maps: picture by picture, method by method.
    private let originals: [[MapViews]]
    private let layers: [TrainableLayer]
    private var measurements: SanityMeasurements
    private let start = ContinuousClock.now
    /// How many pictures were compared in one step.
    private var done = 0

    /// Makes the model's own maps; pictures and methods that fail are said and left out.
    init(_ check: SanityCheck, _ given: [SanityCheck.Subject]) throws {
        self.check = check
        let displays = try check.methods.map { method in
            guard let display = try MethodCatalogue.display(of: method) else {
                throw ExplanationError.unsuitable(method: method.label, reason: "its result is no map")
            }
            return display
        }
        guard let first = given.first else {
            throw EvaluationError.undefined(measure: "A sanity check", reason: "there is no picture")
        }
        let question = try Self.question(check, first)
        layers = question.graph.trainableLayers(from: question.input, to: question.scored)
        guard !layers.isEmpty else {
            throw EvaluationError.undefined(
                measure: "Parameter randomisation",
                reason: "the model has no trained parameters between its input and this score")
        }
        // The automatic choice hangs on the graph alone: it is made once for all models.
        chosen = check.layer == nil ? check.chosen ?? (try? question.layer()) : nil
        var kept: [SanityCheck.Subject] = []
        var maps: [[MapViews?]] = []
        var notes: [[String]] = check.methods.map { _ in [] }
        var broken: [Int: any Error] = [:]
        for subject in given {
            if check.settings.cancellation?.isCancelled == true { throw RuntimeError.cancelled }
            do {
                let result = try check.views(
                    of: subject.inputs, score: subject.score, in: check.attributor, methods: check.methods,
                    displays: displays, chosen: chosen
                ) { method, error in check.methods.firstIndex(of: method).map { broken[$0] = error } }
                kept.append(subject)
                maps.append(result.views)
                for (index, found) in result.notes.enumerated() {
                    notes[index] += found.filter { !notes[index].contains($0) }
                }
            } catch let error where error as? RuntimeError != .cancelled {
                check.failed(subject.name, error)
            }
        }
        for (index, error) in broken.sorted(by: { $0.key < $1.key }) { check.failed(check.methods[index].label, error) }
        let working = check.methods.indices.filter { index in maps.contains { $0[index].map { !$0.isEmpty } ?? false } }
        for index in check.methods.indices where !working.contains(index) && broken[index] == nil {
            check.failed(
                check.methods[index].label,
                EvaluationError.undefined(measure: check.methods[index].label, reason: "all its maps are empty"))
        }
        // A picture counts where every method that works shows something.
        let usable = maps.indices.filter { picture in
            working.allSatisfy { maps[picture][$0].map { !$0.isEmpty } ?? false }
        }
        for picture in maps.indices where !usable.contains(picture) && !working.isEmpty {
            check.failed(
                kept[picture].name,
                EvaluationError.undefined(measure: "A map of this picture", reason: "it shows nothing to compare"))
        }
        // Where no method works, the reason is the first one's own.
        if working.isEmpty, let error = broken.min(by: { $0.key < $1.key })?.value { throw error }
        guard let first = usable.first, let map = working.first.flatMap({ maps[first][$0]?.absolute }) else {
            throw EvaluationError.undefined(
                measure: "A sanity check", reason: "no picture has maps that could be compared")
        }
        originals = usable.map { picture in working.compactMap { maps[picture][$0] } }
        subjects = usable.map { kept[$0] }
        comparison = try MapComparison(side: min(map.shape[0], map.shape[1]))
        measurements = SanityMeasurements(
            methods: working.map { check.methods[$0] }, displays: working.map { displays[$0] },
            similarities: comparison.specifications,
            blocks: RandomisationBlock.divided(layers, atMost: check.options.blocks), pictures: subjects.map(\.name),
            emptyMaps: working.map { _ in 0 },
            references: working.map { _ in SanityMeasurements.References() }, notes: working.map { notes[$0] },
            gallery: originals[0].map { [$0] })
    }

    /// The question of one picture: which values the score is made of.
    private static func question(_ check: SanityCheck, _ subject: SanityCheck.Subject) throws -> Question {
        let query = Query(
            inputs: subject.inputs, target: subject.score.target, text: subject.score.text, methods: [],
            layer: check.layer, explained: check.explained, readMask: subject.score.readMask)
        guard let experiment = try check.attributor.experiments(on: query, samples: 1, label: "gaze check").first else {
            throw ExplanationError.batch(reason: "there is no picture")
        }
        return experiment.question
    }

    func run() throws -> SanityMeasurements {
        var state = self
        do {
            try state.measureReferences()
            try state.measureLabels()
            try state.measureSteps()
        } catch RuntimeError.cancelled {
            state.measurements.wasInterrupted = true
        }
        return state.measurements
    }

    private func views(
        _ inputs: [String: AnyTensor], _ score: TrialScore, in attributor: Attributor, explained: String? = nil,
        chosen: LayerChoice?
    ) throws -> [MapViews?] {
        if check.settings.cancellation?.isCancelled == true { throw RuntimeError.cancelled }
        return try check.views(
            of: inputs, score: score, in: attributor, explained: explained, methods: measurements.methods,
            displays: measurements.displays, chosen: chosen, failed: { _, _ in }
        ).views
    }

    // MARK: References

    private mutating func measureReferences() throws {
        let own = try subjects.map { try pictureItself($0.inputs, $0.score) }
        measurements.edges = own[0].edges
        var others: [[MapViews?]] = originals
        var otherPictures = own
        var pairs = DifferentPictures.draw(50, of: subjects.count, seed: 0)
        if subjects.count == 1 {
            // A picture upside down is another picture with the same numbers in it.
            let turned = try turned(subjects[0].inputs)
            let score = try check.mostLikely(check.attributor, turned)
            let maps = try views(turned, score, in: check.attributor, chosen: chosen)
            others.append(maps)
            otherPictures.append(try pictureItself(turned, score))
            pairs = [(0, 1)]
            measurements.isFloorFromTurnedPicture = true
        }
        measurements.pairs = pairs
        for method in measurements.methods.indices {
            let maps = originals.map { $0[method] }
            let differing = pairs.map { (others[$0.0][method], others[$0.1][method]) }
            measurements.references[method] = SanityMeasurements.References(
                floor: comparison.values(whereBoth: differing),
                edges: comparison.values(zip(maps, own).map { ($0, $1.edges) }),
                otherEdges: comparison.values(pairs.map { (originals[$0.0][method], otherPictures[$0.1].edges) }),
                values: comparison.values(zip(maps, own).map { ($0, $1.values) }),
                otherValues: comparison.values(pairs.map { (originals[$0.0][method], otherPictures[$0.1].values) }),
                entropies: maps.map { $0.diverging.histogramEntropy() })
        }
    }

    /// What a picture shows without any model: its edges, and where its numbers differ from zero.
    private struct PictureItself {
        let edges: MapViews
        let values: MapViews
    }

    private func pictureItself(_ inputs: [String: AnyTensor], _ score: TrialScore) throws -> PictureItself {
        var query = Query(
            inputs: inputs, target: score.target, text: score.text, methods: [MethodSpecification("sobel")],
            explained: check.explained, readMask: score.readMask)
        query.diagnoses = false
        let attribution = try check.attributor.attribute(query)[0]
        guard let picture = inputs[check.explained]?.floatTensor,
            let planes = check.attributor.planes(of: check.explained, in: inputs),
            let edges = attribution.map(ofSample: 0, display: .signed, over: planes)
        else { throw EvaluationError.undefined(measure: "An edge detector", reason: "the input is no picture") }
        let values = MethodDescription.Display.signed.map(
            of: picture.slice(0).map { abs($0) }, channelsLast: planes.channelAxis == 3, height: planes.height,
            width: planes.width)
        return PictureItself(
            edges: MapViews(absolute: edges, diverging: edges), values: MapViews(absolute: values, diverging: values))
    }

    private func turned(_ inputs: [String: AnyTensor]) throws -> [String: AnyTensor] {
        guard let picture = inputs[check.explained],
            let planes = check.attributor.planes(of: check.explained, in: inputs)
        else { return inputs }
        let values = picture.floatTensor
        let planesTurned = (0..<planes.channels).map { channel in
            var plane = planes.plane(channel, of: values)
            plane.mutateElements { $0.reverse() }
            return plane
        }
        var changed = inputs
        changed[check.explained] = AnyTensor(planes.picture(planesTurned, like: values)).converted(
            to: picture.elementType)
        return changed
    }

    private mutating func measureLabels() throws {
        guard let other = check.other else { return }
        var pairs: [[(MapViews, MapViews)]] = measurements.methods.map { _ in [] }
        for (picture, subject) in subjects.enumerated() {
            let inputs = subject.inputs.reduce(into: [String: AnyTensor]()) { renamed, input in
                renamed[input.key == check.explained ? other.explained : input.key] = input.value
            }
            let maps = try views(
                inputs, other.score(subject), in: other.attributor, explained: other.explained, chosen: nil)
            for (method, map) in maps.enumerated() {
                guard let map, !map.isEmpty else { continue }
                pairs[method].append((originals[picture][method], map))
            }
        }
        for method in measurements.methods.indices {
            measurements.references[method].labels = comparison.values(pairs[method])
        }
    }

    // MARK: Steps

    /// No two pictures share a draw in the upper half, which decides: with one draw for all of them, nothing would tell how much of what is
    /// seen is that draw's. Below, where the curves only show how it goes on, pictures share one, which costs one engine session a step
    /// instead of one for each picture.
    private mutating func measureSteps() throws {
        let upper = measurements.blocks.upperHalf
        let lower =
            check.options.isUpperHalfEnough
            ? upper.upperBound..<upper.upperBound : upper.upperBound..<measurements.blocks.count
        let total = check.options.seeds * (upper.count + lower.count) * subjects.count
        for seed in 0..<check.options.seeds {
            for picture in subjects.indices {
                try measure([picture], steps: upper, seed: seed, draw: seed + Self.drawsOfAPicture * picture, of: total)
            }
            try measure(Array(subjects.indices), steps: lower, seed: seed, draw: seed, of: total)
        }
    }

    /// More than anybody asks for.
    private static let drawsOfAPicture = 1 << 20

    private mutating func measure(_ pictures: [Int], steps: Range<Int>, seed: Int, draw: Int, of total: Int) throws {
        guard !steps.isEmpty else { return }
        let draws = ParameterDraws(
            layers, initialiser: check.options.initialiser, seed: UInt64(draw),
            resetsStatistics: check.options.resetsStatistics)
        let isCascading = check.options.mode == .cascading
        var parameters: [String: AnyTensor] = [:]
        for step in (isCascading ? 0 : steps.lowerBound)..<steps.upperBound {
            if !isCascading { parameters = [:] }
            parameters.merge(draws.contents(of: measurements.blocks[step])) { _, new in new }
            guard steps.contains(step) else { continue }
            let randomised = Attributor(check.attributor, parameters: parameters)
            for picture in pictures {
                try measure(picture, in: randomised, step: step, seed: seed)
                done += 1
                check.settings.progress?(
                    RunProgress(label: "check", done: done, total: total, elapsed: ContinuousClock.now - start))
            }
        }
    }

    private mutating func measure(_ picture: Int, in randomised: Attributor, step: Int, seed: Int) throws {
        let subject = subjects[picture]
        let score =
            check.options.target == .fixed ? subject.score : try check.mostLikely(randomised, subject.inputs)
        let maps = try views(subject.inputs, score, in: randomised, chosen: chosen)
        let usable = maps.indices.filter { maps[$0].map { !$0.isEmpty } ?? false }
        let values = comparison.values(
            usable.compactMap { method in maps[method].map { (originals[picture][method], $0) } })
        for (position, method) in usable.enumerated() {
            measurements.comparisons.append(
                SanityMeasurements.Comparison(
                    method: method, picture: picture, seed: seed, step: step,
                    similarities: values.map { $0[position] },
                    entropy: maps[method]?.diverging.histogramEntropy() ?? 0))
        }
        for method in maps.indices where !usable.contains(method) { measurements.emptyMaps[method] += 1 }
        if picture == 0, seed == 0 {
            for method in maps.indices { measurements.gallery[method].append(maps[method]) }
        }
    }
}
