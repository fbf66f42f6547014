import Differentiation
import Graphs
import Tensors

/// Methods that need the same of a model, and whether it has that.
public struct MethodFamily: Sendable, Codable {
    /// The methods' names.
    public let methods: String
    /// Whether they can be used.
    public let isPossible: Bool
    /// Where, or why not and what to do instead.
    public let remark: String?

    /// What can be used for a score from `output`.
    static func all(of graph: Graph, input: ValueID, output: ValueID, layer: Layer?) -> [MethodFamily] {
        func family(_ methods: String, _ remark: String? = nil, _ needs: () throws -> Void) -> MethodFamily {
            do {
                try needs()
                return MethodFamily(methods: methods, isPossible: true, remark: remark)
            } catch {
                return MethodFamily(methods: methods, isPossible: false, remark: "\(error)")
            }
        }
        var families = [family("score, output, activation") {}]
        families.append(family("cam") { _ = try graph.averagingHead(endingIn: output) })
        families.append(
            family("gradcam, gradcam-weights, layer-gradient", layer.map { "at the automatic layer \($0.name)" }) {
                let layer = try layer ?? graph.automaticLayer(from: input, to: output).layer
                try requireGradient(of: output, at: layer.value, in: graph)
            })
        families.append(
            family("gradient, gradient-x-input") {
                guard graph[input].type?.isFloatingPoint != false else {
                    throw ExplanationError.unsuitable(
                        method: "gradient",
                        reason: "the input '\(graph[input].name)' holds whole numbers; choose another with --wrt")
                }
                try requireGradient(of: output, at: input, in: graph)
            })
        return families
    }

    private static func requireGradient(of output: ValueID, at value: ValueID, in graph: Graph) throws {
        guard try graph.differentiated([output], withRespectTo: [value]).cotangents[value] != nil else {
            throw ExplanationError.noInfluence(target: graph[output].name, value: graph[value].name)
        }
    }
}
