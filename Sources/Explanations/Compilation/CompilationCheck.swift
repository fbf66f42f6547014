package import Foundation
import Graphs
import Runtime
import Tensors

/// How far a compiled explanation is from Gaze's own answer on random inputs.
public struct CompilationCheck: Sendable, Hashable, Codable {
    /// The largest difference of the maps, relative to the largest magnitude.
    public let map: Double
    /// The largest difference of the scores, likewise.
    public let score: Double
    /// What may differ: sums in another order, and a rectifier that rounding turns over.
    public let tolerance: Double
    /// Whether both are within the tolerance.
    public var passed: Bool { map <= tolerance && score <= tolerance }
}

extension Attributor {
    /// Runs a compiled explanation's file beside Gaze's own answer, with the engine's own options: those of whoever loads the file.
    ///
    /// The closest of up to three random inputs counts: a wrong graph is wrong at all of them, while a rectifier on the edge
    /// differs at one by chance.
    package func check(_ compiled: CompiledExplanation, bytes: Data) throws -> CompilationCheck {
        let program = try model.engine.load(bytes, options: ProgramOptions(isStock: true))
        var random = SeededGenerator(seed: 0)
        var closest: CompilationCheck?
        for attempt in 0..<3 {
            let amplitude: Float = attempt == 2 ? 64 : 1
            let found = try compare(compiled, program, at: compiled.randomInputs(amplitude, &random))
            if found.passed { return found }
            if max(found.map, found.score) < closest.map({ max($0.map, $0.score) }) ?? .infinity { closest = found }
        }
        return closest ?? CompilationCheck(map: .infinity, score: .infinity, tolerance: Self.compilationTolerance)
    }

    private static let compilationTolerance = 1e-3

    private func compare(
        _ compiled: CompiledExplanation, _ program: any Program, at inputs: [String: AnyTensor]
    ) throws -> CompilationCheck {
        let names = compiled.names
        var asked = [names.map, names.score]
        if compiled.request.target == .top { asked.append(names.target) }
        let results = try program.run(inputs, outputs: asked)
        let own = inputs.filter { input in model.inputs.contains { $0.name == input.key } }
        let classes =
            compiled.request.target == .input
            ? inputs[names.target]?.integers : results.count > 2 ? results[2].integers : nil
        let expected = try answer(compiled, at: own, classes: classes)
        return CompilationCheck(
            map: Self.difference(results[0], expected.values), score: Self.difference(results[1], expected.scores),
            tolerance: Self.compilationTolerance)
    }

    /// What `attribute` says: sample by sample where each has its own class.
    private func answer(
        _ compiled: CompiledExplanation, at inputs: [String: AnyTensor], classes: [Int]?
    ) throws -> (values: Tensor<Float>, scores: Tensor<Float>) {
        let request = compiled.request
        // The check waits for the whole result.
        var settings = request.settings
        settings.time = nil
        func ask(_ target: Target) throws -> Attribution {
            let answers = try attribute(
                Query(
                    inputs: inputs, target: target, text: request.target.text, methods: [request.method],
                    layer: request.layer, explained: request.explained, readMask: request.readMask),
                settings: settings)
            return answers[0]
        }
        guard let classes else {
            guard case .fixed(let target, _) = request.target else { throw ExplanationError.batch(reason: "no class") }
            let answer = try ask(target)
            return (answer.values, Tensor(vector: answer.scores))
        }
        let scores = try ClassScores(
            of: specialisedGraph(for: inputs.mapValues(\.shape)), input: compiled.explained, batch: classes.count,
            target: request.target)
        var answers: [Int: Attribution] = [:]
        for index in Set(classes) { answers[index] = try ask(scores.target(of: index)) }
        let rows = classes.enumerated().compactMap { sample, index in answers[index].map { (sample, $0) } }
        guard let first = rows.first?.1 else { return (Tensor(vector: []), Tensor(vector: [])) }
        let parts = try rows.map { ($0.0, try $0.1.values.divided(into: classes.count)) }
        guard parts.allSatisfy({ $0.1.shape.dimensions.first == classes.count }) else {
            return (first.values, Tensor(vector: first.scores))
        }
        // Several pictures of a sample have a row each.
        let values = try Tensor.stacking(parts.map { $0.1.slice($0.0) }).reshaped(first.values.shape)
        return (values, Tensor(vector: rows.map { $0.1.scores[$0.0] }))
    }

    /// The largest difference relative to the largest expected magnitude; infinite where shapes differ or one is no number.
    private static func difference(_ found: AnyTensor, _ expected: Tensor<Float>) -> Double {
        guard found.shape == expected.shape else { return .infinity }
        var (difference, largest) = (0.0, 0.0)
        for (value, truth) in zip(found.floats, expected.elements) where value != truth && !(value.isNaN && truth.isNaN)
        {
            let distance = abs(Double(value) - Double(truth))
            difference = distance.isNaN ? .infinity : max(difference, distance)
        }
        for truth in expected.elements where truth.isFinite { largest = max(largest, Double(abs(truth))) }
        return largest > 0 ? difference / largest : difference
    }
}

extension CompiledExplanation {
    /// Random numbers for every input: bytes over their range, other integers 0, a random class for every sample.
    fileprivate func randomInputs(_ amplitude: Float, _ random: inout SeededGenerator) -> [String: AnyTensor] {
        var inputs: [String: AnyTensor] = [:]
        for input in graph.inputs {
            guard let type = graph[input].type, let shape = graph.shape(of: input) else { continue }
            let name = graph[input].name
            guard type.isFloatingPoint || type == .uint8 || isTarget(name) else {
                inputs[name] = AnyTensor(zeros: type, shape: shape)
                continue
            }
            var tensor = Tensor<Float>(repeating: 0, shape: shape)
            tensor.mutateElements { elements in
                for index in elements.indices {
                    elements[index] =
                        isTarget(name)
                        ? Float(random.next() % 2)
                        : type == .uint8
                            ? Float(random.next() % 256) : amplitude * Float(random.nextNormal())
                }
            }
            inputs[name] = AnyTensor(tensor).converted(to: type)
        }
        return inputs
    }

    private func isTarget(_ name: String) -> Bool { request.target == .input && name == names.target }
}
