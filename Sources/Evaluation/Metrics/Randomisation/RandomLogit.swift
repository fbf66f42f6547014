package import Explanations
import Tensors

/// How alike the map is to the map of another class, drawn at random.
///
/// Sixt, Granz, Landgraf: When explanations lie: why many modified BP attributions fail, ICML 2020.
package struct RandomLogit: Metric {
    private static let similarity = MethodParameter<MethodSpecification>(
        "similarity", MethodSpecification("spearman-diverging"), written: "spearman-diverging",
        "the similarity of maps; its parameters are written similarity.KEY"
    ) { text in MethodSpecification(text) }
    private static let samples = MethodParameter.integer(
        "samples", 1, in: 1...10_000, "how many other classes are drawn; their mean counts")

    package static let description = MeasureDescription(
        name: "random-logit", family: .randomisation,
        summary: "How alike the map is to the map of another class, drawn at random.",
        formula: "mean over random classes r other than c of similarity(map of c, map of r)",
        paper: "Sixt et al., When Explanations Lie: Why Many Modified BP Attributions Fail, ICML 2020",
        range: "that of the similarity", better: .lower, cost: "samples maps",
        remarks:
            "A method that gives the same map for every class does not show what the class depends on. Classes that look alike have maps that are alike with good reason. The paper and Quantus take the structural similarity (similarity=ssim).",
        parameters: [similarity.description, samples.description])

    private let similarity: any MapSimilarity
    private let samples: Int

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) {
        let name = try parameters.value(Self.similarity).name
        let specification = MethodSpecification(name, parameters: parameters.rest(of: "similarity"))
        do {
            similarity = try SimilarityCatalogue.similarity(specification)
        } catch {
            throw parameters.problem("similarity", "\(error)")
        }
        samples = try parameters.value(Self.samples)
    }

    package func measurement(of subject: EvaluationSubject) throws -> Measurement {
        let name = Self.description.name
        _ = try subject.planes(for: name)
        guard let own = subject.experiment.classIndex else {
            throw EvaluationError.undefined(measure: name, reason: "the explained score is no class's")
        }
        let output = try subject.experiment.outputs(at: [subject.experiment.input])[0]
        guard output.shape.rank == 1, output.elements.count > 1, output.elements.indices.contains(own) else {
            throw EvaluationError.undefined(measure: name, reason: "the model has no other class")
        }
        var generator = SeededGenerator(seed: subject.seed)
        let values = try (0..<samples).map { _ in
            let drawn = Int.random(in: 0..<output.elements.count - 1, using: &generator)
            guard let experiment = try subject.experiment.experiment(aboutClass: drawn < own ? drawn : drawn + 1) else {
                throw EvaluationError.undefined(measure: name, reason: "the explained score is no class's")
            }
            let other = try subject.map(of: experiment.result(of: subject.method), for: name)
            return try similarity.value(subject.map, other)
        }
        return Measurement(values.reduce(0, +) / Double(values.count), details: values)
    }
}
