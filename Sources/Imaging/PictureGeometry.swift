public import Tensors

/// Where the pixels of a model's input lie in the photograph, so that a map is drawn where the model looked.
///
/// Coordinates are measured from the outer edge of the first pixel; on each axis
/// photo = (input - offset) * photoLength / scaledLength.
public struct PictureGeometry: Sendable, Hashable {
    /// The photograph's size.
    public let photoWidth: Int
    /// The photograph's size.
    public let photoHeight: Int
    /// The model's input size.
    public let inputWidth: Int
    /// The model's input size.
    public let inputHeight: Int
    /// The size of the whole photograph after scaling, before crop or letterbox.
    public let scaledWidth: Int
    /// The size of the whole photograph after scaling, before crop or letterbox.
    public let scaledHeight: Int
    /// Where the scaled photograph's left edge stands in the input; negative for a crop.
    public let left: Int
    /// Where the scaled photograph's upper edge stands in the input; negative for a crop.
    public let top: Int

    /// The geometry of a rule on a photograph of this size.
    init(rule: ResizeRule, photoWidth: Int, photoHeight: Int) {
        self.photoWidth = photoWidth
        self.photoHeight = photoHeight
        inputWidth = rule.width
        inputHeight = rule.height
        switch rule {
        case .squash(let width, let height):
            (scaledWidth, scaledHeight) = (width, height)
            (left, top) = (0, 0)
        case .crop(let width, let height, let shortSide):
            let (short, long) = (min(photoWidth, photoHeight), max(photoWidth, photoHeight))
            // A photograph so thin that its long side would explode is refused when it is resized.
            let scaledLong = shortSide * long / max(short, 1)
            (scaledWidth, scaledHeight) = photoWidth <= photoHeight ? (shortSide, scaledLong) : (scaledLong, shortSide)
            left = Self.centring(scaledWidth, in: width)
            top = Self.centring(scaledHeight, in: height)
        case .letterbox(let width, let height, _, let anchor):
            let ratio = min(Double(width) / Double(photoWidth), Double(height) / Double(photoHeight))
            scaledWidth = min(max(Int((Double(photoWidth) * ratio).rounded()), 1), width)
            scaledHeight = min(max(Int((Double(photoHeight) * ratio).rounded()), 1), height)
            left = anchor == .centre ? (width - scaledWidth) / 2 : 0
            top = anchor == .centre ? (height - scaledHeight) / 2 : 0
        }
    }

    /// torchvision's `CenterCrop`: a crop starts at half the difference, ties to even; padding is halved downwards.
    private static func centring(_ length: Int, in window: Int) -> Int {
        if length < window { return (window - length) / 2 }
        return -Int((Double(length - window) / 2).rounded(.toNearestOrEven))
    }

    /// The part of the photograph that the model sees.
    public var seen: PictureBox {
        let (left, top) = photoPoint(x: 0, y: 0)
        let (right, bottom) = photoPoint(x: Double(inputWidth), y: Double(inputHeight))
        return PictureBox(
            left: max(left, 0), top: max(top, 0), right: min(right, Double(photoWidth)),
            bottom: min(bottom, Double(photoHeight)))
    }

    /// A point of the model's input, in the photograph.
    public func photoPoint(x: Double, y: Double) -> (x: Double, y: Double) {
        (
            (x - Double(left)) * Double(photoWidth) / Double(scaledWidth),
            (y - Double(top)) * Double(photoHeight) / Double(scaledHeight)
        )
    }

    /// A point of the photograph, in the model's input.
    public func inputPoint(x: Double, y: Double) -> (x: Double, y: Double) {
        (
            x * Double(scaledWidth) / Double(photoWidth) + Double(left),
            y * Double(scaledHeight) / Double(photoHeight) + Double(top)
        )
    }

    /// A map [h, w] over the model's input, laid over the photograph: [height, width], NaN where the model saw nothing.
    ///
    /// A cell's value stands at its centre, between centres it is interpolated, and outside the outer ones it repeats.
    /// - Parameters:
    ///   - placement: where the cells lie over the input; nil lets them tile it evenly, whatever h and w are.
    ///   - reach: the part of the input that the cells look at; nil is all of it.
    ///   - width: the width of the result; the photograph's unless given (a smaller copy is to be drawn).
    ///   - height: the height of the result; the photograph's unless given.
    /// - Throws: `ImagingError.invalidArgument` where the tensor is not a map or the size is out of range.
    public func project(
        _ map: Tensor<Float>, placement: MapPlacement? = nil, reach: MapReach? = nil, width: Int? = nil,
        height: Int? = nil, by interpolation: MapInterpolation = .bilinear
    ) throws(ImagingError) -> Tensor<Float> {
        let width = width ?? photoWidth
        let height = height ?? photoHeight
        guard map.shape.rank == 2, map.shape.count > 0, width > 0, height > 0 else {
            throw .invalidArgument(
                what: "a tensor of shape \(map.shape) cannot be laid over a picture of \(width)x\(height)",
                advice: "give a map with two axes [height, width] of at least one value")
        }
        let columns = (0..<width).map { column in
            inputPoint(x: (Double(column) + 0.5) * Double(photoWidth) / Double(width), y: 0).x
        }
        let rows = (0..<height).map { row in
            inputPoint(x: 0, y: (Double(row) + 0.5) * Double(photoHeight) / Double(height)).y
        }
        func taps(_ positions: [Double], _ axis: MapPlacement.Axis, _ length: Int, input: Int) -> MapTaps {
            // Farther than the map's own length outside, every point repeats the border; and indices stay small.
            let cells = positions.map { position in
                let cell = axis.cell(at: min(max(position, 0), Double(input)))
                return min(max(cell.isFinite ? cell : 0, -1), Double(length))
            }
            return MapTaps(positions: cells, length: length, by: interpolation)
        }
        let placement = placement ?? tiling(map)
        var result = map.resampled(
            rows: taps(rows, placement.rows, map.shape[0], input: inputHeight),
            columns: taps(columns, placement.columns, map.shape[1], input: inputWidth))
        func isSeen(_ position: Double, _ length: Int, _ pixels: [Bool]?) -> Bool {
            guard (0..<Double(length)).contains(position) else { return false }
            guard let pixels, pixels.indices.contains(Int(position)) else { return true }
            return pixels[Int(position)]
        }
        let unseenColumns = columns.indices.filter { !isSeen(columns[$0], inputWidth, reach?.columns) }
        let unseenRows = rows.indices.filter { !isSeen(rows[$0], inputHeight, reach?.rows) }
        result.mutateElements { elements in
            for row in 0..<height { for column in unseenColumns { elements[row * width + column] = .nan } }
            for row in unseenRows { for column in 0..<width { elements[row * width + column] = .nan } }
        }
        return result
    }

    private func tiling(_ map: Tensor<Float>) -> MapPlacement {
        MapPlacement(
            rows: .tiling(inputHeight, cells: map.shape[0]), columns: .tiling(inputWidth, cells: map.shape[1]))
    }

    /// Where the cells of a map [h, w] lie in the photograph, or in a copy of it of another size.
    public func cells(
        of map: Tensor<Float>, placement: MapPlacement? = nil, width: Int? = nil, height: Int? = nil
    ) -> CellGrid {
        let placement = placement ?? tiling(map)
        func axis(
            _ axis: MapPlacement.Axis, _ count: Int, offset: Int, scaled: Int, length: Int
        ) -> CellGrid.Axis {
            let scale = Double(length) / Double(scaled)
            return CellGrid.Axis(
                centre: (axis.centre - Double(offset)) * scale, step: axis.stride * scale, count: count)
        }
        return CellGrid(
            columns: axis(
                placement.columns, map.shape[1], offset: left, scaled: scaledWidth, length: width ?? photoWidth),
            rows: axis(
                placement.rows, map.shape[0], offset: top, scaled: scaledHeight, length: height ?? photoHeight))
    }
}
