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

        /// Where the cells of a trained network respond: those that cover the input (their strides add up to its length but
        /// for less than one) to their tile, all others to the centre of what they see.
        ///
        /// Zero padding moves the centre of what a cell sees (to a half stride before its tile in a ResNet, a half stride
        /// behind it in EfficientNet-Lite), but not what it answers to: over 325 photographs with boxes, EfficientNet-Lite0's
        /// maps peak inside of the object in 89.8 % when cells tile, in 85.5 % when they lie at their receptive field's centre
        /// (`Benchmarks/map_placement.py`).
        public func responding(to length: Int, cells: Int) -> Axis {
            abs(Double(cells) * stride - Double(length)) < stride ? .tiling(length, cells: cells) : self
        }

        /// The place of a point among the cells: 0 is the centre of the first one.
        public func cell(at position: Double) -> Double { (position - centre) / stride }
    }

    /// The slices of a map of a volume; nil for a map over a picture.
    public var slices: Axis?
    /// The map's rows.
    public var rows: Axis
    /// The map's columns.
    public var columns: Axis

    /// A map with these axes.
    public init(slices: Axis? = nil, rows: Axis, columns: Axis) {
        self.slices = slices
        self.rows = rows
        self.columns = columns
    }

    /// A map with two axes, rows and columns, or three, slices in front; nil for another number of them.
    package init?(axes: [Axis]) {
        guard (2...3).contains(axes.count) else { return nil }
        self.init(slices: axes.count == 3 ? axes[0] : nil, rows: axes[axes.count - 2], columns: axes[axes.count - 1])
    }

    /// Rows and columns, and slices in front of them where the map has such.
    package var axes: [Axis] { (slices.map { [$0] } ?? []) + [rows, columns] }

    /// Where the cells of a map [h, w] over an input of this size respond.
    public func responding(to size: (height: Int, width: Int), map: Shape) -> MapPlacement {
        MapPlacement(
            rows: rows.responding(to: size.height, cells: map[0]),
            columns: columns.responding(to: size.width, cells: map[1]))
    }
}

extension Tensor where Scalar == Float {
    /// A map [h, w] over an input of this size, one value a pixel: bilinear between the cells' centres, and the border
    /// repeats outside of the outer ones.
    package func laid(over size: (height: Int, width: Int), placement: MapPlacement) -> Tensor<Float> {
        resampled(
            rows: placement.rows.taps(over: size.height, cells: shape[0]),
            columns: placement.columns.taps(over: size.width, cells: shape[1]))
    }
}
