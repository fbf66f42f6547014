import Graphs
import Runtime
import Tensors

/// Finds out why a result shows nothing: taps the model on the way from the explained place to the score.
struct FlawProbe {
    let question: Question
    let parts: [ResolvedTarget.Part]
    let inputs: [String: AnyTensor]
    /// Which row of the inputs the result belongs to.
    let row: Int
    /// The layer or input whose result shows nothing.
    let place: ValueID
    let score: Double
    let family: MethodDescription.Family
    let engine: any Engine

    var graph: Graph { question.graph }

    func cause(of flaw: ResultFlaw) throws -> String? {
        switch flaw {
        case .notFinite, .score: try firstBrokenValue()
        case .zero, .constant: try family == .perturbation ? inactiveUnit() ?? unmoved(flaw) : lostGradient()
        case .nothingPositive:
            "Look at a signed method (gradient-x-input, or 'negative:of=…' for what speaks against it), at another layer, or at the class that the model does choose"
        }
    }

    private func lostGradient() throws -> String? {
        try inactiveUnit() ?? saturatedEnd() ?? saturation ?? saturatedInside() ?? deadBranch()
    }

    private func unmoved(_ flaw: ResultFlaw) -> String {
        guard flaw == .zero else {
            return "One window, segment or mask covers the whole picture: give smaller ones, or more of them"
        }
        return
            "No changed input that was tried moved the score: too few were tried, the changes are too small, or the baseline is what the input holds already"
    }

    // MARK: Saturation

    /// A probability at the end of its range passes no gradient.
    private var saturation: String? {
        let isProbability = parts.allSatisfy { part in
            let positions = part.weights.elements.indices.filter { part.weights.elements[$0] != 0 }
            return !positions.isEmpty && graph.probabilityFactor(positions, of: part.value) == 1
        }
        guard isProbability, score > 0.999 || score < 0.001 else { return nil }
        return
            "The score is a probability of \(score): a saturated softmax or sigmoid passes no gradient. Explain the value in front of it, with logit(…) as the target"
    }

    // MARK: Units that are off

    private static let rectifiers: Set<String> = ["Relu", "Clip", "Max", "LeakyRelu", "HardSigmoid", "ThresholdedRelu"]

    /// The score itself comes out of a unit that is off: the hinge of a loss, a last ReLU.
    private func inactiveUnit() throws -> String? {
        guard score == 0, parts.count == 1 else { return nil }
        var value = parts[0].value
        while let node = graph.producingNode(of: value), let operand = node.input(0) {
            if Self.rectifiers.contains(node.operation) {
                return
                    "The score is 0 because the \(graph.label(node)) at the end is off for this input (an inactive hinge): explain the value in front of it, '\(graph[operand].name)'"
            }
            guard
                ["Identity", "Reshape", "Squeeze", "Flatten", "Mul", "ReduceSum", "ReduceMean"].contains(node.operation)
            else { return nil }
            value = operand
        }
        return nil
    }

    /// A layer that is zero throughout, at the place or behind it.
    private func deadBranch() throws -> String? {
        let reached = graph.values(dependingOn: [place])
        var candidates = [place]
        for node in graph.nodes where Self.rectifiers.contains(node.operation) {
            guard let result = node.output(0), reached[result.index] else { continue }
            candidates.append(result)
        }
        let needed = graph.valuesNeeded(for: question.scored)
        candidates = candidates.filter { needed[$0.index] }
        for (value, tensor) in zip(candidates, try values(of: candidates)) {
            guard let elements = rowElements(tensor), elements.allSatisfy({ $0 == 0 }) else { continue }
            let name = graph[value].name
            if value == place {
                return
                    "'\(name)' is zero throughout for this input (a dead branch): choose another layer or check the input"
            }
            return
                "Behind it '\(name)' is zero throughout for this input (a dead branch), so no gradient comes back: choose a layer behind it"
        }
        return
            "Nothing on the way is zero throughout: the gradient vanishes (saturated activations, or a target that ignores this place). Try a method without gradients, such as occlusion"
    }

    // MARK: NaN

    private func firstBrokenValue() throws -> String {
        for (name, tensor) in inputs.sorted(by: { $0.key < $1.key }) where tensor.elementType.isFloatingPoint {
            let broken = tensor.floatTensor.elements.count { !$0.isFinite }
            if broken > 0 { return "The input '\(name)' holds \(broken) of them: check how it was prepared" }
        }
        let needed = graph.valuesNeeded(for: question.scored)
        let results = graph.nodes.compactMap { $0.output(0) }
            .filter { needed[$0.index] && graph[$0].type?.isFloatingPoint == true }
        for start in stride(from: 0, to: results.count, by: 64) {
            let portion = Array(results[start..<min(start + 64, results.count)])
            for (value, tensor) in zip(portion, try values(of: portion)) {
                guard tensor.floatTensor.elements.contains(where: { !$0.isFinite }) else { continue }
                let node = graph.producingNode(of: value).map(graph.label) ?? "a node"
                return
                    "The first is made by \(node), in the model's own forward pass: check its weights and the input's normalisation"
            }
        }
        return
            "The model's own values are all finite, so they arise on the way back or in the map: try another layer or method"
    }

    // MARK: Running

    func values(of values: [ValueID]) throws -> [AnyTensor] {
        guard !values.isEmpty else { return [] }
        // An input is no result that an engine would compute.
        let computed = values.filter { !graph.inputs.contains($0) }
        let part = graph.tapped(at: computed)
        var known: [String: AnyTensor] = [:]
        if !computed.isEmpty {
            let program = try engine.load(part, optimization: .basic, keepsMemory: false)
            let names = Set(part.inputs.map { part[$0].name })
            let outputs = part.outputs.map(\.name)
            let results = try program.run(inputs.filter { names.contains($0.key) }, outputs: outputs)
            known = Dictionary(zip(computed.map { graph[$0].name }, results), uniquingKeysWith: { first, _ in first })
        }
        return values.compactMap { known[graph[$0].name] ?? inputs[graph[$0].name] }
    }

    /// The row's part of a tensor whose first axis holds rows; nil where it does not.
    private func rowElements(_ tensor: AnyTensor) -> [Float]? {
        let values = tensor.floatTensor
        guard values.shape.rank > 0, values.shape[0] == question.batch else { return nil }
        return values.slice(row).elements
    }
}

extension Graph {
    /// Whether each value is needed to compute `results`.
    func valuesNeeded(for results: [ValueID]) -> [Bool] {
        var needed = [Bool](repeating: false, count: values.count)
        for result in results { needed[result.index] = true }
        for node in nodes.reversed() where node.results.contains(where: { needed[$0.index] }) {
            for operand in node.operands { needed[operand.index] = true }
        }
        return needed
    }
}
