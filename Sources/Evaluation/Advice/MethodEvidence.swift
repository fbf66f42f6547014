import Explanations

/// What was measured of a method over a data set: what advice rests on.
package struct MethodEvidence: Sendable, Hashable {
    /// What the method is called in results.
    package var label: String
    /// Whether it only gives the others' numbers a meaning.
    package var isReference: Bool
    /// Whether its maps depend on what the model learnt; nil where that was not measured.
    package var verdict: SanityVerdict?
    /// Picture by picture, in one order for all methods: insertion minus deletion; nil where it does not exist.
    package var faithfulness: [Double?]
    /// Picture by picture: how well the map lies on the object; nil where it does not exist.
    package var localisation: [Double?]
    /// The median time of one map; nil where it was not measured.
    package var seconds: Double?

    package init(
        label: String, isReference: Bool = false, verdict: SanityVerdict?, faithfulness: [Double?],
        localisation: [Double?] = [], seconds: Double?
    ) {
        self.label = label
        self.isReference = isReference
        self.verdict = verdict
        self.faithfulness = faithfulness
        self.localisation = localisation
        self.seconds = seconds
    }
}

/// A mean over pictures with its 95 % bootstrap interval.
public struct MeasuredMean: Sendable, Hashable, Codable {
    /// The mean.
    public let value: Double
    /// The lower end; nil where fewer than two pictures count.
    public let low: Double?
    /// The upper end.
    public let high: Double?
    /// How many pictures count.
    public let count: Int

    /// The mean of the numbers that exist; nil where none does.
    package init?(_ values: [Double?], seed: UInt64) {
        let known = values.compactMap { $0 }
        guard !known.isEmpty else { return nil }
        func mean(_ places: some Collection<Int>) -> Double {
            places.reduce(0) { $0 + known[$1] } / Double(max(places.count, 1))
        }
        let interval = BootstrapInterval(of: known.count, seed: seed, statistic: mean)
        value = mean(known.indices)
        low = interval?.low
        high = interval?.high
        count = known.count
    }

    /// The mean of the differences at the pictures where both numbers exist.
    package init?(of first: [Double?], minus second: [Double?], seed: UInt64) {
        let differences = zip(first, second).map { first, second -> Double? in
            guard let first, let second else { return nil }
            return first - second
        }
        self.init(differences, seed: seed)
    }

    /// Whether it may as well be 0 or less: the interval does not lie above it, or there is none.
    var mayBeNothing: Bool { low.map { $0 <= 0 } ?? true }
}
