import Tensors

/// A raw map as planes `[H, W]` over the picture: one, or one a channel.
struct MapPlanes: Sendable {
    private(set) var planes: [Tensor<Float>]
    /// How channels lie in a map of the input's shape; nil for a map of one plane.
    private let channels: PicturePlanes?
    private let shape: Shape

    /// The planes of a map `[H, W]`, `[1, H, W]` or of an input's shape; nil where it is none of these.
    ///
    /// - Parameter picture: How channels lie in the input; nil where it is no picture.
    init?(_ map: Tensor<Float>, input: Shape, picture: PicturePlanes?) {
        shape = map.shape
        if map.shape.rank == 2, map.shape.count > 0 {
            (planes, channels) = ([map], nil)
        } else if map.shape.dimensions == Array(input.dimensions.dropFirst()), let picture,
            let whole = try? map.reshaped(input)
        {
            (planes, channels) = ((0..<picture.channels).map { picture.plane($0, of: whole) }, picture)
        } else if map.shape.rank == 3, map.shape[0] == 1, map.shape.count > 0 {
            (planes, channels) = ([map.slice(0)], nil)
        } else {
            return nil
        }
    }

    var height: Int { planes[0].shape[0] }
    var width: Int { planes[0].shape[1] }

    /// The map with these planes in place of its own; of one plane `[H, W]` where their size is another.
    func map(of planes: [Tensor<Float>]) throws -> Tensor<Float> {
        guard let channels, let whole = try? Tensor<Float>(repeating: 0, shape: shape).reshaped([1] + shape) else {
            return planes[0].shape.count == shape.count ? try planes[0].reshaped(shape) : planes[0]
        }
        return channels.picture(planes, like: whole).slice(0)
    }

    /// The planes at another size.
    func resampled(height: Int, width: Int) throws -> [Tensor<Float>] {
        guard (height, width) != (self.height, self.width) else { return planes }
        return try planes.map { try $0.resampled(height: height, width: width) }
    }
}

private func + (first: [Int], rest: Shape) -> Shape { Shape(first + rest.dimensions) }

extension Experiment {
    /// The planes of a map; fails where it does not lie over the picture.
    func mapPlanes(_ map: Tensor<Float>, of method: WrappedMethod) throws -> MapPlanes {
        guard let planes = MapPlanes(map, input: input.shape, picture: knownPlanes) else {
            throw ExplanationError.unsuitable(
                method: label,
                reason: "the result of \(method.specification.name) of shape \(map.shape) is no map over a picture")
        }
        return planes
    }
}
