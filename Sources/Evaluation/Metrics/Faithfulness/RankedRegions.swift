package import Explanations
package import Tensors

/// Regions of a picture, ranked by a map.
package struct RankedRegions: Sendable {
    private let members: [[Int]]

    package init(_ segments: Segments) {
        members = segments.members
    }

    /// The pixels of every region by falling mean of the map; equal ones in the regions' order.
    package func ranked(by map: Tensor<Float>) -> [[Int]] {
        let values = map.elements
        let means = members.map { $0.reduce(0.0) { $0 + Double(values[$1]) } / Double(max($0.count, 1)) }
        let order = means.indices.sorted { means[$0] > means[$1] || (means[$0] == means[$1] && $0 < $1) }
        return order.map { members[$0] }
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
