package import Explanations
package import Tensors

/// Regions of a picture, which a map ranks.
package struct RankedRegions: Sendable {
    /// The pixels of every region, numbered row by row.
    package let members: [[Int]]

    package init(_ segments: Segments) {
        members = segments.members
    }

    /// Every region's mean of the map.
    package func means(of map: Tensor<Float>) -> [Double] {
        let values = map.elements
        return members.map { $0.reduce(0.0) { $0 + Double(values[$1]) } / Double(max($0.count, 1)) }
    }
}

extension Segments {
    /// Squares of so many pixels, cut at the right and the lower border.
    package static func windows(height: Int, width: Int, side: Int) -> Segments {
        let side = max(side, 1)
        let columns = (width + side - 1) / side
        return Segments(
            height: height, width: width,
            labels: (0..<height * width).map { ($0 / width) / side * columns + ($0 % width) / side })
    }
}
