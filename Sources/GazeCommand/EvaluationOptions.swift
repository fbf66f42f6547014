import ArgumentParser
import Foundation
import Gaze

/// What `gaze evaluate` measures: methods, layers, metrics, as they are written on the command line.
struct EvaluationOptions: ParsableArguments {
    @Option(
        name: [.customShort("m"), .long],
        help: """
            A method of 'gaze methods', with parameters as NAME:key=value; repeatable. all: every one with its defaults.
            """
    )
    var method: [String] = []

    @Option(
        help:
            "Metrics with commas between them, with parameters as NAME:key=value; all: every one that the data permits. By default deletion, insertion, average drop, and what boxes and masks permit."
    )
    var metrics: [String] = []

    @Option(
        name: .shortAndLong,
        help: "A layer or tensor that 'gaze inspect' lists; repeatable: each layer method is measured at each of them.")
    var layer: [String] = []

    @Option(
        name: [.customShort("c"), .customLong("class")], parsing: .unconditional,
        help: "The explained class: truth (the highest one where the model does not know it), top1, a name or an index."
    )
    var explained = "truth"

    @Option(help: "Seeds everything that is drawn at random.")
    var seed: UInt64 = 0

    @Flag(inversion: .prefixedNo, help: "Measure trivial maps too, which give the other numbers a meaning.")
    var references = true

    /// Methods that most people ask for; what fits no model of the kind is left out with a note.
    static let usualMethods = [
        "cam", "gradcam", "gradcam++", "layercam", "gradient", "gradient-x-input", "guided-backprop",
    ]
    /// Metrics that need no annotation.
    static let usualMetrics = ["deletion", "insertion", "average-drop"]

    @Flag(help: "Rank methods and layers by sanity, faithfulness and time, and say which to use; adds metrics for it.")
    var advise = false

    @Option(help: "How many pictures the sanity check for --advise looks at.")
    var checkedPictures = Evaluator.checkedPictures

    func validate() throws {
        guard (1...1000).contains(checkedPictures) else {
            throw ValidationError("--checked-pictures takes a number from 1 to 1000; got \(checkedPictures).")
        }
        let methods = try Console.options { try evaluatedMethods() }
        guard Set(methods.map(\.label)).count == methods.count else {
            throw ValidationError("Two methods have one label; put a label and '=' in front of one.")
        }
        let metrics = try Console.options { try metricSpecifications(for: nil) }
        guard Set(metrics.map(\.label)).count == metrics.count else {
            throw ValidationError("Two metrics have one label; put a label and '=' in front of one.")
        }
    }

    /// Whether a method that does not fit is no mistake of the user.
    var isLenient: Bool { method.isEmpty || method == ["all"] }

    /// The methods at their layers.
    func evaluatedMethods() throws -> [EvaluatedMethod] {
        let drawn = MethodCatalogue.selfContained.filter { $0.display != nil }
        let known = drawn.map(\.name)
        let asked: [MethodSpecification]
        switch method {
        case []: asked = Self.usualMethods.filter(known.contains).map { MethodSpecification($0) }
        case ["all"]: asked = drawn.filter { $0.family != .reference }.map { MethodSpecification($0.name) }
        default: asked = try method.map { try MethodSpecification(parsing: $0) }
        }
        let methods = try asked.flatMap { specification -> [EvaluatedMethod] in
            let description = try MethodCatalogue.description(named: specification.name)
            guard description.place == .layer, specification.name != "cam", !layer.isEmpty else {
                return [EvaluatedMethod(specification, isReference: description.family == .reference)]
            }
            return layer.map { layer in
                let label = self.layer.count > 1 ? "\(specification.label)@\(layer)" : specification.label
                return EvaluatedMethod(specification, layer: layer, label: label)
            }
        }
        return methods
    }

    /// Methods, references last, and metrics of a data set.
    func planned(for dataset: Dataset) throws -> (methods: [EvaluatedMethod], metrics: [MethodSpecification]) {
        let (methods, asked) = (try evaluatedMethods(), try metricSpecifications(for: dataset))
        let added = advise ? Evaluator.advisedMetrics.filter { name in !asked.contains { $0.name == name } } : []
        let metrics = asked + added.map { MethodSpecification($0) }
        guard references else { return (methods, metrics) }
        let descriptions = try metrics.map { try MetricCatalogue.description(named: $0.name) }
        let taken = Set(methods.map(\.label))
        let trivial = EvaluatedMethod.references.filter { method in
            !taken.contains(method.label) && descriptions.contains { method.isAsked($0) }
        }
        return (methods + trivial, metrics)
    }

    /// The metrics; those that are not named depend on what the data set holds.
    func metricSpecifications(for dataset: Dataset?) throws -> [MethodSpecification] {
        let texts = metrics.flatMap { Self.separated($0) }
        if !texts.isEmpty, texts != ["all"] {
            return try texts.map {
                let specification = try MethodSpecification(parsing: $0)
                try MetricCatalogue.check(specification)
                return specification
            }
        }
        let held = dataset.map(Self.held) ?? []
        let chosen = MetricCatalogue.descriptions.filter {
            texts == ["all"] || Self.usualMetrics.contains($0.name) || $0.family == .localisation
        }
        // Every metric of the catalogue has defaults for all parameters.
        let usual = chosen.filter { $0.needs.isSubset(of: held) }.map { MethodSpecification($0.name) }
        guard held.contains(.mask) else { return usual }
        // What can be asked of a box or of a mask is asked of the mask, too.
        let masked = chosen.filter { $0.parameters.contains { $0.name == "of" } && $0.needs == [.box] }
        return try usual
            + masked.map { try MethodSpecification(parsing: "\($0.name)-mask=\($0.name):of=mask") }
    }

    /// What the annotation of at least one picture holds.
    private static func held(_ dataset: Dataset) -> Set<MeasureDescription.Need> {
        var held: Set<MeasureDescription.Need> = []
        for entry in dataset.entries {
            if entry.label != nil { held.insert(.label) }
            if !entry.boxes.isEmpty { held.insert(.box) }
            if entry.mask != nil { held.insert(.mask) }
        }
        return held
    }

    /// `a:x=1,y=2,b` is `a:x=1,y=2` and `b`: a pair without a colon belongs to the name before it.
    static func separated(_ text: String) -> [String] {
        var texts: [String] = []
        for piece in text.split(separator: ",").map(String.init) {
            if piece.contains("="), !piece.contains(":"), let last = texts.last, last.contains(":") {
                texts[texts.count - 1] = "\(last),\(piece)"
            } else {
                texts.append(piece)
            }
        }
        return texts
    }
}
