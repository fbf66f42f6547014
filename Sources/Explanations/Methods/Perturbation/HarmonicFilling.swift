package import Tensors

/// Hidden pixels, filled from the border of the hole: every one is the weighted mean of its neighbours, as heat would spread.
///
/// Solves Laplace's equation `Σ_neighbours w_pq (u_q - u_p) = 0` inside the hole with the known pixels around it as boundary
/// values, and no flow over the picture's border. Where everything is hidden, the picture's mean stands for it.
package struct HarmonicFilling: Sendable {
    /// Which pixels a pixel is the mean of.
    package enum Neighbourhood: Sendable {
        /// The four that share an edge with it.
        case edges
        /// All eight around it, those at its corners with half the weight: Rong et al.'s imputation (ICML 2022).
        case corners

        fileprivate var offsets: [(row: Int, column: Int, weight: Double)] {
            let edges = [(-1, 0), (0, -1), (0, 1), (1, 0)].map { (row: $0.0, column: $0.1, weight: 1.0) }
            let corners = [(-1, -1), (-1, 1), (1, -1), (1, 1)].map { (row: $0.0, column: $0.1, weight: 0.5) }
            return self == .edges ? edges : edges + corners
        }
    }

    private let height: Int
    private let width: Int
    private let neighbourhood: Neighbourhood

    package init(height: Int, width: Int, neighbourhood: Neighbourhood = .edges) {
        self.height = height
        self.width = width
        self.neighbourhood = neighbourhood
    }

    /// The values of a plane `[H, W]` at the hidden places, numbered row by row; they depend on the other places alone, unless there are none.
    package func values(at hidden: [Int], of plane: Tensor<Float>) -> [Double] {
        values(at: hidden, of: [plane]).first ?? []
    }

    /// The values of several planes at the same hidden places; up to four are solved for at once.
    package func values(at hidden: [Int], of planes: [Tensor<Float>]) -> [[Double]] {
        stride(from: 0, to: planes.count, by: Lanes.scalarCount).flatMap { first in
            let group = planes[first..<min(first + Lanes.scalarCount, planes.count)].map(\.elements)
            let solution = lanes(at: hidden, of: group)
            return group.indices.map { lane in solution.map { $0[lane] } }
        }
    }

    private func lanes(at hidden: [Int], of planes: [[Float]]) -> [Lanes] {
        guard hidden.count < height * width else {
            var mean = Lanes.zero
            for (lane, plane) in planes.enumerated() {
                mean[lane] = plane.reduce(0) { $0 + Double($1) } / Double(max(plane.count, 1))
            }
            return hidden.map { _ in mean }
        }
        var number = [Int](repeating: -1, count: height * width)
        for (index, place) in hidden.enumerated() { number[place] = index }
        let offsets = neighbourhood.offsets
        var system = LaplaceSystem(unknowns: hidden.count, slots: offsets.count)
        for (index, place) in hidden.enumerated() {
            let (row, column) = (place / width, place % width)
            for offset in offsets {
                let (y, x) = (row + offset.row, column + offset.column)
                guard (0..<height).contains(y), (0..<width).contains(x) else { continue }
                let neighbour = y * width + x
                system.degrees[index] += offset.weight
                if number[neighbour] < 0 {
                    for (lane, plane) in planes.enumerated() {
                        system.boundary[index][lane] += offset.weight * Double(plane[neighbour])
                    }
                } else {
                    system.add(neighbour: number[neighbour], weight: offset.weight, to: index)
                }
            }
        }
        return system.solution()
    }
}

/// A number of each of four planes.
private typealias Lanes = SIMD4<Double>

/// `degree_i u_i - Σ_neighbours w_ij u_j = boundary_i`, solved by conjugate gradients for four boundaries at once.
private struct LaplaceSystem {
    var degrees: [Double]
    var boundary: [Lanes]
    /// So many slots an unknown, of which `used` are.
    private let slots: Int
    private var neighbours: [Int]
    private var weights: [Double]
    private var used: [Int]

    init(unknowns: Int, slots: Int) {
        self.slots = slots
        degrees = [Double](repeating: 0, count: unknowns)
        boundary = [Lanes](repeating: .zero, count: unknowns)
        neighbours = [Int](repeating: 0, count: slots * unknowns)
        weights = [Double](repeating: 0, count: slots * unknowns)
        used = [Int](repeating: 0, count: unknowns)
    }

    mutating func add(neighbour: Int, weight: Double, to index: Int) {
        neighbours[slots * index + used[index]] = neighbour
        weights[slots * index + used[index]] = weight
        used[index] += 1
    }

    func solution() -> [Lanes] {
        var solution = [Lanes](repeating: .zero, count: boundary.count)
        var residual = boundary
        var direction = residual
        var energy = squared(residual)
        let goal = 1e-12 * energy
        // In exact arithmetic as many steps as unknowns suffice.
        for _ in 0..<2 * boundary.count {
            let image = applied(to: direction)
            var curvature = Lanes.zero
            for index in image.indices { curvature += image[index] * direction[index] }
            // A plane that is solved stands still.
            let isOpen = (energy .> goal) .& (curvature .> 0)
            guard any(isOpen) else { break }
            let step = (energy / curvature).replacing(with: 0, where: .!isOpen)
            for index in image.indices {
                solution[index] += step * direction[index]
                residual[index] -= step * image[index]
            }
            let next = squared(residual)
            let share = (next / energy).replacing(with: 0, where: .!isOpen)
            for index in image.indices { direction[index] = residual[index] + share * direction[index] }
            energy = next
        }
        return solution
    }

    private func applied(to vector: [Lanes]) -> [Lanes] {
        var result = vector
        for index in vector.indices {
            var sum = degrees[index] * vector[index]
            for slot in slots * index..<slots * index + used[index] { sum -= weights[slot] * vector[neighbours[slot]] }
            result[index] = sum
        }
        return result
    }

    private func squared(_ vector: [Lanes]) -> Lanes {
        var sum = Lanes.zero
        for lanes in vector { sum += lanes * lanes }
        return sum
    }
}
