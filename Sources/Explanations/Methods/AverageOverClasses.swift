import Tensors

/// The mean of a method's maps over the most likely classes.
package struct AverageOverClasses: ProcedureMethod {
    /// How much a class counts.
    package enum Weighting: String, Sendable, CaseIterable {
        case probability
        case equal
    }

    package static let description = MethodDescription(
        name: "average-classes", family: .composition,
        summary: "The mean of another method's maps over the most likely classes.",
        formula: "Σ_c p_c L(S_c) / Σ_c p_c  over the classes of the highest scores", paper: "",
        result: "that of the wrapped method", place: .input, cost: "top times the wrapped method's, 1 forward pass",
        fits: "classifiers whose target is one class",
        remarks:
            "What the model looks at whatever it says in the end. Probabilities are the softmax of the scores, or the scores themselves where they are probabilities already.",
        parameters: [WrappedMethod.parameter(default: "gradcam"), top.description, weights.description],
        display: .positive)

    private static let top = MethodParameter<Int>.integer("top", 5, in: 1...100_000, "how many classes")
    private static let weights = MethodParameter<Weighting>.choice("weights", .probability, "how much a class counts")

    private let method: WrappedMethod
    private let top: Int
    private let weights: Weighting

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        top = try parameters.value(Self.top)
        weights = try parameters.value(Self.weights)
        method = try WrappedMethod(&parameters, default: "gradcam")
    }

    package var display: MethodDescription.Display? { method.display }

    package var requirements: [MethodRequirement] { [.classes, .method(method.specification)] }

    package func result(of experiment: Experiment) throws -> ProcedureResult {
        let scores = try experiment.answers(at: [experiment.input], of: [MethodSpecification("output")])
            .results[0].elements
        guard let explained = experiment.target.singleClass(ofSample: experiment.sample, among: scores.count) else {
            throw ExplanationError.unsuitable(
                method: experiment.label, reason: "the target is not one class of a classifier")
        }
        let order = scores.indices.sorted { (scores[$0], $1) > (scores[$1], $0) }.prefix(top)
        let probabilities = Self.probabilities(scores)
        var sums: [Double] = []
        var total = 0.0
        var result: ProcedureResult?
        var used = 0
        for index in order where used == 0 || !experiment.isOver {
            let map = try experiment.experiment(about: explained.target(index)).result(of: method.specification)
            let weight = weights == .equal ? 1 : probabilities[index]
            if sums.isEmpty { sums = [Double](repeating: 0, count: map.values.elements.count) }
            for (element, value) in map.values.elements.enumerated() { sums[element] += weight * Double(value) }
            total += weight
            used += 1
            result = ProcedureResult(map.values, layer: map.layer, notes: (result?.notes ?? []) + map.notes)
        }
        guard var result else {
            throw ExplanationError.unsuitable(method: experiment.label, reason: "the model has no classes")
        }
        if used < order.count { result.notes.append("average-classes ended after \(used) of \(order.count) classes") }
        result.values.mutateElements { $0 = sums.map { Float($0 / total) } }
        return result
    }

    /// The softmax of scores, or the scores where they are probabilities.
    private static func probabilities(_ scores: [Float]) -> [Double] {
        // Softmax and sigmoid outputs; logits of many classes do not all lie there.
        scores.allSatisfy { (0...1).contains($0) } ? scores.map(Double.init) : Probability.softmax(scores)
    }
}
