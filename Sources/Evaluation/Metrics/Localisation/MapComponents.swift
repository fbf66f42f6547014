import Explanations

/// The connected regions in which a map exceeds a threshold, for rising many thresholds in one pass.
///
/// Pixels join from the highest threshold down and regions only grow together (union and find), so that a hundred thresholds cost
/// little more than one. Pixels that touch at a corner are connected (8 neighbours), as in the contours that the published
/// evaluations draw.
struct MapComponents {
    /// A region: its pixels and the smallest box around them.
    struct Component {
        let pixels: Int
        let box: Box
    }

    private let width: Int
    private let height: Int
    private var parents: [Int32]
    private var pixels: [Int32]
    private var left: [Int32]
    private var top: [Int32]
    private var right: [Int32]
    private var bottom: [Int32]
    private var roots: [Int32] = []

    /// Calls `body` for every threshold, from the highest down, with the regions of values above it.
    ///
    /// - Parameters:
    ///   - values: A map, row by row.
    ///   - thresholds: In rising order.
    static func visit(
        _ values: [Float], width: Int, height: Int, thresholds: [Float], _ body: (Int, [Component]) -> Void
    ) {
        var levels = [[Int32]](repeating: [], count: thresholds.count)
        for (place, value) in values.enumerated() {
            if let level = highest(of: thresholds, below: value) { levels[level].append(Int32(place)) }
        }
        var components = MapComponents(width: width, height: height)
        for level in thresholds.indices.reversed() {
            components.add(levels[level])
            body(level, components.components)
        }
    }

    private static func highest(of thresholds: [Float], below value: Float) -> Int? {
        var (low, high) = (0, thresholds.count)
        while low < high {
            let middle = (low + high) / 2
            if thresholds[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low > 0 ? low - 1 : nil
    }

    private init(width: Int, height: Int) {
        (self.width, self.height) = (width, height)
        let count = width * height
        parents = [Int32](repeating: -1, count: count)
        pixels = [Int32](repeating: 0, count: count)
        (left, top, right, bottom) = (pixels, pixels, pixels, pixels)
    }

    private var components: [Component] {
        roots.map { root in
            let root = Int(root)
            return Component(
                pixels: Int(pixels[root]),
                box: Box(
                    left: Double(left[root]), top: Double(top[root]), right: Double(right[root]),
                    bottom: Double(bottom[root])))
        }
    }

    private mutating func add(_ places: [Int32]) {
        for place in places {
            let (row, column) = (Int(place) / width, Int(place) % width)
            (parents[Int(place)], pixels[Int(place)]) = (place, 1)
            (left[Int(place)], right[Int(place)]) = (Int32(column), Int32(column + 1))
            (top[Int(place)], bottom[Int(place)]) = (Int32(row), Int32(row + 1))
            for y in max(row - 1, 0)...min(row + 1, height - 1) {
                for x in max(column - 1, 0)...min(column + 1, width - 1) where parents[y * width + x] >= 0 {
                    join(Int(place), y * width + x)
                }
            }
        }
        roots = (roots + places).filter { parents[Int($0)] == $0 }
    }

    private mutating func root(of place: Int) -> Int {
        var place = place
        while parents[place] != place {
            parents[place] = parents[Int(parents[place])]
            place = Int(parents[place])
        }
        return place
    }

    private mutating func join(_ first: Int, _ second: Int) {
        var (kept, taken) = (root(of: first), root(of: second))
        guard kept != taken else { return }
        if pixels[kept] < pixels[taken] { swap(&kept, &taken) }
        parents[taken] = Int32(kept)
        pixels[kept] += pixels[taken]
        (left[kept], top[kept]) = (min(left[kept], left[taken]), min(top[kept], top[taken]))
        (right[kept], bottom[kept]) = (max(right[kept], right[taken]), max(bottom[kept], bottom[taken]))
    }
}

/// Which of a map's regions become boxes.
enum ComponentChoice: String, CaseIterable, Sendable {
    /// The one of most pixels; of equals the upper left.
    case largest
    /// Every one: the best counts.
    case all

    static let parameter = MethodParameter.choice(
        "component", ComponentChoice.largest,
        "which connected regions (8 neighbours) become boxes: the one of most pixels, or all, of which the best counts")

    func boxes(of components: [MapComponents.Component]) -> [Box] {
        if self == .all { return components.map(\.box) }
        let largest = components.max { first, second in
            (first.pixels, -first.box.top, -first.box.left) < (second.pixels, -second.box.top, -second.box.left)
        }
        return largest.map { [$0.box] } ?? []
    }
}
