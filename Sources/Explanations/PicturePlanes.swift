package import Graphs
package import Tensors

/// A picture in a model's input, channel by channel, wherever the model has its channels.
package struct PicturePlanes: Sendable, Hashable {
    /// Where rows and columns stand.
    package let axes: PictureAxes
    /// Where channels stand.
    package let channelAxis: Int
    /// The number of channels.
    package let channels: Int

    package var height: Int { axes.height }
    package var width: Int { axes.width }

    private let channelStride: Int
    private let rowStride: Int
    private let columnStride: Int

    /// The planes of a tensor `[1, C, H, W]` or `[1, H, W, C]`; nil where it is no picture.
    ///
    /// - Parameter known: Where the channels stand, as `Graph.channelAxis(of:)` finds it; nil guesses by the lengths.
    package init?(_ shape: Shape, channelAxis known: Int? = nil) {
        guard shape.rank == 4, shape[0] == 1, let axes = PictureAxes(shape, channelAxis: known) else { return nil }
        self.axes = axes
        channelAxis = axes.channelAxis
        channels = shape[channelAxis]
        let strides = shape.strides
        (channelStride, rowStride, columnStride) = (
            strides[channelAxis], strides[axes.rowAxis], strides[axes.columnAxis]
        )
    }

    /// The planes of one sample of an input of a specialised graph; nil where it is no picture.
    package init?(sampleOf input: ValueID, in graph: Graph) {
        guard let shape = graph.shape(of: input), shape.rank > 0 else { return nil }
        self.init(Shape([1] + shape.dimensions.dropFirst()), channelAxis: graph.channelAxis(of: input))
    }

    /// The position of a pixel of a channel among the tensor's elements.
    package func offset(channel: Int, row: Int, column: Int) -> Int {
        channel * channelStride + row * rowStride + column * columnStride
    }

    /// One channel of a picture, `[H, W]`.
    package func plane(_ channel: Int, of picture: Tensor<Float>) -> Tensor<Float> {
        let elements = picture.elements
        var plane = Tensor<Float>(repeating: 0, shape: [height, width])
        plane.mutateElements { result in
            for row in 0..<height {
                for column in 0..<width {
                    result[row * width + column] = elements[offset(channel: channel, row: row, column: column)]
                }
            }
        }
        return plane
    }

    /// A picture of these planes `[H, W]`, one a channel, in the order of axes of `picture`.
    package func picture(_ planes: [Tensor<Float>], like picture: Tensor<Float>) -> Tensor<Float> {
        var result = picture
        result.mutateElements { elements in
            for (channel, plane) in planes.enumerated() {
                let source = plane.elements
                for row in 0..<height {
                    for column in 0..<width {
                        elements[offset(channel: channel, row: row, column: column)] = source[row * width + column]
                    }
                }
            }
        }
        return result
    }

    /// `mask * picture + (1 - mask) * background`, the mask `[H, W]` for all channels alike.
    package func blend(
        _ picture: Tensor<Float>, over background: Tensor<Float>, by mask: Tensor<Float>
    ) -> Tensor<Float> {
        let mask = mask.elements
        let behind = background.elements
        var result = picture
        result.mutateElements { elements in
            for channel in 0..<channels {
                for row in 0..<height {
                    for column in 0..<width {
                        let index = offset(channel: channel, row: row, column: column)
                        let weight = mask[row * width + column]
                        elements[index] = weight * elements[index] + (1 - weight) * behind[index]
                    }
                }
            }
        }
        return result
    }
}
