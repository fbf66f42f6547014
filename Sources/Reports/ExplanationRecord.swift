public import Evaluation
public import Explanations
public import Foundation
import Graphs
public import Imaging
public import Tensors

/// An explanation without its pixels, as JSON: what was asked, of what, how, and what came out.
public struct ExplanationRecord: Sendable, Codable {
    /// The layer of a map.
    public struct LayerRecord: Sendable, Codable {
        /// The human name.
        public let name: String
        /// The ONNX tensor.
        public let tensor: String
        /// The operator that computes it.
        public let operation: String
        /// The shape for one picture.
        public let shape: [Int]
        /// Why it was taken.
        public let reason: String
        /// The candidates that were tried on the picture, with what was measured; nil where none were.
        public let trial: LayerTrial?
    }

    /// The extremes of the raw map's finite values; null where there are none.
    public struct Range: Sendable, Codable {
        /// The smallest value.
        @FiniteNumber public var minimum: Double?
        /// The largest value.
        @FiniteNumber public var maximum: Double?
        /// The sum of all values.
        @FiniteNumber public var sum: Double?
        /// How many values are NaN or infinite.
        public let broken: Int
    }

    /// The model's file.
    public let model: String
    /// The SHA-256 digest of the model's file (not of weights beside it); nil where it was not computed.
    public let modelSHA256: String?
    /// The picture's file.
    public let image: String
    /// The SHA-256 digest of the picture's file; nil for standard input.
    public let imageSHA256: String?
    /// What was explained.
    public let subject: String
    /// What the explained number is, in words.
    public let statement: String
    /// What the model's output means.
    public let head: HeadDescription?
    /// The explained class.
    public let prediction: Prediction?
    /// The highest classes of the picture.
    public let top: [Prediction]
    /// The method's name.
    public let method: String
    /// All of the method's parameters: those that were given, and defaults.
    public let parameters: [String: String]
    /// Where the map was made.
    public let layer: LayerRecord?
    /// What the method measured about itself: completeness, standard errors.
    public let checks: [SelfCheck]
    /// The explained number; null where it is NaN or infinite.
    @FiniteNumber public var score: Double?
    /// Why there is no number: `NaN`, `infinity` or `-infinity`.
    public let scoreProblem: String?
    /// Height and width of the raw map.
    public let mapShape: [Int]
    /// The raw map's extremes.
    public let range: Range
    /// The hottest region in the photograph's pixels, which the figure outlines; nil where the map shows nothing.
    public let region: RegionRecord?
    /// Where the map's cells lie in the photograph's pixels.
    public let cells: CellGrid
    /// What was given for further inputs, by name: the path of a file, or a number; nil where the model has none.
    public let inputs: [String: String]?
    /// How the photograph was prepared, as a sidecar holds it.
    public let preprocessing: Preprocessing
    /// What a reader should know.
    public let notes: [String]
    /// Whether such a map depends on what the model learnt; nil where that was not checked.
    public let check: SanityReport.MethodResult?
    /// The files that belong to it, by format.
    public internal(set) var files: [String: String]
    /// Gaze's and the engine's versions.
    public let versions: [String: String]
    /// Seconds that preparing and running took, for all maps of the picture together.
    public let seconds: Double
    /// Seconds that this method took; methods that are one graph share a run.
    public let methodSeconds: Double

    /// The record of an explanation.
    ///
    /// - Parameter region: The hottest region over the photograph, as it was drawn.
    public init(
        _ explanation: Explanation, model: String, image: String, top: [Prediction], preprocessing: Preprocessing,
        versions: [String: String], seconds: Double, region: HottestRegion? = nil, inputs: [String: String] = [:],
        modelHash: ContentHash? = nil, imageHash: ContentHash? = nil
    ) {
        self.model = model
        self.image = image
        modelSHA256 = modelHash?.description
        imageSHA256 = imageHash?.description
        subject = explanation.subject
        statement = explanation.statement
        head = explanation.head
        prediction = explanation.prediction
        self.top = top
        method = explanation.method.name
        parameters = explanation.method.completeParameters
        checks = explanation.checks
        methodSeconds = explanation.seconds
        layer = explanation.layer.map {
            LayerRecord(
                name: $0.layer.name, tensor: $0.layer.tensorName, operation: $0.layer.operation,
                shape: $0.layer.shape.dimensions, reason: $0.reason, trial: explanation.trial)
        }
        _score = FiniteNumber(wrappedValue: explanation.score)
        scoreProblem = FiniteNumber.problem(explanation.score)
        mapShape = explanation.map.shape.dimensions
        let finite = explanation.map.elements.filter(\.isFinite)
        range = Range(
            minimum: finite.min().map(Double.init), maximum: finite.max().map(Double.init),
            sum: finite.isEmpty ? nil : finite.reduce(0) { $0 + Double($1) },
            broken: explanation.map.elements.count - finite.count)
        self.region = region.map { RegionRecord($0) }
        cells = explanation.geometry.cells(of: explanation.map, placement: explanation.placement)
        self.inputs = inputs.isEmpty ? nil : inputs
        self.preprocessing = preprocessing
        notes = explanation.notes
        check = explanation.check
        files = [:]
        self.versions = versions
        self.seconds = seconds
    }

    /// Values as indented JSON with sorted keys.
    public static func json(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return try encoder.encode(value)
    }
}
