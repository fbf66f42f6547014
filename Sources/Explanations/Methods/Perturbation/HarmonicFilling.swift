package import Tensors

/// Hidden pixels, filled from the border of the hole: every one is the mean of its neighbours, as heat would spread.
///
/// Solves Laplace's equation `Σ_neighbours (u_q - u_p) = 0` inside the hole with the known pixels around it as boundary values, and
/// no flow over the picture's border. Where everything is hidden, the picture's mean stands for it.
package struct HarmonicFilling: Sendable {
    private let height: Int
    private let width: Int

    package init(height: Int, width: Int) {
        self.height = height
        self.width = width
    }

    /// The values of a plane `[H, W]` at the hidden places, numbered row by row; they depend on the other places alone, unless there are none.
    package func values(at hidden: [Int], of plane: Tensor<Float>) -> [Double] {
        let known = plane.elements
        guard hidden.count < known.count else {
            let mean = known.reduce(0) { $0 + Double($1) } / Double(max(known.count, 1))
            return hidden.map { _ in mean }
        }
        var number = [Int](repeating: -1, count: known.count)
        for (index, place) in hidden.enumerated() { number[place] = index }
        var system = LaplaceSystem(unknowns: hidden.count)
        for (index, place) in hidden.enumerated() {
            for neighbour in neighbours(of: place) {
                system.degrees[index] += 1
                if number[neighbour] < 0 {
                    system.boundary[index] += Double(known[neighbour])
                } else {
                    system.neighbours[4 * index + system.used[index]] = number[neighbour]
                    system.used[index] += 1
                }
            }
        }
        return system.solution()
    }

    private func neighbours(of place: Int) -> [Int] {
        let (row, column) = (place / width, place % width)
        var result: [Int] = []
        if row > 0 { result.append(place - width) }
        if column > 0 { result.append(place - 1) }
        if column + 1 < width { result.append(place + 1) }
        if row + 1 < height { result.append(place + width) }
        return result
    }
}

/// `degree_i u_i - Σ_neighbours u_j = boundary_i`, solved by conjugate gradients.
private struct LaplaceSystem {
    var degrees: [Double]
    var boundary: [Double]
    /// Four slots an unknown, of which `used` are.
    var neighbours: [Int]
    var used: [Int]

    init(unknowns: Int) {
        degrees = [Double](repeating: 0, count: unknowns)
        boundary = degrees
        neighbours = [Int](repeating: 0, count: 4 * unknowns)
        used = [Int](repeating: 0, count: unknowns)
    }

    func solution() -> [Double] {
        var solution = [Double](repeating: 0, count: boundary.count)
        var residual = boundary
        var direction = residual
        var energy = squared(residual)
        let goal = 1e-12 * energy
        // In exact arithmetic as many steps as unknowns suffice.
        for _ in 0..<2 * boundary.count where energy > goal {
            let image = applied(to: direction)
            var curvature = 0.0
            for index in image.indices { curvature += image[index] * direction[index] }
            guard curvature > 0 else { break }
            let step = energy / curvature
            for index in image.indices {
                solution[index] += step * direction[index]
                residual[index] -= step * image[index]
            }
            let next = squared(residual)
            for index in image.indices { direction[index] = residual[index] + next / energy * direction[index] }
            energy = next
        }
        return solution
    }

    private func applied(to vector: [Double]) -> [Double] {
        var result = vector
        for index in vector.indices {
            var sum = degrees[index] * vector[index]
            for slot in 4 * index..<4 * index + used[index] { sum -= vector[neighbours[slot]] }
            result[index] = sum
        }
        return result
    }

    private func squared(_ vector: [Double]) -> Double { vector.reduce(0) { $0 + $1 * $1 } }
}
