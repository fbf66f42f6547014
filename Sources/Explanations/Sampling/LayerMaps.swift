package import Tensors

/// What a layer holds for one sample: the channels of one picture or volume, or of each of several that the model folded into the batch.
package struct LayerMaps: Sendable {
    /// `[pictures, C, H, W]`, `[pictures, C, D, H, W]` of volumes.
    package let values: Tensor<Float>

    /// Maps `[C, …]` or `[pictures, C, …]` with so many axes of places.
    package init(_ values: Tensor<Float>, places: Int) throws {
        self.values =
            try values.shape.rank == places + 1 ? values.reshaped(Shape([1] + values.shape.dimensions)) : values
    }

    /// The number of pictures.
    package var pictures: Int { values.shape[0] }
    /// The number of channels of each.
    package var channels: Int { values.shape[1] }
    /// The numbers of rows and columns; of slices in front of them, in a volume.
    package var lengths: [Int] { Array(values.shape.dimensions.dropFirst(2)) }
    /// The number of cells of one picture.
    package var cells: Int { lengths.reduce(1, *) }
    /// The shape of one number a cell: that of the places, behind the number of pictures where there are several.
    package var mapShape: Shape { Shape((pictures > 1 ? [pictures] : []) + lengths) }

    /// `Σ_k weights[k] A_k` of every picture, in `mapShape`.
    ///
    /// - Parameter weights: One a channel, or one a channel of each picture, picture by picture.
    package func channelSum(weightedBy weights: [Float]) throws -> Tensor<Float> {
        let sums = (0..<pictures).map { picture in
            let own = weights.count > channels ? Array(weights[picture * channels..<(picture + 1) * channels]) : weights
            return values.slice(picture).channelSum(weightedBy: own)
        }
        return try Tensor.stacking(sums).reshaped(mapShape)
    }
}
