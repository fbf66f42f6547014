/// A method with its parameters and the label of its result: `[LABEL=]NAME[:key=value,…]`.
public struct MethodSpecification: Sendable, Hashable {
    /// What its result is called; the method's name unless it is given.
    public let label: String
    /// The method's name in the catalogue.
    public let name: String
    /// Parameters as text.
    public let parameters: [String: String]

    /// A method with its defaults.
    public init(_ name: String) {
        label = name
        self.name = name
        parameters = [:]
    }

    /// A method with parameters; the label is its name unless it is given.
    package init(_ name: String, label: String? = nil, parameters: [String: String]) {
        self.label = label ?? name
        self.name = name
        self.parameters = parameters
    }

    /// Reads `gradcam`, `rise:samples=100,seed=3` or `smooth.a@0=smoothgrad:noise=n.npy`; fails with the part that is
    /// wrong.
    public init(parsing text: String) throws(ExplanationError) {
        let colon = text.firstIndex(of: ":") ?? text.endIndex
        let head = text[..<colon]
        if let separator = head.firstIndex(of: "=") {
            label = String(head[..<separator])
            name = String(head[head.index(after: separator)...])
        } else {
            label = String(head)
            name = label
        }
        guard !label.isEmpty, label.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "._@+-".contains($0)) }),
            !label.allSatisfy({ $0 == "." })
        else {
            throw .parameter(
                method: name, name: "label", reason: "'\(label)' may hold letters, digits and . _ @ + - only")
        }
        var values: [String: String] = [:]
        if colon < text.endIndex {
            for pair in text[text.index(after: colon)...].split(separator: ",") {
                guard let equals = pair.firstIndex(of: "=") else {
                    throw .parameter(method: name, name: String(pair), reason: "it is written as key=value")
                }
                let key = String(pair[..<equals])
                guard values[key] == nil else {
                    throw .parameter(method: name, name: key, reason: "it is given twice")
                }
                values[key] = String(pair[pair.index(after: equals)...])
            }
        }
        parameters = values
    }

    /// The parameters with the catalogue's defaults for those that are not given.
    public var completeParameters: [String: String] {
        let known = (try? MethodCatalogue.description(named: name).parameters) ?? []
        let defaults = Dictionary(known.map { ($0.name, $0.defaultValue) }, uniquingKeysWith: { first, _ in first })
        return defaults.merging(parameters) { _, given in given }
    }

    /// The method as pictures are made with it: `MethodDescription.forPictures` where nothing else is given.
    package var forPicture: MethodSpecification {
        let settings = (try? MethodCatalogue.description(named: name).forPictures) ?? [:]
        return MethodSpecification(
            name, label: label, parameters: settings.merging(parameters) { _, given in given })
    }
}
