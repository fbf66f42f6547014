package import Datasets
package import Foundation
package import Imaging
import Tensors

/// What a data set says about a picture, laid over the photograph as it stands upright.
package struct UprightAnnotation: Sendable {
    /// The entry with its boxes, and the size that they are measured in, turned with the photograph.
    package private(set) var entry: DatasetEntry
    /// The mask's labels, turned likewise.
    package let mask: LabelPicture?

    /// Fails where the annotation is of another shape than the photograph, which nothing but a turn explains.
    ///
    /// - Parameters:
    ///   - mask: The bytes of the mask's file.
    ///   - photo: The size of the upright photograph.
    ///   - orientation: How the photograph was turned to stand upright; an annotation may be of the file as it is stored.
    package init(_ entry: DatasetEntry, mask: Data?, photo: PixelSize, orientation: Orientation) throws {
        self.entry = entry
        let lying = PixelSize(width: photo.height, height: photo.width)
        var boxesAreStored = false
        if !entry.boxes.isEmpty, let size = entry.annotatedSize, !size.isSimilar(to: photo), size.isSimilar(to: lying) {
            guard orientation.swapsSides else {
                throw GazeError.annotation(
                    path: entry.image,
                    reason:
                        "it is for \(size.text) pixels and the photograph is of \(photo.text), as if one were turned")
            }
            boxesAreStored = true
        }
        guard let description = entry.mask, let mask else {
            self.mask = nil
            if boxesAreStored { turnBoxes(orientation, lying) }
            return
        }
        let labels = try Self.labels(mask, name: description.file)
        let size = PixelSize(width: labels.width, height: labels.height)
        // A copy of the photograph that was squashed is of another shape than its annotation.
        let fits = size.isSimilar(to: photo) || (!boxesAreStored && entry.annotatedSize.map(size.isSimilar) ?? false)
        let isStored = !fits && orientation.swapsSides && size.isSimilar(to: lying)
        guard fits || isStored else {
            throw GazeError.mask(
                path: description.file,
                reason: "it is of \(size.text) pixels, another shape than the photograph's \(photo.text)")
        }
        self.mask = isStored ? orientation.upright(labels) : labels
        if boxesAreStored || (isStored && entry.annotatedSize == nil) { turnBoxes(orientation, lying) }
    }

    private mutating func turnBoxes(_ orientation: Orientation, _ lying: PixelSize) {
        let size = entry.annotatedSize ?? lying
        entry.annotatedSize = PixelSize(width: size.height, height: size.width)
        for index in entry.boxes.indices {
            let box = entry.boxes[index]
            let (width, height) = (Double(size.width), Double(size.height))
            let first = orientation.upright(x: box.left, y: box.top, width: width, height: height)
            let second = orientation.upright(x: box.right, y: box.bottom, width: width, height: height)
            (entry.boxes[index].left, entry.boxes[index].right) = (min(first.x, second.x), max(first.x, second.x))
            (entry.boxes[index].top, entry.boxes[index].bottom) = (min(first.y, second.y), max(first.y, second.y))
        }
    }

    private static func labels(_ file: Data, name: String) throws -> LabelPicture {
        guard name.hasSuffix(".npy") else { return try LabelPicture(decoding: file, name: name) }
        let tensor = try Numpy.decode(file, name: name).floatTensor
        // A batch or channel axis of one may stand in front.
        let lengths = tensor.shape.dimensions
        guard lengths.count >= 2, lengths.dropLast(2).allSatisfy({ $0 == 1 }), tensor.shape.count > 0 else {
            throw GazeError.mask(path: name, reason: "it has shape \(tensor.shape), and [height, width] is needed")
        }
        return LabelPicture(
            width: lengths[lengths.count - 1], height: lengths[lengths.count - 2],
            labels: tensor.elements.map { Int(exactly: $0.rounded()) ?? 0 })
    }
}

extension PixelSize {
    fileprivate var text: String { "\(width)x\(height)" }

    /// Whether one picture can be a copy of the other at another size: a side differs by what rounding explains.
    fileprivate func isSimilar(to other: PixelSize) -> Bool {
        let (columns, rows) = (Double(max(width, 1)), Double(max(height, 1)))
        let shape = Double(max(other.width, 1)) / Double(max(other.height, 1))
        func isNear(_ side: Double, _ expected: Double) -> Bool { abs(side - expected) <= max(2, 0.02 * expected) }
        return isNear(columns, rows * shape) || isNear(rows, columns / shape)
    }
}
