package import Datasets
package import Evaluation
import Explanations
package import Imaging
package import Tensors

/// What a data set says about a picture, at a size that metrics work with.
package struct AnnotatedPicture: Sendable {
    /// Long sides are reduced to this, because a metric's work grows with the picture and not with what is known about it.
    static let longestSide = 1024

    package let width: Int
    package let height: Int
    /// Boxes of the explained class.
    package let boxes: [Box]
    package let mask: Tensor<Float>?
    package let rank: Int?
    package let label: String?
    /// Pixels here a pixel of the photograph.
    private let scale: Double

    /// The annotations of an entry.
    ///
    /// - Parameters:
    ///   - mask: The mask's labels.
    ///   - explained: The explained class, which decides about boxes that name one.
    package init(
        _ entry: DatasetEntry, mask: LabelPicture?, photo: (width: Int, height: Int), explained: Int, rank: Int?,
        label: String?, classes: TrueClasses
    ) throws {
        scale = min(1, Double(Self.longestSide) / Double(max(photo.width, photo.height)))
        width = max(1, Int((Double(photo.width) * scale).rounded()))
        height = max(1, Int((Double(photo.height) * scale).rounded()))
        self.rank = rank
        self.label = label
        let size = entry.annotatedSize ?? PixelSize(width: photo.width, height: photo.height)
        let (across, down) = (
            Double(width) / Double(max(size.width, 1)), Double(height) / Double(max(size.height, 1))
        )
        let (right, bottom) = (Double(width), Double(height))
        boxes = entry.boxes.filter { Self.isOf($0.label, explained, entry, classes) }.map { box in
            Box(
                left: min(max(box.left * across, 0), right), top: min(max(box.top * down, 0), bottom),
                right: min(max(box.right * across, 0), right), bottom: min(max(box.bottom * down, 0), bottom))
        }.filter { $0.area > 0 }
        if let description = entry.mask, let mask {
            self.mask = Self.places(mask, description, width: width, height: height)
        } else {
            self.mask = nil
        }
    }

    /// Whether a box is about the explained class: boxes without a class are, and those of a class that the model does not
    /// know where it is the picture's own.
    private static func isOf(
        _ label: ClassReference?, _ explained: Int, _ entry: DatasetEntry, _ classes: TrueClasses
    ) -> Bool {
        guard let label else { return true }
        return classes.index(of: label).map { $0 == explained } ?? (label == entry.label)
    }

    /// A mask at the working size: each pixel takes what lies at its centre.
    private static func places(
        _ labels: LabelPicture, _ description: AnnotatedMask, width: Int, height: Int
    ) -> Tensor<Float> {
        var mask = Tensor<Float>(repeating: 0, shape: [height, width])
        mask.mutateElements { elements in
            for row in 0..<height {
                let source = (2 * row + 1) * labels.height / (2 * height) * labels.width
                for column in 0..<width {
                    let label = labels.labels[source + (2 * column + 1) * labels.width / (2 * width)]
                    elements[row * width + column] =
                        description.undecided.contains(label)
                        ? .nan : (description.object.map { $0.contains(label) } ?? (label != 0)) ? 1 : 0
                }
            }
        }
        return mask
    }

    /// What metrics compare a map with; nil where nothing is known about the picture.
    func truth(
        _ attribution: Attribution, _ display: MethodDescription.Display, _ planes: PicturePlanes,
        _ geometry: PictureGeometry
    ) throws -> GroundTruth? {
        guard !boxes.isEmpty || mask != nil || label != nil,
            let (map, placement) = display.placedMap(
                of: attribution.values.slice(0), at: attribution.layer, over: planes)
        else { return nil }
        return GroundTruth(
            map: try geometry.project(map, placement: placement, width: width, height: height), boxes: boxes,
            mask: mask, rank: rank, label: label, scale: scale)
    }
}
