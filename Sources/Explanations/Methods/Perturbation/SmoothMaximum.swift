import Foundation

/// Discs around cells, joined by a smooth maximum: the mask generator of extremal perturbations (Fong, Patrick, Vedaldi 2019).
///
/// `m(u) = Σ_v a_v e^{T a_v} / Σ_v e^{T a_v}` with `a_v = k(|u - v| / radius) p_v`, `k(z) = exp(-2 max(z - ½, 0)²)` and the temperature
/// `T = 20`, over the cells `v` within 2½ radii. Distances are in cells, so a map is as smooth as the radius is long.
package struct SmoothMaximum: Sendable {
    package let height: Int
    package let width: Int
    private let temperature: Double
    private let reach: Int
    /// The kernel on the square of cells within reach, row by row.
    private let kernel: [Double]

    package init(height: Int, width: Int, radius: Double, temperature: Double = 20) {
        self.height = height
        self.width = width
        self.temperature = temperature
        let reach = max(0, min(Int(2.5 * radius), max(height, width) - 1))
        self.reach = reach
        kernel = (-reach...reach).flatMap { row in
            (-reach...reach).map { column in
                let distance = Double(row * row + column * column).squareRoot() / max(radius, 1e-6)
                let beyond = max(distance - 0.5, 0)
                return exp(-2 * beyond * beyond)
            }
        }
    }

    /// The map of cells' values 0...1, row by row.
    package func value(of cells: [Double]) -> [Double] {
        var result = [Double](repeating: 0, count: cells.count)
        for row in 0..<height {
            for column in 0..<width {
                var (sum, weights) = (0.0, 0.0)
                visit(row, column) { cell, factor in
                    let value = factor * cells[cell]
                    let weight = exp(temperature * value)
                    sum += weight * value
                    weights += weight
                }
                result[row * width + column] = sum / weights
            }
        }
        return result
    }

    /// What a gradient on the map is on the cells: `∂m/∂a_v = w_v (1 + T (a_v - m))`, `w` the softmax' weights.
    package func adjoint(of gradient: [Double], at cells: [Double]) -> [Double] {
        var result = [Double](repeating: 0, count: cells.count)
        for row in 0..<height {
            for column in 0..<width {
                let slope = gradient[row * width + column]
                guard slope != 0 else { continue }
                var (sum, weights) = (0.0, 0.0)
                visit(row, column) { cell, factor in
                    let value = factor * cells[cell]
                    let weight = exp(temperature * value)
                    sum += weight * value
                    weights += weight
                }
                let mean = sum / weights
                visit(row, column) { cell, factor in
                    let value = factor * cells[cell]
                    let share = exp(temperature * value) / weights
                    result[cell] += slope * factor * share * (1 + temperature * (value - mean))
                }
            }
        }
        return result
    }

    private func visit(_ row: Int, _ column: Int, _ body: (_ cell: Int, _ factor: Double) -> Void) {
        for y in max(row - reach, 0)...min(row + reach, height - 1) {
            let line = (y - row + reach) * (2 * reach + 1) + reach - column
            for x in max(column - reach, 0)...min(column + reach, width - 1) { body(y * width + x, kernel[line + x]) }
        }
    }
}

/// How far a map is from covering exactly a part of the picture: the mean squared difference between its sorted values and as many
/// ones as the part asks for, above zeros.
package struct AreaConstraint: Sendable {
    /// The part of the map that should be 1.
    package let area: Double

    package init(area: Double) { self.area = area }

    package func value(of map: [Double]) -> (value: Double, gradient: [Double]) {
        let ones = Int((area * Double(map.count)).rounded())
        let order = map.indices.sorted { (map[$0], $1) > (map[$1], $0) }
        var gradient = [Double](repeating: 0, count: map.count)
        var value = 0.0
        for (rank, index) in order.enumerated() {
            let difference = map[index] - (rank < ones ? 1 : 0)
            value += difference * difference / Double(map.count)
            gradient[index] = 2 * difference / Double(map.count)
        }
        return (value, gradient)
    }
}
