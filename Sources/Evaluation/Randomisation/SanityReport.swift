import Explanations

/// What a sanity check found, in numbers that can be kept and drawn.
public struct SanityReport: Sendable, Codable {
    /// A mean with its spread.
    public struct Spread: Sendable, Hashable, Codable {
        /// The mean.
        public let mean: Double
        /// The standard deviation, n - 1 in the denominator; 0 of a single number.
        public let deviation: Double
        /// How many numbers.
        public let count: Int

        /// Nil of no numbers.
        package init?(_ values: [Double]) {
            guard !values.isEmpty else { return nil }
            let mean = values.reduce(0, +) / Double(values.count)
            let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            self.mean = mean
            deviation = values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : 0
            count = values.count
        }
    }

    /// Layers that were randomised together.
    public struct Block: Sendable, Codable {
        /// The layer, or the first and the last.
        public let name: String
        /// All layers, the one nearest to the score first.
        public let layers: [String]
        /// Which part of all layers lies in this block and those above it.
        public let depth: Double
    }

    /// How alike maps are, by one similarity.
    public struct Curve: Sendable, Codable {
        /// The similarity as `gaze compare-maps --metric` takes it.
        public let similarity: String
        /// One point a block: the model with it randomised (and, cascading, all blocks above it); nil where nothing could be compared.
        public let points: [Spread?]
        /// Maps of different pictures.
        public let floor: Spread?
        /// A map and its picture's edges.
        public let edges: Spread?
        /// A map and another picture's edges.
        public let otherEdges: Spread?
        /// A map and the magnitudes of its picture's numbers.
        public let values: Spread?
        /// A map and the magnitudes of another picture's numbers.
        public let otherValues: Spread?
        /// Maps of a model that was trained on other labels; nil where none was given.
        public let labels: Spread?
    }

    /// One method.
    public struct MethodResult: Sendable, Codable {
        /// The label of the method.
        public let label: String
        /// The method's name.
        public let method: String
        /// All of its parameters.
        public let parameters: [String: String]
        /// The verdict.
        public let verdict: SanityVerdict
        /// The verdict in one sentence.
        public let sentence: String
        /// The numbers that decide; nil where they were not all measured.
        public let numbers: SanityNumbers?
        /// The parts that decide, with their intervals; nil where fewer than three pictures, or draws of one picture, were compared.
        public let intervals: SanityIntervals?
        /// The verdicts that the intervals allow: the verdict itself, or for UNDECIDED those that it may be.
        public let possible: [SanityVerdict]
        /// How many pictures (or draws of one picture) would probably decide; nil where it is decided, or nothing says how many.
        public let needed: Int?
        /// The curves, one a similarity.
        public let curves: [Curve]
        /// How much the map's complexity rises when all parameters are random, as a part of what it was (eMPRT; Hedström et al.
        /// 2024); nil in other modes than cascading.
        public let complexityRise: Spread?
        /// How many maps of randomised models were empty and not compared.
        public let emptyMaps: Int
        /// What the method notes about itself.
        public let notes: [String]
    }

    /// The model's file.
    public let model: String
    /// The pictures that were compared.
    public let pictures: [String]
    /// `cascading` or `independent`.
    public let mode: String
    /// `fixed` or `rechosen`.
    public let target: String
    /// What fresh parameters were drawn from.
    public let initialiser: String
    /// How many times.
    public let seeds: Int
    /// How many noisy copies maps are means of; 0 for maps of the pictures themselves.
    public let copies: Int
    /// Whether running means and variances were reset, too.
    public let resetsStatistics: Bool
    /// From the score down.
    public let blocks: [Block]
    /// One a method.
    public let methods: [MethodResult]
    /// What a reader should know.
    public let notes: [String]
}

extension SanityReport {
    /// The report of what was measured.
    package init(_ measured: SanityMeasurements, options: SanityCheckOptions, model: String, notes: [String] = []) {
        self.model = model
        pictures = measured.pictures
        mode = options.mode.rawValue
        target = options.target.rawValue
        initialiser = options.initialiser.text
        seeds = options.seeds
        copies = options.copies
        resetsStatistics = options.resetsStatistics
        blocks = measured.blocks.map {
            Block(name: $0.name, layers: $0.layers.map(\.name), depth: $0.depth)
        }
        methods = measured.methods.indices.map { MethodResult(measured, method: $0, options: options) }
        var all = notes
        if measured.isFloorFromTurnedPicture {
            all.append(
                "there is one picture, so maps are read against the map of the same picture upside down, and verdicts are about this picture only; 'gaze check' of several pictures is surer"
            )
        }
        if measured.wasInterrupted { all.append("it was interrupted: only finished comparisons count") }
        self.notes = all
    }
}

extension SanityReport.MethodResult {
    fileprivate init(_ measured: SanityMeasurements, method: Int, options: SanityCheckOptions) {
        let specification = measured.methods[method]
        let references = measured.references[method]
        let own = measured.comparisons.filter { $0.method == method }
        curves = measured.similarities.indices.map { similarity in
            func reference(_ values: [[Double?]]) -> SanityReport.Spread? {
                values.indices.contains(similarity) ? SanityReport.Spread(values[similarity].compactMap { $0 }) : nil
            }
            let points = measured.blocks.indices.map { step in
                SanityReport.Spread(own.filter { $0.step == step }.compactMap { $0.similarities[similarity] })
            }
            return SanityReport.Curve(
                similarity: measured.similarities[similarity].written, points: points,
                floor: reference(references.floor), edges: reference(references.edges),
                otherEdges: reference(references.otherEdges), values: reference(references.values),
                otherValues: reference(references.otherValues), labels: reference(references.labels))
        }
        let sample = SanitySample(measured, method: method)
        numbers = SanityNumbers(sample)
        label = specification.label
        self.method = specification.name
        parameters = specification.completeParameters
        emptyMaps = measured.emptyMaps[method]
        notes = measured.notes[method]
        let last = measured.blocks.count - 1
        let rises = own.filter { $0.step == last && options.mode == .cascading }.compactMap { comparison -> Double? in
            guard references.entropies.indices.contains(comparison.picture) else { return nil }
            let before = references.entropies[comparison.picture]
            return before > 0 ? (comparison.entropy - before) / before : nil
        }
        complexityRise = SanityReport.Spread(rises)
        let asked = measured.blocks.upperHalf.count * options.seeds * measured.pictures.count
        let compared = own.count { measured.blocks.upperHalf.contains($0.step) }
        let judgement = numbers.map { SanityJudgement(sample, numbers: $0) }
        let conclusion = SanityConclusion(
            numbers, judgement, name: specification.label, compared: compared, asked: asked,
            pictures: measured.pictures.count, seeds: options.seeds)
        verdict = conclusion.verdict
        sentence = conclusion.sentence
        intervals = judgement?.intervals
        possible = verdict == .undecided ? judgement?.possible ?? [] : [verdict]
        needed = verdict == .undecided ? judgement?.needed : nil
    }
}

extension [RandomisationBlock] {
    /// The blocks of the upper half of the layers; the first at least.
    package var upperHalf: Range<Int> { 0..<Swift.max(count { $0.depth <= 0.5 + 1e-9 }, 1) }
}

extension MethodSpecification {
    /// As it is written on the command line, without its label.
    fileprivate var written: String {
        let pairs = parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return pairs.isEmpty ? name : "\(name):\(pairs.joined(separator: ","))"
    }
}
