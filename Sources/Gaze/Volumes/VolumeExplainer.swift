public import Explanations
import Graphs
public import Imaging
public import Reports
public import Runtime
import Tensors

/// A model of volumes (scans, clips) with what it takes to show it some: class names, a layer.
public final class VolumeExplainer: Sendable {
    /// The model.
    public let model: Model
    /// The classes' names, where known.
    public let classNames: ClassNameList?
    private let defaultLayer: String?
    private let attributor: Attributor

    /// Reads a model with its sidecar; nil where its input has not the five axes of volumes.
    ///
    /// - Parameters:
    ///   - path: The ONNX file.
    ///   - engine: What runs it; the ONNX Runtime that is found where `ONNXRuntimeEngine` looks.
    ///   - classNames: The classes' names, instead of the sidecar's.
    public init?(model path: String, engine: (any Engine)? = nil, classNames: ClassNameList? = nil) throws {
        let model = try Model(contentsOf: path, engine: engine ?? ONNXRuntimeEngine())
        guard VolumeInput.isDeclared(by: model) else { return nil }
        let sidecar = try Sidecar.read(forModel: path)
        self.model = model
        self.classNames = try model.classNames(given: classNames, sidecar: sidecar)
        defaultLayer = sidecar?.layer
        attributor = Attributor(model)
    }

    /// The maps of a volume: one for every method and every selected class, or for a target.
    ///
    /// - Parameters:
    ///   - volume: The numbers.
    ///   - numbers: How they become the model's.
    ///   - methods: Names of the catalogue whose results are maps.
    ///   - classes: Which classes; the highest by default.
    ///   - contrast: A class whose score is subtracted.
    ///   - target: Instead of classes, a target of the grammar.
    ///   - layer: A layer or tensor name; nil is the sidecar's, else the automatic choice.
    ///   - settings: What methods may use that run the model many times.
    ///   - failed: Told which method failed and why, so that the others go on; nil lets the first failure end all.
    public func explain(
        _ volume: Volume, numbers: VolumeNumbers = VolumeNumbers(),
        methods: [MethodSpecification] = [MethodSpecification("gradcam")], classes: [ClassSelection] = [.top(1)],
        contrast: String? = nil, target: String? = nil, layer: String? = nil, settings: RunSettings = RunSettings(),
        failed: ((MethodSpecification, any Error) -> Void)? = nil
    ) throws -> [VolumeExplanation] {
        for method in methods where try MethodCatalogue.display(of: method) == nil {
            throw GazeError.noMap(method: method.name)
        }
        let input = try VolumeInput(volume, numbers: numbers, for: attributor)
        func explanations(
            _ score: TrialScore, subject: String, statement: String, _ prediction: Prediction? = nil,
            _ ranking: [Prediction] = [], _ head: HeadDescription? = nil
        ) throws -> [VolumeExplanation] {
            let query = Query(
                inputs: [input.name: input.tensor], target: score.target, text: score.text,
                methods: methods.map(\.forPicture), layer: layer ?? defaultLayer, explained: input.name,
                readMask: score.readMask)
            return try attributor.attribute(query, settings: settings, failed: failed).compactMap { attribution in
                do {
                    return try VolumeExplanation(
                        attribution, of: input.volume, channelAxis: input.channelAxis, subject: subject,
                        statement: statement, head: head, prediction: prediction, ranking: ranking, notes: input.notes)
                } catch {
                    guard let failed else { throw error }
                    failed(attribution.method, error)
                    return nil
                }
            }
        }
        if let target {
            let score = TrialScore(try Target(parsing: target), text: target)
            return try explanations(score, subject: target, statement: "the target \(target)")
        }
        guard
            let reading = try attributor.reading(
                of: [input.name: input.tensor], input: input.name, labelCount: classNames?.entries.count)
        else { throw model.unknownOutputs() }
        let head = reading.head.description
        let labels = try classNames?.labels(for: head) ?? ClassLabels(head, names: nil)
        let ranking = try reading.head.findings(in: reading.outputs).map { prediction($0, head, labels) }
        var request = ScoreRequest(names: labels.shown)
        request.contrast = try contrast.map { try labels.index(of: $0, in: head) }
        var seen: Set<Finding> = []
        let chosen = try classes.flatMap { selection in
            switch selection {
            case .top(let count):
                Array(
                    try attributor.ranked(
                        reading.head, reading.outputs, of: [input.name: input.tensor], input: input.name
                    ).prefix(count))
            case .named(let text):
                [try reading.head.finding(FindingChoice(index: labels.index(of: text, in: head)), in: reading.outputs)]
            }
        }.filter { seen.insert($0).inserted }
        return try chosen.flatMap { finding in
            guard finding.index != request.contrast else {
                throw GazeError.unknownClass(
                    text: contrast ?? "", reason: "as a contrast it is the explained class itself; give another to --vs"
                )
            }
            let score = try reading.head.score(of: finding, request, in: reading.outputs)
            let prediction = prediction(finding, head, labels)
            let against = request.contrast.map { " rather than \(head.name(of: $0, names: labels.shown))" } ?? ""
            return try explanations(
                score.tried, subject: prediction.name + against, statement: score.statement, prediction, ranking, head)
        }
    }

    private func prediction(_ finding: Finding, _ head: HeadDescription, _ labels: ClassLabels) -> Prediction {
        Prediction(
            index: finding.index, name: head.name(of: finding.index, names: labels.shown), score: finding.score,
            probability: finding.probability, area: finding.area, candidate: finding.candidate)
    }
}
