/// Weighted least squares of few unknowns, gathered row by row: `min Σ w (y - x · β)² + ridge |β|²`.
package struct LeastSquares: Sendable {
    /// The number of unknowns.
    package let unknowns: Int
    /// `Σ w x xᵀ`, `Σ w x y`, `Σ w x`, `Σ w y`, `Σ w`.
    private var products: [Double]
    private var moments: [Double]
    private var sums: [Double]
    private var target = 0.0
    private var weight = 0.0

    package init(unknowns: Int) {
        self.unknowns = unknowns
        products = [Double](repeating: 0, count: unknowns * unknowns)
        moments = [Double](repeating: 0, count: unknowns)
        sums = moments
    }

    /// Adds a row.
    package mutating func add(_ row: [Double], target value: Double, weight rowWeight: Double) {
        for first in 0..<unknowns where row[first] != 0 {
            let scaled = rowWeight * row[first]
            moments[first] += scaled * value
            sums[first] += scaled
            for second in 0...first { products[first * unknowns + second] += scaled * row[second] }
        }
        target += rowWeight * value
        weight += rowWeight
    }

    /// The coefficients; nil where the rows do not determine them.
    ///
    /// - Parameters:
    ///   - ridge: The penalty of the coefficients' squares.
    ///   - intercept: Whether a free constant is added, which is not penalised.
    package func solution(ridge: Double, intercept: Bool) -> [Double]? {
        guard weight > 0 else { return nil }
        var matrix = products
        var right = moments
        for first in 0..<unknowns {
            if intercept {
                for second in 0...first { matrix[first * unknowns + second] -= sums[first] * sums[second] / weight }
                right[first] -= sums[first] * target / weight
            }
            matrix[first * unknowns + first] += ridge
        }
        return Self.solve(&matrix, right, unknowns)
    }

    /// The mean of the rows' squared lengths: what a ridge is small against.
    package var scale: Double {
        (0..<unknowns).reduce(0) { $0 + products[$1 * unknowns + $1] } / Double(max(unknowns, 1))
    }

    /// Cholesky's decomposition of the lower triangle.
    private static func solve(_ matrix: inout [Double], _ right: [Double], _ count: Int) -> [Double]? {
        for row in 0..<count {
            for column in 0...row {
                var sum = matrix[row * count + column]
                for inner in 0..<column { sum -= matrix[row * count + inner] * matrix[column * count + inner] }
                if row == column {
                    guard sum > 0, sum.isFinite else { return nil }
                    matrix[row * count + row] = sum.squareRoot()
                } else {
                    matrix[row * count + column] = sum / matrix[column * count + column]
                }
            }
        }
        var solution = right
        for row in 0..<count {
            for inner in 0..<row { solution[row] -= matrix[row * count + inner] * solution[inner] }
            solution[row] /= matrix[row * count + row]
        }
        for row in (0..<count).reversed() {
            for inner in row + 1..<max(count, row + 1) {
                solution[row] -= matrix[inner * count + row] * solution[inner]
            }
            solution[row] /= matrix[row * count + row]
        }
        return solution
    }
}
