public import Evaluation
public import Explanations

/// What is measured: methods, metrics, and which class of every picture.
public struct EvaluationPlan: Sendable {
    /// The methods that are measured.
    public var methods: [EvaluatedMethod]
    /// The metrics, with parameters.
    public var metrics: [MethodSpecification]
    /// The class that is explained.
    public var explained: EvaluatedClass
    /// Which class a WordNet identifier means, or a name of the data set that is none of the model's.
    public var identifiers: [String: Int]
    /// Seeds everything that is drawn at random.
    public var seed: UInt64
    /// What methods may use; `time` is that of one map.
    public var settings: RunSettings

    /// A plan.
    public init(
        methods: [EvaluatedMethod], metrics: [MethodSpecification], explained: EvaluatedClass = .truth,
        identifiers: [String: Int] = [:], seed: UInt64 = 0, settings: RunSettings = RunSettings()
    ) {
        self.methods = methods
        self.metrics = metrics
        self.explained = explained
        self.identifiers = identifiers
        self.seed = seed
        self.settings = settings
    }
}

/// A method that is measured, at a layer.
public struct EvaluatedMethod: Sendable, Hashable {
    /// The method with its parameters.
    public let specification: MethodSpecification
    /// The layer that maps are taken from; nil is the sidecar's, else the structural choice.
    public let layer: String?
    /// Whether it only gives the others' numbers a meaning; references are not timed.
    public let isReference: Bool
    /// What is asked about it; nil is everything. A map of one or two values has no order of pixels to ask about.
    public let families: Set<MeasureDescription.Family>?
    /// Whether its map lies over the whole photograph, also where the model sees a part of it.
    let isOfPhotograph: Bool
    /// What it is called in results.
    public let label: String

    /// A method; the label is the specification's unless it is given.
    public init(
        _ specification: MethodSpecification, layer: String? = nil, isReference: Bool = false,
        families: Set<MeasureDescription.Family>? = nil, label: String? = nil
    ) {
        self.init(
            specification, layer: layer, isReference: isReference, families: families, label: label,
            isOfPhotograph: false)
    }

    private init(
        _ specification: MethodSpecification, layer: String? = nil, isReference: Bool,
        families: Set<MeasureDescription.Family>?, label: String? = nil, isOfPhotograph: Bool
    ) {
        self.isOfPhotograph = isOfPhotograph
        self.specification = specification
        self.layer = layer
        self.isReference = isReference
        self.families = families
        self.label = label ?? specification.label
    }
}

extension EvaluatedMethod {
    /// Maps that know nothing of the model, for every metric that they mean something to: what any other number has to be compared
    /// with.
    public static let references = [
        EvaluatedMethod(
            MethodSpecification("constant"), isReference: true, families: [.localisation], label: "whole-image",
            isOfPhotograph: true),
        EvaluatedMethod(
            MethodSpecification("centred-box"), isReference: true, families: [.localisation], isOfPhotograph: true),
        EvaluatedMethod(MethodSpecification("centred-gaussian"), isReference: true),
        EvaluatedMethod(MethodSpecification("random-map"), isReference: true),
        EvaluatedMethod(MethodSpecification("sobel"), isReference: true),
    ]

    /// Whether a metric is asked about it.
    public func isAsked(_ metric: MeasureDescription) -> Bool { families?.contains(metric.family) ?? true }
}

/// Which class of a picture is explained.
public enum EvaluatedClass: Sendable, Hashable {
    /// The true class; the highest one where the picture's class is none of the model's.
    case truth
    /// The highest one.
    case top
    /// A class by index or name.
    case named(String)

    /// Reads `truth`, `top1`, an index or a name.
    public init(_ text: String) {
        switch text {
        case "truth": self = .truth
        case "top", "top1": self = .top
        default: self = .named(text)
        }
    }
}
