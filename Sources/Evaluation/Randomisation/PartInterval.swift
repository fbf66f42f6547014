/// The part `(s - f) / (1 - f)` of a map that is kept, with how surely it is known.
///
/// The part is below a number `c` where `D(c) = (s - f) - c (1 - f)` is below 0, and that is a difference of means: its standard error comes
/// from leaving out one unit after the other, with all pairs that it is in (jackknife: Quenouille 1956, Tukey 1958), and its
/// distribution is Student's with one degree of freedom less than there are units. The interval holds all c for which `D(c)` may be 0
/// (Fieller 1954).
package struct PartInterval: Sendable {
    private let kept: Double
    private let room: Double
    /// Variances of the two means, and their covariance.
    private let keptVariance: Double
    private let roomVariance: Double
    private let covariance: Double
    /// How many units there are.
    package let count: Int

    /// The interval over a sample's units; nil for fewer than three.
    package init?(_ sample: SanitySample, _ likeness: SanitySample.Likeness) {
        let units = sample.units
        guard units.count >= SanitySample.fewestUnits, let own = sample.own(likeness),
            let floor = sample.floor(likeness)
        else { return nil }
        var pseudo: [(kept: Double, room: Double)] = []
        for unit in units {
            guard let own = sample.own(likeness, without: unit), let floor = sample.floor(likeness, without: unit)
            else { return nil }
            pseudo.append((own - floor, 1 - floor))
        }
        self.init(kept: own - floor, room: 1 - floor, leavingOneOut: pseudo)
    }

    /// - Parameters:
    ///   - kept: `s - f`.
    ///   - room: `1 - f`.
    ///   - leavingOneOut: The same without each of the units.
    package init(kept: Double, room: Double, leavingOneOut: [(kept: Double, room: Double)]) {
        self.kept = kept
        self.room = room
        count = leavingOneOut.count
        let number = Double(count)
        let pseudo = leavingOneOut.map {
            (number * kept - (number - 1) * $0.kept, number * room - (number - 1) * $0.room)
        }
        let means = (pseudo.reduce(0) { $0 + $1.0 } / number, pseudo.reduce(0) { $0 + $1.1 } / number)
        func moment(_ product: ((Double, Double)) -> Double) -> Double {
            pseudo.reduce(0) { $0 + product(($1.0 - means.0, $1.1 - means.1)) } / (number - 1) / number
        }
        keptVariance = moment { $0.0 * $0.0 }
        roomVariance = moment { $0.1 * $0.1 }
        covariance = moment { $0.0 * $0.1 }
    }

    /// The interval at a confidence, not cut to 0...1; infinite where nothing is known.
    package func bounds(_ confidence: Double = SanityIntervals.confidence) -> (low: Double, high: Double) {
        let factor = StudentDistribution.quantile((1 + confidence) / 2, degrees: count - 1)
        // Where the part is the same without each of the units, nothing about it is uncertain.
        if room > 0, distance(to: kept / room).error <= 1e-9 * room { return (kept / room, kept / room) }
        let square = factor * factor
        let (a, b, c) = (
            room * room - square * roomVariance, kept * room - square * covariance,
            kept * kept - square * keptVariance
        )
        guard a > 0 else { return (-.infinity, .infinity) }
        let root = max(b * b - a * c, 0).squareRoot()
        return ((b - root) / a, (b + root) / a)
    }

    /// The distance of `D(threshold)` from 0, and its standard error.
    private func distance(to threshold: Double) -> (value: Double, error: Double) {
        let variance = keptVariance - 2 * threshold * covariance + threshold * threshold * roomVariance
        return (kept - threshold * room, max(variance, 0).squareRoot())
    }

    /// How many units would probably tell on which side of a threshold it lies: the least n for which `t(n - 1) σ / √n` is no more than
    /// the distance that is seen; nil beyond the limit.
    package func unitsNeeded(
        for threshold: Double, confidence: Double = SanityIntervals.confidence, limit: Int = SanityIntervals.limit
    ) -> Int? {
        let (value, error) = distance(to: threshold)
        let deviation = error * Double(count).squareRoot()
        var number = SanitySample.fewestUnits
        while number <= limit {
            let factor = StudentDistribution.quantile((1 + confidence) / 2, degrees: number - 1)
            if factor * deviation / Double(number).squareRoot() <= abs(value) { return number }
            number += 1
        }
        return nil
    }
}

/// The intervals of the parts that decide a verdict.
public struct SanityIntervals: Sendable, Hashable, Codable {
    /// A part of a map, 0...1, and where it would lie for other pictures or draws.
    public struct Part: Sendable, Hashable, Codable {
        /// The part.
        public let value: Double
        /// The interval's lower end.
        public let low: Double
        /// The interval's upper end.
        public let high: Double

        package init(value: Double, low: Double, high: Double) {
            self.value = value
            self.low = low
            self.high = high
        }
    }

    /// How often an interval holds the truth.
    public static let confidence = 0.95
    /// More units than this are not proposed.
    public static let limit = 100

    /// `pictures`, or `draws` of one picture.
    public let unit: String
    /// How many of them.
    public let count: Int
    /// How often such intervals hold the truth.
    public let confidence: Double
    /// The part of the signed map that is kept.
    public let diverging: Part
    /// The part of where it is strong that is kept.
    public let absolute: Part
    /// The part of where it is strong that is the picture's edges.
    public let edges: Part
    /// The part of where it is strong that is the magnitude of the picture's numbers.
    public let values: Part

    package init(
        unit: SanitySample.Unit, count: Int, diverging: Part, absolute: Part, edges: Part, values: Part
    ) {
        self.unit = unit.rawValue
        self.count = count
        confidence = Self.confidence
        self.diverging = diverging
        self.absolute = absolute
        self.edges = edges
        self.values = values
    }
}
