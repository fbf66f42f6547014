package import Tensors

/// The mean and the deviation of a channel's numbers.
package struct ChannelStatistics: Sendable, Hashable {
    package let mean: Double
    /// Of the population.
    package let deviation: Double

    /// The statistics of numbers; 0 and 0 of none.
    package init(_ values: [Float]) {
        let count = Double(max(values.count, 1))
        let mean = values.reduce(0) { $0 + Double($1) } / count
        self.mean = mean
        deviation = (values.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count).squareRoot()
    }

    /// A number of the normal distribution of this mean and deviation.
    package func draw(_ generator: inout SeededGenerator) -> Float { Float(mean + deviation * generator.nextNormal()) }
}

extension PicturePlanes {
    /// The statistics of every channel of a picture.
    package func statistics(of picture: Tensor<Float>) -> [ChannelStatistics] {
        (0..<channels).map { ChannelStatistics(plane($0, of: picture).elements) }
    }

    /// A picture of one colour, one number a channel.
    package func filled(_ colour: [Float], like picture: Tensor<Float>) -> Tensor<Float> {
        self.picture(colour.map { Tensor(repeating: $0, shape: [height, width]) }, like: picture)
    }

    /// A picture without its details.
    package func blurred(_ picture: Tensor<Float>, by blur: GaussianBlur) -> Tensor<Float> {
        self.picture((0..<channels).map { blur.applied(to: plane($0, of: picture)) }, like: picture)
    }
}
