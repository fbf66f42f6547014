package import Explanations
import Graphs

/// Every similarity by name; one line a similarity, sorted.
public enum SimilarityCatalogue {
    package static let similarities: [any MapSimilarity.Type] = [
        Pearson.self,
        SpearmanAbsolute.self,
        SpearmanDiverging.self,
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
}
