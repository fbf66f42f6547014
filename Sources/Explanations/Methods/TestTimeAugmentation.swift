import Tensors

/// The mean of a method's maps over changed views of the picture, each laid back over it.
package struct TestTimeAugmentation: ProcedureMethod {
    /// Which views.
    package enum Views: String, Sendable, CaseIterable {
        case flips
        case scales
        case tenCrop = "ten-crop"

        var views: [PictureView] {
            switch self {
            case .flips: PictureView.flips
            case .scales: PictureView.scales
            case .tenCrop: PictureView.tenCrop
            }
        }
    }

    package static let description = MethodDescription(
        name: "augmented", family: .composition,
        summary: "Another method's maps of changed views of the picture, laid back over it and joined.",
        formula: "mean_t t⁻¹ L(t x);   ten-crop: the sum over the crops, as they lie over the picture",
        paper:
            "Zhou, Khosla, Lapedriza, Oliva, Torralba: Learning Deep Features for Discriminative Localization, CVPR 2016 (ten crops)",
        result: "[B, H, W] of the input; the input's shape for methods that have its channels", place: .input,
        cost: "the wrapped method's for every view: 2 flips, 3 scales, 10 crops",
        fits: "models of pictures",
        remarks:
            "flips: the picture and its mirror image; scales: 0.8, 1 and 1.25 times its size about the middle; ten-crop: corners and middle at 7/8 of its size with their mirror images, enlarged to the input's size, maps summed without scaling. Averages out what a map owes to the grid of the network's strides.",
        parameters: [WrappedMethod.parameter(default: "gradcam"), views.description], display: .positive)

    private static let views = MethodParameter<Views>.choice("with", .flips, "which views")

    private let method: WrappedMethod
    private let views: Views

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        views = try parameters.value(Self.views)
        method = try WrappedMethod(&parameters, default: "gradcam")
    }

    package var display: MethodDescription.Display? { method.display }

    package var requirements: [MethodRequirement] { [.picture, .method(method.specification)] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let planes = try experiment.planes()
        experiment.noteRounding()
        let views = views.views
        let cells = planes.height * planes.width
        var sums: [[Double]] = []
        var coverage = [Double](repeating: 0, count: cells)
        var form: MapPlanes?
        _ = try experiment.streamMaps(views.count, of: method.specification) { index in
            views[index].picture(of: experiment.input, planes)
        } consume: { index, map in
            let parts = try experiment.mapPlanes(map, of: method)
            form = parts
            if sums.isEmpty { sums = parts.planes.map { _ in [Double](repeating: 0, count: cells) } }
            for (plane, part) in parts.planes.enumerated() {
                let laid = views[index].overPicture(part, planes)
                for cell in 0..<cells { sums[plane][cell] += Double(laid.map.elements[cell]) }
                guard plane == 0 else { continue }
                for cell in 0..<cells { coverage[cell] += Double(laid.coverage.elements[cell]) }
            }
        }
        guard let form else {
            throw ExplanationError.unsuitable(method: experiment.label, reason: "there are no views")
        }
        let isSum = self.views == .tenCrop
        let joined = sums.map { sum in
            var plane = Tensor<Float>(repeating: 0, shape: [planes.height, planes.width])
            plane.mutateElements { elements in
                for cell in elements.indices {
                    elements[cell] = Float(isSum ? sum[cell] : sum[cell] / max(coverage[cell], 1))
                }
            }
            return plane
        }
        return ProcedureResult(try form.map(of: joined))
    }
}
