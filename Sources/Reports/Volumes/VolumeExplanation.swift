public import Explanations
import Foundation
public import Graphs
public import Imaging
public import Tensors

/// A map over a volume, with everything that says how it came about.
public struct VolumeExplanation: Sendable {
    /// What was explained, in words: `class 3` or a target.
    public let subject: String
    /// What the explained number is, in words.
    public let statement: String
    /// What the model's output means; nil for targets.
    public let head: HeadDescription?
    /// The explained class, nil for other targets.
    public let prediction: Prediction?
    /// What the model says about the volume, the most likely first; empty for targets.
    public let ranking: [Prediction]
    /// The method with its parameters.
    public let method: MethodSpecification
    /// The layer and why it was taken, nil for maps over the input.
    public let layer: LayerChoice?
    /// The explained number.
    public let score: Double
    /// The raw result without the batch axis: `[d, h, w]`, or the input's shape.
    public let raw: Tensor<Float>
    /// The raw result as one number a place, `[d, h, w]`: the method's own reduction over channels, no scaling.
    public let map: Tensor<Float>
    /// The map at the volume's size, `[D, H, W]`: linear between the centres of its cells.
    public let laidMap: Tensor<Float>
    /// What the method measured about itself.
    public let checks: [SelfCheck]
    /// Further arrays of the method by name.
    public let companions: [String: Tensor<Float>]
    /// Seconds that the method took.
    public let seconds: Double
    /// What a reader should know.
    public let notes: [String]
    /// What the map lies over, `[C, D, H, W]`.
    private let volume: Tensor<Float>
    private let display: MethodDescription.Display

    /// - Parameters:
    ///   - attribution: The answer for one sample.
    ///   - volume: What was explained, `[C, D, H, W]`.
    ///   - channelAxis: Where the model's input `[1, …]` has its channels.
    package init(
        _ attribution: Attribution, of volume: Tensor<Float>, channelAxis: Int, subject: String, statement: String,
        head: HeadDescription? = nil, prediction: Prediction? = nil, ranking: [Prediction] = [], notes: [String] = []
    ) throws {
        let method = attribution.method
        guard let display = try MethodCatalogue.display(of: method) else {
            throw ExplanationError.unsuitable(method: method.name, reason: "its result is no map")
        }
        let raw = try attribution.raw(ofSample: 0)
        let lengths = Array(volume.shape.dimensions.dropFirst())
        let map = raw.shape.rank == 4 ? display.map(of: raw, channelAxis: channelAxis - 1) : raw
        guard map.shape.rank == 3 else {
            throw ExplanationError.unsuitable(
                method: method.name, reason: "its result of shape \(raw.shape) is no map over a volume")
        }
        let placement = attribution.layer?.layer.layout.flatMap {
            $0.lengths == map.shape.dimensions ? $0.placement : nil
        }
        let axes = lengths.indices.map { axis in
            placement.flatMap { $0.axes.count == 3 ? $0.axes[axis] : nil }?
                .responding(to: lengths[axis], cells: map.shape[axis])
                ?? .tiling(lengths[axis], cells: map.shape[axis])
        }
        laidMap = map.shape.dimensions == lengths ? map : try map.laid(over: lengths, axes: axes)
        (self.subject, self.statement, self.head) = (subject, statement, head)
        (self.prediction, self.ranking, self.volume, self.display) = (prediction, ranking, volume, display)
        (self.method, self.raw, self.map) = (method, raw, map)
        layer = attribution.layer
        score = Double(attribution.scores.first ?? .nan)
        checks = attribution.checks.first ?? []
        companions = attribution.companions.mapValues { $0.slice(0) }
        seconds = attribution.seconds
        let diagnosis = MapDiagnosis(map, range: Explanation.overlay(for: display).range)
        let isUnsaid = !diagnosis.isInformative && ResultFlaw(raw, display: display) == nil
        self.notes = notes + attribution.notes + (isUnsaid ? [diagnosis.description] : [])
    }

    /// How much of the map speaks for the score in every slice: the sum of what the method shows.
    public var sliceEvidence: [Double] {
        let evidence = display == .signed ? laidMap.map { abs($0) } : display.evidence(in: laidMap)
        return (0..<evidence.shape[0]).map { slice in
            evidence.slice(slice).elements.reduce(0) { $0 + Double($1.isFinite ? $1 : 0) }
        }
    }

    /// The slices with the map over them; nil keeps the method's colours.
    public func drawn(_ colourMap: ColourMap? = nil) throws -> SliceOverlay {
        var overlay = Explanation.overlay(for: display)
        if let colourMap { overlay.colourMap = colourMap }
        return try SliceOverlay(laidMap, over: shown, evidence: sliceEvidence, overlay: overlay)
    }

    /// Three channels are colours; of others the mean is shown.
    private var shown: Tensor<Float> {
        let channels = volume.shape[0]
        guard channels != 1, channels != 3 else { return volume }
        let size = volume.elements.count / channels
        var mean = Tensor<Float>(repeating: 0, shape: Shape([1] + volume.shape.dimensions.dropFirst()))
        mean.mutateElements { elements in
            for index in volume.elements.indices { elements[index % size] += volume.elements[index] / Float(channels) }
        }
        return mean
    }

    /// The figure that explains itself: slices with the map, colour bar, class and score, method, layer and reason.
    public func figure(_ slices: SliceOverlay, model: String) -> Figure {
        var captions = ["Model: \(URL(fileURLWithPath: model).lastPathComponent) · Method: \(method.name)"]
        if let layer { captions.append("Layer: \(layer.layer.name), \(layer.reason)") }
        captions.append("Score: \(statement)")
        captions.append("Slices are counted from 1; all have one scale of colours.")
        captions += notes.filter { $0 != slices.diagnosis.description }.map { "Note: \($0)" }
        let certainty = prediction?.probability.map { String(format: "%.1f %%", $0 * 100) }
        return slices.figure(
            title: subject,
            subtitle: [certainty, String(format: "score %.4g", score), method.name].compactMap { $0 }
                .joined(separator: " · "),
            captions: captions)
    }
}

extension MethodDescription.Display {
    /// One number a place out of a result with an axis of channels: the largest magnitude where magnitudes are shown, else their sum.
    func map(of raw: Tensor<Float>, channelAxis: Int) -> Tensor<Float> {
        let order = [channelAxis] + raw.shape.dimensions.indices.filter { $0 != channelAxis }
        let moved = raw.transposed(order)
        var map = moved.slice(0).map { _ in Float(0) }
        map.mutateElements { elements in
            let size = elements.count
            for (index, value) in moved.elements.enumerated() {
                let place = index % size
                elements[place] = self == .magnitude ? max(elements[place], abs(value)) : elements[place] + value
            }
        }
        return map
    }
}
