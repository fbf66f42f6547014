public import Evaluation
public import Explanations
public import Graphs
public import Imaging
public import Tensors

/// A map over a photograph, with everything that says how it came about.
public struct Explanation: Sendable {
    /// The photograph.
    public let picture: Picture
    /// How the photograph became the model's input.
    public let geometry: PictureGeometry
    /// What was explained, in words: `Egyptian cat` or a target.
    public let subject: String
    /// What the explained number is, in words: `the logit of 'Egyptian cat' (before the softmax)`.
    public let statement: String
    /// What the model's output means; nil for targets.
    public let head: HeadDescription?
    /// The explained class, nil for other targets.
    public let prediction: Prediction?
    /// What the model says about the photograph, the most likely first; empty for targets.
    public let ranking: [Prediction]
    /// The method with its parameters.
    public let method: MethodSpecification
    /// The layer and why it was taken, nil for maps over the input.
    public let layer: LayerChoice?
    /// The comparison that the layer was taken by; nil where none was made, or the method has its layer otherwise.
    public let trial: LayerTrial?
    /// The explained number.
    public let score: Double
    /// The raw result for this picture, without the batch axis: `[h, w]` or `[C, H, W]`.
    public let raw: Tensor<Float>
    /// The raw result as one number per place, `[h, w]`: the method's own reduction over channels, no scaling.
    public let map: Tensor<Float>
    /// What the method measured about itself.
    public let checks: [SelfCheck]
    /// Further arrays of the method by name: standard errors, channel weights.
    public let companions: [String: Tensor<Float>]
    /// Seconds that the method took.
    public let seconds: Double
    /// What a reader should know.
    public let notes: [String]
    /// Whether such a map depends on what the model learnt; nil where that was not checked.
    public package(set) var check: SanityReport.MethodResult?
    /// The part of the model's input that the map's cells look at; nil is all of it.
    public let reach: MapReach?
    private let display: MethodDescription.Display

    package init(
        picture: Picture, geometry: PictureGeometry, subject: String, statement: String,
        head: HeadDescription? = nil, prediction: Prediction? = nil, ranking: [Prediction] = [],
        attribution: Attribution, trial: LayerTrial? = nil, notes: [String] = [], raw: Tensor<Float>,
        layout: Preprocessing.Layout, display: MethodDescription.Display, reach: MapReach? = nil
    ) {
        self.reach = reach
        self.picture = picture
        self.geometry = geometry
        self.subject = subject
        self.statement = statement
        self.head = head
        self.prediction = prediction
        self.ranking = ranking
        self.display = display
        self.raw = raw
        method = attribution.method
        layer = attribution.layer
        let tensor = attribution.layer?.layer.tensorName
        self.trial = trial.flatMap { $0.entries[$0.chosen].tensor == tensor ? $0 : nil }
        score = Double(attribution.scores.first ?? .nan)
        map = display.map(
            of: raw, channelsLast: layout == .nhwc, height: geometry.inputHeight, width: geometry.inputWidth)
        checks = attribution.checks.first ?? []
        companions = attribution.companions.mapValues { $0.slice(0) }
        seconds = attribution.seconds
        var notes = notes + attribution.notes
        let diagnosis = MapDiagnosis(map, range: Self.overlay(for: display).range)
        if diagnosis.lacksPositive, let first = ranking.first, let prediction, first.index != prediction.index {
            notes.append("the model's first choice for this picture is \(first.name), not \(prediction.name)")
        }
        // What is wrong with the raw numbers is said with its cause already.
        if !diagnosis.isInformative, ResultFlaw(raw, display: display) == nil { notes.append(diagnosis.description) }
        self.notes = notes
    }

    /// The overlay that suits the method: maps of a layer keep the photograph visible, fine-grained maps stand nearly alone.
    ///
    /// The box of an explained detection is outlined.
    public var overlay: Overlay {
        var overlay = Self.overlay(for: display)
        overlay.marks = [prediction?.box].compactMap { $0 }
        return overlay
    }

    static func overlay(for display: MethodDescription.Display) -> Overlay {
        switch display {
        case .positive: Overlay(colourMap: .turbo, range: .positive, opacity: .proportional(0.75), outline: 0.5)
        case .relative: Overlay(colourMap: .turbo, range: .minMax, opacity: .proportional(0.75))
        case .magnitude: Overlay(colourMap: .inferno, range: .clipped(percentile: 99.5), opacity: .constant(0.85))
        case .signed: .signed
        }
    }

    /// The photograph with the map over it.
    public func drawn(_ overlay: Overlay? = nil) throws -> Overlay.Result {
        try (overlay ?? self.overlay).draw(map, on: picture, geometry: geometry, placement: placement, reach: reach)
    }

    /// Where the map's cells lie over the model's input; nil for maps of the input itself.
    public var placement: MapPlacement? {
        guard let layout = layer?.layer.layout, map.shape == [layout.height, layout.width] else { return nil }
        return layout.placement.responding(to: (geometry.inputHeight, geometry.inputWidth), map: map.shape)
    }
}
