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

    /// All parameters that nobody took, for a method that this one wraps.
    package mutating func rest() -> [String: String] {
        defer { values = [:] }
        return values
    }

    /// All parameters that are written `key.NAME`, for one of several methods that this one wraps.
    package mutating func rest(of key: String) -> [String: String] {
        let prefix = "\(key)."
        let taken = values.filter { $0.key.hasPrefix(prefix) }
        for name in taken.keys { values[name] = nil }
        return Dictionary(uniqueKeysWithValues: taken.map { (String($0.key.dropFirst(prefix.count)), $0.value) })
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
