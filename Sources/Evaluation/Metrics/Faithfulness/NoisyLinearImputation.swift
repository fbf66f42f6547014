package import Explanations
package import Tensors

/// Pixels replaced by what their neighbours suggest, and a little noise.
///
/// Every removed pixel is the weighted mean of its eight neighbours, 1/6 along edges and 1/12 across corners, whether those are
/// removed or not: one sparse linear system a channel. Rong et al., ICML 2022.
package struct NoisyLinearImputation: Sendable {
    private let planes: PicturePlanes
    private let noise: Double
    private let seed: UInt64

    package init(planes: PicturePlanes, noise: Double, seed: UInt64) {
        self.planes = planes
        self.noise = noise
        self.seed = seed
    }

    /// The picture without these pixels, numbered row by row; pictures of different numbers have different noise.
    package func imputed(_ picture: Tensor<Float>, without places: [Int], number: Int) -> Tensor<Float> {
        let filling = HarmonicFilling(height: planes.height, width: planes.width, neighbourhood: .corners)
        // In reading order neighbours are near in memory.
        let places = places.sorted()
        var generator = SeededGenerator(seed: seed, part: number)
        let channels = (0..<planes.channels).map { planes.plane($0, of: picture) }
        let values = filling.values(at: places, of: channels)
        let filled = channels.indices.map { channel in
            var plane = channels[channel]
            plane.mutateElements { elements in
                for (place, value) in zip(places, values[channel]) {
                    elements[place] = Float(noise > 0 ? value + noise * generator.nextNormal() : value)
                }
            }
            return plane
        }
        return planes.picture(filled, like: picture)
    }
}
