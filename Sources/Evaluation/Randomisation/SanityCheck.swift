public import Explanations
package import Graphs
import Runtime
package import Tensors

/// Whether maps depend on what a model learnt: compares them with maps of the same model with randomised parameters (Adebayo et
/// al., Sanity Checks for Saliency Maps, NeurIPS 2018), beside maps of different pictures and an edge detector.
public struct SanityCheck: Sendable {
    /// A picture with the score that is explained.
    package struct Subject: Sendable {
        package let name: String
        package let inputs: [String: AnyTensor]
        package let score: TrialScore

        package init(name: String, inputs: [String: AnyTensor], score: TrialScore) {
            self.name = name
            self.inputs = inputs
            self.score = score
        }
    }

    /// Another model that takes the same pictures, with its own score for what a subject explains.
    package struct OtherModel: Sendable {
        package let attributor: Attributor
        /// Its input that takes pictures.
        package let explained: String
        package let score: @Sendable (Subject) throws -> TrialScore

        package init(
            _ attributor: Attributor, explained: String, score: @escaping @Sendable (Subject) throws -> TrialScore
        ) {
            self.attributor = attributor
            self.explained = explained
            self.score = score
        }
    }

    package let attributor: Attributor
    /// The input that takes pictures.
    package let explained: String
    package let methods: [MethodSpecification]
    /// A layer or tensor name; nil is the automatic choice.
    package let layer: String?
    /// The layer where none is named; nil is the automatic choice by structure.
    package let chosen: LayerChoice?
    package let options: SanityCheckOptions
    package let settings: RunSettings
    /// A model that was trained on other labels.
    package let other: OtherModel?
    /// The most likely score of inputs in a model with the same graph.
    package let mostLikely: @Sendable (Attributor, [String: AnyTensor]) throws -> TrialScore
    /// Told what failed and why.
    package let failed: @Sendable (String, any Error) -> Void

    package init(
        _ attributor: Attributor, explained: String, methods: [MethodSpecification], layer: String? = nil,
        chosen: LayerChoice? = nil, options: SanityCheckOptions = SanityCheckOptions(),
        settings: RunSettings = RunSettings(),
        other: OtherModel? = nil,
        mostLikely: @escaping @Sendable (Attributor, [String: AnyTensor]) throws -> TrialScore,
        failed: @escaping @Sendable (String, any Error) -> Void = { _, _ in }
    ) {
        self.attributor = attributor
        self.explained = explained
        self.methods = methods
        self.layer = layer
        self.chosen = chosen
        self.options = options
        self.settings = settings
        self.other = other
        self.mostLikely = mostLikely
        self.failed = failed
    }

    /// The methods of the paper, with few samples: noise that both models share hides no difference between them.
    public static let methods = [
        MethodSpecification("gradient"), MethodSpecification("smoothgrad", parameters: ["samples": "10"]),
        MethodSpecification("gradient-x-input"), MethodSpecification("guided-backprop"),
        MethodSpecification("integrated-gradients", parameters: ["steps": "10"]), MethodSpecification("gradcam"),
        MethodSpecification("guided-gradcam"),
    ]

    /// The similarities that are measured. Ranks decide: SSIM and HOG of maps that are stretched from their smallest to their
    /// largest value hang on single pixels (Kokhlikyan et al., Investigating Sanity Checks for Saliency Maps, 2021).
    package static func similarities(side: Int) -> [MethodSpecification] {
        [
            MethodSpecification("spearman-abs"), MethodSpecification("spearman-diverging"), MethodSpecification("ssim"),
            // Three cells and more a side make a descriptor.
            MethodSpecification("hog", parameters: ["cell": "\(side >= 48 ? 16 : max(side / 3, 2))"]),
        ]
    }

    // MARK: Running

    /// Compares the maps of all pictures step by step; ends early when it is interrupted, with what is measured.
    ///
    /// - Throws: Where no picture or no method is left, or the model has no parameters.
    package func measurements(of subjects: [Subject]) throws -> SanityMeasurements {
        let state = try SanityCheckState(self, subjects)
        return try state.run()
    }

    /// The views of every method's map; nil where a method failed or was interrupted.
    func views(
        of inputs: [String: AnyTensor], score: TrialScore, in attributor: Attributor, explained other: String? = nil,
        methods: [MethodSpecification],
        displays: [MethodDescription.Display], chosen: LayerChoice?, failed: (MethodSpecification, any Error) -> Void
    ) throws -> (views: [MapViews?], notes: [[String]]) {
        let explained = other ?? explained
        guard let planes = attributor.planes(of: explained, in: inputs) else {
            throw ExplanationError.unsuitable(
                method: "A sanity check", reason: "the input '\(explained)' is no single picture")
        }
        var query = Query(
            inputs: options.copies > 0 ? try noisyCopies(of: inputs, explained) : inputs, target: score.target,
            text: score.text,
            methods: methods, layer: layer, chosen: chosen, explained: explained, readMask: score.readMask)
        query.diagnoses = false
        var settings = settings
        settings.progress = nil
        let answers = try attributor.attempt(query, settings: settings)
        if settings.cancellation?.isCancelled == true { throw RuntimeError.cancelled }
        var notes = methods.map { _ in [String]() }
        let views = answers.enumerated().map { index, answer -> MapViews? in
            switch answer.result {
            case .failure(let error):
                failed(answer.method, error)
                return nil
            case .success(let attribution):
                notes[index] = attribution.notes
                return MapViews(attribution.averagedOverSamples(), display: displays[index], over: planes)
            }
        }
        return (views, notes)
    }

    /// Copies with normal noise of a tenth of the picture's range (Hedström et al. 2024); the same for all models.
    private func noisyCopies(of inputs: [String: AnyTensor], _ explained: String) throws -> [String: AnyTensor] {
        guard let picture = inputs[explained] else { return inputs }
        let values = picture.floats
        let deviation = 0.1 * ((values.max() ?? 0) - (values.min() ?? 0))
        var copies: [Float] = []
        for copy in 0..<options.copies {
            var generator = SeededGenerator(seed: Self.noiseSeed, part: copy)
            copies += values.map { $0 + deviation * Float(generator.nextNormal()) }
        }
        var changed = inputs
        let shape = Shape([options.copies] + picture.shape.dimensions.dropFirst())
        changed[explained] = AnyTensor(try Tensor(shape: shape, elements: copies)).converted(to: picture.elementType)
        return changed
    }

    private static let noiseSeed: UInt64 = 0x6E6F_6973_6521
}
