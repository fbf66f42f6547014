import Tensors

/// Simple linear iterative clustering: k-means of colour and place together, each centre looking only around itself.
///
/// `D² = |c - c_k|² + (m / s)² |p - p_k|²` with the grid step `s = √(H W / count)` and the compactness `m`. Afterwards every
/// superpixel is connected: pieces below a quarter of the mean size join the neighbour with the longest common border.
///
/// Achanta, Shaji, Smith, Lucchi, Fua, Süsstrunk: SLIC Superpixels Compared to State-of-the-Art Superpixel Methods, PAMI 2012.
package struct SuperpixelClustering: Sendable {
    /// About how many superpixels.
    package let count: Int
    /// How much place counts against colour, in units of L*a*b*.
    package let compactness: Double
    package let iterations: Int

    package init(count: Int, compactness: Double = 10, iterations: Int = 10) {
        self.count = count
        self.compactness = compactness
        self.iterations = iterations
    }

    package func segments(of picture: ColourPlanes) -> Segments {
        let step = (Double(picture.height * picture.width) / Double(max(count, 1))).squareRoot()
        guard step > 1 else {
            return Segments(
                height: picture.height, width: picture.width, labels: Array(0..<picture.height * picture.width))
        }
        var centres = centres(of: picture, step: step)
        var labels = [Int](repeating: 0, count: picture.height * picture.width)
        for _ in 0..<max(iterations, 1) {
            labels = assignment(of: picture, to: centres, step: step)
            centres = means(of: picture, labels: labels, previous: centres)
        }
        return Segments(
            height: picture.height, width: picture.width,
            labels: connected(labels, height: picture.height, width: picture.width, smallest: Int(step * step / 4)))
    }

    private struct Centre {
        var colour: [Double]
        var row: Double
        var column: Double
    }

    /// Centres on a grid, each moved to the flattest place of its neighbourhood, so that none starts on an edge.
    private func centres(of picture: ColourPlanes, step: Double) -> [Centre] {
        let rows = max(1, Int((Double(picture.height) / step).rounded()))
        let columns = max(1, Int((Double(picture.width) / step).rounded()))
        return (0..<rows * columns).map { index in
            let row = Int((Double(index / columns) + 0.5) * Double(picture.height) / Double(rows))
            let column = Int((Double(index % columns) + 0.5) * Double(picture.width) / Double(columns))
            var best = (slope: Double.infinity, row: row, column: column)
            for y in max(row - 1, 0)...min(row + 1, picture.height - 1) {
                for x in max(column - 1, 0)...min(column + 1, picture.width - 1) {
                    let slope = picture.slope(row: y, column: x)
                    if slope < best.slope { best = (slope, y, x) }
                }
            }
            return Centre(
                colour: picture.colour(best.row * picture.width + best.column), row: Double(best.row),
                column: Double(best.column))
        }
    }

    private func assignment(of picture: ColourPlanes, to centres: [Centre], step: Double) -> [Int] {
        let depth = picture.depth
        let weight = compactness * compactness / (step * step)
        let reach = Int(step.rounded(.up)) * 2
        var labels = [Int](repeating: -1, count: picture.height * picture.width)
        var distances = [Double](repeating: .infinity, count: labels.count)
        for (label, centre) in centres.enumerated() {
            let (row, column) = (Int(centre.row), Int(centre.column))
            for y in max(row - reach, 0)...min(row + reach, picture.height - 1) {
                for x in max(column - reach, 0)...min(column + reach, picture.width - 1) {
                    let place = y * picture.width + x
                    let (dy, dx) = (Double(y) - centre.row, Double(x) - centre.column)
                    var distance = weight * (dy * dy + dx * dx)
                    for axis in 0..<depth {
                        let difference = picture.values[place * depth + axis] - centre.colour[axis]
                        distance += difference * difference
                    }
                    if distance < distances[place] {
                        distances[place] = distance
                        labels[place] = label
                    }
                }
            }
        }
        return labels
    }

    private func means(of picture: ColourPlanes, labels: [Int], previous: [Centre]) -> [Centre] {
        let depth = picture.depth
        var sums = previous.map { _ in
            (colour: [Double](repeating: 0, count: depth), row: 0.0, column: 0.0, count: 0.0)
        }
        for (place, label) in labels.enumerated() where label >= 0 {
            for axis in 0..<depth { sums[label].colour[axis] += picture.values[place * depth + axis] }
            sums[label].row += Double(place / picture.width)
            sums[label].column += Double(place % picture.width)
            sums[label].count += 1
        }
        return zip(sums, previous).map { sum, old in
            guard sum.count > 0 else { return old }
            return Centre(
                colour: sum.colour.map { $0 / sum.count }, row: sum.row / sum.count, column: sum.column / sum.count)
        }
    }

    /// Every piece of a label gets a label of its own; small pieces join a neighbour.
    private func connected(_ labels: [Int], height: Int, width: Int, smallest: Int) -> [Int] {
        var pieces = Pieces(labels, height: height, width: width)
        // Small ones join small ones first, which may already be enough.
        for piece in pieces.members.indices.sorted(by: {
            (pieces.members[$0].count, $0) < (pieces.members[$1].count, $1)
        }) where pieces.members[piece].count < smallest {
            pieces.join(piece)
        }
        return pieces.labels
    }
}

/// The connected pieces (by edges) of a labelled picture.
private struct Pieces {
    private(set) var labels: [Int]
    private(set) var members: [[Int]] = []
    private let height: Int
    private let width: Int

    init(_ original: [Int], height: Int, width: Int) {
        self.height = height
        self.width = width
        labels = [Int](repeating: -1, count: original.count)
        for start in original.indices where labels[start] < 0 {
            let piece = members.count
            var found = [start]
            labels[start] = piece
            var next = 0
            while next < found.count {
                for neighbour in neighbours(of: found[next])
                where labels[neighbour] < 0 && original[neighbour] == original[start] {
                    labels[neighbour] = piece
                    found.append(neighbour)
                }
                next += 1
            }
            members.append(found)
        }
    }

    /// Gives a piece's pixels to the neighbour with which it has the longest border.
    mutating func join(_ piece: Int) {
        var borders: [Int: Int] = [:]
        for place in members[piece] {
            for neighbour in neighbours(of: place) where labels[neighbour] != piece {
                borders[labels[neighbour], default: 0] += 1
            }
        }
        guard let target = borders.max(by: { ($0.value, -$0.key) < ($1.value, -$1.key) })?.key else { return }
        for place in members[piece] { labels[place] = target }
        members[target] += members[piece]
        members[piece] = []
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

extension ColourPlanes {
    fileprivate func colour(_ place: Int) -> [Double] { Array(values[place * depth..<(place + 1) * depth]) }

    /// The squared differences across a pixel, down and right.
    fileprivate func slope(row: Int, column: Int) -> Double {
        func squared(_ first: Int, _ second: Int) -> Double {
            (0..<depth).reduce(0) { sum, axis in
                let difference = values[first * depth + axis] - values[second * depth + axis]
                return sum + difference * difference
            }
        }
        return squared(max(row - 1, 0) * width + column, min(row + 1, height - 1) * width + column)
            + squared(row * width + max(column - 1, 0), row * width + min(column + 1, width - 1))
    }
}
