import Graphs
import Tensors

/// Operators that cut numbers off: what lies beyond their limits passes no gradient.
extension FlawProbe {
    private static let cuttingOff: Set<String> = ["Clip", "HardSigmoid", "QuantizeLinear"]

    /// The score itself is cut off at the end of the model.
    func saturatedEnd() throws -> String? {
        var first: (node: Node, isAbove: Bool)?
        for part in parts {
            let count = part.weights.elements.count / max(question.batch, 1)
            let positions = (row * count..<(row + 1) * count).filter { part.weights.elements[$0] != 0 }
            guard !positions.isEmpty else { continue }
            for elements in graph.traced(positions, of: part.value, to: Self.cuttingOff) {
                guard
                    let node = graph.nodes.first(where: {
                        $0.operation == elements.activation && $0.input(0) == elements.value
                    }),
                    let cut = try cutOff(by: node)
                else { return nil }
                let beyond = elements.positions.map { cut.indices.contains($0) ? cut[$0] : 0 }
                guard beyond.allSatisfy({ $0 != 0 }) else { return nil }
                first = first ?? (node, beyond[0] > 0)
            }
        }
        guard let (node, isAbove) = first else { return nil }
        let way =
            node.operation == "QuantizeLinear"
            ? "explain the value in front of it, with logit(…) as the target, or calibrate the quantisation with pictures like this one"
            : "explain the value in front of it\(node.input(0).map { ", '\(graph[$0].name)'" } ?? "")"
        return
            "The score of \(score) is cut off at the \(isAbove ? "upper" : "lower") limit of the \(graph.label(node)) at the end, which is saturated and passes no gradient: \(way)"
    }

    /// On the way an operator cuts everything off.
    func saturatedInside() throws -> String? {
        let reached = graph.values(dependingOn: [place])
        let needed = graph.valuesNeeded(for: question.scored)
        for node in graph.nodes where node.domain.isEmpty && Self.cuttingOff.contains(node.operation) {
            guard let operand = node.input(0), let result = node.output(0), reached[operand.index],
                needed[result.index],
                let shape = graph.shape(of: operand), shape.rank > 0, shape[0] == question.batch,
                let cut = try cutOff(by: node)
            else { continue }
            let count = cut.count / question.batch
            let own = cut[row * count..<(row + 1) * count]
            // A rectifier that is off throughout is a dead branch.
            guard !own.isEmpty, own.allSatisfy({ $0 != 0 }), node.operation != "Clip" || own.contains(where: { $0 > 0 })
            else { continue }
            let remedy =
                node.operation == "QuantizeLinear"
                ? "calibrate the quantisation with pictures like this one, or choose a layer behind it"
                : "choose a layer behind it"
            return
                "Behind it all that enters the \(graph.label(node)) lies beyond its limits for this input: it is saturated throughout and passes no gradient: \(remedy)"
        }
        return nil
    }

    /// For every number that enters an operator: above its range (1), below it (-1), or let through (0); nil where that cannot be told.
    private func cutOff(by node: Node) throws -> [Int]? {
        guard let operand = node.input(0), let shape = graph.shape(of: operand) else { return nil }
        let parameters = node.inputs.dropFirst().compactMap { $0 }
        let known = try values(of: [operand] + parameters.filter { graph[$0].constant == nil })
        guard let numbers = known.first?.floats, numbers.count == shape.count else { return nil }
        var computed = known.dropFirst().makeIterator()
        var contents: [ValueID: [Float]] = [:]
        for parameter in parameters { contents[parameter] = (graph[parameter].constant ?? computed.next())?.floats }
        func parameter(_ index: Int) -> [Float]? { node.input(index).flatMap { contents[$0] } }
        switch node.operation {
        case "Clip":
            let (low, high) = (parameter(1)?.first ?? -.infinity, parameter(2)?.first ?? .infinity)
            return numbers.map { $0 >= high ? 1 : $0 <= low ? -1 : 0 }
        case "HardSigmoid":
            let (slope, offset) = (node.float("alpha") ?? 0.2, node.float("beta") ?? 0.5)
            return numbers.map { slope * $0 + offset }.map { $0 >= 1 ? 1 : $0 <= 0 ? -1 : 0 }
        default: return cutOff(numbers, shape, by: node, scale: parameter(1), zero: parameter(2))
        }
    }

    /// A quantiser lets through what it rounds to a number of its type.
    private func cutOff(_ numbers: [Float], _ shape: Shape, by node: Node, scale: [Float]?, zero: [Float]?) -> [Int]? {
        guard let scale, let range = Graph.quantisedRange(of: node.output(0).flatMap { graph[$0].type }) else {
            return nil
        }
        let given = node.integer("axis") ?? 1
        let axis = given < 0 ? given + shape.rank : given
        let isPerAxis = scale.count > 1
        guard !isPerAxis || (shape.dimensions.indices.contains(axis) && shape[axis] == scale.count) else { return nil }
        let inner = isPerAxis ? shape.dimensions[(axis + 1)...].reduce(1, *) : 1
        return numbers.enumerated().map { place, number in
            let channel = isPerAxis ? place / inner % scale.count : 0
            let point = zero.map { $0[min(channel, $0.count - 1)] } ?? 0
            let level = (number / scale[channel]).rounded(.toNearestOrEven) + point
            return level > range.upperBound ? 1 : level < range.lowerBound ? -1 : 0
        }
    }
}
