import Tensors

/// How much the score falls without each segment.
package struct FeatureAblation: ProcedureMethod {
    package static let description = MethodDescription(
        name: "feature-ablation", family: .perturbation,
        summary: "How much the score falls when a segment of the picture is replaced, segment by segment.",
        formula: "M(p) = S(x) - S(x with x̄ inside the segment of p); not divided by the segment's size",
        paper: "Kokhlikyan et al.: Captum, 2020 (arXiv 2009.07896); leave one out, as in Zeiler, Fergus 2014",
        result: "[B, 1, H, W] of the input", place: .input, cost: "1 forward pass a segment, and 1",
        fits: "every model with a picture as input; no gradients are needed",
        remarks:
            "Few runs and edges that follow the picture. Evidence that stands in two segments is missed, because each is taken away alone: KernelSHAP takes them away together. A large segment takes more than a small one, by nature.",
        parameters: [SegmentSource.parameter.description, HiddenPixels.parameter.description], display: .positive)

    private let source: SegmentSource
    private let baseline: HiddenPixels

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        source = try parameters.value(SegmentSource.parameter)
        baseline = try parameters.value(HiddenPixels.parameter)
    }

    package var requirements: [MethodRequirement] { [.picture] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let picture = try baseline.picture(of: experiment)
        let segments = try source.segments(of: experiment)
        let members = segments.members
        let score = Double(try experiment.answers(at: [experiment.input]).scores[0])
        var falls = [Double](repeating: 0, count: segments.count)
        try experiment.stream(segments.count) { segment in
            picture.hiding(members[segment])
        } consume: { range, answers in
            for (segment, ablated) in zip(range, answers.scores) { falls[segment] = score - Double(ablated) }
            return true
        }
        return ProcedureResult(segments.map(falls), companions: ["segments": segments.numbers])
    }
}
