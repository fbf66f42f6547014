import Graphs

/// Every method by name; one line a method, sorted.
public enum MethodCatalogue {
    package static let methods: [any AttributionMethod.Type] = [
        AblationCAM.self,
        Activation.self,
        AttentionGradient.self,
        AttentionRelevance.self,
        AttentionRollout.self,
        CAM.self,
        Deconvnet.self,
        DeepLIFT.self,
        ExcitationBackprop.self,
        FullGrad.self,
        GradCAM.self,
        GradCAMWeights.self,
        Gradient.self,
        GradientXInput.self,
        GuidedBackpropagation.self,
        GuidedGradCAM.self,
        LayerGradient.self,
        LayerwiseRelevance.self,
        Output.self,
        Score.self,
    ]

    /// The entries, sorted by name.
    public static var descriptions: [MethodDescription] {
        methods.map { $0.description }.sorted { $0.name < $1.name }
    }

    /// The entry of a method; fails with near misses.
    public static func description(named name: String) throws(ExplanationError) -> MethodDescription {
        try type(named: name).description
    }

    package static func method(_ specification: MethodSpecification) throws(ExplanationError) -> any AttributionMethod {
        var parameters = MethodParameters(method: specification.name, values: specification.parameters)
        let method = try type(named: specification.name).init(&parameters)
        try parameters.finish()
        return method
    }

    /// A method that is nodes of a graph; fails where it is a procedure.
    package static func graphMethod(_ specification: MethodSpecification) throws(ExplanationError) -> any GraphMethod {
        guard let method = try method(specification) as? any GraphMethod else {
            throw .unsuitable(
                method: specification.name,
                reason: "it asks the model many times and is no part of one graph; choose another method")
        }
        return method
    }

    /// Whether a method is a procedure.
    package static func isProcedure(_ specification: MethodSpecification) throws(ExplanationError) -> Bool {
        try type(named: specification.name) is any ProcedureMethod.Type
    }

    private static func type(named name: String) throws(ExplanationError) -> any AttributionMethod.Type {
        guard let type = methods.first(where: { $0.description.name == name }) else {
            throw .unknownMethod(
                name: name, suggestions: Suggestion.nearest(to: name, among: methods.map { $0.description.name }))
        }
        return type
    }
}
