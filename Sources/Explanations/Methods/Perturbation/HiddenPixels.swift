package import Tensors

/// What stands in place of pixels that a method hides.
package enum HiddenPixels: Sendable {
    /// The same input, whichever pixels are hidden.
    case baseline(Baseline)
    /// What the pixels around the hole suggest.
    case inpainting

    package static let parameter = MethodParameter<HiddenPixels>(
        "baseline", .baseline(Baseline(0)), written: "0",
        "what stands in place of hidden pixels: 0, a number, black, white, mean, blur[:SIGMA], noise[:SEED], FILE.npy, or inpaint (filled from the border of the hole by diffusion)"
    ) { text in
        if text == "inpaint" { return .inpainting }
        return try Baseline(parsing: text).flatMap { $0.kinds.count == 1 ? .baseline($0) : nil }
    }

    /// A picture whose pixels can be hidden.
    package func picture(of experiment: Experiment) throws -> HidingPicture {
        let planes = try experiment.planes()
        switch self {
        case .baseline(let baseline):
            return HidingPicture(
                picture: experiment.input, planes: planes, background: try baseline.input(for: experiment))
        case .inpainting: return HidingPicture(picture: experiment.input, planes: planes, background: nil)
        }
    }
}

/// A picture whose pixels can be hidden.
package struct HidingPicture: Sendable {
    package let picture: Tensor<Float>
    package let planes: PicturePlanes
    /// What stands behind the picture; nil where holes are filled from their borders.
    private let background: Tensor<Float>?

    package init(picture: Tensor<Float>, planes: PicturePlanes, background: Tensor<Float>?) {
        self.picture = picture
        self.planes = planes
        self.background = background
    }

    /// The picture without the pixels at some places, numbered row by row.
    package func hiding(_ places: [Int]) -> Tensor<Float> {
        var result = picture
        if let behind = background?.elements {
            result.mutateElements { elements in
                for channel in 0..<planes.channels {
                    for place in places {
                        let index = planes.offset(
                            channel: channel, row: place / planes.width, column: place % planes.width)
                        elements[index] = behind[index]
                    }
                }
            }
            return result
        }
        let filling = HarmonicFilling(height: planes.height, width: planes.width)
        let channels = (0..<planes.channels).map { planes.plane($0, of: picture) }
        for (channel, values) in filling.values(at: places, of: channels).enumerated() {
            result.mutateElements { elements in
                for (place, value) in zip(places, values) {
                    elements[
                        planes.offset(channel: channel, row: place / planes.width, column: place % planes.width)] =
                        Float(value)
                }
            }
        }
        return result
    }
}
