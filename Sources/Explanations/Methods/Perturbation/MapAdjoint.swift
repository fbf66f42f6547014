package import Tensors

extension MapTaps {
    /// The adjoint of `Tensor.resampled(rows:columns:)`: what a gradient on the outputs is on the map `[height, width]`.
    package static func adjoint(
        rows: MapTaps, columns: MapTaps, of gradient: [Double], height: Int, width: Int
    ) -> [Double] {
        var narrow = [Double](repeating: 0, count: height * columns.count)
        for y in 0..<rows.count {
            for tap in y * rows.width..<(y + 1) * rows.width {
                let target = rows.indices[tap] * columns.count
                let weight = Double(rows.weights[tap])
                for x in 0..<columns.count { narrow[target + x] += weight * gradient[y * columns.count + x] }
            }
        }
        var result = [Double](repeating: 0, count: height * width)
        for y in 0..<height {
            for x in 0..<columns.count {
                for tap in x * columns.width..<(x + 1) * columns.width {
                    result[y * width + columns.indices[tap]] +=
                        Double(columns.weights[tap]) * narrow[y * columns.count + x]
                }
            }
        }
        return result
    }
}
