package import Graphs

/// A way of explaining a score, as nodes that are appended to the model and its derivative.
///
/// A conforming value's stored properties are the method's parameters.
package protocol AttributionMethod: Sendable {
    /// The catalogue's entry.
    static var description: MethodDescription { get }

    /// The method with these parameters; fails with the first that it does not take.
    init(_ parameters: inout MethodParameters) throws(ExplanationError)

    /// The values whose gradients `result(in:)` reads.
    func gradients(in question: Question) throws -> [ValueID]

    /// Where the result lives, for people; nil where it is no layer.
    func layer(in question: Question) throws -> LayerChoice?

    /// Appends the nodes that compute the raw result, and returns it.
    func result(in question: inout QuestionGraph) throws -> ValueID
}

extension AttributionMethod {
    package func layer(in question: Question) throws -> LayerChoice? {
        Self.description.place == .layer ? try question.layer() : nil
    }

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) where Self: ParameterFree {
        self.init()
    }
}

/// A method without parameters.
package protocol ParameterFree {
    init()
}
