package import Graphs
import Runtime
package import Tensors

extension Experiment {
    /// What a stream of maps came to.
    package struct MapStream: Sendable {
        /// How many maps were made.
        package let count: Int
        /// The layer where they live; nil where it is no layer.
        package let layer: LayerChoice?
    }

    /// The maps of a method, graph or procedure, at many inputs, one after the other.
    ///
    /// Ends early when the time is up or on cancellation, with at least one map.
    /// - Throws: `RuntimeError.cancelled` where not one was made.
    package func streamMaps(
        _ count: Int, of method: MethodSpecification, point: (Int) throws -> Tensor<Float>,
        consume: (Int, Tensor<Float>) throws -> Void
    ) throws -> MapStream {
        let built = try MethodCatalogue.method(method)
        guard built is any ProcedureMethod else {
            let done = try stream(count, of: [method], point: point) { range, answers in
                for (row, index) in range.enumerated() { try consume(index, answers.results[0].slice(row)) }
                return true
            }
            return MapStream(count: done, layer: try built.layer(in: question))
        }
        var layer: LayerChoice?
        var made = 0
        _ = try portions(count, size: 1) { range, _ in
            do {
                let result = try experiment(at: point(range.lowerBound)).result(of: method)
                result.notes.forEach(note)
                layer = result.layer
                try consume(range.lowerBound, result.values)
                made += 1
                return true
            } catch RuntimeError.cancelled where made > 0 {
                note("\(label) ended after \(made) of \(count) runs: it was interrupted")
                return false
            }
        }
        return MapStream(count: made, layer: layer)
    }

    /// Says that a model of whole numbers cannot be asked between them.
    package func noteRounding() {
        guard let type = context.inputs[context.explained]?.elementType, !type.isFloatingPoint else { return }
        note("the input '\(context.explained)' holds \(type), so changed inputs are cut off to whole numbers")
    }
}
