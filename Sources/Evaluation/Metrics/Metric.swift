package import Explanations

/// A number that says how good a map is. A conforming value's stored properties are the metric's parameters.
package protocol Metric: Sendable {
    /// The catalogue's entry.
    static var description: MeasureDescription { get }

    /// The metric with these parameters; fails with the first that it does not take.
    init(_ parameters: inout MethodParameters) throws(ExplanationError)

    /// What a picture's annotation has to hold for these parameters; the catalogue's entry says it of the defaults.
    var needs: Set<MeasureDescription.Need> { get }

    /// What is measured at one map.
    ///
    /// - Throws: `EvaluationError.undefined` where the number does not exist for this map: such pictures do not count.
    func measurement(of subject: EvaluationSubject) throws -> Measurement

    /// The number of a whole data set, from the measurements of its pictures (at least one).
    func summary(of measurements: [Measurement]) -> Double
}

extension Metric {
    package var needs: Set<MeasureDescription.Need> { Self.description.needs }

    package func summary(of measurements: [Measurement]) -> Double {
        measurements.reduce(0) { $0 + $1.value } / Double(max(measurements.count, 1))
    }

    package init(_ parameters: inout MethodParameters) throws(ExplanationError) where Self: ParameterFree {
        self.init()
    }
}

/// What a metric found at one map: small enough to keep for every picture of a data set.
package struct Measurement: Sendable, Hashable, Codable {
    /// The number of this map.
    package var value: Double
    /// What a summary needs besides: a curve, counts at thresholds.
    package var details: [Double]

    package init(_ value: Double, details: [Double] = []) {
        self.value = value
        self.details = details
    }
}
