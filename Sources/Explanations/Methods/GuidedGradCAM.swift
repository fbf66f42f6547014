import Differentiation
package import Graphs
import Tensors

/// Guided Grad-CAM (Selvaraju et al. 2017).
package struct GuidedGradCAM: GraphMethod {
    package static let description = MethodDescription(
        name: "guided-gradcam", family: .modifiedBackward,
        summary: "Guided backpropagation, kept where Grad-CAM is positive.",
        formula: "guided backpropagation ⊙ upsample(max(L, 0)), L Grad-CAM at the layer; nothing is normalised",
        paper: "Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra: Grad-CAM, ICCV 2017", result: "the input's shape",
        place: .input, cost: "1 forward pass, 1 full backward pass and 1 down to the layer",
        fits: "ReLU networks with a spatial layer",
        remarks:
            "Fails the sanity checks, as guided backpropagation does (Adebayo et al. 2018): the fine detail comes from the picture, only the coarse mask from the class. All zero where Grad-CAM is nowhere positive.",
        parameters: [upsampling.description, GuidedBackpropagation.relu6.description], display: .magnitude)

    /// How the map gets the picture's size.
    enum Upsampling: String, CaseIterable, Sendable {
        /// Pixel centres on pixel centres.
        case bilinear
        /// The cell in which a pixel lies.
        case nearest
    }

    private static let upsampling = MethodParameter.choice(
        "upsample", Upsampling.bilinear, "how the map gets the picture's size")

    private let upsampling: Upsampling
    private let relu6: Bool
    private var rules: BackwardRules { .guidedBackpropagation(relu6: relu6) }

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        upsampling = try parameters.value(Self.upsampling)
        relu6 = try parameters.value(GuidedBackpropagation.relu6)
    }

    package func layer(in question: Question) throws -> LayerChoice? { try question.layer() }

    package func gradients(in question: Question) throws -> [GradientRequest] {
        let layer = try question.spatialLayer(for: "guided-gradcam").layer
        _ = try picture(in: question)
        return [.of(question.input, by: rules), .of(layer.value)]
    }

    /// Which axes of the input count pictures and places; fails where the layer's maps do not lie over them one by one.
    private func picture(in question: Question) throws -> PlaceAxes {
        let name = question.graph[question.input].name
        guard var picture = PlaceAxes(of: question.input, in: question.graph) else {
            throw ExplanationError.unsuitable(
                method: "guided-gradcam", reason: "the input '\(name)' is neither a picture nor a volume")
        }
        let layout = try question.spatialLayer(for: "guided-gradcam").layout
        // A layer may hold a map of all views together.
        while picture.batch != layout.batch, let joined = picture.withoutViews { picture = joined }
        guard layout.batch == picture.batch, layout.lengths.count == picture.lengths.count, picture.isRowMajor else {
            throw ExplanationError.unsuitable(
                method: "guided-gradcam",
                reason:
                    "the layer holds \(layout.batch) maps of shape \(Shape(layout.lengths)), which do not lie one by one over the input '\(name)'; multiply maps of gradcam and guided-backprop yourself"
            )
        }
        return picture
    }

    package func result(in question: inout QuestionGraph) throws -> ValueID {
        let input = question.question.input
        let (_, layout) = try question.question.spatialLayer(for: "guided-gradcam")
        let picture = try picture(in: question.question)
        let positive = question.emit("Relu", [try GradCAM().result(in: &question)])
        var lengths = [Int](repeating: 1, count: question.graph.shape(of: input)?.rank ?? 0)
        for (axis, length) in zip(picture.samples, picture.sampleLengths) { lengths[axis] = length }
        for (axis, length) in zip(picture.places, picture.lengths) { lengths[axis] = length }
        let large = upsampled(positive, layout, to: picture, in: &question)
        let guided = try question.gradient(of: input, by: rules)
        return question.emit("Mul", [guided, question.reshape(large, to: Shape(lengths))])
    }

    package func notes(on question: Question) throws -> [String] {
        question.notesOnRectifiers(relu6: relu6, method: "its guided backpropagation")
    }

    /// `[B, h, w]` becomes `[B, 1, H, W]`, `[B, d, h, w]` of a volume `[B, 1, D, H, W]`.
    private func upsampled(
        _ map: ValueID, _ layout: MapLayout, to picture: PlaceAxes, in question: inout QuestionGraph
    ) -> ValueID {
        switch upsampling {
        case .bilinear:
            let plane = question.reshape(map, to: Shape([layout.batch, 1] + layout.lengths))
            let sizes = question.integers([layout.batch, 1] + picture.lengths)
            return question.emit(
                "Resize", [plane, nil, nil, sizes],
                ["mode": .string("linear"), "coordinate_transformation_mode": .string("half_pixel")])
        case .nearest:
            var large = map
            for (axis, (cells, pixels)) in zip(layout.lengths, picture.lengths).enumerated() {
                large = question.emit(
                    "Gather", [large, question.integers(Self.cells(of: cells, for: pixels))],
                    ["axis": .integer(axis + 1)])
            }
            return large
        }
    }

    /// The cell in which each pixel lies: `floor(pixel cells / pixels)`.
    private static func cells(of cells: Int, for pixels: Int) -> [Int] {
        (0..<pixels).map { $0 * cells / pixels }
    }
}
