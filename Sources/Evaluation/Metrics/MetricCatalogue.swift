public import Explanations
import Graphs

/// Every metric by name; one line a metric, sorted.
public enum MetricCatalogue {
    package static let metrics: [any Metric.Type] = [
        ADCC.self,
        AverageDrop.self,
        AverageGain.self,
        BoxOverlap.self,
        Coherency.self,
        Complexity.self,
        Deletion.self,
        EffectiveHeatRatio.self,
        EnergyInside.self,
        GroundTruthKnown.self,
        IROF.self,
        Increase.self,
        Infidelity.self,
        Insertion.self,
        MaxBoxAccuracy.self,
        MaxBoxAccuracyV2.self,
        MaxSensitivity.self,
        MethodAgreement.self,
        Monotonicity.self,
        PerformanceInformation.self,
        PixelAveragePrecision.self,
        PixelFlipping.self,
        PointingGame.self,
        ROAD.self,
        RandomLogit.self,
        Selectivity.self,
        SensitivityN.self,
        Sparseness.self,
        TopFiveLocalisationError.self,
        TopOneLocalisationError.self,
        WinRate.self,
    ]

    /// The entries, sorted by name.
    public static var descriptions: [MeasureDescription] {
        metrics.map { $0.description }.sorted { $0.name < $1.name }
    }

    /// The entry of a metric; fails with near misses.
    public static func description(named name: String) throws(EvaluationError) -> MeasureDescription {
        try type(named: name).description
    }

    /// The metric of a specification `NAME[:key=value,…]`.
    package static func metric(_ specification: MethodSpecification) throws(EvaluationError) -> any Metric {
        let type = try type(named: specification.name)
        return try EvaluationError.asking(.metric, specification) { parameters throws(ExplanationError) in
            try type.init(&parameters)
        }
    }

    /// Fails where a specification names no metric, or parameters that it does not take.
    public static func check(_ specification: MethodSpecification) throws(EvaluationError) {
        _ = try metric(specification)
    }

    private static func type(named name: String) throws(EvaluationError) -> any Metric.Type {
        guard let type = metrics.first(where: { $0.description.name == name }) else {
            throw .unknownName(
                kind: .metric, name: name,
                suggestions: Suggestion.nearest(to: name, among: metrics.map { $0.description.name }))
        }
        return type
    }
}

extension EvaluationError {
    /// Reads a measure's parameters; what is wrong with them is said in the words of this module.
    static func asking<Measure>(
        _ kind: MeasureKind, _ specification: MethodSpecification,
        _ read: (inout MethodParameters) throws(ExplanationError) -> Measure
    ) throws(EvaluationError) -> Measure {
        var parameters = MethodParameters(method: specification.name, values: specification.parameters)
        do {
            let measure = try read(&parameters)
            try parameters.finish()
            return measure
        } catch {
            guard case .parameter(_, let name, let reason) = error else {
                throw .parameter(kind: kind, measure: specification.name, name: "", reason: "\(error)")
            }
            throw .parameter(kind: kind, measure: specification.name, name: name, reason: reason)
        }
    }
}
