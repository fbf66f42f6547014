package import Explanations
package import Tensors

/// The pixels of a map in an order.
package enum MapRanking {
    /// Pixels by falling value, numbered row by row; equal ones in rising number.
    package static func descending(_ map: Tensor<Float>) -> [Int] {
        ranked(map) { ~$0 }
    }

    /// Pixels by rising value, numbered row by row; equal ones in rising number.
    package static func ascending(_ map: Tensor<Float>) -> [Int] {
        ranked(map) { $0 }
    }

    /// Sorts whole numbers that hold a value's rank above its place, which is several times as fast as looking values up.
    private static func ranked(_ map: Tensor<Float>, by order: (UInt32) -> UInt32) -> [Int] {
        let keys = map.elements.enumerated().map { place, value -> UInt64 in
            // Zero has two signs and one rank. Bits of positive floats rise with the value, those of negative ones fall.
            let bits = (value + 0).bitPattern
            let rank = bits >> 31 == 0 ? bits | 1 << 31 : ~bits
            return UInt64(order(rank)) << 32 | UInt64(truncatingIfNeeded: place)
        }
        return keys.sorted().map { Int($0 & 0xFFFF_FFFF) }
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
