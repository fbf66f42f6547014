public import Explanations
import Graphs
public import Imaging
public import Tensors

/// An explanation of a volume without its voxels, as JSON: what was asked, of what, how, and what came out.
public struct VolumeRecord: Sendable, Codable {
    /// The model's file.
    public let model: String
    /// The SHA-256 digest of the model's file; nil where it was not computed.
    public let modelSHA256: String?
    /// The volume's file or folder; of a stack, its slices in order.
    public let volume: [String]
    /// What was explained.
    public let subject: String
    /// What the explained number is, in words.
    public let statement: String
    /// What the model's output means.
    public let head: HeadDescription?
    /// The explained class.
    public let prediction: Prediction?
    /// The highest classes of the volume.
    public let top: [Prediction]
    /// The method's name.
    public let method: String
    /// All of the method's parameters: those that were given, and defaults.
    public let parameters: [String: String]
    /// Where the map was made.
    public let layer: ExplanationRecord.LayerRecord?
    /// What the method measured about itself.
    public let checks: [SelfCheck]
    /// The explained number; null where it is NaN or infinite.
    @FiniteNumber public var score: Double?
    /// Why there is no number: `NaN`, `infinity` or `-infinity`.
    public let scoreProblem: String?
    /// Slices, rows and columns of the raw map.
    public let mapShape: [Int]
    /// Slices, rows and columns of the volume as the model takes it.
    public let volumeShape: [Int]
    /// The sum of what the method shows in every slice of the volume.
    public let sliceEvidence: [Double]
    /// The slice with the largest sum, from 0.
    public let strongestSlice: Int
    /// The raw map's extremes.
    public let range: ExplanationRecord.Range
    /// What a reader should know.
    public let notes: [String]
    /// The files that belong to it, by format.
    public internal(set) var files: [String: String]
    /// Gaze's and the engine's versions.
    public let versions: [String: String]
    /// Seconds that preparing and running took, for all maps of the volume together.
    public let seconds: Double
    /// Seconds that this method took; methods that are one graph share a run.
    public let methodSeconds: Double

    /// The record of an explanation.
    public init(
        _ explanation: VolumeExplanation, _ slices: SliceOverlay, model: String, volume: [String], top: [Prediction],
        versions: [String: String], seconds: Double, modelHash: ContentHash? = nil
    ) {
        (self.model, self.volume, modelSHA256) = (model, volume, modelHash?.description)
        (subject, statement) = (explanation.subject, explanation.statement)
        (head, prediction, self.top) = (explanation.head, explanation.prediction, top)
        (method, parameters) = (explanation.method.name, explanation.method.completeParameters)
        layer = explanation.layer.map {
            ExplanationRecord.LayerRecord(
                name: $0.layer.name, tensor: $0.layer.tensorName, operation: $0.layer.operation,
                shape: $0.layer.shape.dimensions, reason: $0.reason, trial: nil)
        }
        checks = explanation.checks
        _score = FiniteNumber(wrappedValue: explanation.score)
        scoreProblem = FiniteNumber.problem(explanation.score)
        (mapShape, volumeShape) = (explanation.map.shape.dimensions, explanation.laidMap.shape.dimensions)
        (sliceEvidence, strongestSlice) = (explanation.sliceEvidence, slices.strongest)
        let finite = explanation.map.elements.filter(\.isFinite)
        range = ExplanationRecord.Range(
            minimum: finite.min().map(Double.init), maximum: finite.max().map(Double.init),
            sum: finite.isEmpty ? nil : finite.reduce(0) { $0 + Double($1) },
            broken: explanation.map.elements.count - finite.count)
        notes = explanation.notes
        files = [:]
        self.versions = versions
        (self.seconds, methodSeconds) = (seconds, explanation.seconds)
    }
}
