package import Tensors

/// What passes need of an engine; `Runtime` implements it.
package protocol GraphEvaluator: Sendable {
    /// What the values of a run may take.
    var memory: MemoryBudget { get }

    /// Runs the graph on these inputs and returns its outputs in order.
    func evaluate(_ graph: Graph, inputs: [String: AnyTensor]) throws -> [AnyTensor]

    /// Runs the graph on each of these inputs in turn and returns the outputs of each.
    func evaluate(_ graph: Graph, runs: [[String: AnyTensor]]) throws -> [[AnyTensor]]

    /// The types and shapes that the engine infers for the graph's outputs without running it; nil where it cannot
    /// tell.
    func inferOutputs(of graph: Graph) throws -> [(type: ElementType?, dimensions: [Int?]?)]
}

extension GraphEvaluator {
    /// What the machine has.
    package var memory: MemoryBudget { .ofMachine }
}
