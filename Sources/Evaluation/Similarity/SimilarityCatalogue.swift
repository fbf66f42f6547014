package import Explanations
import Graphs
public import Tensors

/// Every similarity by name; one line a similarity, sorted.
public enum SimilarityCatalogue {
    package static let similarities: [any MapSimilarity.Type] = [
        EarthMoversDistance.self,
        HOGSimilarity.self,
        IntersectionOverUnion.self,
        Pearson.self,
        SpearmanAbsolute.self,
        SpearmanDiverging.self,
        StructuralSimilarity.self,
    ]

    /// The entries, sorted by name.
    public static var descriptions: [MeasureDescription] {
        similarities.map { $0.description }.sorted { $0.name < $1.name }
    }

    /// The similarity of a specification `NAME[:key=value,…]`.
    package static func similarity(
        _ specification: MethodSpecification
    ) throws(EvaluationError) -> any MapSimilarity {
        guard let type = similarities.first(where: { $0.description.name == specification.name }) else {
            throw .unknownName(
                kind: .similarity, name: specification.name,
                suggestions: Suggestion.nearest(
                    to: specification.name, among: similarities.map { $0.description.name }))
        }
        return try EvaluationError.asking(.similarity, specification) { parameters throws(ExplanationError) in
            try type.init(&parameters)
        }
    }

    /// How alike two maps of one shape are.
    ///
    /// - Parameters:
    ///   - first: `[H, W]`, `[C, H, W]`, `[H, W, 3]`, or one of these behind an axis of length 1; correlations take any shape.
    ///   - second: A map of the same shape.
    ///   - specification: `NAME[:key=value,…]`, as `gaze compare-maps --metric` takes it.
    /// - Throws: `EvaluationError` where there is no such similarity, or the maps cannot be compared by it.
    public static func similarity(
        of first: Tensor<Float>, and second: Tensor<Float>, by specification: String
    ) throws(EvaluationError) -> Double {
        try similarity(parsing: specification).value(first, second)
    }

    /// Fails with the first specification `NAME[:key=value,…]` that is none of a similarity.
    public static func check(_ specifications: [String]) throws(EvaluationError) {
        for text in specifications { _ = try similarity(parsing: text) }
    }

    private static func similarity(parsing text: String) throws(EvaluationError) -> any MapSimilarity {
        let specification: MethodSpecification
        do { specification = try MethodSpecification(parsing: text) } catch {
            guard case .parameter(let measure, let name, let reason) = error else {
                throw .parameter(kind: .similarity, measure: text, name: "", reason: "\(error)")
            }
            throw .parameter(kind: .similarity, measure: measure, name: name, reason: reason)
        }
        return try similarity(specification)
    }
}
