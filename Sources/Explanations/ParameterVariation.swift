import Graphs
package import Tensors

/// A model with other values of some constants: what parameter randomisation explains.
struct ParameterVariation: Sendable {
    let base: Attributor
    /// New contents by the names of constants in the specialised graph.
    let parameters: [String: AnyTensor]

    /// The graph with the new contents; values and nodes stay what they are.
    func applied(to graph: Graph) throws -> Graph {
        var graph = graph
        for (name, tensor) in parameters {
            guard let value = graph.value(named: name), let constant = graph[value].constant,
                constant.shape == tensor.shape, constant.elementType == tensor.elementType
            else {
                throw ExplanationError.unsuitable(
                    method: "A change of parameters",
                    reason: "the model has no constant '\(name)' of \(tensor.elementType)\(tensor.shape) for this batch"
                )
            }
            graph[value].constant = tensor
        }
        return graph
    }
}

extension Attributor {
    /// The same model with other values of some constants, by their names in the specialised graph.
    ///
    /// Shapes, layers, heads and batches stay the base's, so nothing is analysed again: a question is made and loaded, which
    /// costs about as much as two or three of its runs. Weights as inputs of one program would save that, but the engine then
    /// folds and lays out nothing beforehand: on EfficientNet-Lite0 a gradient takes 97 ms instead of 42 ms, and loading the
    /// program takes 110 ms, so that new programs win from the second picture on.
    package convenience init(_ base: Attributor, parameters: [String: AnyTensor]) {
        let origin = base.variation
        self.init(
            ParameterVariation(
                base: origin?.base ?? base,
                parameters: (origin?.parameters ?? [:]).merging(parameters) { _, new in new }))
    }
}
