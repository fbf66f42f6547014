public import Tensors

/// A heat map over the slices of a volume: some of them as pictures, with one scale for all.
public struct SliceOverlay: Sendable {
    /// One slice.
    public struct Slice: Sendable {
        /// The position, from 0.
        public let index: Int
        /// The slice in grey (in colour where the volume has it) with the heat over it.
        public let picture: Picture
    }

    /// The slices that are shown, in order; the strongest is in the middle where there are as many on both sides.
    public let slices: [Slice]
    /// The slice with the most evidence, from 0.
    public let strongest: Int
    /// The number of all slices.
    public let count: Int
    /// Whether there was anything to draw.
    public let diagnosis: MapDiagnosis
    /// The colours and the values at their ends, the same for every slice.
    public let scale: ColourScale

    /// Narrower slices are enlarged to this width before heat is laid over them.
    private static let smallestWidth = 240

    /// Draws a map over a volume.
    ///
    /// - Parameters:
    ///   - map: One value a voxel, `[D, H, W]`.
    ///   - evidence: How much of the map each slice holds; nil is the sum of magnitudes.
    ///   - volume: What is behind the map, `[1, D, H, W]` or `[3, D, H, W]`.
    ///   - overlay: Colours, range and opacity.
    ///   - limit: How many slices are shown at most.
    /// - Throws: `ImagingError.invalidArgument` where the shapes do not belong together.
    public init(
        _ map: Tensor<Float>, over volume: Tensor<Float>, evidence: [Double]? = nil, overlay: Overlay, limit: Int = 9
    ) throws {
        guard map.shape.rank == 3, map.shape.count > 0, volume.shape.rank == 4, [1, 3].contains(volume.shape[0]),
            Array(volume.shape.dimensions.dropFirst()) == map.shape.dimensions, limit > 0
        else {
            throw ImagingError.invalidArgument(
                what: "a map of shape \(map.shape) does not lie over a volume of shape \(volume.shape)",
                advice: "give a map [D, H, W] and a volume [1, D, H, W] or [3, D, H, W]")
        }
        count = map.shape[0]
        let sums =
            evidence
            ?? (0..<count).map { map.slice($0).elements.reduce(0.0) { $0 + Double($1.isFinite ? abs($1) : 0) } }
        strongest = sums.indices.max { (sums[$0], $1) < (sums[$1], $0) } ?? 0
        diagnosis = MapDiagnosis(map, range: overlay.range)
        let (low, high) = overlay.range.limits(of: map)
        scale = ColourScale(map: overlay.colourMap, low: Double(low), high: Double(high))
        let window = Self.window(of: volume)
        let isInformative = diagnosis.isInformative
        slices = try Self.chosen(around: strongest, of: count, limit: limit).map { index in
            let photo = try Self.slice(index, of: volume, window)
            guard isInformative else { return Slice(index: index, picture: photo) }
            let heat = try map.slice(index).resampled(height: photo.height, width: photo.width)
            return Slice(index: index, picture: overlay.blend(heat, from: low, to: high, over: photo))
        }
    }

    /// Up to `limit` slices at equal distances, as many on either side of the strongest, that reach over the whole volume where they can.
    static func chosen(around strongest: Int, of count: Int, limit: Int) -> [Int] {
        let side = (limit - 1) / 2
        guard side > 0 else { return [strongest] }
        let step = max(1, (count - 1 + 2 * side - 1) / (2 * side))
        let all = (-side...side).map { strongest + $0 * step }.filter { (0..<count).contains($0) }
        return all
    }

    /// The numbers that are drawn black and white: all but the outer hundredths.
    private static func window(of volume: Tensor<Float>) -> (black: Float, white: Float) {
        let values = volume.elements.filter(\.isFinite).sorted()
        guard let first = values.first, let last = values.last else { return (0, 1) }
        let (low, high) = (values[values.count / 100], values[values.count - 1 - values.count / 100])
        return low < high ? (low, high) : first < last ? (first, last) : (first, first + 1)
    }

    private static func slice(
        _ index: Int, of volume: Tensor<Float>, _ window: (black: Float, white: Float)
    ) throws -> Picture {
        let (height, width) = (volume.shape[2], volume.shape[3])
        let factor = max(1, (smallestWidth + width - 1) / width)
        let planes = try (0..<volume.shape[0]).map {
            try volume.slice($0).slice(index).resampled(height: height * factor, width: width * factor)
        }
        var picture = Picture(width: width * factor, height: height * factor)
        picture.mutatePixels { pixels in
            for place in 0..<planes[0].elements.count {
                for channel in 0..<3 {
                    let value = planes[planes.count == 3 ? channel : 0].elements[place]
                    let part = (value - window.black) / (window.white - window.black)
                    pixels[place * 3 + channel] = UInt8(part.isFinite ? min(max(part, 0), 1) * 255 : 0)
                }
            }
        }
        return picture
    }

    /// The figure: slices in rows of three with their numbers, counted from 1, one colour bar, and words.
    public func figure(title: String, subtitle: String = "", captions: [String] = []) -> Figure {
        let columns = 3
        // The bar stands beside the last slice of the first row, where nothing is to its right.
        let bar = min(columns, slices.count) - 1
        let panels = slices.enumerated().map { position, slice in
            Figure.Panel(
                slice.picture, label: "Slice \(slice.index + 1)",
                detail: slice.index == strongest ? "of \(count), strongest" : "of \(count)",
                scale: position == bar && diagnosis.isInformative ? scale : nil)
        }
        var figure = Figure.contactSheet(panels, columns: columns, title: title, width: 1200)
        figure.subtitle = subtitle
        figure.captions = (diagnosis.isInformative ? [] : [diagnosis.description]) + captions
        return figure
    }
}
