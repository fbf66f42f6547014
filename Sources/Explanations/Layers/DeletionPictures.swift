package import Graphs
package import Tensors

/// Copies of a picture in which the tiles that a map ranks highest have the picture's mean colour.
///
/// The tiles are the same whatever the map's resolution: masks made pixel by pixel lower a score by their edges alone, the more
/// so the finer the map, and would always favour the finest layer.
package struct DeletionPictures: Sendable {
    /// How many copies a map gives: k/16 of the tiles replaced for k = 1...8.
    package static let steps = 8
    private static let largestGrid = 16

    private let picture: Tensor<Float>
    private let elementType: ElementType
    private let axes: PictureAxes
    private let means: [Float]
    /// Where tiles begin, and the end.
    private let rows: [Int]
    private let columns: [Int]

    /// The first sample of a picture input; nil where the tensor holds no pictures along its first axis.
    ///
    /// - Parameter known: Which axes are which; nil guesses by the lengths.
    package init?(_ tensor: AnyTensor, axes known: PictureAxes? = nil) throws {
        guard tensor.shape.rank == 4, let axes = known ?? PictureAxes(tensor.shape), axes.sampleAxis == 0 else {
            return nil
        }
        picture = try tensor.rows([0]).floatTensor
        elementType = tensor.elementType
        self.axes = axes
        func edges(_ length: Int) -> [Int] {
            let count = min(length, Self.largestGrid)
            return (0...count).map { $0 * length / count }
        }
        rows = edges(axes.height)
        columns = edges(axes.width)
        let strides = picture.shape.strides
        let elements = picture.elements
        let (channel, row, column) = (strides[axes.channelAxis], strides[axes.rowAxis], strides[axes.columnAxis])
        means = (0..<picture.shape[axes.channelAxis]).map { index in
            var sum = 0.0
            for y in 0..<axes.height {
                for x in 0..<axes.width { sum += Double(elements[index * channel + y * row + x * column]) }
            }
            return Float(sum / Double(axes.height * axes.width))
        }
    }

    private var tileCount: Int { (rows.count - 1) * (columns.count - 1) }

    /// The tiles by falling mean of the map, which lies over the picture as it is drawn; equal ones in reading order.
    package func tiles(rankedBy map: Tensor<Float>, placement: MapPlacement) -> [Int] {
        let placement = placement.responding(to: (axes.height, axes.width), map: map.shape)
        let drawn = map.laid(over: (axes.height, axes.width), placement: placement)
        let elements = drawn.elements
        let means = (0..<tileCount).map { tile -> Double in
            let (down, along) = pixels(of: tile)
            var sum = 0.0
            for y in down {
                for x in along { sum += Double(elements[y * axes.width + x]) }
            }
            return sum / Double(down.count * along.count)
        }
        return means.indices.sorted { (means[$0], $1) > (means[$1], $0) }
    }

    /// `steps` pictures with more and more of the first tiles replaced, and one with all, along the first axis.
    package func masked(_ tiles: [Int]) throws -> AnyTensor {
        let pieces =
            (1...Self.steps).map { step in
                without(tiles.prefix((tiles.count * step + 8) / 16))
            } + [without(tiles[...])]
        let shape = Shape([pieces.count] + picture.shape.dimensions.dropFirst())
        return AnyTensor(try Tensor(shape: shape, elements: pieces.flatMap { $0 })).converted(to: elementType)
    }

    private func without(_ tiles: ArraySlice<Int>) -> [Float] {
        let strides = picture.shape.strides
        let (channel, row, column) = (strides[axes.channelAxis], strides[axes.rowAxis], strides[axes.columnAxis])
        var copy = picture
        copy.mutateElements { elements in
            for tile in tiles {
                let (down, along) = pixels(of: tile)
                for (index, mean) in means.enumerated() {
                    for y in down {
                        for x in along { elements[index * channel + y * row + x * column] = mean }
                    }
                }
            }
        }
        return copy.elements
    }

    private func pixels(of tile: Int) -> (rows: Range<Int>, columns: Range<Int>) {
        let (row, column) = (tile / (columns.count - 1), tile % (columns.count - 1))
        return (rows[row]..<rows[row + 1], columns[column]..<columns[column + 1])
    }
}
