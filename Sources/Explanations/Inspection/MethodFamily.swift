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

    /// What can be used for a score from `output`: the catalogue's methods, those together that the same is said of.
    static func all(of graph: Graph, input: ValueID, output: ValueID, layer: LayerChoice?) -> [MethodFamily] {
        let batch = graph.shape(of: input)?.dimensions.first ?? 1
        let question = Question(
            graph: graph, scored: [output], input: input, namedLayer: nil, chosen: layer, batch: batch)
        var survey = Survey(question: question, output: output)
        var groups: [(remark: String?, isPossible: Bool, names: [String])] = []
        for description in MethodCatalogue.selfContained {
            guard let method = try? MethodCatalogue.method(MethodSpecification(description.name)) else { continue }
            let (remark, isPossible) = survey.verdict(on: method)
            if let known = groups.firstIndex(where: { $0.remark == remark && $0.isPossible == isPossible }) {
                groups[known].names.append(description.name)
            } else {
                groups.append((remark, isPossible, [description.name]))
            }
        }
        return groups.map {
            MethodFamily(methods: $0.names.joined(separator: ", "), isPossible: $0.isPossible, remark: $0.remark)
        }
    }

    /// Questions about one model, each answered once.
    private struct Survey {
        let question: Question
        let output: ValueID
        private var gradients: [ValueID: String?] = [:]

        init(question: Question, output: ValueID) {
            self.question = question
            self.output = output
        }

        mutating func verdict(on method: any AttributionMethod) -> (remark: String?, isPossible: Bool) {
            do {
                guard let graphMethod = method as? any GraphMethod else {
                    return ("by many runs of the model; 'gaze methods NAME' says what each needs", true)
                }
                let layer = try method.layer(in: question)
                for request in try graphMethod.gradients(in: question) {
                    if let problem = problem(withGradientAt: request.value) { return (problem, false) }
                }
                return (layer.map { "at the automatic layer \($0.layer.name)" }, true)
            } catch {
                return ("\(error)", false)
            }
        }

        /// Why the score has no gradient with respect to a value; nil where it has one.
        private mutating func problem(withGradientAt value: ValueID) -> String? {
            if let known = gradients[value] { return known }
            var problem: String?
            do {
                let graph = question.graph
                guard graph[value].type?.isFloatingPoint != false else {
                    throw ExplanationError.unsuitable(
                        method: "gradient",
                        reason: "the input '\(graph[value].name)' holds whole numbers; choose another with --wrt")
                }
                guard try graph.differentiated([output], withRespectTo: [value]).cotangents[value] != nil else {
                    throw ExplanationError.noInfluence(target: graph[output].name, value: graph[value].name)
                }
            } catch {
                problem = "\(error)"
            }
            gradients.updateValue(problem, forKey: value)
            return problem
        }
    }
}
