/// Why something cannot be measured.
public enum EvaluationError: Error, Sendable, Hashable {
    /// A metric or similarity that does not exist.
    case unknownName(kind: MeasureKind, name: String, suggestions: [String])
    /// A parameter that a measure does not have, or with a value that it does not take.
    case parameter(kind: MeasureKind, measure: String, name: String, reason: String)
    /// Two maps that cannot be compared.
    case incomparable(measure: String, reason: String)
    /// A number that does not exist for this map or picture.
    case undefined(measure: String, reason: String)
}

/// What is looked up in a catalogue of this module.
public enum MeasureKind: String, Sendable, Hashable {
    /// A number about a map.
    case metric
    /// A number about two maps.
    case similarity

    /// The command that lists all.
    var listing: String { self == .metric ? "gaze metrics" : "gaze compare-maps --help" }
}

extension EvaluationError: CustomStringConvertible {
    /// One sentence: what, where, what to do.
    public var description: String {
        switch self {
        case .unknownName(let kind, let name, let suggestions):
            "There is no \(kind.rawValue) '\(name)'"
                + (suggestions.isEmpty ? "" : "; did you mean \(suggestions.joined(separator: " or "))?")
                + " ('\(kind.listing)' lists all.)"
        case .parameter(let kind, let measure, let name, let reason):
            "The parameter '\(name)' of \(measure) cannot be used: \(reason) ('\(kind.listing)' lists parameters)."
        case .incomparable(let measure, let reason):
            "\(measure) cannot compare the maps: \(reason)."
        case .undefined(let measure, let reason):
            "\(measure) is not defined here: \(reason)."
        }
    }
}
