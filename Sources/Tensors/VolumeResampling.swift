extension Tensor where Scalar == Float {
    /// A tensor read along every axis at the places that taps stand for: `[taps[0].count, taps[1].count, …]`.
    ///
    /// With linear taps along three axes that is trilinear interpolation.
    /// - Throws: `TensorError.shapeMismatch` where there is another number of taps than of axes.
    package func resampled(along taps: [MapTaps]) throws(TensorError) -> Tensor<Float> {
        guard taps.count == shape.rank, shape.count > 0 else { throw .shapeMismatch(shape, Shape(taps.map(\.count))) }
        var result = self
        for (axis, axisTaps) in taps.enumerated() { result = result.resampled(axis, axisTaps) }
        return result
    }

    private func resampled(_ axis: Int, _ taps: MapTaps) -> Tensor<Float> {
        let inner = shape.dimensions[(axis + 1)...].reduce(1, *)
        let outer = shape.dimensions[..<axis].reduce(1, *)
        let length = shape[axis]
        var lengths = shape.dimensions
        lengths[axis] = taps.count
        var result = Tensor(repeating: 0, shape: Shape(lengths))
        let source = elements
        result.mutateElements { target in
            for block in 0..<outer {
                for place in 0..<taps.count {
                    let start = (block * taps.count + place) * inner
                    for tap in place * taps.width..<(place + 1) * taps.width {
                        let from = (block * length + taps.indices[tap]) * inner
                        let weight = taps.weights[tap]
                        for index in 0..<inner { target[start + index] += source[from + index] * weight }
                    }
                }
            }
        }
        return result
    }

    /// A map over an input of these lengths, one value a pixel (or voxel): linear between the cells' centres along every axis, and the border
    /// repeats outside of the outer ones.
    ///
    /// - Throws: `TensorError.shapeMismatch` where the map has other axes.
    package func laid(over lengths: [Int], axes: [MapPlacement.Axis]) throws(TensorError) -> Tensor<Float> {
        guard lengths.count == shape.rank, axes.count == shape.rank else { throw .shapeMismatch(shape, Shape(lengths)) }
        return try resampled(
            along: axes.indices.map { axes[$0].taps(over: lengths[$0], cells: shape[$0]) })
    }
}

extension MapPlacement.Axis {
    /// What every pixel of an axis of so many is made of.
    package func taps(over length: Int, cells: Int) -> MapTaps {
        let positions = (0..<length).map { pixel in
            let cell = cell(at: Double(pixel) + 0.5)
            return Swift.min(Swift.max(cell.isFinite ? cell : 0, -1), Double(cells))
        }
        return MapTaps(positions: positions, length: cells, by: .bilinear)
    }
}
