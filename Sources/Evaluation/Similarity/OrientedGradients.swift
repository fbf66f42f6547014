import Foundation

/// Histograms of oriented gradients of a map, as scikit-image's `hog` computes them with its defaults: 9 orientations
/// without sign, blocks of 3 by 3 cells, normalised by L2-Hys, no square root.
///
/// Dalal and Triggs, Histograms of Oriented Gradients for Human Detection, CVPR 2005; a pixel counts for one cell and one
/// orientation, without the paper's interpolation between neighbours.
struct OrientedGradients: Sendable {
    static let orientations = 9
    static let cellsPerBlock = 3
    /// Keeps the norm of an empty block from vanishing.
    private static let epsilon = 1e-5
    private static let clip = 0.2

    /// The length of a cell's side, in pixels.
    let cell: Int

    /// The features, block by block; nil of maps smaller than a block.
    func features(of map: MapPlaneStack) -> [Double]? {
        let (rows, columns) = (map.height / cell, map.width / cell)
        guard min(rows, columns) >= Self.cellsPerBlock else { return nil }
        let cells = histograms(of: map, rows: rows, columns: columns)
        var features: [Double] = []
        for row in 0...(rows - Self.cellsPerBlock) {
            for column in 0...(columns - Self.cellsPerBlock) {
                var block: [Double] = []
                for line in row..<row + Self.cellsPerBlock {
                    let start = (line * columns + column) * Self.orientations
                    block += cells[start..<start + Self.cellsPerBlock * Self.orientations]
                }
                features += Self.normalised(Self.normalised(block).map { min($0, Self.clip) })
            }
        }
        return features
    }

    private static func normalised(_ block: [Double]) -> [Double] {
        let norm = block.reduce(epsilon * epsilon) { $0 + $1 * $1 }.squareRoot()
        return block.map { $0 / norm }
    }

    /// Of every cell the mean magnitude of its pixels' gradients, orientation by orientation.
    private func histograms(of map: MapPlaneStack, rows: Int, columns: Int) -> [Double] {
        // Summed in single precision as scikit-image does: ranks see whether two cells are equal.
        var cells = [Float](repeating: 0, count: rows * columns * Self.orientations)
        let width = 180 / Double(Self.orientations)
        for row in 0..<rows * cell {
            for column in 0..<columns * cell {
                let (down, right, magnitude) = gradient(of: map, row: row, column: column)
                let angle = atan2(down, right) * (180 / .pi)
                // A turn of nearly nothing to the left is 180 degrees after rounding, which is no orientation of the nine.
                let turned = angle < 0 ? angle + 180 : angle == 180 ? 0 : angle
                let orientation = Int(turned / width)
                guard orientation < Self.orientations else { continue }
                let place = ((row / cell) * columns + column / cell) * Self.orientations + orientation
                cells[place] = Float(Double(cells[place]) + magnitude)
            }
        }
        return cells.map { Double($0 / Float(cell * cell)) }
    }

    /// Central differences, 0 at the border, of the channel where they are largest.
    private func gradient(of map: MapPlaneStack, row: Int, column: Int) -> (Double, Double, Double) {
        var largest = (down: 0.0, right: 0.0, magnitude: -1.0)
        let place = row * map.width + column
        for plane in map.channels {
            let down = row > 0 && row < map.height - 1 ? plane[place + map.width] - plane[place - map.width] : 0
            let right = column > 0 && column < map.width - 1 ? plane[place + 1] - plane[place - 1] : 0
            let magnitude = hypot(down, right)
            if magnitude > largest.magnitude { largest = (down, right, magnitude) }
        }
        return (largest.down, largest.right, largest.magnitude)
    }
}
