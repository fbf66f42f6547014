public import Evaluation
public import Explanations
import Graphs
public import Imaging
public import Reports
public import Runtime
public import Tensors

/// A model with what it takes to show it photographs: preprocessing, class names, a layer.
///
/// ```swift
/// let explainer = try Explainer(model: "model.onnx")
/// let explanation = try explainer.explain(Picture(contentsOf: "cat.jpg"))[0]
/// try explanation.drawn().picture.write(to: "overlay.png")
/// ```
public final class Explainer: Sendable {
    /// The model.
    public let model: Model
    /// How photographs are prepared.
    public let preprocessing: Preprocessing
    /// What was guessed about the preprocessing; empty where a sidecar says it.
    public let preprocessingGuesses: [PreprocessingGuess]
    /// What was guessed about the preprocessing, sentence by sentence.
    public var guesses: [String] { preprocessingGuesses.map(\.text) }
    /// How files with other channels than red, green and blue are read.
    public let channelReading: ChannelReading
    /// The classes' names as they are listed, where known: given ones, else the sidecar's, else those in the file's metadata.
    ///
    /// `labels(for:)` says which belongs to which class.
    public let classNames: ClassNameList?
    /// How each input besides the photograph's was given, by name.
    public var givenInputs: [String: String] { further.texts }
    /// What was guessed about pictures for other inputs.
    public var inputNotes: [String] { further.notes }
    /// The layer that the sidecar names.
    public let defaultLayer: String?
    let attributor: Attributor
    let pictureInput: String
    private let further: FurtherInputs

    /// Reads a model with its sidecar.
    ///
    /// - Parameters:
    ///   - path: The ONNX file.
    ///   - engine: What runs it; the ONNX Runtime that is found where `ONNXRuntimeEngine` looks.
    ///   - classNames: The classes' names, instead of the sidecar's.
    ///   - inputs: What inputs hold besides that of the photograph, by name.
    ///   - explained: The input that takes the photograph; nil is the first that can and is not among `inputs`.
    ///   - channels: Which array of a file is read, and which channels are shown.
    ///   - adjust: Changes the sidecar's or the guessed preprocessing; an added sentence tells what was changed.
    public init(
        model path: String, engine: (any Engine)? = nil, classNames: ClassNameList? = nil,
        inputs: [String: GivenInput] = [:], explained: String? = nil, channels: ChannelReading = ChannelReading(),
        adjust: (inout Preprocessing) throws -> Void = { _ in }
    ) throws {
        let sidecar = try Sidecar.read(forModel: path)
        let model = try Model(contentsOf: path, engine: engine ?? ONNXRuntimeEngine())
        self.model = model
        self.classNames = try model.classNames(given: classNames, sidecar: sidecar)
        defaultLayer = sidecar?.layer
        attributor = Attributor(model)
        let known = sidecar?.preprocessing
        let size = try Self.givenSize(adjust) ?? known.map { [$0.resize.height, $0.resize.width] }
        let input = try PictureInput(of: model, attributor: attributor, named: explained, given: inputs, size: size)
        if let problem = input.problem { throw problem }
        pictureInput = input.name
        var preprocessing: Preprocessing
        if let known {
            (preprocessing, preprocessingGuesses) = (known, [])
        } else {
            let kind =
                size == nil ? Self.headKind(of: input, in: attributor, labelCount: self.classNames?.entries.count) : nil
            (preprocessing, preprocessingGuesses) = try Preprocessing.guess(for: input, kind: kind)
        }
        try adjust(&preprocessing)
        try preprocessing.validate()
        if let count = input.declaredChannels, count != preprocessing.channels.count {
            throw GazeError.channelCount(input: count, given: preprocessing.channels.rawValue)
        }
        self.preprocessing = preprocessing
        var channels = channels
        channels.count = preprocessing.channels.count
        channelReading = channels
        further = try FurtherInputs(inputs, of: model, beside: input, preprocessing, in: attributor)
    }

    /// What the model says about a picture, the most likely first: classes, detections, areas, values.
    ///
    /// - Throws: `ExplanationError.brokenOutput` where NaN or infinity leaves open what is the most likely.
    public func predict(_ picture: Picture) throws -> [Prediction] { try read(picture).predictions }

    /// What the model's output means, and what it says about a picture; `problem` tells of NaN and infinity among other numbers.
    public func read(_ picture: Picture) throws -> (
        head: HeadDescription, predictions: [Prediction], problem: ExplanationError?
    ) {
        let reading = try reading(of: preprocessing.input(from: picture))
        let geometry = try preprocessing.geometry(for: picture)
        let predictions = try ranked(reading).map { prediction($0, reading, geometry: geometry) }
        return (reading.head.description, predictions, problem(reading))
    }

    /// A picture as the model's input, with what the other inputs hold, by name.
    public func inputs(for picture: Picture) throws -> [String: AnyTensor] {
        inputs(with: try preprocessing.input(from: picture))
    }

    func inputs(with picture: AnyTensor) -> [String: AnyTensor] {
        further.tensors.merging([pictureInput: picture]) { _, explained in explained }
    }

    /// The names of the classes that a head chooses from.
    ///
    /// - Throws: `GazeError.labelCount` where somebody gave names for another number of classes.
    public func labels(for head: HeadDescription) throws(GazeError) -> ClassLabels {
        guard let classNames else { return ClassLabels(head, names: nil) }
        return try classNames.labels(for: head)
    }

    /// The maps of a picture: one for every method and every selected class, detection or area.
    ///
    /// - Parameters:
    ///   - picture: The photograph.
    ///   - methods: Names of the catalogue whose results are maps.
    ///   - classes: Which classes; the highest by default. One that is selected twice is explained once.
    ///   - contrast: A class whose score is subtracted; for embeddings the path of a picture that is compared with.
    ///   - box: Which candidate of a detector, the likeliest by default; which region of a model that answers place by place.
    ///   - mask: Which places count, for models that answer place by place; those where the class wins by default.
    ///   - layer: A layer or tensor name; nil is the sidecar's, else the automatic choice.
    ///   - automaticLayer: How the automatic choice is made.
    ///   - check: How the model is randomised to see whether each map depends on what it learnt; nil checks nothing.
    ///   - settings: What methods may use that run the model many times.
    ///   - failed: Told which method failed and why, so that the others go on; nil lets the first failure end all.
    public func explain(
        _ picture: Picture, methods: [MethodSpecification] = [MethodSpecification("gradcam")],
        classes: [ClassSelection] = [.top(1)], contrast: String? = nil, box: BoxSelection? = nil,
        mask: PlaceMask? = nil, layer: String? = nil, automaticLayer: AutomaticLayerRule = .structural,
        check: SanityCheckOptions? = nil, settings: RunSettings = RunSettings(),
        failed: ((MethodSpecification, any Error) -> Void)? = nil
    ) throws -> [Explanation] {
        for method in methods { _ = try display(of: method) }
        let input = try preprocessing.input(from: picture)
        let geometry = try preprocessing.geometry(for: picture)
        let reading = try reading(of: input)
        let head = reading.head.description
        let chosen = try findings(classes, box: box, in: reading, geometry: geometry)
        let request = try request(contrast: contrast, mask: mask, box: box, for: reading, geometry: geometry)
        let ranking = try predictions(reading, geometry: geometry)
        return try chosen.flatMap { finding in
            guard finding.index != request.contrast else {
                throw GazeError.unknownClass(
                    text: contrast ?? "", reason: "as a contrast it is the explained class itself; give another to --vs"
                )
            }
            let score = try reading.head.score(of: finding, request, in: reading.outputs)
            let measured = measuredLayer(
                automaticLayer, layer: layer, methods: methods, score: score.tried,
                rival: try? rival(of: finding, request, in: reading)?.tried, input: input)
            let results = try attribute(input, score.tried, methods: methods, layer: layer, measured, settings, failed)
            let checks = try checks(
                check, of: results.map(\.method), on: input, score.tried, layer: layer, measured.choice, settings)
            let prediction = prediction(finding, reading, geometry: geometry)
            // Detections of one class keep apart, also as files.
            let place = finding.candidate.map { " (candidate \($0))" } ?? ""
            let against =
                request.contrast.map { " rather than \(head.name(of: $0, names: reading.labels.shown))" }
                ?? request.reference.map { _ in " like \(FileName.of(contrast ?? ""))" } ?? ""
            return try results.map {
                var explanation = Explanation(
                    picture: picture, geometry: geometry, subject: prediction.name + place + against,
                    statement: score.statement, head: head, prediction: prediction, ranking: ranking, attribution: $0,
                    trial: measured.trial, notes: notes(on: reading, ranking) + measured.notes + checks.notes,
                    raw: try $0.raw(ofSample: 0), layout: preprocessing.layout, display: try display(of: $0.method),
                    reach: reach(of: $0, at: input))
                explanation.check = checks.results[$0.method]
                return explanation
            }
        }
    }

    /// The maps of a picture for a target of the grammar.
    public func explain(
        _ picture: Picture, target text: String, methods: [MethodSpecification] = [MethodSpecification("gradcam")],
        layer: String? = nil, automaticLayer: AutomaticLayerRule = .structural, check: SanityCheckOptions? = nil,
        settings: RunSettings = RunSettings(), failed: ((MethodSpecification, any Error) -> Void)? = nil
    ) throws -> [Explanation] {
        for method in methods { _ = try display(of: method) }
        let input = try preprocessing.input(from: picture)
        let score = TrialScore(try Target(parsing: text), text: text)
        let measured = measuredLayer(automaticLayer, layer: layer, methods: methods, score: score, input: input)
        let results = try attribute(input, score, methods: methods, layer: layer, measured, settings, failed)
        let checks = try checks(
            check, of: results.map(\.method), on: input, score, layer: layer, measured.choice, settings)
        return try results.map {
            var explanation = Explanation(
                picture: picture, geometry: try preprocessing.geometry(for: picture), subject: FileName.inTarget(text),
                statement: "the target \(text)", attribution: $0, trial: measured.trial,
                notes: measured.notes + checks.notes, raw: try $0.raw(ofSample: 0),
                layout: preprocessing.layout, display: try display(of: $0.method), reach: reach(of: $0, at: input))
            explanation.check = checks.results[$0.method]
            return explanation
        }
    }

    private func attribute(
        _ input: AnyTensor, _ score: TrialScore, methods: [MethodSpecification], layer: String?,
        _ measured: MeasuredLayer, _ settings: RunSettings,
        _ failed: ((MethodSpecification, any Error) -> Void)?
    ) throws -> [Attribution] {
        var settings = settings
        settings.space = settings.space ?? preprocessing.space
        return try attributor.attribute(
            Query(
                inputs: inputs(with: input), target: score.target, text: score.text,
                methods: methods.map(\.forPicture),
                layer: layer ?? defaultLayer, chosen: measured.choice, explained: pictureInput,
                readMask: score.readMask),
            settings: settings, failed: failed)
    }

    /// The head with what its outputs hold for an input.
    func reading(of input: AnyTensor) throws -> HeadReading {
        try reading(of: inputs(with: input), in: attributor)
    }

    private func display(of method: MethodSpecification) throws -> MethodDescription.Display {
        guard let display = try MethodCatalogue.display(of: method) else {
            throw GazeError.noMap(method: method.name)
        }
        return display
    }
}
