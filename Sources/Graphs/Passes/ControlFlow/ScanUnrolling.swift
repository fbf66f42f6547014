import ONNXMessages
import Tensors

extension ControlFlow {
    /// Copies a Scan's body once for every slice of its inputs, where their length is known.
    mutating func unrollScan(_ node: Node) throws -> Bool {
        guard case .subgraph(let body)? = node.attributes["body"], let inputCount = node.integer("num_scan_inputs"),
            (1...max(1, node.inputs.count)).contains(inputCount), inputCount <= node.inputs.count
        else { return false }
        let stateCount = node.inputs.count - inputCount
        let outputCount = body.output.count - stateCount
        let inputs = node.inputs.compactMap { $0 }
        let inputAxes = node.integers("scan_input_axes") ?? []
        let outputAxes = node.integers("scan_output_axes") ?? []
        guard inputs.count == node.inputs.count, body.input.count == inputs.count, outputCount >= 0,
            node.outputs.count <= body.output.count,
            let length = length(Array(inputs[stateCount...]), axes: inputAxes), length > 0,
            length <= Self.largestUnrolledCount / max(1, body.copyCost), fits(length * body.copyCost)
        else { return false }
        let inputDirections = node.integers("scan_input_directions") ?? []
        let outputDirections = node.integers("scan_output_directions") ?? []
        var state = inputs[..<stateCount].compactMap { rebuilder.value($0) }
        let parts = inputs[stateCount...].enumerated().compactMap { index, input in
            slices(
                of: input, axis: element(inputAxes, index), length: length,
                isReversed: element(inputDirections, index) == 1)
        }
        guard state.count == stateCount, parts.count == inputCount else { return false }

        var scans = [[ValueID]](repeating: [], count: outputCount)
        var constants: [String: ValueID] = [:]
        for turn in 0..<length {
            let results = try run(
                body, of: node, turn: turn, arguments: state + parts.map { $0[turn] }, sharing: &constants)
            state = Array(results[..<stateCount])
            for index in 0..<outputCount { scans[index].append(results[stateCount + index]) }
        }
        for (index, old) in node.outputs.enumerated() {
            guard let old else { continue }
            if index < stateCount {
                rebuilder.alias(old, to: state[index])
            } else {
                let position = index - stateCount
                let isReversed = element(outputDirections, position) == 1
                stack(
                    isReversed ? scans[position].reversed() : scans[position], axis: element(outputAxes, position),
                    as: old, of: node)
            }
        }
        return true
    }

    private func element(_ list: [Int], _ index: Int) -> Int { index < list.count ? list[index] : 0 }

    /// The length that all scanned inputs have along their axes.
    private func length(_ inputs: [ValueID], axes: [Int]) -> Int? {
        var lengths = Set<Int>()
        for (index, input) in inputs.enumerated() {
            guard let shape = rebuilder.source.shape(of: input) else { return nil }
            let axis = element(axes, index)
            guard (-shape.rank..<shape.rank).contains(axis) else { return nil }
            lengths.insert(shape[axis < 0 ? axis + shape.rank : axis])
        }
        return lengths.count == 1 ? lengths.first : nil
    }

    /// The parts of a value along an axis, without that axis.
    private mutating func slices(of old: ValueID, axis: Int, length: Int, isReversed: Bool) -> [ValueID]? {
        guard let value = rebuilder.value(old) else { return nil }
        let parts = split(value, axis: axis, lengths: [Int](repeating: 1, count: length), keepsAxis: false)
        return isReversed ? parts.reversed() : parts
    }

    /// The parts of these lengths along an axis; those of length 1 can lose it.
    mutating func split(_ value: ValueID, axis: Int, lengths: [Int], keepsAxis: Bool) -> [ValueID] {
        var parts = [value]
        if lengths.count > 1 {
            let sizes = rebuilder.graph.addConstant(
                AnyTensor(Tensor(vector: lengths.map { Int64($0) })), name: "lengths")
            parts = rebuilder.graph.append(
                "Split", [value, sizes], attributes: ["axis": .integer(axis)], outputCount: lengths.count)
        }
        guard !keepsAxis else { return parts }
        let axes = rebuilder.graph.addConstant(AnyTensor(Tensor(vector: [Int64(axis)])), name: "axes")
        return parts.map { rebuilder.graph.append("Squeeze", [$0, axes])[0] }
    }
}
