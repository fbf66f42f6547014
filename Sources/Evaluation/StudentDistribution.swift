import Foundation
import Synchronization

/// Student's t distribution: how far a mean lies from the truth, in standard errors that were estimated from few numbers.
package enum StudentDistribution {
    /// The point below which the share `probability` lies, for `degrees` degrees of freedom.
    ///
    /// `P(T ≤ t) = 1 - I_x(ν/2, 1/2) / 2` for `t ≥ 0` and `x = ν / (ν + t²)`, solved by bisection.
    package static func quantile(_ probability: Double, degrees: Int) -> Double {
        guard degrees > 0, probability > 0, probability < 1 else { return .nan }
        if probability == 0.5 { return 0 }
        if probability < 0.5 { return -quantile(1 - probability, degrees: degrees) }
        let key = Key(probability: probability, degrees: degrees)
        if let value = known.withLock({ $0[key] }) { return value }
        let value = solved(probability, degrees: degrees)
        known.withLock { $0[key] = value }
        return value
    }

    private struct Key: Hashable {
        let probability: Double
        let degrees: Int
    }

    /// A few quantiles are asked for again and again.
    private static let known = Mutex<[Key: Double]>([:])

    private static func solved(_ probability: Double, degrees: Int) -> Double {
        var (low, high) = (0.0, 1.0)
        while self.probability(below: high, degrees: degrees) < probability, high < 1e12 { high *= 2 }
        for _ in 0..<200 where high - low > 1e-13 * high {
            let middle = (low + high) / 2
            if self.probability(below: middle, degrees: degrees) < probability { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }

    /// The share that lies below a point.
    package static func probability(below t: Double, degrees: Int) -> Double {
        let freedom = Double(degrees)
        let tail = incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5) / 2
        return t < 0 ? tail : 1 - tail
    }

    /// The regularised incomplete beta function `I_x(a, b)`, by its continued fraction (Abramowitz and Stegun 26.5.8).
    private static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
        guard x > 0 else { return 0 }
        guard x < 1 else { return 1 }
        // The fraction converges quickly below the mean of the distribution.
        if x > (a + 1) / (a + b + 2) { return 1 - incompleteBeta(1 - x, b, a) }
        let logarithm = lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)
        return exp(logarithm) / a / fraction(x, a, b)
    }

    /// `1 + d₁/(1 + d₂/(1 + …))`, from the front (Lentz).
    private static func fraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
        let tiny = 1e-300
        var (value, numerator, denominator) = (1.0, 1.0, 0.0)
        for step in 1...500 {
            let m = Double(step / 2)
            let term =
                step.isMultiple(of: 2)
                ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
                : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            denominator = 1 + term * denominator
            if abs(denominator) < tiny { denominator = tiny }
            denominator = 1 / denominator
            numerator = 1 + term / numerator
            if abs(numerator) < tiny { numerator = tiny }
            let factor = numerator * denominator
            value *= factor
            if abs(factor - 1) < 1e-15 { break }
        }
        return value
    }
}
