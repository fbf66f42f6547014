import Foundation

/// Gradient descent with adaptive moments (Kingma, Ba: Adam, ICLR 2015), with the paper's decay rates.
struct Adam: Sendable {
    private let rate: Double
    private var first: [Double]
    private var second: [Double]
    private var steps = 0

    init(count: Int, rate: Double) {
        self.rate = rate
        first = [Double](repeating: 0, count: count)
        second = first
    }

    /// Moves values downhill; they stay between 0 and 1.
    mutating func descend(_ values: inout [Double], gradient: [Double]) {
        steps += 1
        let (decayFirst, decaySecond) = (pow(0.9, Double(steps)), pow(0.999, Double(steps)))
        for index in values.indices {
            first[index] = 0.9 * first[index] + 0.1 * gradient[index]
            second[index] = 0.999 * second[index] + 0.001 * gradient[index] * gradient[index]
            let step = first[index] / (1 - decayFirst) / ((second[index] / (1 - decaySecond)).squareRoot() + 1e-8)
            values[index] = min(max(values[index] - rate * step, 0), 1)
        }
    }
}
