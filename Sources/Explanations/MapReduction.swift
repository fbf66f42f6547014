package import Graphs
package import Tensors

extension MethodDescription.Display {
    /// A raw result as one number a place, `[h, w]`: a map stays, of channels the largest magnitude is taken where
    /// magnitudes are shown, else their sum. Nothing is scaled.
    ///
    /// - Parameters:
    ///   - raw: `[h, w]`, `[1, h, w]`, `[C, h, w]` or `[h, w, C]`.
    ///   - channelsLast: Whether the model's input has its channels last.
    ///   - height: The input's height: a result `[1, height, width]` is a map, wherever the model has its channels.
    ///   - width: The input's width.
    package func map(of raw: Tensor<Float>, channelsLast: Bool, height: Int, width: Int) -> Tensor<Float> {
        guard raw.shape.rank == 3 else { return raw }
        // Where the model moves its channels before it converts integers, what is explained has another order than its input.
        let lengths = raw.shape.dimensions
        let (isFirst, isLast) = (lengths[1...] == [height, width], lengths[..<2] == [height, width])
        let channelsFirst = raw.shape == [1, height, width] || (isFirst == isLast ? !channelsLast : isFirst)
        let channels = channelsFirst ? raw.shape[0] : raw.shape[2]
        let plane = Shape(
            channelsFirst ? Array(raw.shape.dimensions.dropFirst()) : Array(raw.shape.dimensions.dropLast()))
        var map = Tensor<Float>(repeating: 0, shape: plane)
        let values = raw.elements
        map.mutateElements { elements in
            for place in elements.indices {
                for channel in 0..<channels {
                    let value = values[channelsFirst ? channel * elements.count + place : place * channels + channel]
                    elements[place] = self == .magnitude ? max(elements[place], abs(value)) : elements[place] + value
                }
            }
        }
        return map
    }

    /// What of a map speaks for the score, never negative: positive values; where only differences mean something, what
    /// lies above the smallest value.
    package func evidence(in map: Tensor<Float>) -> Tensor<Float> {
        guard self == .relative, let lowest = map.elements.filter(\.isFinite).min() else {
            // In place: metrics ask for this once each, and a call a pixel takes longer than what they do with it.
            var evidence = map
            evidence.mutateElements { for place in $0.indices where $0[place] < 0 { $0[place] = 0 } }
            return evidence
        }
        return map.map { $0 - lowest }
    }
}

extension MethodDescription.Display {
    /// A raw result without the batch axis as one number a place, `[h, w]`, and where its cells respond over the model's
    /// input; nil where it is no map over a picture.
    ///
    /// - Parameter layer: Where the result lives; nil where that is the input.
    package func placedMap(
        of raw: Tensor<Float>, at layer: LayerChoice?, over planes: PicturePlanes
    ) -> (map: Tensor<Float>, placement: MapPlacement)? {
        let map = map(of: raw, channelsLast: planes.channelAxis == 3, height: planes.height, width: planes.width)
        guard map.shape.rank == 2, map.shape.count > 0 else { return nil }
        let placement =
            layer?.layer.layout.flatMap { layout in
                map.shape == [layout.height, layout.width]
                    ? layout.placement.responding(to: (planes.height, planes.width), map: map.shape) : nil
            }
            ?? MapPlacement(
                rows: .tiling(planes.height, cells: map.shape[0]), columns: .tiling(planes.width, cells: map.shape[1]))
        return (map, placement)
    }

    /// A raw result without the batch axis as one number a pixel of the model's input, `[height, width]`: reduced over
    /// channels, and laid where its cells respond, bilinear between them; nil where it is no map over a picture.
    ///
    /// - Parameter layer: Where the result lives; nil where that is the input.
    package func map(of raw: Tensor<Float>, at layer: LayerChoice?, over planes: PicturePlanes) -> Tensor<Float>? {
        guard let (map, placement) = placedMap(of: raw, at: layer, over: planes) else { return nil }
        guard map.shape != [planes.height, planes.width] else { return map }
        return map.laid(over: (planes.height, planes.width), placement: placement)
    }
}

extension Attribution {
    /// One sample's result as one number a pixel of the model's input, `[height, width]`; nil where it is no map over a
    /// picture.
    package func map(ofSample sample: Int, display: MethodDescription.Display, over planes: PicturePlanes) -> Tensor<
        Float
    >? {
        (try? raw(ofSample: sample)).flatMap { display.map(of: $0, at: layer, over: planes) }
    }
}
