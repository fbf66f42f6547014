public import Tensors

/// How the elements of a value lie over the picture: which of them are channels of which cell, and how to bring them to `[B, C, H, W]`,
/// `[B, C, D, H, W]` over a volume.
public struct MapLayout: Sendable, Hashable {
    /// The number of pictures: of samples, times the views that each of them holds where the model folds those into the batch.
    public let batch: Int
    /// The number of channels of a cell.
    public let channels: Int
    /// The numbers of rows of cells and of cells in a row; in front of them, in a volume, of slices.
    public let lengths: [Int]
    /// Where the cells lie over the input.
    public let placement: MapPlacement
    /// Elements along the positions' axes that stand for no place, such as class and register tokens; 0 in a plain map.
    public let tokensWithoutPlace: Int
    /// What brings the value to `shape`, in order; empty where it is that already.
    package let steps: [Step]

    /// Moves elements.
    package enum Step: Sendable, Hashable {
        case transpose([Int])
        case reshape([Int])
        case slice(axis: Int, Range<Int>)
        case gather(axis: Int, [Int])
    }

    /// The number of rows of cells.
    public var height: Int { lengths[lengths.count - 2] }
    /// The number of cells in a row.
    public var width: Int { lengths[lengths.count - 1] }
    /// The number of cells of one picture or volume.
    public var cells: Int { lengths.reduce(1, *) }
    /// `[B, C, H, W]`, or `[B, C, D, H, W]`.
    public var shape: Shape { Shape([batch, channels] + lengths) }
    /// The shape of one number a cell: `[B, H, W]`, or `[B, D, H, W]`.
    public var mapShape: Shape { Shape([batch] + lengths) }
    /// The shape of one number a channel that `shape` broadcasts over: `[B, C, 1, 1]`, or `[B, C, 1, 1, 1]`.
    package var channelShape: Shape { Shape([batch, channels] + lengths.map { _ in 1 }) }
    /// The axes of `shape` along which places lie.
    package var placeAxes: [Int] { Array(2..<2 + lengths.count) }

    /// A value that is a map already, laid evenly over an input.
    package init(map shape: Shape, placement: MapPlacement) {
        self.init(
            batch: shape[0], channels: shape[1], lengths: Array(shape.dimensions.dropFirst(2)), placement: placement,
            tokensWithoutPlace: 0, steps: [])
    }

    /// A value that is taken for a map, `[B, C, H, W]` or `[B, C, D, H, W]` of more than one cell, whose cells tile an input of these
    /// lengths, or of their own number where it has other axes; nil for other shapes.
    init?(map shape: Shape, tiling lengths: [Int]?) {
        let cells = shape.dimensions.dropFirst(2)
        guard (2...3).contains(cells.count), shape.dimensions.allSatisfy({ $0 > 0 }), cells.contains(where: { $0 > 1 })
        else { return nil }
        let lengths = lengths?.count == cells.count ? lengths ?? [] : Array(cells)
        let axes = zip(lengths, cells).map { MapPlacement.Axis.tiling($0, cells: $1) }
        guard let placement = MapPlacement(axes: axes) else { return nil }
        self.init(map: shape, placement: placement)
    }

    /// A layout over a picture.
    package init(
        batch: Int, channels: Int, height: Int, width: Int, placement: MapPlacement, tokensWithoutPlace: Int,
        steps: [Step]
    ) {
        self.init(
            batch: batch, channels: channels, lengths: [height, width], placement: placement,
            tokensWithoutPlace: tokensWithoutPlace, steps: steps)
    }

    /// A layout over a picture, or a volume: `lengths` has two or three numbers.
    package init(
        batch: Int, channels: Int, lengths: [Int], placement: MapPlacement, tokensWithoutPlace: Int, steps: [Step]
    ) {
        self.batch = batch
        self.channels = channels
        self.lengths = lengths
        self.placement = placement
        self.tokensWithoutPlace = tokensWithoutPlace
        self.steps = steps
    }
}

extension Graph {
    /// Appends the nodes that bring a value of this layout to its `shape`, `[B, C, H, W]` or `[B, C, D, H, W]`.
    package mutating func appendMap(of value: ValueID, _ layout: MapLayout) -> ValueID {
        var value = value
        func integers(_ numbers: [Int]) -> ValueID {
            addConstant(AnyTensor(Tensor(vector: numbers.map { Int64($0) })), name: "layout.integers")
        }
        for step in layout.steps {
            switch step {
            case .transpose(let axes):
                value = append("Transpose", [value], attributes: ["perm": .integers(axes)], name: "layout.Transpose")[0]
            case .reshape(let shape): value = append("Reshape", [value, integers(shape)], name: "layout.Reshape")[0]
            case .slice(let axis, let range):
                value =
                    append(
                        "Slice", [value, integers([range.lowerBound]), integers([range.upperBound]), integers([axis])],
                        name: "layout.Slice")[0]
            case .gather(let axis, let indices):
                value =
                    append(
                        "Gather", [value, integers(indices)], attributes: ["axis": .integer(axis)],
                        name: "layout.Gather")[0]
            }
        }
        return value
    }
}
