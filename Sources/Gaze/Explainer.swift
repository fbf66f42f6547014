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
        self.model = model
        self.classNames = try classNames ?? sidecar?.classNames(forModel: path)
        defaultLayer = sidecar?.layer
        attributor = Attributor(model)
        let input = try PictureInput(of: model, attributor: attributor)
        pictureInput = input.name
        var preprocessing: Preprocessing
        if let known = sidecar?.preprocessing {
            preprocessing = known
            guesses = []
        } else {
            let guess = try Preprocessing.guess(for: input)
            preprocessing = guess.preprocessing
            guesses = guess.reasons
        }
        let size = preprocessing.inputShape
        try adjust(&preprocessing)
        try preprocessing.validate()
        if let problem = input.problem, sidecar?.preprocessing == nil, preprocessing.inputShape == size {
            throw problem
        }
        self.preprocessing = preprocessing
    }

    /// The classes of a picture by falling score.
    public func predict(_ picture: Picture) throws -> [Prediction] {
        try ranked(ranking(preprocessing.input(from: picture), methods: [.output])[0])
    }

    /// A picture as the model's input, by name.
    public func inputs(for picture: Picture) throws -> [String: AnyTensor] {
        [pictureInput: try preprocessing.input(from: picture)]
    }

    /// The maps of a picture: one for every method and every selected class.
    ///
    /// - Parameters:
    ///   - picture: The photograph.
    ///   - methods: Names of the catalogue whose results are maps.
    ///   - classes: Which classes; the highest by default. One that is selected twice is explained once.
    ///   - contrast: A class whose score is subtracted.
    ///   - layer: A layer or tensor name; nil is the sidecar's, else the automatic choice.
    public func explain(
        _ picture: Picture, methods: [MethodSpecification] = [MethodSpecification("gradcam")],
        classes: [ClassSelection] = [.top(1)], contrast: String? = nil, layer: String? = nil
    ) throws -> [Explanation] {
        let asked = [MethodSpecification.output] + methods
        for method in methods { _ = try display(of: method) }
        let input = try preprocessing.input(from: picture)
        let first = try ranking(input, methods: asked, layer: layer)
        let ranking = try ranked(first[0])
        let chosen = try predictions(classes, of: ranking)
        let opposite = try contrast.map { try ClassNames.index(of: $0, names: classNames, count: ranking.count) }
        return try chosen.flatMap { prediction in
            guard prediction.index != opposite else {
                throw GazeError.unknownClass(
                    text: contrast ?? "", reason: "as a contrast it is the explained class itself; give another to --vs"
                )
            }
            var target = Target.classTarget(prediction.index)
            if let opposite {
                target = .combination([Target.Term(1, target), Target.Term(-1, .classTarget(opposite))])
            }
            // The run that ranked the classes has answered for class 0.
            let results =
                target == .classTarget(0)
                ? first : try attribute(input, target: target, methods: asked, layer: layer)
            let against = opposite.flatMap { index in ranking.first { $0.index == index }?.name }
            let subject = prediction.name + (against.map { " rather than \($0)" } ?? "")
            return try results.dropFirst().map {
                try explanation($0, of: picture, subject: subject, prediction: prediction, ranking: ranking)
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
        return try results.map { try explanation($0, of: picture, subject: text, prediction: nil) }
    }

    /// The selected classes in the order asked for, each once.
    private func predictions(_ selections: [ClassSelection], of ranking: [Prediction]) throws -> [Prediction] {
        var chosen: [Prediction] = []
        for selection in selections {
            switch selection {
            case .top(let count): chosen += ranking.prefix(count)
            case .named(let text):
                let index = try ClassNames.index(of: text, names: classNames, count: ranking.count)
                chosen += ranking.filter { $0.index == index }
            }
        }
        var seen: Set<Int> = []
        return chosen.filter { seen.insert($0.index).inserted }
    }

    /// The answers for class 0, by which the classes are ranked.
    private func ranking(
        _ input: AnyTensor, methods: [MethodSpecification], layer: String? = nil
    ) throws -> [Attribution] {
        do {
            return try attribute(input, target: .classTarget(0), methods: methods, layer: layer)
        } catch ExplanationError.target {
            let output = model.outputs.first
            throw GazeError.noClassScores(
                output: output?.name ?? "",
                shape: "[\((output?.dimensions ?? []).map(\.description).joined(separator: ", "))]")
        }
    }

    private func attribute(
        _ input: AnyTensor, target: Target, text: String = "", methods: [MethodSpecification], layer: String? = nil
    ) throws -> [Attribution] {
        try attributor.attribute(
            inputs: [pictureInput: input], target: target, targetText: text, methods: methods,
            layer: layer ?? defaultLayer, wrt: pictureInput)
    }

    private func explanation(
        _ attribution: Attribution, of picture: Picture, subject: String, prediction: Prediction?,
        ranking: [Prediction] = []
    ) throws -> Explanation {
        Explanation(
            picture: picture, geometry: try preprocessing.geometry(for: picture), subject: subject,
            prediction: prediction, ranking: ranking, attribution: attribution, raw: attribution.values.slice(0),
            layout: preprocessing.layout, display: try display(of: attribution.method))
    }

    private func display(of method: MethodSpecification) throws -> MethodDescription.Display {
        guard let display = try MethodCatalogue.description(named: method.name).display else {
            throw GazeError.noMap(method: method.name)
        }
        return display
    }

    /// The output as class scores, without axes of length 1.
    private func ranked(_ output: Attribution) throws -> [Prediction] {
        let shape = output.values.shape
        guard shape.dimensions.dropFirst().filter({ $0 > 1 }).count <= 1, shape.count > 0,
            shape[0] == 1 || shape.rank == 1
        else { throw GazeError.noClassScores(output: model.outputs.first?.name ?? "", shape: "\(shape)") }
        return Prediction.ranked(output.values.elements, names: classNames)
    }
}

extension MethodSpecification {
    static var output: MethodSpecification { MethodSpecification("output") }
}

extension Target {
    /// The value before a trailing softmax, where there is one: its gradient does not vanish where the model is sure.
    static func classTarget(_ index: Int) -> Target {
        .logit(.classIndex(index))
    }
}
