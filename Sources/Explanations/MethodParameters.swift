/// The `key=value` pairs of a method's specification; each is taken once, and what nobody takes is an error.
package struct MethodParameters: Sendable {
    /// The method's name, for messages.
    package let method: String
    private var values: [String: String]

    package init(method: String, values: [String: String] = [:]) {
        self.method = method
        self.values = values
    }

    /// The text of a parameter, nil where it is not given.
    package mutating func text(_ name: String) -> String? { values.removeValue(forKey: name) }

    /// A whole number within a range.
    package mutating func integer(
        _ name: String, default defaultValue: Int, in range: ClosedRange<Int>
    ) throws(ExplanationError) -> Int {
        guard let text = text(name) else { return defaultValue }
        guard let value = Int(text), range.contains(value) else {
            throw problem(name, "'\(text)' is not a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// A number within a range.
    package mutating func number(
        _ name: String, default defaultValue: Double, in range: ClosedRange<Double>
    ) throws(ExplanationError) -> Double {
        guard let text = text(name) else { return defaultValue }
        guard let value = Double(text), range.contains(value) else {
            throw problem(name, "'\(text)' is not a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// One of several words.
    package mutating func choice(
        _ name: String, default defaultValue: String, of words: [String]
    ) throws(ExplanationError) -> String {
        guard let text = text(name) else { return defaultValue }
        guard words.contains(text) else { throw problem(name, "'\(text)' is none of \(words.joined(separator: ", "))") }
        return text
    }

    /// Fails where a parameter was given that the method does not have.
    package func finish() throws(ExplanationError) {
        guard let name = values.keys.min() else { return }
        throw problem(name, "the method has no such parameter")
    }

    package func problem(_ name: String, _ reason: String) -> ExplanationError {
        .parameter(method: method, name: name, reason: reason)
    }
}
