package import Tensors

/// Smooth random masks: a coarse grid of zeros and ones, enlarged linearly and cut out at a random place.
///
/// A grid of `g x g` cells, each 1 with probability `p`, is enlarged bilinearly (half-pixel centres, borders repeated) to
/// `(g + 1) ⌈H / g⌉` by `(g + 1) ⌈W / g⌉`; `H x W` pixels are cut out of it, from a corner that is equally likely to be any pixel of
/// the first cell (Petsiuk, Das, Saenko 2018).
package struct GridMasks: Sendable {
    private let height: Int
    private let width: Int
    private let grid: Int
    private let probability: Double
    private var generator: SeededGenerator

    package init(height: Int, width: Int, grid: Int, probability: Double, seed: UInt64) {
        self.height = height
        self.width = width
        self.grid = grid
        self.probability = probability
        generator = SeededGenerator(seed: seed)
    }

    /// The next mask, `[H, W]`.
    package mutating func next() -> Tensor<Float> {
        var cells = Tensor<Float>(repeating: 0, shape: [grid, grid])
        cells.mutateElements { elements in
            for index in elements.indices where generator.nextUniform() < probability { elements[index] = 1 }
        }
        let rows = taps(height)
        return cells.resampled(rows: rows, columns: taps(width))
    }

    private mutating func taps(_ length: Int) -> MapTaps {
        let cell = (length + grid - 1) / grid
        let shift = Int(generator.nextUniform() * Double(cell))
        let scale = Double(grid) / Double((grid + 1) * cell)
        return MapTaps(
            positions: (0..<length).map { (Double($0 + shift) + 0.5) * scale - 0.5 }, length: grid, by: .bilinear)
    }
}
