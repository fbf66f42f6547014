import Graphs
import Tensors

extension TargetResolver {
    /// The value that a target's numbers are taken from: an output, or any tensor of floating-point numbers inside of the model.
    func output(_ source: Target.Source) throws -> ValueID {
        let names = graph.outputs.map { TargetText.name($0.name) }.joined(separator: ", ")
        switch source {
        case .number(let number):
            guard graph.outputs.indices.contains(number) else {
                throw problem("it has \(graph.outputs.count) outputs (\(names)), and #\(number) is none of them")
            }
            return try differentiable(graph.outputs[number].value, name: graph.outputs[number].name)
        case .name(let name):
            if let output = graph.outputs.first(where: { $0.name == name }) {
                return try differentiable(output.value, name: name)
            }
            guard let value = graph.value(named: name), graph[value].constant == nil else {
                let near = Suggestion.nearest(
                    to: name, among: graph.nodes.flatMap(\.results).map { graph[$0].name }
                ).map { TargetText.name($0) }
                let advice = near.isEmpty ? "" : "; the nearest tensors are \(near.joined(separator: ", "))"
                throw problem("no output or tensor is named '\(name)'; its outputs are \(names)\(advice)")
            }
            return try differentiable(value, name: name)
        }
    }

    /// The value, where it holds floating-point numbers; else the way to those in front of it.
    private func differentiable(_ value: ValueID, name: String) throws -> ValueID {
        guard graph[value].type?.isFloatingPoint == false else { return value }
        let type = graph[value].type.map { "\($0)" } ?? "integers"
        let subject = "'\(name)' holds \(type), which has no derivative"
        if let decision = graph.decision(behind: value) {
            let scores = TargetText.name(graph[decision.scores].name)
            throw problem(
                "\(subject): it is what \(decision.operation) makes of the scores \(scores), so explain one of those, e.g. \(TargetText.option("\(scores)[\(zeros(graph.shape(of: decision.scores)))]"))"
            )
        }
        if let node = graph.suppression(behind: value), let scores = node.input(1) {
            let scores = TargetText.name(graph[scores].name)
            throw problem(
                "\(subject): NonMaxSuppression picks by the scores \(scores), so explain one of those, e.g. \(TargetText.option("mean(\(scores))"))"
            )
        }
        throw problem(
            "\(subject); name a tensor of floating-point numbers in front of it ('gaze inspect MODEL' lists layers)")
    }

    /// The first element's indices behind the batch axis.
    private func zeros(_ shape: Shape?) -> String {
        let rank = (shape?.rank ?? 2) - (shape.map { $0.rank > 1 && $0[0] == batch } == true ? 1 : 0)
        return Array(repeating: "0", count: max(rank, 1)).joined(separator: ",")
    }

    /// `Σ (f - r)²` or `Σ |f - r|` of every sample, `[B, 1]`; r is the explained input, or what a file holds.
    mutating func error(of value: ValueID, from file: String?, isAbsolute: Bool) throws -> ValueID {
        let kind = isAbsolute ? "absolute-error" : "error"
        let wanted = try file.map { try rows(in: $0, for: value) }
        // The name tells what it is measured from: compiled questions are known by the names of what they score.
        let digest = wanted.map { rows in
            rows.reduce(UInt64(14_695_981_039_346_656_037)) { ($0 ^ UInt64($1.bitPattern)) &* 1_099_511_628_211 }
        }
        let name = "\(kind).\(graph[value].name)" + (digest.map { ".\($0)" } ?? "")
        if let known = graph.value(named: name) { return known }
        guard let shape = graph.shape(of: value) else {
            throw problem("the shape of '\(graph[value].name)' is not known")
        }
        let reference: ValueID
        if let wanted {
            let tensor = AnyTensor(try Tensor(shape: shape, elements: wanted)).converted(to: type(of: value))
            reference = graph.addConstant(tensor, name: "reference")
        } else {
            reference = try explainedInput(shape, of: value)
        }
        let difference = emit("Sub", [value, reference], shape: shape)
        let distance =
            isAbsolute
            ? emit("Abs", [difference], shape: shape) : emit("Mul", [difference, difference], shape: shape)
        return try rowSum(of: rows(of: distance), name: name)
    }

    private mutating func explainedInput(_ shape: Shape, of value: ValueID) throws -> ValueID {
        let input = try input.map { try graph.input(named: $0) } ?? graph.inputs.first
        guard let input, let known = graph.explainedValue(of: input), graph.shape(of: known) == shape else {
            let given = input.flatMap { graph.shape(of: $0) }.map { "\($0)" } ?? "none"
            throw problem(
                "'\(graph[value].name)' has shape \(shape) and the input \(given), so there is no error between them; give what it should be in a file, e.g. error(\(TargetText.name(graph[value].name)), wanted.npy)"
            )
        }
        guard graph[known].type != graph[value].type else { return known }
        return emit(
            "Cast", [known], ["to": .integer(Int(type(of: value).rawValue))], shape: shape, type: type(of: value))
    }
}
