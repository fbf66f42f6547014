package import Graphs
import Runtime
package import Tensors

/// How a model takes another number of samples at once than it was exported for.
package enum BatchSupport: Sendable {
    /// The graph was rewritten for any number, and comparison with single runs found no difference.
    case any(Rebatching)
    /// Only its own number, for this reason.
    case fixed(reason: String)
    /// No number at all: what the file states is too large to be run.
    case impossible(GraphError)
}

/// A number of samples that a model was exported for, and inputs that hold another.
package struct FixedBatch: Sendable, Hashable {
    /// What the model takes at once.
    package let size: Int
    /// What was given.
    package let samples: Int
    /// The inputs whose first axis holds samples; all others are shared by all samples.
    package let inputs: [String]
    /// The shapes of all inputs for `size` samples.
    package let shapes: [String: Shape]

    /// What decides how the model takes more samples, whatever their number.
    struct Kind: Hashable, Sendable {
        let shapes: [String: Shape]
        let inputs: [String]
    }

    var kind: Kind { Kind(shapes: shapes, inputs: inputs) }

    /// Where tensors of these shapes are samples for a model that declares another number of them; nil where it takes
    /// them as they are.
    package init?(_ shapes: [String: Shape], for model: Model) throws {
        var own = shapes
        var sizes: Set<Int> = []
        var samples: Set<Int> = []
        var inputs: [String] = []
        for port in model.inputs {
            guard let shape = shapes[port.name], shape.rank == port.dimensions.count, shape.rank > 0,
                let declared = port.dimensions[0].length, declared != shape[0]
            else { continue }
            sizes.insert(declared)
            samples.insert(shape[0])
            inputs.append(port.name)
            own[port.name] = Shape([declared] + shape.dimensions.dropFirst())
        }
        guard let size = sizes.first, let count = samples.first else { return nil }
        // Where the model takes several samples, an input that holds just as many cannot belong to more.
        let isWhole = model.inputs.contains {
            size > 1 && !inputs.contains($0.name) && shapes[$0.name]?.dimensions.first == size
        }
        guard sizes.count == 1, samples.count == 1, !isWhole else {
            throw ExplanationError.batch(
                reason: "the model takes \(size) samples at once, and its inputs cannot be divided like that")
        }
        (self.size, self.samples, self.inputs, self.shapes) = (size, count, inputs, own)
    }

    /// Samples for a model that declares a free number and takes only one all the same.
    package init?(singly shapes: [String: Shape], for model: Model) {
        let inputs = model.inputs.filter { port in
            port.dimensions.first.map { $0.length == nil } ?? true && (shapes[port.name]?.dimensions.first ?? 1) > 1
        }.map(\.name)
        let counts = Set(inputs.compactMap { shapes[$0]?.dimensions.first })
        guard let count = counts.first, counts.count == 1 else { return nil }
        (size, samples, self.inputs) = (1, count, inputs)
        self.shapes = shapes.reduce(into: shapes) { result, input in
            guard inputs.contains(input.key) else { return }
            result[input.key] = Shape([1] + input.value.dimensions.dropFirst())
        }
    }
}

extension Attributor {
    /// How the model takes another number of samples; found once for samples of one shape.
    package func support(for batch: FixedBatch) -> BatchSupport {
        if let variation { return variation.base.support(for: batch) }
        return supports.value(for: batch.kind) {
            do {
                let graph = try graphAsItIs(for: batch.shapes)
                let inputs = try batch.inputs.map { try graph.input(named: $0) }
                let rebatching = try Rebatching(graph, batch: batch.size, inputs: inputs)
                try rebatching.prove(by: EngineEvaluator(model.engine))
                return .any(rebatching)
            } catch let error as GraphError where error.isAboutSize && !fits(batch) {
                return .impossible(error)
            } catch {
                return .fixed(reason: "\(error)")
            }
        }
    }

    /// Where samples of these shapes have to be divided or the model rewritten; nil where it takes them as they are.
    package func fixedBatch(for shapes: [String: Shape]) throws -> FixedBatch? {
        if let variation { return try variation.base.fixedBatch(for: shapes) }
        if let declared = try FixedBatch(shapes, for: model) { return declared }
        // A batch may be free by declaration only: constants inside still hold the exported number.
        guard let single = FixedBatch(singly: shapes, for: model) else { return nil }
        let graph = try? graphAsItIs(for: shapes)
        let isFree = graph?.outputs.contains { output in
            graph?.shape(of: output.value)?.dimensions.first == single.samples
        }
        if let graph, let name = single.inputs.first, let input = try? graph.input(named: name),
            graph.joinsRows(of: input, isFixed: false)
        {
            return nil
        }
        return isFree == true ? nil : single
    }

    /// Whether the first axis of an input counts the pictures of one sample, such as views, and no samples.
    package func isOneSample(_ shapes: [String: Shape], input name: String) throws -> Bool {
        if let variation { return try variation.base.isOneSample(shapes, input: name) }
        guard let rows = shapes[name]?.dimensions.first, rows > 1, try fixedBatch(for: shapes) == nil,
            let port = model.inputs.first(where: { $0.name == name }),
            let graph = try? graphAsItIs(for: shapes), let input = try? graph.input(named: name)
        else { return false }
        return graph.joinsRows(of: input, isFixed: port.dimensions.first?.length == rows)
    }

    /// The model for inputs of these shapes, with everything known that can be known; for another number of samples
    /// than it was exported for, rewritten.
    ///
    /// - Throws: `ExplanationError.batch` where it takes only its own number.
    package func specialisedGraph(for shapes: [String: Shape]) throws -> Graph {
        if let variation {
            return try specialised.value(for: shapes) {
                try variation.applied(to: variation.base.specialisedGraph(for: shapes))
            }
        }
        guard let batch = try fixedBatch(for: shapes) else { return try graphAsItIs(for: shapes) }
        return try rewritten.value(for: shapes) {
            switch support(for: batch) {
            case .any(let rebatching): try rebatching.specialised(to: batch.samples, by: EngineEvaluator(model.engine))
            case .fixed(let reason): throw ExplanationError.batch(reason: reason)
            case .impossible(let error): throw error
            }
        }
    }

    /// Whether the model can be run for its own number of samples.
    private func fits(_ batch: FixedBatch) -> Bool {
        do { _ = try graphAsItIs(for: batch.shapes) } catch { return (error as? GraphError)?.isAboutSize != true }
        return true
    }

    private func graphAsItIs(for shapes: [String: Shape]) throws -> Graph {
        try specialised.value(for: shapes) {
            try model.graph.specialised(to: shapes, by: EngineEvaluator(model.engine))
        }
    }
}
