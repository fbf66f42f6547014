package import Tensors

/// A rectangle of pixels.
package struct Window: Sendable, Hashable {
    package let rows: Range<Int>
    package let columns: Range<Int>

    package init(rows: Range<Int>, columns: Range<Int>) {
        self.rows = rows
        self.columns = columns
    }

    /// The pixels of a picture so wide, numbered row by row.
    package func places(width: Int) -> [Int] {
        rows.flatMap { row in (row * width + columns.lowerBound)..<(row * width + columns.upperBound) }
    }

    /// Windows at every multiple of the stride, until the picture's end is covered; the last are cut at the border.
    package static func sliding(over planes: PicturePlanes, size: Extent, stride: Extent) -> [Window] {
        let columns = ranges(length: planes.width, size: size.width, stride: stride.width)
        return ranges(length: planes.height, size: size.height, stride: stride.height).flatMap { rows in
            columns.map { Window(rows: rows, columns: $0) }
        }
    }

    private static func ranges(length: Int, size: Int, stride: Int) -> [Range<Int>] {
        // ceil((length - size) / stride), and a window that is larger than the picture covers it once.
        let last = length > size ? (length - size + stride - 1) / stride : 0
        return (0...last).map { $0 * stride }.filter { $0 < length }.map { $0..<min($0 + size, length) }
    }

    /// A window of a size whose centre is equally likely to be any pixel; cut at the border.
    package static func random(
        in planes: PicturePlanes, size: Extent, from generator: inout SeededGenerator
    ) -> Window {
        func range(_ length: Int, _ size: Int) -> Range<Int> {
            let start = Int(generator.nextUniform() * Double(length)) - size / 2
            return max(start, 0)..<max(min(start + size, length), 1)
        }
        return Window(rows: range(planes.height, size.height), columns: range(planes.width, size.width))
    }
}

/// The mean, over the windows that cover a pixel, of how much each of them takes from the score.
struct WindowMeans {
    private let height: Int
    private let width: Int
    private var sums: [Double]
    private var counts: [Int]

    init(_ planes: PicturePlanes) {
        (height, width) = (planes.height, planes.width)
        sums = [Double](repeating: 0, count: height * width)
        counts = [Int](repeating: 0, count: height * width)
    }

    mutating func add(_ fall: Double, over window: Window) {
        for place in window.places(width: width) {
            sums[place] += fall
            counts[place] += 1
        }
    }

    /// `[1, H, W]`; zero where no window was.
    var map: Tensor<Float> {
        var map = Tensor<Float>(repeating: 0, shape: [1, height, width])
        map.mutateElements { elements in
            for place in elements.indices where counts[place] > 0 {
                elements[place] = Float(sums[place] / Double(counts[place]))
            }
        }
        return map
    }

    /// What a reader should know about places without a window.
    var notes: [String] {
        let bare = counts.count { $0 == 0 }
        return bare == 0 ? [] : ["no window covered \(bare) of \(counts.count) pixels; the map is 0 there"]
    }
}
