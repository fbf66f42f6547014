import Explanations

/// The similarities that decide a verdict, picture by picture, from which means and their errors are taken.
///
/// The unit that was drawn at random is the picture, with the draws of parameters that it alone met; where there is one picture, the
/// draw, and all that is said is about this picture.
package struct SanitySample: Sendable {
    /// What was drawn at random, over which an interval speaks.
    package enum Unit: String, Sendable, Hashable, Codable {
        /// Intervals speak about pictures of the same kind.
        case pictures
        /// Intervals speak about other draws of parameters for this one picture.
        case draws
    }

    /// Numbers of pictures, and of pairs of them.
    package struct Likeness: Sendable {
        /// One number a unit; nil where it does not exist.
        package var own: [Double?]
        /// One number a pair: the same of different pictures.
        package var other: [Double?]

        package init(own: [Double?], other: [Double?]) {
            self.own = own
            self.other = other
        }
    }

    /// What a unit is.
    package let unit: Unit
    /// The pictures of each pair.
    package let pairs: [(Int, Int)]
    /// Maps of the randomised upper half, where they are strong.
    package let randomised: Likeness
    /// The same with signs.
    package let diverging: Likeness
    /// The picture's edges; one number in all where units are draws.
    package let edges: Likeness
    /// The magnitudes of the picture's numbers, likewise.
    package let values: Likeness

    package init(
        unit: Unit = .pictures, pairs: [(Int, Int)], randomised: Likeness, diverging: Likeness, edges: Likeness,
        values: Likeness
    ) {
        self.unit = unit
        self.pairs = pairs
        self.randomised = randomised
        self.diverging = diverging
        self.edges = edges
        self.values = values
    }

    /// The units in which everything was compared.
    package var units: [Int] {
        randomised.own.indices.filter { randomised.own[$0] != nil && diverging.own[$0] != nil }
    }

    /// Fewer units than this have no interval.
    package static let fewestUnits = 3

    /// The mean over all units but one.
    func own(_ likeness: Likeness, without unit: Int? = nil) -> Double? {
        // A number that hangs on the picture alone is the same for all its draws.
        if self.unit == .draws, likeness.own.count == 1 { return likeness.own[0] }
        return Self.mean(likeness.own.indices.lazy.filter { $0 != unit }.compactMap { likeness.own[$0] })
    }

    /// The mean over pairs of which none is a certain unit, 0 where it is negative: less than no correlation is chance.
    func floor(_ likeness: Likeness, without unit: Int? = nil) -> Double? {
        let left = self.unit == .draws ? nil : unit
        let numbers = zip(pairs, likeness.other).compactMap { pair, number in
            pair.0 == left || pair.1 == left ? nil : number
        }
        return Self.mean(numbers).map { max($0, 0) }
    }

    private static func mean(_ numbers: [Double]) -> Double? {
        numbers.isEmpty ? nil : numbers.reduce(0, +) / Double(numbers.count)
    }
}

extension SanitySample {
    /// The sample of a method's comparisons.
    init(_ measured: SanityMeasurements, method: Int) {
        let references = measured.references[method]
        let absolute = measured.similarities.firstIndex { $0.name == "spearman-abs" }
        let diverging = measured.similarities.firstIndex { $0.name == "spearman-diverging" }
        let upper = measured.blocks.upperHalf
        let comparisons = measured.comparisons.filter { $0.method == method && upper.contains($0.step) }
        let isOnePicture = measured.pictures.count == 1
        let count = isOnePicture ? (comparisons.map(\.seed).max() ?? -1) + 1 : measured.pictures.count
        /// The mean over draws and steps of every unit.
        func randomised(_ similarity: Int?) -> [Double?] {
            var sums = [(sum: Double, count: Int)](repeating: (0, 0), count: count)
            for comparison in comparisons {
                guard let value = similarity.flatMap({ comparison.similarities[$0] }) else { continue }
                let unit = isOnePicture ? comparison.seed : comparison.picture
                sums[unit].sum += value
                sums[unit].count += 1
            }
            return sums.map { $0.count > 0 ? $0.sum / Double($0.count) : nil }
        }
        func reference(_ values: [[Double?]], _ similarity: Int?) -> [Double?] {
            similarity.flatMap { values.indices.contains($0) ? values[$0] : nil } ?? []
        }
        self.init(
            unit: isOnePicture ? .draws : .pictures, pairs: measured.pairs,
            randomised: Likeness(own: randomised(absolute), other: reference(references.floor, absolute)),
            diverging: Likeness(own: randomised(diverging), other: reference(references.floor, diverging)),
            edges: Likeness(
                own: reference(references.edges, absolute), other: reference(references.otherEdges, absolute)),
            values: Likeness(
                own: reference(references.values, absolute), other: reference(references.otherValues, absolute)))
    }
}

extension SanityNumbers {
    /// The means of a sample; nil where one of them is missing.
    package init?(_ sample: SanitySample) {
        func other(_ likeness: SanitySample.Likeness) -> Double? {
            let numbers = likeness.other.compactMap { $0 }
            return numbers.isEmpty ? nil : numbers.reduce(0, +) / Double(numbers.count)
        }
        guard let randomised = sample.own(sample.randomised), let diverging = sample.own(sample.diverging),
            let floor = other(sample.randomised), let floorDiverging = other(sample.diverging),
            let edges = sample.own(sample.edges), let floorEdges = other(sample.edges),
            let values = sample.own(sample.values), let floorValues = other(sample.values)
        else { return nil }
        self.init(
            randomised: randomised, randomisedDiverging: diverging, floor: floor, floorDiverging: floorDiverging,
            edges: edges, floorEdges: floorEdges, values: values, floorValues: floorValues)
    }
}
