/// A method inside another: `of=NAME`, or `of=OUTER/INNER` for a method that wraps one itself.
///
/// It is given the parameters that the outer method does not take, and those that are written `of.NAME`.
package struct WrappedMethod: Sendable {
    /// The method with its parameters.
    package let specification: MethodSpecification
    /// How a picture of it is made.
    package let display: MethodDescription.Display
    private static let deepest = 8

    /// The catalogue's line.
    package static func parameter(_ key: String = "of", default name: String) -> MethodDescription.Parameter {
        MethodDescription.Parameter(
            name: key, defaultValue: name,
            meaning:
                "the method, any that makes a map; further parameters go to it, also as \(key).NAME=value; OUTER/INNER nests methods"
        )
    }

    /// The method that is given as `key`; other parameters stay where it takes its own only by `key.NAME`.
    package init(
        _ parameters: inout MethodParameters, key: String = "of", default defaultName: String, takesRest: Bool = true
    ) throws(ExplanationError) {
        let path = (parameters.text(key) ?? defaultName).split(separator: "/", omittingEmptySubsequences: false)
        guard path.count <= Self.deepest else {
            throw parameters.problem(key, "methods are nested more than \(Self.deepest) deep")
        }
        try self.init(path, key, takesRest, &parameters)
    }

    /// A method that is no choice; it is given all parameters that are left.
    package init(always name: String, _ parameters: inout MethodParameters) throws(ExplanationError) {
        try self.init([name[...]], "of", true, &parameters)
    }

    private init(
        _ path: [Substring], _ key: String, _ takesRest: Bool, _ parameters: inout MethodParameters
    ) throws(ExplanationError) {
        var values = parameters.rest(of: key)
        if takesRest { values.merge(parameters.rest()) { own, _ in own } }
        if path.count > 1 { values["of"] = path.dropFirst().joined(separator: "/") }
        let name = path.first.map { String($0) } ?? ""
        specification = MethodSpecification(name, parameters: values)
        guard try !MethodCatalogue.isStack(specification) else {
            throw parameters.problem(key, "'\(name)' explains pictures that it brings along and cannot be wrapped")
        }
        guard let display = try MethodCatalogue.display(of: specification) else {
            throw parameters.problem(key, "'\(name)' makes no map")
        }
        self.display = display
    }
}
