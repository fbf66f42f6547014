import Foundation
package import Graphs
import ONNXMessages
import SwiftProtobuf
package import Tensors

extension Engine {
    /// Makes a graph ready to run. Weights are handed over where they lie in memory, not copied into a file's bytes.
    package func load(
        _ graph: Graph, optimization: OptimizationLevel = .all, keepsMemory: Bool = true,
        memoryLimit: MemoryBudget? = nil
    ) throws -> any Program {
        try graph.checkMemory(memory)
        let (model, weights) = graph.modelSharingWeights(above: 1024)
        return try load(
            try model.serializedBytes(),
            options: ProgramOptions(
                optimization: optimization, keepsMemory: keepsMemory, initializers: weights,
                memoryLimit: memoryLimit))
    }
}

/// Answers what the passes of `Graphs` ask, by an engine.
package struct EngineEvaluator: GraphEvaluator {
    let engine: any Engine

    package var memory: MemoryBudget { engine.memory }

    package init(_ engine: any Engine) {
        self.engine = engine
    }

    package func evaluate(_ graph: Graph, inputs: [String: AnyTensor]) throws -> [AnyTensor] {
        try evaluate(graph, runs: [inputs])[0]
    }

    package func evaluate(_ graph: Graph, runs: [[String: AnyTensor]]) throws -> [[AnyTensor]] {
        let isOpen = graph.nodes.contains { $0.results.contains { graph.shape(of: $0) == nil } }
        let program = try engine.load(
            graph, optimization: .basic, keepsMemory: false, memoryLimit: isOpen ? engine.memory : nil)
        let names = graph.outputs.map(\.name)
        return try runs.map { try program.run($0, outputs: names) }
    }

    package func inferOutputs(of graph: Graph) throws -> [(type: ElementType?, dimensions: [Int?]?)] {
        let program = try engine.load(graph, optimization: .off, keepsMemory: false)
        var known: [String: ValueDescription] = [:]
        for output in program.outputs { known[output.name] = output }
        return graph.outputs.map { (known[$0.name]?.elementType, known[$0.name]?.dimensions) }
    }
}
