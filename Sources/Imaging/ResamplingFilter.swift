import func Foundation.sin

/// How a picture's pixels are combined when its size changes.
public enum ResamplingFilter: String, Sendable, Hashable, Codable, CaseIterable {
    /// Pillow's NEAREST.
    case nearest
    /// Pillow's BOX: the mean of the covered pixels.
    case box
    /// Pillow's BILINEAR: a triangle that widens with the reduction (antialiased).
    case bilinear
    /// Pillow's BICUBIC, a = -0.5, widening with the reduction (antialiased).
    case bicubic
    /// Pillow's LANCZOS with three lobes, widening with the reduction (antialiased).
    case lanczos
    /// `tf.image.resize` of TensorFlow 2: half-pixel centres, two neighbours, no antialiasing, not rounded.
    case tensorflowBilinear = "tensorflow-bilinear"
    /// TensorFlow 1's `resize_bilinear(align_corners=False)`: no half-pixel shift, no antialiasing, not rounded.
    case tensorflow1Bilinear = "tensorflow1-bilinear"

    /// The half-width of the antialiased kernel in source pixels at scale 1; nil for the filters without one.
    var support: Double? {
        switch self {
        case .box: 0.5
        case .bilinear: 1
        case .bicubic: 2
        case .lanczos: 3
        case .nearest, .tensorflowBilinear, .tensorflow1Bilinear: nil
        }
    }

    /// The kernel's value at a distance from its centre.
    func kernel(_ distance: Double) -> Double {
        let x = abs(distance)
        switch self {
        case .box:
            return distance > -0.5 && distance <= 0.5 ? 1 : 0
        case .bicubic:
            let a = -0.5
            if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
            return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
        case .lanczos:
            return distance >= -3 && distance < 3 ? sinc(distance) * sinc(distance / 3) : 0
        default:
            return x < 1 ? 1 - x : 0
        }
    }

    private func sinc(_ x: Double) -> Double {
        x == 0 ? 1 : sin(x * .pi) / (x * .pi)
    }
}
