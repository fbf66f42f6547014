import Graphs
import Tensors

extension ExperimentGraph {
    /// The mean of a graph method's maps over noisy copies of the input.
    mutating func mean(
        of method: WrappedMethod, over copies: NoisyCopies,
        _ transform: (inout ExperimentGraph, ValueID) -> ValueID = { $1 }
    ) throws -> ValueID {
        let sums = try sums(over: copies.count, of: compilable(method)) { experiment, range in
            try experiment.noisy(copies, range)
        } terms: { experiment, maps, _ in
            [experiment.sum(transform(&experiment, maps))]
        }
        return nodes.emit("Mul", [sums[0], nodes.scalar(1 / Double(copies.count))])
    }

    /// The population's variance of a graph method's maps over noisy copies of the input.
    ///
    /// Sums are taken about the first map, so that little is lost where maps differ little.
    mutating func variance(of method: WrappedMethod, over copies: NoisyCopies) throws -> ValueID {
        var origin: ValueID?
        let sums = try sums(over: copies.count, of: compilable(method)) { experiment, range in
            try experiment.noisy(copies, range)
        } terms: { experiment, maps, _ in
            let first = origin ?? experiment.nodes.emit("Gather", [maps, experiment.nodes.integers([0])])
            origin = first
            let differences = experiment.nodes.emit("Sub", [maps, first])
            let squares = experiment.nodes.emit("Mul", [differences, differences])
            return [experiment.sum(differences), experiment.sum(squares)]
        }
        let share = nodes.scalar(1 / Double(copies.count))
        let means = sums.map { nodes.emit("Mul", [$0, share]) }
        return nodes.emit("Relu", [nodes.emit("Sub", [means[1], nodes.emit("Mul", [means[0], means[0]])])])
    }

    private func compilable(_ method: WrappedMethod) throws -> MethodSpecification {
        guard try MethodCatalogue.method(method.specification) is any GraphMethod else {
            throw ExplanationError.unsuitable(
                method: method.specification.name,
                reason: "it asks the model many times itself, and one file holds one such method; wrap another")
        }
        return method.specification
    }

    /// The copies of these numbers, `[n, B, …]`; the same for every sample but for the noise's size.
    private mutating func noisy(_ copies: NoisyCopies, _ range: Range<Int>) throws -> ValueID {
        if let noise = copies.noise {
            let rows = Shape([range.count] + noise.shape.dimensions.dropFirst())
            let size = noise.elements.count / max(noise.shape.dimensions.first ?? 1, 1)
            let part = try Tensor(
                shape: rows, elements: Array(noise.elements[range.lowerBound * size..<range.upperBound * size]))
            guard let added = given(part, count: range.count) else {
                throw ExplanationError.parameter(
                    method: label, name: "noise",
                    reason: "the file holds \(noise.shape), which is not [n, input shape] for inputs \(sampleShape)")
            }
            return nodes.emit("Add", [input, added])
        }
        var normal = Tensor<Float>(
            repeating: 0, shape: Shape([range.count, 1] + sampleShape.dimensions))
        let size = sampleShape.count
        normal.mutateElements { elements in
            for copy in range {
                var generator = SeededGenerator(seed: copies.seed, part: copy)
                let start = (copy - range.lowerBound) * size
                for index in start..<start + size { elements[index] = Float(generator.nextNormal()) }
            }
        }
        let axes = nodes.integers(Array(1...max(sampleShape.rank, 1)))
        let extremes = ["ReduceMax", "ReduceMin"].map { nodes.emit($0, [input, axes], ["keepdims": .integer(1)]) }
        let spread = nodes.emit("Sub", extremes.map { cast($0, to: .float64) })
        let deviation = nodes.emit("Mul", [spread, nodes.constant(AnyTensor(Tensor<Double>(copies.sigma)))])
        let noise = nodes.emit(
            "Mul", [cast(deviation, to: .float32), nodes.constant(AnyTensor(normal), name: "noise")])
        return nodes.emit("Add", [input, noise])
    }
}
