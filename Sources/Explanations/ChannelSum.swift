package import Tensors

extension Tensor where Scalar == Float {
    /// `Σ_k weights[k] self[k]` of maps `[C, H, W]` or `[C, D, H, W]`, summed in double precision: `[H, W]`, `[D, H, W]`.
    package func channelSum(weightedBy weights: [Float]) -> Tensor<Float> {
        let places = Shape(Array(shape.dimensions.dropFirst()))
        let cells = places.count
        var sums = [Double](repeating: 0, count: cells)
        for (channel, weight) in weights.enumerated() where weight != 0 {
            for cell in 0..<cells { sums[cell] += Double(weight) * Double(elements[channel * cells + cell]) }
        }
        var result = Tensor(repeating: 0, shape: places)
        result.mutateElements { $0 = sums.map { Float($0) } }
        return result
    }
}
