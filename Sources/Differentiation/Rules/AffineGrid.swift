import Graphs
import Tensors

/// `grid[p] = θ (p, 1)`, linear in θ: `∂θ = Σ_p g[p] (p, 1)ᵀ`; the engine gives the places p as the grid of the unit map.
struct AffineGridRule: BackwardRule {
    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let seed = step.resultCotangents[0], step.wants(0) else { return result }
        let shape = try step.shape(ofOperand: 0)
        let grid = try step.shape(ofResult: 0)
        let axes = grid[-1]
        let points = grid.count / max(grid[0] * axes, 1)
        var unit = [Double](repeating: 0, count: axes * (axes + 1))
        for axis in 0..<axes { unit[axis * (axes + 1) + axis] = 1 }
        let size = [1, 1] + grid.dimensions.dropFirst().dropLast()
        let places = step.emit(
            "AffineGrid", [step.constant(unit, shape: [1, axes, axes + 1]), step.integers(size)],
            step.node.attributes)
        let ones = step.expand(step.scalar(1), to: [points, 1])
        let homogeneous = step.emit(
            "Concat", [step.reshape(places, to: [points, axes]), ones], ["axis": .integer(1)])
        let rows = step.transpose(step.reshape(seed, to: [grid[0], points, axes]), [0, 2, 1])
        result[0] = Cotangent(step.emit("MatMul", [rows, homogeneous]), shape)
        return result
    }
}
