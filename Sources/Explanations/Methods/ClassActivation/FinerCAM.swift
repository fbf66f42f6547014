import Graphs
import Tensors

/// Finer-CAM: what tells a class from those that resemble it (Zhang et al. 2025).
package struct FinerCAM: ProcedureMethod {
    package static let description = MethodDescription(
        name: "finercam", family: .classActivation,
        summary: "Grad-CAM of what tells a class from those that the model scores most alike.",
        formula:
            "the base method's map of y_c - gamma mean_d y_d, d the `references` classes whose scores are nearest to y_c",
        paper:
            "Zhang, Gu, Chowdhury, Mai, Carlyn, Berger-Wolf, Su, Chao: Finer-CAM, CVPR 2025",
        result: "[B, H, W] of the layer", place: .layer, cost: "1 forward pass, then the base method's",
        fits: "classifiers, with one class as the target",
        remarks:
            "Takes away what similar classes share, so it shows parts where Grad-CAM shows the whole object; gamma=0 is the base method. Which classes it compared with stands in the notes. The authors' later code weighs the references by their probabilities; here, as in the paper, they count alike.",
        parameters: [WrappedMethod.parameter(default: "gradcam"), references.description, gamma.description],
        display: .positive)

    private static let references = MethodParameter<Int>.integer(
        "references", 3, in: 1...1000, "how many similar classes")
    private static let gamma = MethodParameter<Double>.number(
        "gamma", 0.6, in: 0...10, "how much of the similar classes' score is taken off")

    private let base: MethodSpecification
    private let references: Int
    private let gamma: Double

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        references = try parameters.value(Self.references)
        gamma = try parameters.value(Self.gamma)
        base = try WrappedMethod(&parameters, default: "gradcam").specification
    }

    package var requirements: [MethodRequirement] { [.classes, .method(base)] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let scores = try experiment.answers(
            at: [experiment.input], of: [MethodSpecification("output")]
        ).results[0]
        let classes = scores.elements.count
        guard scores.shape.dimensions.allSatisfy({ $0 == 1 || $0 == classes }), classes > 1 else {
            throw unsuitable(
                "it compares a class with others, and the target's output of shape \(scores.shape) is no list of classes"
            )
        }
        guard let explained = experiment.target.singleClass(ofSample: experiment.sample, among: classes) else {
            throw unsuitable("its target has to be one class, such as 3 or logit(3)")
        }
        let index = explained.index
        func distance(_ other: Int) -> Float { abs(scores.elements[other] - scores.elements[index]) }
        let similar = (0..<classes).filter { $0 != index }.sorted {
            distance($0) < distance($1) || (distance($0) == distance($1) && $0 < $1)
        }.prefix(references)
        let terms = similar.map { Target.Term(-gamma / Double(similar.count), explained.target($0)) }
        let difference = try experiment.experiment(
            about: .combination([Target.Term(1, explained.target(index))] + terms))
        var result = try difference.result(of: base)
        result.notes.append("compared with class \(similar.map(String.init).joined(separator: ", "))")
        result.companions["references"] = Tensor(vector: similar.map { Float($0) })
        return result
    }

    private func unsuitable(_ reason: String) -> ExplanationError {
        .unsuitable(method: Self.description.name, reason: reason)
    }
}
