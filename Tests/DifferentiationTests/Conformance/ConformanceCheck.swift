import Differentiation
import Foundation
import Graphs
import ONNXFormat
import ONNXMessages
import Runtime
import Tensors
import TestSupport

/// What one of ONNX's cases gives: its outputs, then its gradient.
struct ConformanceCheck {
    enum Outputs: Hashable {
        case agree
        /// The engine computes the same from the untouched file, which is not what the case says.
        case engineDiffers
        /// The engine does not run the untouched file either.
        case engineRefuses
        case differ(String)
        case refused(String)
    }

    enum Gradient: Hashable {
        case agrees
        /// The operator stops gradients, as its rule says.
        case stops
        /// No output or input is a floating-point number that the graph computes with.
        case nothingToCompare(String)
        case undecided(String)
        case differs(String)
        case refused(String)
    }

    let derivatives: Derivatives
    let example: ConformanceCases.Case

    /// Float32 results in another order of a few hundred operations, relative to the largest element.
    private static let tolerance: Float = 2e-5

    /// The outcome, and whether only the first operand could be left free.
    func outcome() -> (outputs: Outputs, gradient: Gradient, isByFirstOperandOnly: Bool) {
        let graphs: [Variant]
        do {
            graphs = try variants()
        } catch {
            return (.refused("\(error)"), .nothingToCompare("refused"), false)
        }
        var outputs = Outputs.refused("no form of it runs")
        for (graph, feed, _) in graphs {
            outputs = compareOutputs(graph, feed)
            if outputs == .agree { break }
        }
        var gradient = Gradient.nothingToCompare("the outputs differ")
        guard outputs == .agree || outputs == .engineDiffers else { return (outputs, gradient, false) }
        var isByFirstOperandOnly = false
        for (graph, feed, hasFixedFloats) in graphs {
            do {
                gradient = try compareGradients(graph, feed)
            } catch {
                gradient = .refused("\(error)")
            }
            if case .refused = gradient { continue }
            isByFirstOperandOnly = hasFixedFloats
            break
        }
        return (outputs, gradient, isByFirstOperandOnly)
    }

    // MARK: Graphs

    /// A specialised graph with what it is fed; `hasFixedFloats` where floating-point operands are constants.
    private typealias Variant = (graph: Graph, feed: [String: AnyTensor], hasFixedFloats: Bool)

    /// The specialised graph with every input free, then with integers and truth values fixed, then with only the first
    /// operand free: models of images have constants there (shapes, axes, sizes, boxes).
    private func variants() throws -> [Variant] {
        let inputs = Dictionary(example.inputs.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
        let operands = Set(example.model.graph.node.first?.input.prefix(1) ?? [])
        let choices: [(String, AnyTensor) -> Bool] = [
            { _, _ in true }, { $1.elementType.isFloatingPoint },
            { $1.elementType.isFloatingPoint && operands.contains($0) },
        ]
        var result: [Variant] = []
        var tried: Set<Set<String>> = []
        var failure: (any Error)?
        for isFree in choices {
            let free = inputs.filter { isFree($0.key, $0.value) }
            guard tried.insert(Set(free.keys)).inserted else { continue }
            do {
                var model = example.model
                model.graph.input.removeAll { inputs[$0.name] != nil && free[$0.name] == nil }
                model.graph.initializer += inputs.filter { free[$0.key] == nil }.sorted { $0.key < $1.key }.map {
                    TensorProto($0.value, name: $0.key)
                }
                let imported = try Graph(try Upgrades.apply(to: model))
                let names = Set(imported.inputs.map { imported[$0].name })
                let shapes = free.filter { names.contains($0.key) }.mapValues(\.shape)
                let graph = try imported.specialised(to: shapes, by: derivatives.evaluator)
                var feed: [String: AnyTensor] = [:]
                for input in graph.inputs {
                    guard let tensor = free[graph[input].name] else { continue }
                    feed[graph[input].name] = tensor.converted(to: graph[input].type ?? tensor.elementType)
                }
                let isFixed = inputs.contains { $0.value.elementType.isFloatingPoint && free[$0.key] == nil }
                result.append((graph, feed, isFixed))
            } catch {
                failure = error
            }
        }
        if result.isEmpty, let failure { throw failure }
        return result
    }

    // MARK: Outputs

    private func compareOutputs(_ graph: Graph, _ feed: [String: AnyTensor]) -> Outputs {
        do {
            let found = try derivatives.outputs(graph, feed)
            let expected = example.outputs.map(\.tensor)
            guard let difference = Self.difference(found, expected) else { return .agree }
            if Self.difference(found, try original()) == nil { return .engineDiffers }
            return .differ(([difference] + graph.notes).joined(separator: "; "))
        } catch {
            return engineRuns ? .refused("\(error)") : .engineRefuses
        }
    }

    /// What the engine gives for the untouched file.
    private func original() throws -> [AnyTensor] {
        let program = try derivatives.engine.load(example.file, options: ProgramOptions())
        let inputs = Dictionary(example.inputs.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
        return try program.run(inputs, outputs: example.outputs.map(\.name))
    }

    private var engineRuns: Bool { (try? original()) != nil }

    private static func difference(_ found: [AnyTensor], _ expected: [AnyTensor]) -> String? {
        guard found.count == expected.count else { return "\(found.count) outputs for \(expected.count)" }
        for (number, (found, expected)) in zip(found, expected).enumerated() {
            guard found.shape == expected.shape, found.elementType == expected.elementType else {
                return "output \(number) is \(found.elementType)\(found.shape) for "
                    + "\(expected.elementType)\(expected.shape)"
            }
            guard expected.elementType.isFloatingPoint else {
                if found.integers != expected.integers { return "output \(number) has other integers" }
                continue
            }
            let largest = expected.floats.reduce(1) { $1.isFinite ? max($0, abs($1)) : $0 }
            let errors = zip(found.floats, expected.floats).map { found, expected in
                found == expected || found.isNaN && expected.isNaN ? 0 : abs(found - expected)
            }
            guard errors.allSatisfy({ $0 <= tolerance * largest }) else {
                return "output \(number) is off by \(errors.max() ?? .nan)"
            }
        }
        return nil
    }

    // MARK: Gradients

    private func compareGradients(_ graph: Graph, _ feed: [String: AnyTensor]) throws -> Gradient {
        let targets = graph.inputs.filter { graph[$0].type?.isFloatingPoint == true && graph.shape(of: $0)?.count != 0 }
        guard !targets.isEmpty else { return .nothingToCompare("no floating-point input") }
        let outputs = graph.outputs.filter {
            graph[$0.value].type?.isFloatingPoint == true && graph[$0.value].constant == nil
                && graph.shape(of: $0.value)?.count != 0
        }
        guard !outputs.isEmpty else {
            let isStop = RuleCatalogue.rules[example.operation]?.character == .stopsGradient
            return isStop ? .stops : .nothingToCompare("no floating-point output")
        }
        let derived = try graph.differentiated(outputs.map(\.value), withRespectTo: targets)
        guard !derived.cotangents.isEmpty else {
            return RuleCatalogue.rules[example.operation]?.character == .stopsGradient
                ? .stops : .differs("no gradient flows back")
        }
        var random = SeededGenerator(seed: example.name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
        var feed = feed
        var weights: [(name: String, values: [Double])] = []
        let results = try derivatives.engine.load(graph).run(feed, outputs: outputs.map(\.name))
        for (output, (seed, result)) in zip(outputs, zip(derived.seeds, results)) {
            // -∞ stays what it is, whatever moves.
            let values = result.floats.map { $0.isFinite ? Float(random.nextNormal()) : 0 }
            feed[derived.graph[seed].name] = try floats(values, graph.shape(of: output.value))
            weights.append((graph[output.value].name, values.map(Double.init)))
        }
        var both = derived.graph
        let cotangents = targets.compactMap { target in derived.cotangents[target].map { (target, $0) } }
        both.outputs =
            outputs.map { Graph.Output(name: graph[$0.value].name, value: $0.value) }
            + cotangents.map { Graph.Output(name: "gradient.\(both[$0].name)", value: $1) }
        both = both.eliminatingDeadNodes(keepingInputs: false)
        let names = Set(both.inputs.map { both[$0].name })
        feed = feed.filter { names.contains($0.key) }
        let program = try derivatives.engine.load(both)
        var undecided: String?
        for target in targets where feed[graph[target].name] != nil {
            let name = "gradient.\(graph[target].name)"
            var gradient: (name: String, values: [Float])?
            if derived.cotangents[target] != nil {
                let values = try program.run(feed, outputs: [name])[0]
                guard values.shape == graph.shape(of: target) else {
                    return .differs("\(name) has the shape \(values.shape)")
                }
                guard values.floats.allSatisfy(\.isFinite) else { return .differs("\(name) is not finite") }
                gradient = (name, values.floats)
            }
            let probe = SegmentProbe(
                program: program, gradient: gradient, weights: weights, feed: feed, input: graph[target].name)
            switch try probe.verdict(&random) {
            case .agrees: continue
            case .undecided: undecided = "\(name) at no length"
            case .differs(let difference): return .differs("\(name) differs by \(difference) of its size")
            }
        }
        return undecided.map { .undecided($0) } ?? .agrees
    }
}
