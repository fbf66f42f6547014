package import Explanations
package import Tensors

/// The pixels of a map in an order.
package enum MapRanking {
    /// Pixels by falling value, numbered row by row; equal ones in rising number.
    package static func descending(_ map: Tensor<Float>) -> [Int] {
        let values = map.elements
        return values.indices.sorted { values[$0] > values[$1] || (values[$0] == values[$1] && $0 < $1) }
    }

    /// Pixels by rising value, numbered row by row; equal ones in rising number.
    package static func ascending(_ map: Tensor<Float>) -> [Int] {
        let values = map.elements
        return values.indices.sorted { values[$0] < values[$1] || (values[$0] == values[$1] && $0 < $1) }
    }
}

extension EvaluationSubject {
    /// The picture's planes, once the map is known to lie over them, a finite number a pixel.
    package func planes(for metric: String) throws -> PicturePlanes {
        let planes = try experiment.planes()
        guard map.shape == [planes.height, planes.width] else {
            throw EvaluationError.undefined(
                measure: metric,
                reason: "the map has shape \(map.shape) and the picture \(planes.height) x \(planes.width) pixels")
        }
        guard map.elements.allSatisfy(\.isFinite) else {
            throw EvaluationError.undefined(measure: metric, reason: "the map is not finite")
        }
        return planes
    }
}
