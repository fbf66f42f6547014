package import Explanations
package import Tensors

/// A number that says how alike two maps are. A conforming value's stored properties are its parameters.
package protocol MapSimilarity: Sendable {
    /// The catalogue's entry.
    static var description: MeasureDescription { get }

    /// The similarity with these parameters; fails with the first that it does not take.
    init(_ parameters: inout MethodParameters) throws(ExplanationError)

    /// The similarity of two maps of one shape.
    ///
    /// - Throws: `EvaluationError.incomparable` where the shapes do not fit, or a number is not finite.
    func value(_ first: Tensor<Float>, _ second: Tensor<Float>) throws(EvaluationError) -> Double
}

extension MapSimilarity {
    package init(_ parameters: inout MethodParameters) throws(ExplanationError) where Self: ParameterFree {
        self.init()
    }
}
