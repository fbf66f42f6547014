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
    ///
    /// - Parameter batch: The number of samples.
    static func all(
        of graph: Graph, input: ValueID, output: ValueID, layer: LayerChoice?, batch: Int
    ) -> [MethodFamily] {
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
                if let procedure = method as? any ProcedureMethod {
                    let name = type(of: method).description.name
                    for requirement in procedure.requirements {
                        if let problem = try problem(with: requirement, of: name) { return (problem, false) }
                    }
                    return ("by many runs of the model; 'gaze methods NAME' says what each needs", true)
                }
                guard let graphMethod = method as? any GraphMethod else { return (nil, true) }
                let layer = try method.layer(in: question)
                for request in try graphMethod.gradients(in: question) {
                    if let problem = problem(withGradientAt: request.value) { return (problem, false) }
                }
                return (layer.map { "at the automatic layer \($0.layer.name)" }, true)
            } catch {
                return ("\(error)", false)
            }
        }

        /// Why the question lacks something; nil where it has it.
        private mutating func problem(with requirement: MethodRequirement, of name: String) throws -> String? {
            switch requirement {
            case .picture: _ = try question.planes(for: name)
            case .layer: _ = try question.spatialLayer(for: name)
            case .pictureLayer: _ = try question.pictureLayer(for: name)
            case .pictureLayers(let count):
                for choice in try question.layerCandidates().prefix(count) {
                    _ = try question.pictureLayer(choice.layer, for: name)
                }
            case .inputGradient: return problem(withGradientAt: question.input)
            case .layerGradient: return problem(withGradientAt: try question.spatialLayer(for: name).layer.value)
            case .classes:
                let shape = question.graph.shape(of: output) ?? []
                let scores =
                    shape.dimensions.first == question.batch ? shape.dimensions.dropFirst() : shape.dimensions[...]
                guard scores.reduce(1, *) > 1, scores.count(where: { $0 > 1 }) == 1 else {
                    throw ExplanationError.unsuitable(
                        method: name,
                        reason:
                            "the output '\(question.graph[output].name)' of shape \(shape) is no list of classes, and it compares classes"
                    )
                }
            case .method(let specification):
                let (remark, isPossible) = verdict(on: try MethodCatalogue.method(specification))
                return isPossible ? nil : remark
            }
            return nil
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
