import Tensors

/// A part of a picture, enlarged or reduced to the picture's own size, perhaps mirrored; and the way back for maps.
struct PictureView: Sendable {
    /// How many pixels of the view a pixel of the picture takes.
    let scale: Double
    /// Where the view begins, as parts of the room that its size leaves: 0 is top or left, 0.5 is the middle.
    let row: Double
    let column: Double
    /// Whether left and right are exchanged.
    let isMirrored: Bool

    init(scale: Double = 1, row: Double = 0.5, column: Double = 0.5, isMirrored: Bool = false) {
        self.scale = scale
        self.row = row
        self.column = column
        self.isMirrored = isMirrored
    }

    /// The picture as it is, and its mirror image.
    static let flips = [PictureView(), PictureView(isMirrored: true)]
    /// Smaller, as it is, larger; about the middle.
    static let scales = [0.8, 1, 1.25].map { PictureView(scale: $0) }
    /// The corners and the middle at seven eighths (224 of 256 pixels), and their mirror images.
    static let tenCrop = [false, true].flatMap { isMirrored in
        [(0, 0), (0, 1), (1, 0), (1, 1), (0.5, 0.5)].map {
            PictureView(scale: 8 / 7, row: $0.0, column: $0.1, isMirrored: isMirrored)
        }
    }

    /// One axis of the view.
    private struct Axis {
        let length: Int
        let scale: Double
        let start: Double
        let isMirrored: Bool

        init(_ length: Int, scale: Double, place: Double, isMirrored: Bool) {
            (self.length, self.scale, self.isMirrored) = (length, scale, isMirrored)
            start = place * (Double(length) - Double(length) / scale)
        }

        /// Where in the picture the samples of the view lie.
        var taps: MapTaps {
            MapTaps(
                positions: (0..<length).map { sample in
                    let place = Double(sample) + 0.5
                    return start + (isMirrored ? Double(length) - place : place) / scale - 0.5
                }, length: length, by: .bilinear)
        }

        /// Where in a map of the view, of so many cells, the picture's pixels lie, and whether they do.
        func back(cells: Int) -> (taps: MapTaps, isInside: [Bool]) {
            let places = (0..<length).map { pixel in
                let place = (Double(pixel) + 0.5 - start) * scale
                return isMirrored ? Double(length) - place : place
            }
            let ratio = Double(cells) / Double(length)
            return (
                MapTaps(positions: places.map { $0 * ratio - 0.5 }, length: cells, by: .bilinear),
                places.map { $0 > -1e-9 && $0 < Double(length) + 1e-9 }
            )
        }
    }

    private func axes(_ planes: PicturePlanes) -> (rows: Axis, columns: Axis) {
        (
            Axis(planes.height, scale: scale, place: row, isMirrored: false),
            Axis(planes.width, scale: scale, place: column, isMirrored: isMirrored)
        )
    }

    /// What the view shows of a picture; its border is repeated outside.
    func picture(of picture: Tensor<Float>, _ planes: PicturePlanes) -> Tensor<Float> {
        let axes = axes(planes)
        let (rows, columns) = (axes.rows.taps, axes.columns.taps)
        return planes.picture(
            (0..<planes.channels).map { planes.plane($0, of: picture).resampled(rows: rows, columns: columns) },
            like: picture)
    }

    /// A map of the view as it lies over the picture `[H, W]`, 0 where the view does not reach, and 1 where it does.
    func overPicture(_ map: Tensor<Float>, _ planes: PicturePlanes) -> (map: Tensor<Float>, coverage: Tensor<Float>) {
        let axes = axes(planes)
        let (rows, columns) = (axes.rows.back(cells: map.shape[0]), axes.columns.back(cells: map.shape[1]))
        var laid = map.resampled(rows: rows.taps, columns: columns.taps)
        var coverage = laid
        let width = planes.width
        coverage.mutateElements { elements in
            for index in elements.indices {
                elements[index] = rows.isInside[index / width] && columns.isInside[index % width] ? 1 : 0
            }
        }
        laid.mutateElements { elements in
            for index in elements.indices where coverage.elements[index] == 0 { elements[index] = 0 }
        }
        return (laid, coverage)
    }
}
