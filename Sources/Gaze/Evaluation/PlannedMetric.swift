import Evaluation
import Explanations
import Tensors

/// A metric of a plan, with its catalogue entry.
struct PlannedMetric: Sendable {
    let label: String
    let description: MeasureDescription
    let metric: any Metric
    /// With all parameters, for keys.
    let text: String

    init(_ specification: MethodSpecification) throws {
        label = specification.label
        description = try MetricCatalogue.description(named: specification.name)
        metric = try MetricCatalogue.metric(specification)
        text = EvaluationKey.text(of: specification, description)
    }

    /// Whether a picture's annotation holds what the metric needs.
    func isMet(by picture: PreparedPicture) -> Bool {
        metric.needs.allSatisfy { need in
            switch need {
            case .label: picture.trueIndex != nil
            case .box: !picture.entry.boxes.isEmpty
            case .mask: picture.entry.mask != nil
            }
        }
    }
}

/// A method of a plan, with what runs and draws it.
struct PlannedMethod: Sendable {
    let method: EvaluatedMethod
    let display: MethodDescription.Display
    let isProcedure: Bool
    /// With all parameters, for keys.
    let text: String

    init(_ method: EvaluatedMethod) throws {
        self.method = method
        let built = try MethodCatalogue.method(method.specification)
        guard let display = built.display, !(built is any StackMethod) else {
            throw GazeError.noMap(method: method.specification.name)
        }
        self.display = display
        isProcedure = try MethodCatalogue.isProcedure(method.specification)
        text = EvaluationKey.text(of: method)
    }
}

/// What was measured at one map by one metric, as the store keeps it.
struct StoredMeasurement: Sendable, Codable {
    /// What was found; nil where the number does not exist.
    var measurement: Evaluation.Measurement?
    /// Why it does not exist.
    var undefined: String?
    /// The tensor that the map was taken from.
    var layer: String?
}

/// What the model says about a picture, as the store keeps it.
struct StoredReading: Sendable, Codable {
    /// The explained class.
    var index: Int
    var probability: Double?
    /// How many classes stand before the true one.
    var rank: Int?
}
