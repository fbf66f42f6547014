package import Differentiation
package import Foundation
import Graphs
import ONNXFormat
import ONNXMessages
public import Runtime
public import Tensors

/// A spot check of somebody's own model: does Gaze compute what the file computes, and are its gradients right?
///
/// - Every output of the imported graph against the unmodified file in the same engine.
/// - Directional derivatives ⟨∂S/∂x, v⟩ of the whole graph against differences of S = ⟨w, outputs⟩ with random w over segments, along the
///   gradient itself and along random directions v; likewise for the part behind the automatic layer.
public struct ModelVerification: Sendable {
    private let model: Model
    /// The file's own bytes, with its data files inside.
    private let original: Data
    private let seed: UInt64
    private let composite: Composite
    /// Relative difference of outputs that rounding explains: float32 sums in another order; half floats have 11 bits.
    private let outputTolerance: Double
    /// What remains of a central difference beyond its own uncertainty.
    static let gradientTolerance = 0.01

    /// A verification of the model in a file.
    public init(contentsOf path: String, engine: any Engine, seed: UInt64 = 0) throws {
        let message = try ONNXFile.read(path: path)
        self.init(
            try Model(contentsOf: path, engine: engine), original: try ONNXFile.serialized(message, name: path),
            seed: seed, outputTolerance: message.holdsHalfFloats ? 2e-2 : 1e-4)
    }

    /// A verification of a graph against the bytes of a file, by rules that may be wrong.
    package init(
        _ model: Model, original: Data, seed: UInt64 = 0, outputTolerance: Double = 1e-4,
        composite: Composite = .derivative
    ) {
        self.model = model
        self.original = original
        self.seed = seed
        self.outputTolerance = outputTolerance
        self.composite = composite
    }

    /// Makes all checks, at `given` (a picture as the model's input, if there is one) and at a random point.
    public func report(at given: [String: AnyTensor]? = nil) throws -> VerificationReport {
        var random = SeededGenerator(seed: seed)
        var points: [(name: String, inputs: [String: AnyTensor])] = given.map { [("the picture", $0)] } ?? []
        let shapes = given?.mapValues(\.shape) ?? ModelInspection.exampleShapes(model)
        // First, because it refuses shapes that no memory holds.
        let graph = try model.graph.specialised(to: shapes, by: EngineEvaluator(model.engine))
        // Points, outputs of both, gradients and directions stand side by side, in float64 for a while.
        try graph.checkMemory(model.engine.memory, times: 8)
        points.append(("a random point, seed \(seed)", try randomPoint(shapes, like: given, &random)))
        let original = try model.engine.load(original, options: ProgramOptions())
        let known = try model.engine.load(graph)
        var checks: [VerificationCheck] = []
        for point in points {
            checks += try compareOutputs(known, original, graph: graph, at: point)
        }
        for point in points {
            checks += try compareGradients(graph, at: point, &random)
        }
        checks += try checkLayout(graph, at: points[0])
        return VerificationReport(checks: checks)
    }

    private func randomPoint(
        _ shapes: [String: Shape], like given: [String: AnyTensor]?, _ random: inout SeededGenerator
    ) throws -> [String: AnyTensor] {
        var point: [String: AnyTensor] = [:]
        for port in model.inputs {
            guard let shape = shapes[port.name] else { continue }
            guard port.elementType.isFloatingPoint else {
                point[port.name] = given?[port.name] ?? AnyTensor(zeros: port.elementType, shape: shape)
                continue
            }
            let (mean, deviation) = given?[port.name].map(Self.moments) ?? (0, 1)
            var tensor = Tensor<Float>(repeating: 0, shape: shape)
            tensor.mutateElements { elements in
                for index in elements.indices { elements[index] = Float(mean + deviation * random.nextNormal()) }
            }
            point[port.name] = AnyTensor(tensor).converted(to: port.elementType)
        }
        return point
    }

    private static func moments(_ tensor: AnyTensor) -> (mean: Double, deviation: Double) {
        let values = tensor.floats.map(Double.init)
        let mean = values.reduce(0, +) / Double(max(values.count, 1))
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(values.count, 1))
        return (mean, variance > 0 ? variance.squareRoot() : 1)
    }

    // MARK: Outputs

    private func compareOutputs(
        _ program: any Program, _ original: any Program, graph: Graph,
        at point: (name: String, inputs: [String: AnyTensor])
    ) throws -> [VerificationCheck] {
        var feed: [String: AnyTensor] = [:]
        for input in original.inputs {
            guard let tensor = point.inputs[input.name] else { continue }
            feed[input.name] = input.elementType.map(tensor.converted) ?? tensor
        }
        let expected = try original.run(feed)
        let found = try program.run(point.inputs)
        return graph.outputs.compactMap { output in
            guard let truth = expected[output.name], let value = found[output.name] else { return nil }
            let (largest, difference) = Self.difference(truth.floats, value.floats)
            let relative = largest > 0 ? difference / largest : difference
            let isSame = truth.shape == value.shape && relative <= outputTolerance
            return VerificationCheck(
                name: "output '\(output.name)' as in the unmodified file",
                detail: truth.shape == value.shape
                    ? "at \(point.name), \(truth.shape)" : "at \(point.name), \(value.shape) instead of \(truth.shape)",
                difference: relative, tolerance: outputTolerance, verdict: isSame ? .passed : .failed)
        }
    }

    /// The largest expected magnitude and the largest difference; equal infinities and NaNs in the same place agree.
    private static func difference(_ expected: [Float], _ found: [Float]) -> (largest: Double, difference: Double) {
        guard expected.count == found.count else { return (0, .infinity) }
        var (largest, difference) = (0.0, 0.0)
        for (truth, value) in zip(expected, found) where truth != value && !(truth.isNaN && value.isNaN) {
            let distance = abs(Double(truth) - Double(value))
            difference = distance.isNaN ? .infinity : max(difference, distance)
        }
        for truth in expected where truth.isFinite { largest = max(largest, Double(abs(truth))) }
        return (largest, difference)
    }

    // MARK: Gradients

    private func compareGradients(
        _ graph: Graph, at point: (name: String, inputs: [String: AnyTensor]), _ random: inout SeededGenerator
    ) throws -> [VerificationCheck] {
        let scored = graph.scoredForVerification()
        guard let output = scored.first else { return [] }
        var checks: [VerificationCheck] = []
        for input in graph.inputs where graph[input].type?.isFloatingPoint == true {
            checks += try check(
                graph, from: input, scored: scored, point: point.inputs,
                name: "gradient of '\(graph[input].name)'", place: point.name, &random)
        }
        guard let input = graph.inputs.first,
            let layer = graph.layerCandidates(forOutput: output, from: input).first?.layer
        else { return checks }
        let values = try model.engine.load(graph.tapped(at: [layer.value]), optimization: .basic, keepsMemory: false)
            .run(point.inputs.filter { name, _ in graph.value(named: name) != nil }, outputs: [layer.tensorName])
        var rest = graph
        rest.outputs = scored.map { Graph.Output(name: graph[$0].name, value: $0) }
        rest = rest.suffix(behind: [layer.value])
        guard let entry = rest.value(named: layer.tensorName) else { return checks }
        var inner = point.inputs.filter { name, _ in rest.inputs.contains { rest[$0].name == name } }
        inner[layer.tensorName] = values[0]
        checks += try check(
            rest, from: entry, scored: rest.outputs.map(\.value), point: inner,
            name: "gradient at layer '\(layer.name)'", place: point.name, &random)
        return checks
    }

    // MARK: The layout

    /// What part of the probed cells has to answer where the layer looks.
    static let layoutAgreement = 0.8

    private func checkLayout(
        _ graph: Graph, at point: (name: String, inputs: [String: AnyTensor])
    ) throws -> [VerificationCheck] {
        guard let input = graph.inputs.first, let output = graph.scoredForVerification().first,
            let layer = graph.layerCandidates(forOutput: output, from: input).first?.layer
        else { return [] }
        let name = "cells of '\(layer.name)' lie where it looks"
        func result(_ verdict: VerificationCheck.Verdict, _ detail: String, _ agreement: Double?) -> [VerificationCheck]
        {
            [
                VerificationCheck(
                    name: name, detail: detail, difference: agreement.map { 1 - $0 },
                    tolerance: agreement.map { _ in 1 - Self.layoutAgreement }, verdict: verdict)
            ]
        }
        let check: LayoutCheck
        do {
            check = try LayoutCheck(of: layer, in: graph, inputs: point.inputs, picture: input, engine: model.engine)
        } catch let error as ExplanationError {
            return result(.skipped, "\(error)", nil)
        }
        guard !check.probes.isEmpty else { return result(.skipped, "no cell is centred inside the picture", nil) }
        let agreeing = check.probes.count(where: \.agrees)
        let detail =
            "at \(point.name): of \(check.probes.count) places that were changed, \(agreeing) changed their own cell or one near it most"
        // Rounding in `1 - 0.8` must not fail four of five.
        guard check.agreement < Self.layoutAgreement - 1e-9 else { return result(.passed, detail, check.agreement) }
        let sizes = graph.receptiveFields(from: input)[layer.value]?.map(\.size)
        let sides = graph.pictureAxes(of: input).map { [$0.height, $0.width] } ?? []
        let seesAll = sizes.map { zip($0, sides).allSatisfy { $0 >= $1 } } ?? true
        return result(
            seesAll ? .inconclusive : .failed,
            detail + (seesAll ? "; every cell sees the whole picture, so another may well answer more" : ""),
            check.agreement)
    }

    // MARK: One gradient

    private func check(
        _ graph: Graph, from input: ValueID, scored: [ValueID], point: [String: AnyTensor], name: String, place: String,
        _ random: inout SeededGenerator
    ) throws -> [VerificationCheck] {
        func result(_ verdict: VerificationCheck.Verdict, _ detail: String) -> [VerificationCheck] {
            [VerificationCheck(name: name, detail: detail, difference: nil, tolerance: nil, verdict: verdict)]
        }
        if let node = graph.straightThroughNode(from: input, to: scored, composite) {
            return result(
                .skipped,
                "\(node) is differentiated straight through: its steps have no derivative that differences could show")
        }
        let probe: GradientProbe?
        do {
            probe = try GradientProbe(
                graph, from: input, scored: scored, point: point, engine: model.engine, composite, &random)
        } catch let error as DifferentiationError {
            return result(.skipped, "\(error)")
        }
        guard let probe else { return result(.skipped, "no output depends on it") }
        return try probe.directions(&random).map { direction in
            let comparison = try probe.compare(direction.vector)
            return VerificationCheck(
                name: name,
                detail: "at \(place), along \(direction.name): \(Self.number(comparison.analytic)) against "
                    + "\(Self.number(comparison.numeric)) ± \(Self.number(comparison.uncertainty)) by the difference"
                    + (probe.leftOut == 0
                        ? "" : "; \(probe.leftOut) of the outputs' numbers are NaN or infinite and left out"),
                difference: comparison.difference, tolerance: comparison.tolerance, verdict: comparison.verdict)
        }
    }

    private static func number(_ value: Double) -> String { String(format: "%.5g", value) }
}

extension Graph {
    /// Floating-point outputs that depend on an input; of a trailing softmax or sigmoid what enters it, because its gradient
    /// vanishes where the model is sure.
    fileprivate func scoredForVerification() -> [ValueID] {
        let varying = values(dependingOn: inputs)
        var seen: Set<ValueID> = []
        return outputs.compactMap { output in
            let value = valueBeforeActivation(output.value)
            guard varying[value.index], self[value].type?.isFloatingPoint != false, seen.insert(value).inserted else {
                return nil
            }
            return value
        }
    }

    /// The first node between an input and the scores whose rule is no derivative.
    fileprivate func straightThroughNode(
        from input: ValueID, to scored: [ValueID], _ composite: Composite
    ) -> String? {
        let varying = values(dependingOn: [input])
        let needed = neededNodes(for: scored).values
        return nodes.first { node in
            node.results.contains { varying[$0.index] && needed[$0.index] }
                && composite.rule(for: node, in: self)?.character == .straightThrough
        }.map { label($0) }
    }
}

extension ModelProto {
    /// Whether weights or inputs are float16 or bfloat16.
    fileprivate var holdsHalfFloats: Bool {
        let halves = [ElementType.float16.rawValue, ElementType.bfloat16.rawValue]
        return graph.initializer.contains { halves.contains($0.dataType) }
            || graph.input.contains { halves.contains($0.type.tensorType.elemType) }
    }
}
