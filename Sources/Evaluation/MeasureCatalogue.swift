import Graphs

/// Metrics and similarities together, for people who look one up.
public enum MeasureCatalogue {
    /// The entries, sorted by name.
    public static var descriptions: [MeasureDescription] {
        (MetricCatalogue.descriptions + SimilarityCatalogue.descriptions).sorted { $0.name < $1.name }
    }

    /// The entry of a metric or similarity; fails with near misses.
    public static func description(named name: String) throws(EvaluationError) -> MeasureDescription {
        let all = descriptions
        guard let description = all.first(where: { $0.name == name }) else {
            throw .unknownName(
                kind: .metric, name: name, suggestions: Suggestion.nearest(to: name, among: all.map(\.name)))
        }
        return description
    }
}
