public import Tensors

/// The connected region around a map's largest value in which no value is below a fraction of it.
///
/// Neighbours touch at sides or corners. Coordinates are cells of the map, from the outer edge of the first one.
public struct HottestRegion: Sendable, Hashable {
    /// The value that every cell of the region reaches.
    public let threshold: Float
    /// The smallest box around the region's cells.
    public let box: PictureBox
    /// The region's part of the map's area, 0...1.
    public let areaFraction: Double
    /// The region's part of the map's heat, 0...1: of the sum of all values above `base`, counted from there.
    public let heatFraction: Double
    /// The middle of the cell that holds the largest value; of several such cells side by side, of the one nearest to their
    /// middle (or to where it was looked for).
    public let peak: PicturePoint
    private let cells: [Bool]

    /// The region of a map [H, W] at `fraction` of its largest value; nil where no value is above `base`.
    ///
    /// - Parameters:
    ///   - fraction: How much of the largest value counts, between `base` (0) and that value (1).
    ///   - base: What stands for no heat.
    ///   - centre: Where the peak is looked for among cells that share the largest value, given one of them.
    public init?(
        of map: Tensor<Float>, fraction: Double, base: Float = 0,
        centre: ((PicturePoint) -> PicturePoint)? = nil
    ) {
        let values = map.elements
        var peak: Int?
        for index in values.indices where values[index].isFinite && values[index] > (peak.map { values[$0] } ?? base) {
            peak = index
        }
        guard map.shape.rank == 2, let peak else { return nil }
        let (height, width) = (map.shape[0], map.shape[1])
        let threshold = Float(Double(base) + Double(values[peak] - base) * min(max(fraction, 0), 1))
        var cells = [Bool](repeating: false, count: values.count)
        cells[peak] = true
        var open = [peak]
        var (left, right, top, bottom) = (width, 0, height, 0)
        var count = 0
        while let cell = open.popLast() {
            let (y, x) = (cell / width, cell % width)
            count += 1
            (left, right) = (min(left, x), max(right, x + 1))
            (top, bottom) = (min(top, y), max(bottom, y + 1))
            for row in max(y - 1, 0)...min(y + 1, height - 1) {
                for column in max(x - 1, 0)...min(x + 1, width - 1) {
                    let next = row * width + column
                    if !cells[next], values[next] >= threshold {
                        cells[next] = true
                        open.append(next)
                    }
                }
            }
        }
        self.threshold = threshold
        self.cells = cells
        box = PictureBox(left: Double(left), top: Double(top), right: Double(right), bottom: Double(bottom))
        areaFraction = Double(count) / Double(values.count)
        var (inside, all) = (0.0, 0.0)
        for index in values.indices where values[index].isFinite && values[index] > base {
            let heat = Double(values[index] - base)
            all += heat
            if cells[index] { inside += heat }
        }
        heatFraction = inside / all
        self.peak = Self.middle(of: Self.summit(around: peak, of: map), width: width, from: peak, centre)
    }

    /// The cells that share the largest value, but for rounding, and touch each other.
    private static func summit(around peak: Int, of map: Tensor<Float>) -> [Int] {
        let (height, width) = (map.shape[0], map.shape[1])
        let level = map.elements[peak] - abs(map.elements[peak]) * 1e-6
        var seen: Set<Int> = [peak]
        var open = [peak]
        while let cell = open.popLast() {
            let (y, x) = (cell / width, cell % width)
            for (row, column) in [(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)]
            where (0..<height).contains(row) && (0..<width).contains(column) {
                let next = row * width + column
                if map.elements[next] >= level, seen.insert(next).inserted { open.append(next) }
            }
        }
        return seen.sorted()
    }

    private static func middle(
        of summit: [Int], width: Int, from peak: Int, _ centre: ((PicturePoint) -> PicturePoint)?
    ) -> PicturePoint {
        func point(_ cell: Int) -> PicturePoint {
            PicturePoint(x: Double(cell % width) + 0.5, y: Double(cell / width) + 0.5)
        }
        let points = summit.map(point)
        let mean = PicturePoint(
            x: points.reduce(0) { $0 + $1.x } / Double(points.count),
            y: points.reduce(0) { $0 + $1.y } / Double(points.count))
        let aim = centre?(point(peak)) ?? mean
        return points.min { $0.squaredDistance(to: aim) < $1.squaredDistance(to: aim) } ?? mean
    }

    /// The lines around the region where the map, linear between the centres of its cells, crosses the threshold
    /// (marching squares); the map's border closes them.
    package func outline(in map: Tensor<Float>) -> [(x0: Double, y0: Double, x1: Double, y1: Double)] {
        let (height, width) = (map.shape[0], map.shape[1])
        guard cells.count == width * height else { return [] }
        var segments: [(x0: Double, y0: Double, x1: Double, y1: Double)] = []
        func value(_ x: Int, _ y: Int) -> Double {
            guard x >= 0, y >= 0, x < width, y < height, map.elements[y * width + x].isFinite else {
                return -.infinity
            }
            return Double(map.elements[y * width + x])
        }
        func inside(_ x: Int, _ y: Int) -> Bool {
            x >= 0 && y >= 0 && x < width && y < height && cells[y * width + x]
        }
        let level = Double(threshold)
        func crossing(_ a: (Int, Int), _ b: (Int, Int)) -> (Double, Double) {
            let (from, to) = (value(a.0, a.1), value(b.0, b.1))
            let part = from.isFinite && to.isFinite ? (level - from) / (to - from) : 0.5
            return (Double(a.0) + 0.5 + part * Double(b.0 - a.0), Double(a.1) + 0.5 + part * Double(b.1 - a.1))
        }
        for y in Int(box.top) - 1..<Int(box.bottom) {
            for x in Int(box.left) - 1..<Int(box.right) {
                let first = inside(x, y)
                if inside(x + 1, y) == first, inside(x, y + 1) == first, inside(x + 1, y + 1) == first { continue }
                // Corners clockwise; touching corners belong to one region, so at most two pairs of edges are crossed.
                let corners = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)]
                let states = corners.map { inside($0.0, $0.1) }
                let edges = (0..<4).filter { states[$0] != states[($0 + 1) % 4] }
                let points = edges.map { crossing(corners[$0], corners[($0 + 1) % 4]) }
                // With four crossings the two inner corners are connected: cut off the outer ones.
                let order = points.count == 4 && states[0] ? [0, 1, 2, 3] : points.count == 4 ? [3, 0, 1, 2] : [0, 1]
                for pair in stride(from: 0, to: order.count, by: 2) {
                    let (from, to) = (points[order[pair]], points[order[pair + 1]])
                    segments.append((from.0, from.1, to.0, to.1))
                }
            }
        }
        return segments
    }
}
