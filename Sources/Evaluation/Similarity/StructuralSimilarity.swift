package import Explanations
import Foundation
package import Tensors

/// The structural similarity index of two maps, averaged over the places where the window lies inside, and over channels.
///
///     SSIM = (2 m_a m_b + C1)(2 s_ab + C2) / ((m_a² + m_b² + C1)(s_a² + s_b² + C2)),  C1 = (0.01 L)², C2 = (0.03 L)²
///
/// with means, variances and covariance under the window and the range L: scikit-image's `structural_similarity`.
package struct StructuralSimilarity: MapSimilarity {
    /// How a place's neighbourhood is weighted.
    package enum Window: String, Sendable, CaseIterable {
        /// 11 by 11, a Gaussian of 1.5 pixels.
        case gaussian
        /// 7 by 7, all alike.
        case uniform

        /// The weights along one axis; they sum to 1.
        var weights: [Double] {
            switch self {
            case .gaussian:
                let weights = (-5...5).map { exp(-0.5 * Double($0 * $0) / (1.5 * 1.5)) }
                let sum = weights.reduce(0, +)
                return weights.map { $0 / sum }
            case .uniform: return [Double](repeating: 1 / 7, count: 7)
            }
        }
    }

    /// What variances are divided by.
    package enum Covariance: String, Sendable, CaseIterable {
        /// One less than the number of pixels of the window: scikit-image's default.
        case sample
        /// The number of pixels: Wang et al.
        case population
    }

    static let window = MethodParameter<Window>.choice(
        "window", .gaussian, "11x11 Gaussian weights of sigma 1.5, or 7x7 equal weights")
    static let range = MethodParameter<Double>.number(
        "range", 1, in: 1e-6...1e6,
        "the span L of the numbers: 1 for maps from 0 to 1; the sanity checks' released code got 2, scikit-image's default for floats then"
    )
    static let covariance = MethodParameter<Covariance>.choice(
        "covariance", .sample, "division by n - 1 as scikit-image does, or by n as the paper does")

    package static let description = MeasureDescription(
        name: "ssim", family: .similarity, summary: "Structural similarity index.",
        formula:
            "mean of (2 m_a m_b + C1)(2 s_ab + C2) / ((m_a^2 + m_b^2 + C1)(s_a^2 + s_b^2 + C2)), C1 = (0.01 L)^2, C2 = (0.03 L)^2",
        paper: "Wang et al., Image Quality Assessment: From Error Visibility to Structural Similarity, IEEE TIP 2004",
        range: "-1 to 1", better: .neither,
        remarks: """
            Equals scikit-image's structural_similarity; channels are averaged. Each map is scaled to 0…1 first, as the sanity \
            checks do, so a few outliers flatten the rest: two sparse maps look alike.
            """,
        parameters: [window.description, range.description, covariance.description, MapScaling.parameter.description])

    private let weights: [Double]
    private let range: Double
    private let covariance: Covariance
    private let normalise: Bool

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        weights = try parameters.value(Self.window).weights
        range = try parameters.value(Self.range)
        covariance = try parameters.value(Self.covariance)
        normalise = try parameters.value(MapScaling.parameter)
    }

    package func value(_ first: Tensor<Float>, _ second: Tensor<Float>) throws(EvaluationError) -> Double {
        let pair = try MapPair(first, second, for: Self.description.name)
        let planes = try pair.planes(normalised: normalise)
        let (height, width) = (planes.first.height, planes.first.width)
        guard min(height, width) >= weights.count else {
            throw pair.incomparable("\(height) by \(width) places are fewer than the window's \(weights.count)")
        }
        let values = zip(planes.first.channels, planes.second.channels).map { mean($0, $1, height, width) }
        return values.reduce(0, +) / Double(values.count)
    }

    /// The mean over one channel.
    private func mean(_ first: [Double], _ second: [Double], _ height: Int, _ width: Int) -> Double {
        func filtered(_ values: [Double]) -> [Double] { valid(values, height, width) }
        let (meanFirst, meanSecond) = (filtered(first), filtered(second))
        let squareFirst = filtered(first.map { $0 * $0 })
        let squareSecond = filtered(second.map { $0 * $0 })
        let product = filtered(zip(first, second).map { $0 * $1 })
        let count = Double(weights.count * weights.count)
        let scale = covariance == .sample ? count / (count - 1) : 1
        let (small, large) = ((0.01 * range) * (0.01 * range), (0.03 * range) * (0.03 * range))
        var sum = 0.0
        for place in meanFirst.indices {
            let (a, b) = (meanFirst[place], meanSecond[place])
            let varianceFirst = scale * (squareFirst[place] - a * a)
            let varianceSecond = scale * (squareSecond[place] - b * b)
            let shared = scale * (product[place] - a * b)
            sum +=
                (2 * a * b + small) * (2 * shared + large)
                / ((a * a + b * b + small) * (varianceFirst + varianceSecond + large))
        }
        return sum / Double(meanFirst.count)
    }

    /// The separable filter at the places where it lies inside.
    private func valid(_ values: [Double], _ height: Int, _ width: Int) -> [Double] {
        let (rows, columns) = (height - weights.count + 1, width - weights.count + 1)
        var lines = [Double](repeating: 0, count: height * columns)
        for row in 0..<height {
            for column in 0..<columns {
                var sum = 0.0
                for tap in weights.indices { sum += weights[tap] * values[row * width + column + tap] }
                lines[row * columns + column] = sum
            }
        }
        var result = [Double](repeating: 0, count: rows * columns)
        for row in 0..<rows {
            for tap in weights.indices {
                let start = (row + tap) * columns
                for column in 0..<columns { result[row * columns + column] += weights[tap] * lines[start + column] }
            }
        }
        return result
    }
}

/// Whether a similarity scales maps before it compares them.
enum MapScaling {
    static let parameter = MethodParameter<Bool>.flag(
        "normalise", true,
        "whether each map is scaled to go from 0 to 1 first, as the sanity checks' protocol does, which makes methods of different magnitude comparable; maps that do so already stay as they are"
    )
}
