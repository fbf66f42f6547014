package import Explanations
package import Tensors

/// The earth mover's distance of two maps: how far, on average, the one's mass has to be carried to become the other.
///
/// The transport is solved exactly between the cells of a grid. Rubner, Tomasi and Guibas, The Earth Mover's Distance as a
/// Metric for Image Retrieval, IJCV 2000.
package struct EarthMoversDistance: MapSimilarity {
    /// What of a map is mass.
    package enum Mass: String, Sendable, CaseIterable {
        case magnitude
        case positive
    }

    /// What a distance is counted in.
    package enum Unit: String, Sendable, CaseIterable {
        case pixels
        case diagonal
    }

    static let grid = MethodParameter<Int>.integer(
        "grid", 16, in: 1...32,
        "the most cells along a side; larger maps are summed over cells, which moves mass by at most half a cell"
    )
    static let mass = MethodParameter<Mass>.choice("mass", .magnitude, "what of a number is mass; channels are added")
    static let unit = MethodParameter<Unit>.choice("unit", .pixels, "pixels, or fractions of the map's diagonal")

    package static let description = MeasureDescription(
        name: "emd", family: .similarity,
        summary:
            "Earth mover's distance: how far one map's mass has to be carried to become the other; 0 for equal maps.",
        formula: "min_f sum_ij f_ij d_ij, f >= 0, sum_j f_ij = |a_i| / sum |a|, sum_i f_ij = |b_j| / sum |b|",
        paper: "Rubner, Tomasi and Guibas, The Earth Mover's Distance as a Metric for Image Retrieval, IJCV 2000",
        range: "0 to the diagonal", better: .neither,
        remarks: """
            A distance: small is alike. Unlike the others it knows how far apart two places are. The transport is exact on a grid \
            of at most 16 by 16 cells with Euclidean distances between their centres. A map of zeros has no mass, which is an error.
            """,
        parameters: [grid.description, mass.description, unit.description])

    private let grid: Int
    private let mass: Mass
    private let unit: Unit

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        grid = try parameters.value(Self.grid)
        mass = try parameters.value(Self.mass)
        unit = try parameters.value(Self.unit)
    }

    package func value(_ first: Tensor<Float>, _ second: Tensor<Float>) throws(EvaluationError) -> Double {
        let pair = try MapPair(first, second, for: Self.description.name)
        let planes = try pair.planes()
        guard let left = portions(planes.first), let right = portions(planes.second) else {
            throw pair.incomparable(
                "a map without \(mass == .positive ? "positive values" : "values other than 0") has no mass")
        }
        // Distances obey the triangle inequality, so what both maps have in a cell stays there.
        let cells = left.indices
        let sources = cells.filter { left[$0] > right[$0] }
        let sinks = cells.filter { left[$0] < right[$0] }
        let (height, width) = (Double(planes.first.height), Double(planes.first.width))
        let columns = min(grid, planes.first.width)
        let (rowStep, columnStep) = (height / Double(min(grid, planes.first.height)), width / Double(columns))
        let costs = sources.flatMap { source in
            sinks.map { sink in
                let down = rowStep * Double(source / columns - sink / columns)
                let right = columnStep * Double(source % columns - sink % columns)
                return (down * down + right * right).squareRoot()
            }
        }
        let transport = Transport(
            supplies: sources.map { left[$0] - right[$0] }, demands: sinks.map { right[$0] - left[$0] }, costs: costs)
        let distance = transport.cost() / Double(Self.wholeMass)
        return unit == .pixels ? distance : distance / (height * height + width * width).squareRoot()
    }

    /// All mass of a map: whole numbers cannot get lost on the way.
    private static let wholeMass = 1 << 40

    /// The share of the mass in every cell of the grid, the whole being `wholeMass`; nil where there is none.
    private func portions(_ map: MapPlaneStack) -> [Int]? {
        let (rows, columns) = (min(grid, map.height), min(grid, map.width))
        let (vertical, horizontal) = (Self.shares(map.height, of: rows), Self.shares(map.width, of: columns))
        var cells = [Double](repeating: 0, count: rows * columns)
        for plane in map.channels {
            for row in 0..<map.height {
                for column in 0..<map.width {
                    let number = plane[row * map.width + column]
                    let value = mass == .magnitude ? abs(number) : max(number, 0)
                    guard value > 0 else { continue }
                    for (line, height) in vertical[row] {
                        for (place, width) in horizontal[column] {
                            cells[line * columns + place] += value * height * width
                        }
                    }
                }
            }
        }
        let sum = cells.reduce(0, +)
        guard sum > 0 else { return nil }
        var portions = cells.map { Int(($0 / sum * Double(Self.wholeMass)).rounded(.down)) }
        let largest = cells.indices.max { cells[$0] < cells[$1] } ?? 0
        portions[largest] += Self.wholeMass - portions.reduce(0, +)
        return portions
    }

    /// For every pixel of an axis the cells that it lies in, each with the share of the pixel.
    private static func shares(_ length: Int, of cells: Int) -> [[(cell: Int, share: Double)]] {
        (0..<length).map { pixel in
            // Cell c covers the pixels from c length / cells on, so in units of 1 / cells everything is whole.
            let (start, end) = (pixel * cells, (pixel + 1) * cells)
            return (start / length...(end - 1) / length).map { cell in
                let covered = min(end, (cell + 1) * length) - max(start, cell * length)
                return (cell, Double(covered) / Double(cells))
            }
        }
    }
}
