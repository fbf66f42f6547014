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
    /// What was guessed about the preprocessing, sentence by sentence; empty where a sidecar says it.
    public let guesses: [String]
    /// The classes' names, where known.
    public let classNames: [String]?
    /// The layer that the sidecar names.
    public let defaultLayer: String?
    private let attributor: Attributor
    private let pictureInput: String

    /// Reads a model with its sidecar.
    ///
    /// - Parameters:
    ///   - path: The ONNX file.
    ///   - engine: What runs it; the ONNX Runtime that is found where `ONNXRuntimeEngine` looks.
    ///   - classNames: The classes' names, instead of the sidecar's.
    ///   - adjust: Changes the sidecar's or the guessed preprocessing; an added sentence tells what was changed.
    public init(
        model path: String, engine: (any Engine)? = nil, classNames: [String]? = nil,
        adjust: (inout Preprocessing) throws -> Void = { _ in }
    ) throws {
        let sidecar = try Sidecar.read(forModel: path)
        let model = try Model(contentsOf: path, engine: engine ?? ONNXRuntimeEngine())
        let port = try Self.pictureInput(of: model)
        self.model = model
        pictureInput = port.name
        self.classNames = try classNames ?? sidecar?.classNames(forModel: path)
        defaultLayer = sidecar?.layer
        attributor = Attributor(model)
        var preprocessing: Preprocessing
        if let known = sidecar?.preprocessing {
            preprocessing = known
            guesses = []
        } else {
            let guess = try Preprocessing.guess(
                inputShape: port.dimensions.map(\.length), elementType: Self.pictureType(port.elementType))
            preprocessing = guess.preprocessing
            guesses = guess.reasons
        }
        try adjust(&preprocessing)
        try preprocessing.validate()
        self.preprocessing = preprocessing
    }

    /// What the model says about a picture, the most likely first: classes, detections, areas, values.
    public func predict(_ picture: Picture) throws -> [Prediction] { try read(picture).predictions }

    /// What the model's output means, and what it says about a picture.
    public func read(_ picture: Picture) throws -> (head: HeadDescription, predictions: [Prediction]) {
        let reading = try reading(of: preprocessing.input(from: picture))
        return (reading.head.description, try predictions(reading, geometry: preprocessing.geometry(for: picture)))
    }

    /// A picture as the model's input, by name.
    public func inputs(for picture: Picture) throws -> [String: AnyTensor] {
        [pictureInput: try preprocessing.input(from: picture)]
    }

    /// The maps of a picture: one for every method and every selected class, detection or area.
    ///
    /// - Parameters:
    ///   - picture: The photograph.
    ///   - methods: Names of the catalogue whose results are maps.
    ///   - classes: Which classes; the highest by default. One that is selected twice is explained once.
    ///   - contrast: A class whose score is subtracted; for embeddings the path of a picture that is compared with.
    ///   - box: Which candidate of a detector; the likeliest by default.
    ///   - mask: Which places count, for models that answer place by place; those where the class wins by default.
    ///   - layer: A layer or tensor name; nil is the sidecar's, else the automatic choice.
    public func explain(
        _ picture: Picture, methods: [MethodSpecification] = [MethodSpecification("gradcam")],
        classes: [ClassSelection] = [.top(1)], contrast: String? = nil, box: BoxSelection? = nil,
        mask: PlaceMask? = nil, layer: String? = nil
    ) throws -> [Explanation] {
        for method in methods { _ = try display(of: method) }
        let input = try preprocessing.input(from: picture)
        let geometry = try preprocessing.geometry(for: picture)
        let reading = try reading(of: input)
        let head = reading.head.description
        let chosen = try findings(classes, box: box, in: reading, geometry: geometry)
        let request = try request(contrast: contrast, mask: mask, for: reading, geometry: geometry)
        let ranking = try predictions(reading, geometry: geometry)
        return try chosen.flatMap { finding in
            guard finding.index != request.contrast else {
                throw GazeError.unknownClass(
                    text: contrast ?? "", reason: "as a contrast it is the explained class itself; give another to --vs"
                )
            }
            let score = try reading.head.score(of: finding, request, in: reading.outputs)
            let results = try attribute(
                input, target: score.target, methods: methods, layer: layer, tensors: score.tensors)
            let prediction = prediction(finding, head: head, geometry: geometry)
            // Detections of one class keep apart, also as files.
            let place = finding.candidate.map { " (candidate \($0))" } ?? ""
            let against =
                request.contrast.map { " rather than \(head.name(of: $0, names: classNames))" }
                ?? request.reference.map { _ in " like \(contrast ?? "")" } ?? ""
            return try results.map {
                Explanation(
                    picture: picture, geometry: geometry, subject: prediction.name + place + against,
                    statement: score.statement, head: head, prediction: prediction, ranking: ranking, attribution: $0,
                    notes: notes(on: head, ranking), raw: $0.values.slice(0), layout: preprocessing.layout,
                    display: try display(of: $0.method))
            }
        }
    }

    /// The maps of a picture for a target of the grammar.
    public func explain(
        _ picture: Picture, target text: String, methods: [MethodSpecification] = [MethodSpecification("gradcam")],
        layer: String? = nil
    ) throws -> [Explanation] {
        for method in methods { _ = try display(of: method) }
        let input = try preprocessing.input(from: picture)
        let results = try attribute(input, target: Target(parsing: text), text: text, methods: methods, layer: layer)
        return try results.map {
            Explanation(
                picture: picture, geometry: try preprocessing.geometry(for: picture), subject: text,
                statement: "the target \(text)", attribution: $0, raw: $0.values.slice(0),
                layout: preprocessing.layout, display: try display(of: $0.method))
        }
    }

    private func attribute(
        _ input: AnyTensor, target: Target, text: String = "", methods: [MethodSpecification], layer: String? = nil,
        tensors: [String: Tensor<Float>] = [:]
    ) throws -> [Attribution] {
        try attributor.attribute(
            inputs: [pictureInput: input], target: target, targetText: text, methods: methods,
            layer: layer ?? defaultLayer, wrt: pictureInput
        ) { file in
            // The scores of heads name masks and vectors that are in memory.
            if let known = tensors[file] { return known }
            return try Numpy.read(path: file).floatTensor
        }
    }

    /// The head with what its outputs hold for an input.
    func reading(of input: AnyTensor) throws -> HeadReading {
        let known = try attributor.reading(
            of: [pictureInput: input], input: pictureInput, labelCount: classNames?.count)
        guard let known else { throw unknownOutputs() }
        return HeadReading(head: known.head, outputs: known.outputs)
    }

    private func unknownOutputs() -> GazeError {
        let texts = model.outputs.map { port in
            "'\(port.name)' [\(port.dimensions.map(\.description).joined(separator: ", "))]"
        }
        return .noClassScores(outputs: texts, example: "mean(\(model.outputs.first?.name ?? "#0"))")
    }

    private func display(of method: MethodSpecification) throws -> MethodDescription.Display {
        guard let display = try MethodCatalogue.description(named: method.name).display else {
            throw GazeError.noMap(method: method.name)
        }
        return display
    }

    private static func pictureInput(of model: Model) throws -> Model.Port {
        let ports = model.inputs
        let candidates = ports.filter {
            $0.dimensions.count == 4
                && (try? Preprocessing.guess(
                    inputShape: $0.dimensions.map(\.length), elementType: pictureType($0.elementType))) != nil
        }
        guard let port = candidates.first else {
            let texts = ports.map {
                "\($0.name) \($0.elementType)[\($0.dimensions.map(\.description).joined(separator: ", "))]"
            }
            throw GazeError.noPictureInput(inputs: texts, reason: "four axes with 1, 3 or 4 channels are needed")
        }
        guard ports.count == 1 else {
            throw GazeError.furtherInputs(names: ports.map(\.name).filter { $0 != port.name })
        }
        return port
    }

    /// Half-precision inputs are fed with converted float32.
    private static func pictureType(_ type: ElementType) -> ElementType {
        [.float16, .bfloat16, .float64].contains(type) ? .float32 : type
    }
}
