import Differentiation
import Graphs
import ONNXMessages
import Tensors

/// An operator of a model, and how it is differentiated.
public struct OperatorUse: Sendable, Codable {
    /// The name, with its domain where that is not ONNX's own.
    public let name: String
    /// How many nodes apply it.
    public let count: Int
    /// `true derivative`, `straight-through`, `stops gradient`, `no rule: node X`, or why none is needed.
    public let rule: String

    /// The operators of an imported model by falling count.
    ///
    /// Without a rule, an operator is an obstacle only where floating-point numbers flow through it from an input to an
    /// output once the shapes are known: `specialised` tells.
    static func inventory(of graph: Graph, specialised: Graph?) -> [OperatorUse] {
        let obstacles = specialised.map(obstacles)
        var uses: [String: (count: Int, rule: String)] = [:]
        for node in graph.nodes {
            let name = node.qualifiedOperation
            uses[name, default: (0, "")].count += 1
            guard uses[name]?.rule.isEmpty == true else { continue }
            uses[name]?.rule =
                Composite.derivative.rule(for: node, in: graph)?.character.rawValue
                ?? obstacles.map { $0[name].map { "no rule: node \($0)" } ?? "none needed: off the gradient's path" }
                ?? "no rule: node \(graph.label(node))"
        }
        return sorted(uses)
    }

    /// The operators of a file that could not be imported; those inside of subgraphs and functions, too.
    static func inventory(of message: ModelProto) -> [OperatorUse] {
        var uses: [String: (count: Int, rule: String)] = [:]
        let functions = Set(message.functions.map { "\($0.domain).\($0.name)" })
        func count(_ nodes: [NodeProto]) {
            for node in nodes {
                let isStandard = ["", "ai.onnx"].contains(node.domain)
                let name = isStandard ? node.opType : "\(node.domain).\(node.opType)"
                let rule =
                    functions.contains("\(node.domain).\(node.opType)")
                    ? "function of the model"
                    : (isStandard ? RuleCatalogue.rules[node.opType]?.character.rawValue : nil)
                        ?? "no rule: node \(node.opType) '\(node.name.isEmpty ? node.output.first ?? "" : node.name)'"
                uses[name, default: (0, rule)].count += 1
                for attribute in node.attribute {
                    if attribute.hasG { count(attribute.g.node) }
                    for body in attribute.graphs { count(body.node) }
                }
            }
        }
        count(message.graph.node)
        for function in message.functions { count(function.node) }
        return sorted(uses)
    }

    /// The first node of each operator without a rule that a gradient from any output to any input would meet.
    private static func obstacles(_ graph: Graph) -> [String: String] {
        let inputs = graph.inputs.filter { graph[$0].type?.isFloatingPoint != false }
        let varying = graph.values(dependingOn: inputs)
        var found: [String: String] = [:]
        for node in graph.nodes where Composite.derivative.rule(for: node, in: graph) == nil {
            let carries = { (value: ValueID) in varying[value.index] && graph[value].type?.isFloatingPoint != false }
            guard node.results.contains(where: carries), node.operands.contains(where: carries) else { continue }
            found[node.qualifiedOperation] = found[node.qualifiedOperation] ?? graph.label(node)
        }
        return found
    }

    private static func sorted(_ uses: [String: (count: Int, rule: String)]) -> [OperatorUse] {
        uses.map { OperatorUse(name: $0.key, count: $0.value.count, rule: $0.value.rule) }
            .sorted { ($0.count, $1.name) > ($1.count, $0.name) }
    }
}
