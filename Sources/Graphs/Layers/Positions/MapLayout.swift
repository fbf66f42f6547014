public import Tensors

/// How the elements of a value lie over the picture: which of them are channels of which cell, and how to bring them to `[B, C, H, W]`.
public struct MapLayout: Sendable, Hashable {
    /// The number of samples.
    public let batch: Int
    /// The number of channels of a cell.
    public let channels: Int
    /// The number of rows of cells.
    public let height: Int
    /// The number of cells in a row.
    public let width: Int
    /// Where the cells lie over the input.
    public let placement: MapPlacement
    /// Elements along the positions' axes that stand for no place, such as class and register tokens; 0 in a plain map.
    public let tokensWithoutPlace: Int
    /// What brings the value to `[B, C, H, W]`, in order; empty where it is that already.
    package let steps: [Step]

    /// Moves elements.
    package enum Step: Sendable, Hashable {
        case transpose([Int])
        case reshape([Int])
        case slice(axis: Int, Range<Int>)
        case gather(axis: Int, [Int])
    }

    /// `[B, C, H, W]`.
    public var shape: Shape { [batch, channels, height, width] }

    /// A value that is a map already, laid evenly over an input.
    package init(map shape: Shape, placement: MapPlacement) {
        self.init(
            batch: shape[0], channels: shape[1], height: shape[2], width: shape[3], placement: placement,
            tokensWithoutPlace: 0, steps: [])
    }

    package init(
        batch: Int, channels: Int, height: Int, width: Int, placement: MapPlacement, tokensWithoutPlace: Int,
        steps: [Step]
    ) {
        self.batch = batch
        self.channels = channels
        self.height = height
        self.width = width
        self.placement = placement
        self.tokensWithoutPlace = tokensWithoutPlace
        self.steps = steps
    }
}

extension Graph {
    /// Appends the nodes that bring a value of this layout to `[B, C, H, W]`.
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
