/// Where the cells of a map lie over the input, in input pixels; 0.5 is the middle of the first pixel.
public struct MapPlacement: Sendable, Hashable, Codable {
    /// One axis of a map: cell i is centred at `centre + i * stride`.
    public struct Axis: Sendable, Hashable, Codable {
        /// The centre of the first cell.
        public var centre: Double
        /// The distance between the centres of neighbouring cells.
        public var stride: Double

        /// An axis whose first cell lies at `centre`.
        public init(centre: Double, stride: Double) {
            self.centre = centre
            self.stride = stride
        }

        /// Cells that tile a length evenly.
        public static func tiling(_ length: Int, cells: Int) -> Axis {
            let stride = Double(length) / Double(max(cells, 1))
            return Axis(centre: stride / 2, stride: stride)
        }

        /// The place of a point among the cells: 0 is the centre of the first one.
        public func cell(at position: Double) -> Double { (position - centre) / stride }
    }

    /// The map's rows.
    public var rows: Axis
    /// The map's columns.
    public var columns: Axis

    /// A map with these axes.
    public init(rows: Axis, columns: Axis) {
        self.rows = rows
        self.columns = columns
    }
}
