public import Tensors

/// A heat map over a photograph: every choice between the raw map and the colours on the screen.
public struct Overlay: Sendable, Hashable {
    /// The colours.
    public var colourMap: ColourMap
    /// Which values the ends of the colours stand for.
    public var range: DisplayRange
    /// How much of the photograph the heat hides.
    public var opacity: Opacity
    /// How values between the map's cells are found.
    public var interpolation: MapInterpolation
    /// Draws the outline of the region that reaches this fraction of the largest value; nil draws none.
    public var outline: Double?
    /// Draws the smallest box around that region (of half the largest value where `outline` is nil).
    public var boundingBox: Bool
    /// Boxes that are outlined, in the pixels of the whole photograph: the detection that is explained.
    public var marks: [PictureBox] = []

    /// How much of the photograph the heat hides.
    public enum Opacity: Sendable, Hashable {
        /// Everywhere the same, 0...1.
        case constant(Double)
        /// In proportion to the value's distance from "nothing" (the low end; zero for symmetric ranges), up to this.
        case proportional(Double)
    }

    /// An overlay with these choices.
    public init(
        colourMap: ColourMap = .turbo, range: DisplayRange = .positive, opacity: Opacity = .proportional(0.8),
        interpolation: MapInterpolation = .bilinear, outline: Double? = nil, boundingBox: Bool = false
    ) {
        self.colourMap = colourMap
        self.range = range
        self.opacity = opacity
        self.interpolation = interpolation
        self.outline = outline
        self.boundingBox = boundingBox
    }

    /// The overlay for maps with positive and negative evidence: diverging colours, zero is transparent.
    public static let signed = Overlay(
        colourMap: .diverging, range: .symmetric(percentile: 99), opacity: .proportional(0.9))

    /// A photograph with heat, and what has to be said about it.
    public struct Result: Sendable, Hashable {
        /// The photograph with the heat over it, at the photograph's size.
        public let picture: Picture
        /// Whether there was anything to draw; if not, the picture says so in words.
        public let diagnosis: MapDiagnosis
        /// The colours and the values at their ends.
        public let scale: ColourScale
        /// The region that reaches `outline` (by default one half) of the largest value, in the pixels of `picture`; nil where
        /// the map shows nothing. Heat counts from the low end of ranges that start at the smallest value, else from zero.
        public let hottest: HottestRegion?
    }

    /// Draws a raw map [h, w] over the model's input onto the photograph.
    ///
    /// What the model did not see is darkened and hatched. A map that shows nothing is not drawn as heat: the picture
    /// is hatched and says why.
    /// - Parameters:
    ///   - photo: the photograph, or a smaller copy of it.
    ///   - geometry: how the photograph became the model's input (`Preprocessing.geometry(for:)`).
    ///   - placement: where the map's cells lie over the input; nil lets them tile it evenly.
    ///   - reach: the part of the input that the cells look at; nil is all of it.
    /// - Throws: `ImagingError.invalidArgument` where the tensor is not a map or the photograph is too large to draw on.
    public func draw(
        _ map: Tensor<Float>, on photo: Picture, geometry: PictureGeometry, placement: MapPlacement? = nil,
        reach: MapReach? = nil
    ) throws(ImagingError) -> Result {
        let diagnosis = MapDiagnosis(map, range: range)
        let projected = try geometry.project(
            map, placement: placement, reach: reach, width: photo.width, height: photo.height, by: interpolation)
        // Of the raw map: where the largest value lies in a letterbox's margin, the photograph shows less than it.
        let (low, high) = range.limits(of: map)
        let scale = ColourScale(map: colourMap, low: Double(low), high: Double(high))
        guard diagnosis.isInformative else {
            let picture = try marked(emptyPicture(photo, saying: diagnosis.description), geometry: geometry)
            return Result(picture: picture, diagnosis: diagnosis, scale: scale, hottest: nil)
        }
        let heated = blend(projected, from: low, to: high, over: photo)
        let cells = geometry.cells(of: map, placement: placement, width: photo.width, height: photo.height)
        let region = HottestRegion(
            of: projected, fraction: outline ?? 0.5, base: range == .minMax ? low : 0, centre: cells.centre(nearest:))
        var outlined = heated
        if let region { outlined = try drawn(region, of: projected, on: heated) }
        let picture = try marked(outlined, geometry: geometry)
        return Result(picture: picture, diagnosis: diagnosis, scale: scale, hottest: region)
    }

    /// Mixes colours and photograph; NaN is what the model did not see.
    func blend(_ map: Tensor<Float>, from low: Float, to high: Float, over photo: Picture) -> Picture {
        let table = colourMap.table
        let symmetric = if case .symmetric = range { true } else { false }
        let alphas: [Float] = (0..<256).map { index in
            switch opacity {
            case .constant(let alpha): return Float(alpha)
            case .proportional(let alpha):
                let value = Double(index) / 255
                return Float(alpha * (symmetric ? abs(2 * value - 1) : value))
            }
        }
        let period = Self.hatchPeriod(photo)
        var result = photo
        result.mutatePixels { pixels in
            for index in 0..<photo.width * photo.height {
                let value = map.elements[index]
                guard value.isFinite else {
                    Self.hatch(&pixels, index, width: photo.width, period: period)
                    continue
                }
                let entry = Int(min(max((value - low) / (high - low), 0), 1) * 255 + 0.5)
                let (colour, alpha) = (table[entry], min(max(alphas[entry], 0), 1))
                for (channel, heat) in [colour.red, colour.green, colour.blue].enumerated() {
                    let old = Float(pixels[index * 3 + channel])
                    pixels[index * 3 + channel] = UInt8(old + (Float(heat) - old) * alpha + 0.5)
                }
            }
        }
        return result
    }

    private func marked(_ picture: Picture, geometry: PictureGeometry) throws(ImagingError) -> Picture {
        guard !marks.isEmpty else { return picture }
        let canvas = try Canvas(picture)
        let lineWidth = max(2, Double(max(picture.width, picture.height)) / 250)
        let horizontal = Double(picture.width) / Double(geometry.photoWidth)
        let vertical = Double(picture.height) / Double(geometry.photoHeight)
        for mark in marks {
            // Edges outside of the photograph are drawn along its border.
            let left = min(max(mark.left * horizontal, 0), Double(picture.width))
            let top = min(max(mark.top * vertical, 0), Double(picture.height))
            let right = min(max(mark.right * horizontal, 0), Double(picture.width))
            let bottom = min(max(mark.bottom * vertical, 0), Double(picture.height))
            for (colour, width) in [(Colour(grey: 0), lineWidth * 2), (Self.markColour, lineWidth)] {
                canvas.stroke(
                    x: left, y: top, width: max(right - left, 1), height: max(bottom - top, 1), colour,
                    lineWidth: width)
            }
        }
        return canvas.picture
    }

    /// Magenta is in none of the heat maps' colours.
    private static let markColour = Colour(red: 255, green: 64, blue: 255)

    private func drawn(
        _ region: HottestRegion, of map: Tensor<Float>, on picture: Picture
    ) throws(ImagingError) -> Picture {
        guard outline != nil || boundingBox else { return picture }
        let canvas = try Canvas(picture)
        let lineWidth = max(1.5, Double(max(picture.width, picture.height)) / 350)
        let black = Colour(grey: 0)
        let white = Colour(grey: 255)
        if outline != nil {
            let segments = region.outline(in: map)
            canvas.stroke(segments, black, lineWidth: lineWidth * 2, opacity: 0.6)
            canvas.stroke(segments, white, lineWidth: lineWidth)
        }
        if boundingBox {
            for (colour, width) in [(black, lineWidth * 2), (white, lineWidth)] {
                canvas.stroke(
                    x: region.box.left, y: region.box.top, width: region.box.width, height: region.box.height, colour,
                    lineWidth: width)
            }
        }
        return canvas.picture
    }

    /// The photograph hatched all over, with a sentence on it.
    private func emptyPicture(_ photo: Picture, saying text: String) throws(ImagingError) -> Picture {
        let period = Self.hatchPeriod(photo)
        var hatched = photo
        hatched.mutatePixels { pixels in
            for index in 0..<photo.width * photo.height {
                Self.hatch(&pixels, index, width: photo.width, period: period)
            }
        }
        let canvas = try Canvas(hatched)
        let size = min(max(Double(min(photo.width, photo.height)) / 18, 9), 40)
        let font = Canvas.Font(size: size, bold: true)
        let lines = canvas.wrapped(text, width: Double(photo.width) - 2 * size, lines: 6, font)
        let height = Double(lines.count) * size * 1.35 + size
        let top = (Double(photo.height) - height) / 2
        canvas.fill(x: 0, y: top, width: Double(photo.width), height: height, Colour(grey: 0), opacity: 0.75)
        for (index, line) in lines.enumerated() {
            canvas.write(
                line, x: Double(photo.width) / 2, y: top + size * 1.5 + Double(index) * size * 1.35, font,
                Colour(grey: 255), alignment: .centre)
        }
        return canvas.picture
    }

    private static func hatchPeriod(_ photo: Picture) -> Int {
        max(8, max(photo.width, photo.height) / 60)
    }

    /// Darkens a pixel to grey, with lighter diagonal lines.
    private static func hatch(_ pixels: inout [UInt8], _ index: Int, width: Int, period: Int) {
        let (x, y) = (index % width, index / width)
        let line = (x + y) % period < max(1, period / 8)
        let start = index * 3
        let sum = 299 * Int(pixels[start]) + 587 * Int(pixels[start + 1]) + 114 * Int(pixels[start + 2])
        for channel in start..<start + 3 {
            let dimmed = (Int(pixels[channel]) + sum / 1000) * 56 / 200
            pixels[channel] = UInt8(clamping: dimmed + (line ? 30 : 0))
        }
    }
}
