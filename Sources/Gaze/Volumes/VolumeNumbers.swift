import Tensors

/// How a volume's numbers become a model's: `(scale * x - mean) / deviation`, one mean and deviation or one a channel.
public struct VolumeNumbers: Sendable, Hashable {
    /// The factor.
    public var scale: Double
    /// What is subtracted.
    public var mean: [Double]
    /// What is divided by.
    public var standardDeviation: [Double]

    /// Numbers that stay as they are, unless something else is given.
    public init(scale: Double = 1, mean: [Double] = [0], standardDeviation: [Double] = [1]) {
        self.scale = scale
        self.mean = mean
        self.standardDeviation = standardDeviation
    }

    /// A volume `[C, D, H, W]` for the model; a channel beyond the last number has that.
    func applied(to volume: Tensor<Float>) -> Tensor<Float> {
        guard self != VolumeNumbers(), let channels = volume.shape.dimensions.first, channels > 0 else { return volume }
        let size = volume.elements.count / channels
        func number(_ numbers: [Double], _ channel: Int) -> Double {
            numbers.isEmpty ? 0 : numbers[min(channel, numbers.count - 1)]
        }
        var result = volume
        result.mutateElements { elements in
            for channel in 0..<channels {
                let (mean, deviation) = (number(mean, channel), number(standardDeviation, channel))
                for index in channel * size..<(channel + 1) * size {
                    elements[index] = Float((scale * Double(elements[index]) - mean) / deviation)
                }
            }
        }
        return result
    }
}
