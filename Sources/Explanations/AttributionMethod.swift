package import Differentiation
package import Graphs
package import Tensors

/// A way of explaining a score. A conforming value's stored properties are the method's parameters.
///
/// Every method is a `GraphMethod`, a `ProcedureMethod` or a `StackMethod`.
package protocol AttributionMethod: Sendable {
    /// The catalogue's entry.
    static var description: MethodDescription { get }

    /// The method with these parameters; fails with the first that it does not take.
    init(_ parameters: inout MethodParameters) throws(ExplanationError)

    /// Where the result lives, for people; nil where it is no layer.
    func layer(in question: Question) throws -> LayerChoice?

    /// How a picture of the result is made; nil where it is no map.
    var display: MethodDescription.Display? { get }

    /// What can be told about one sample's result by looking at it: conservation, say.
    func checks(of result: Tensor<Float>, score: Double) -> [SelfCheck]

    /// What a user should know about the method on this model, whatever the result.
    func notes(on question: Question) throws -> [String]
}

extension AttributionMethod {
    package func layer(in question: Question) throws -> LayerChoice? {
        Self.description.place == .layer ? try question.layer() : nil
    }

    package var display: MethodDescription.Display? { Self.description.display }

    package func checks(of result: Tensor<Float>, score: Double) -> [SelfCheck] { [] }

    package func notes(on question: Question) throws -> [String] { [] }

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) where Self: ParameterFree {
        self.init()
    }
}

/// A method without parameters.
package protocol ParameterFree {
    init()
}

/// A method that is nodes appended to the model and its derivative: one run answers it, for all samples at once.
package protocol GraphMethod: AttributionMethod {
    /// The gradients that `result(in:)` reads.
    func gradients(in question: Question) throws -> [GradientRequest]

    /// Appends the nodes that compute the raw result, `[B, …]`, and returns it.
    func result(in question: inout QuestionGraph) throws -> ValueID

    /// Appends further numbers by name, one a sample, `[B]`, that the checks need.
    func evidence(in question: inout QuestionGraph) throws -> [String: ValueID]

    /// What can be told about one sample's result with that evidence.
    func checks(of result: Tensor<Float>, score: Double, evidence: [String: Double]) -> [SelfCheck]
}

extension GraphMethod {
    package func evidence(in question: inout QuestionGraph) throws -> [String: ValueID] { [:] }

    package func checks(of result: Tensor<Float>, score: Double, evidence: [String: Double]) -> [SelfCheck] {
        checks(of: result, score: score)
    }
}

/// A method that asks the model many times: sampling, masking, optimising. It explains one sample at a time.
package protocol ProcedureMethod: AttributionMethod {
    /// What it needs of a question besides a score.
    var requirements: [MethodRequirement] { get }

    /// The raw result for the experiment's sample.
    func result(of experiment: Experiment) throws -> ProcedureResult
}

/// A method that explains pictures that its parameters name, all together, in place of the question's inputs.
package protocol StackMethod: AttributionMethod {
    /// The raw result for the pictures.
    func result(of question: StackQuestion) throws -> StackResult
}

/// A gradient that a method needs.
package struct GradientRequest: Sendable, Hashable {
    /// With respect to what.
    package let value: ValueID
    /// By which rules.
    package let rules: BackwardRules

    /// The gradient with respect to a value; the derivative, unless other rules are named.
    package static func of(_ value: ValueID, by rules: BackwardRules = .derivative) -> GradientRequest {
        GradientRequest(value: value, rules: rules)
    }
}

/// What a procedure found out about one sample.
package struct ProcedureResult: Sendable {
    /// The raw result without the batch axis.
    package var values: Tensor<Float>
    /// Where it lives, nil where it is no layer.
    package var layer: LayerChoice?
    /// What the method measured about itself: a completeness gap, a standard error.
    package var checks: [SelfCheck]
    /// What a user should know.
    package var notes: [String]
    /// Further arrays by name: standard errors, channel weights.
    package var companions: [String: Tensor<Float>]

    package init(
        _ values: Tensor<Float>, layer: LayerChoice? = nil, checks: [SelfCheck] = [], notes: [String] = [],
        companions: [String: Tensor<Float>] = [:]
    ) {
        self.values = values
        self.layer = layer
        self.checks = checks
        self.notes = notes
        self.companions = companions
    }
}
