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
        [.of(question.input, by: rules), .of(try question.spatialLayer(for: "guided-gradcam").layer.value)]
    }

    package func result(in question: inout QuestionGraph) throws -> ValueID {
        let input = question.question.input
        let (_, layout) = try question.question.spatialLayer(for: "guided-gradcam")
        guard let shape = question.graph.shape(of: input), let picture = question.question.graph.pictureAxes(of: input)
        else {
            throw ExplanationError.unsuitable(
                method: "guided-gradcam", reason: "the input '\(question.graph[input].name)' is no picture")
        }
        let positive = question.emit("Relu", [try GradCAM().result(in: &question)])
        var lengths = [Int](repeating: 1, count: shape.rank)
        if let axis = picture.sampleAxis { lengths[axis] = picture.batch }
        (lengths[picture.rowAxis], lengths[picture.columnAxis]) = (picture.height, picture.width)
        let large = upsampled(positive, layout, to: picture, in: &question)
        let guided = try question.gradient(of: input, by: rules)
        return question.emit("Mul", [guided, question.reshape(large, to: Shape(lengths))])
    }

    package func notes(on question: Question) throws -> [String] {
        question.notesOnRectifiers(relu6: relu6, method: "its guided backpropagation")
    }

    /// `[B, h, w]` becomes `[B, 1, H, W]`.
    private func upsampled(
        _ map: ValueID, _ layout: MapLayout, to picture: PictureAxes, in question: inout QuestionGraph
    ) -> ValueID {
        switch upsampling {
        case .bilinear:
            let plane = question.reshape(map, to: [layout.batch, 1, layout.height, layout.width])
            let sizes = question.integers([layout.batch, 1, picture.height, picture.width])
            return question.emit(
                "Resize", [plane, nil, nil, sizes],
                ["mode": .string("linear"), "coordinate_transformation_mode": .string("half_pixel")])
        case .nearest:
            let rows = question.emit(
                "Gather", [map, question.integers(Self.cells(of: layout.height, for: picture.height))],
                ["axis": .integer(1)])
            return question.emit(
                "Gather", [rows, question.integers(Self.cells(of: layout.width, for: picture.width))],
                ["axis": .integer(2)])
        }
    }

    /// The cell in which each pixel lies: `floor(pixel cells / pixels)`.
    private static func cells(of cells: Int, for pixels: Int) -> [Int] {
        (0..<pixels).map { $0 * cells / pixels }
    }
}
