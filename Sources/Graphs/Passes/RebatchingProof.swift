import Tensors

extension Rebatching {
    /// Compares three random samples through the rewritten graph with the same samples through the graph as it was.
    ///
    /// A wrong axis exchanges or mixes samples, so its error is as large as the samples' difference; the engine's
    /// sums in another order differ by rounding only. The error may be 1e-4 of the largest output (1e-2 where half
    /// precision is computed with), and a tenth of the difference between samples; where random samples do not
    /// differ that much (saturated outputs), larger ones are tried.
    ///
    /// - Throws: `GraphError.fixedBatch` where the results differ or nothing can be concluded.
    package func prove(by evaluator: any GraphEvaluator) throws {
        let rewritten = try specialised(to: Self.sampleCount, by: evaluator)
        let names = comparedNames.filter { rewritten.value(named: $0) != nil }
        guard !names.isEmpty else {
            throw GraphError.fixedBatch(node: "the graph", reason: "no output of it holds floating-point numbers")
        }
        let original = graph.tapped(at: names.compactMap { graph.value(named: $0) })
        let batched = rewritten.tapped(at: names.compactMap { rewritten.value(named: $0) })
        // A graph for several samples computes them in one run, and some of them are compared.
        let runs = batch == 1 ? Self.sampleCount : 1
        let chosen = batch == 1 ? [0, 1, 2] : [batch - 1, 0, 1]
        for amplitude in [1, 32, 255] as [Float] {
            let samples = randomInputs(amplitude: amplitude)
            let singles = try (0..<runs).map { run in
                try inputs(original, samples) { tensor in
                    try tensor.rows(Array(run * batch..<(run + 1) * batch))
                }
            }
            let expected = try evaluator.evaluate(original, runs: singles)
            let found = try evaluator.evaluate(batched, inputs: inputs(batched, samples) { try $0.rows(chosen) })
            var differs = false
            for index in names.indices {
                let rows = try chosen.map { sample in
                    try expected[sample / batch][index].rows([sample % batch]).floats
                }
                differs = try compare(found[index].floats, with: rows, name: names[index]) || differs
            }
            if differs { return }
        }
        throw GraphError.fixedBatch(
            node: "the graph", reason: "random samples give results too much alike to tell whether they are exchanged")
    }

    private static let sampleCount = 3

    /// The outputs that hold samples, and what enters a last softmax or sigmoid, which may be saturated.
    private var comparedNames: [String] {
        var values: [ValueID] = []
        for output in graph.outputs {
            values.append(output.value)
            if let node = graph.producingNode(of: output.value), let operand = node.input(0) { values.append(operand) }
        }
        var seen: Set<ValueID> = []
        return values.filter {
            places[$0.index]?.isFirst == true && graph[$0].type?.isFloatingPoint == true
                && graph.producer(of: $0) != nil && seen.insert($0).inserted
        }.map { graph[$0].name }
    }

    /// Whether the samples differ enough to conclude anything.
    private func compare(_ found: [Float], with rows: [[Float]], name: String) throws -> Bool {
        var (error, largest, spread) = (Float(0), Float(0), Float(0))
        var position = 0
        for row in rows {
            for (index, value) in row.enumerated() where value.isFinite {
                let other = found[position + index]
                error = max(error, other.isFinite ? abs(value - other) : .infinity)
                largest = max(largest, abs(value))
                for another in rows where another[index].isFinite { spread = max(spread, abs(value - another[index])) }
            }
            position += row.count
        }
        let isHalf = graph.values.contains { $0.type == .float16 || $0.type == .bfloat16 }
        let rounding: Float = isHalf ? 1e-2 : 1e-4
        guard error <= rounding * largest else {
            throw GraphError.fixedBatch(
                node: "'\(name)'", reason: "batched and single runs differ by \(error) of \(largest)")
        }
        return spread > 0 && error <= 0.1 * spread
    }

    /// For every input random numbers for all samples; one set for inputs that all samples share.
    private func randomInputs(amplitude: Float) -> [String: AnyTensor] {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        func random() -> Float {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(state >> 40) / Float(1 << 24)
        }
        var tensors: [String: AnyTensor] = [:]
        for input in graph.inputs {
            guard let type = graph[input].type, let shape = graph.shape(of: input) else { continue }
            let samples = max(batch, Self.sampleCount)
            var tensor = Tensor<Float>(
                repeating: 0, shape: places[input.index]?.shape(shape, for: samples) ?? shape)
            let size = max(tensor.shape.count / samples, 1)
            tensor.mutateElements { elements in
                for index in elements.indices {
                    // Samples also differ in brightness, which survives pooling.
                    let level = Float(index / size % 3) - 1
                    elements[index] =
                        type.isFloatingPoint
                        ? amplitude * (2 * random() - 1 + level) / 2
                        : type == .uint8 ? (191 * random() + 32 * (level + 1)).rounded() : random().rounded()
                }
            }
            tensors[graph[input].name] = AnyTensor(tensor).converted(to: type)
        }
        return tensors
    }

    private func inputs(
        _ program: Graph, _ samples: [String: AnyTensor], rows: (AnyTensor) throws -> AnyTensor
    ) throws -> [String: AnyTensor] {
        var chosen: [String: AnyTensor] = [:]
        for input in program.inputs {
            let name = program[input].name
            guard let tensor = samples[name], let own = graph.value(named: name) else { continue }
            chosen[name] = places[own.index] == nil ? tensor : try rows(tensor)
        }
        return chosen
    }
}
