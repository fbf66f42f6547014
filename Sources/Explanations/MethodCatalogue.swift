import Graphs

/// Every method by name; one line a method, sorted.
public enum MethodCatalogue {
    package static let methods: [any AttributionMethod.Type] = [
        AblationCAM.self,
        AbsoluteValue.self,
        Activation.self,
        AttentionGradient.self,
        AttentionRelevance.self,
        AttentionRollout.self,
        AverageOverClasses.self,
        BlurIntegratedGradients.self,
        CAM.self,
        Canny.self,
        CentredBox.self,
        CentredGaussian.self,
        Constant.self,
        Counterfactual.self,
        Deconvnet.self,
        DeepLIFT.self,
        EigenCAM.self,
        EigenGradCAM.self,
        ElementwiseGradCAM.self,
        ExcitationBackprop.self,
        ExpectedGradients.self,
        ExtremalPerturbation.self,
        FGVis.self,
        FasterScoreCAM.self,
        FeatureAblation.self,
        FeatureExplanation.self,
        FinerCAM.self,
        FullGrad.self,
        GradCAM.self,
        GradCAMPlusPlus.self,
        GradCAMWeights.self,
        Gradient.self,
        GradientXInput.self,
        GuidedBackpropagation.self,
        GuidedGradCAM.self,
        GuidedIntegratedGradients.self,
        HiResCAM.self,
        IGSmoothGrad.self,
        IGSmoothGradSquared.self,
        IntegratedGradients.self,
        IntegratedScoreCAM.self,
        KernelSHAP.self,
        LIME.self,
        LayerCAM.self,
        LayerFusion.self,
        LayerGradient.self,
        LayerwiseRelevance.self,
        MeaningfulPerturbation.self,
        Occlusion.self,
        Output.self,
        PositivePart.self,
        Product.self,
        RISE.self,
        RandomMap.self,
        RandomOcclusion.self,
        ReciproCAM.self,
        RefineCAM.self,
        Score.self,
        ScoreCAM.self,
        SmoothGrad.self,
        SmoothGradCAMPlusPlus.self,
        SmoothGradSquared.self,
        SmoothedScoreCAM.self,
        Sobel.self,
        SobolIndices.self,
        TestTimeAugmentation.self,
        TripletGradCAM.self,
        TripletWeights.self,
        VarGrad.self,
        XGradCAM.self,
    ]

    /// The entries, sorted by name.
    public static var descriptions: [MethodDescription] {
        methods.map { $0.description }.sorted { $0.name < $1.name }
    }

    /// The entries of methods that ask a model and need no file and no other word: their defaults are enough.
    public static var selfContained: [MethodDescription] {
        descriptions.filter { description in
            let method = try? method(MethodSpecification(description.name))
            return description.family != .reference && method.map { !($0 is any StackMethod) } ?? false
        }
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

    /// How a picture of a method's result is made; nil where it is no map.
    package static func display(
        of specification: MethodSpecification
    ) throws(ExplanationError) -> MethodDescription.Display? {
        try method(specification).display
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

    /// Whether a method explains pictures that its parameters name.
    package static func isStack(_ specification: MethodSpecification) throws(ExplanationError) -> Bool {
        try type(named: specification.name) is any StackMethod.Type
    }

    private static func type(named name: String) throws(ExplanationError) -> any AttributionMethod.Type {
        guard let type = methods.first(where: { $0.description.name == name }) else {
            throw .unknownMethod(
                name: name, suggestions: Suggestion.nearest(to: name, among: methods.map { $0.description.name }))
        }
        return type
    }
}
