package import Graphs
import Tensors

extension Graph {
    /// Where layers of interest end: the class maps of a dense head are no layer to look at, so what enters the convolution that makes
    /// them; `scored` itself for every other head.
    ///
    /// Where several branches make class maps that are added, the end is the last value through which all of them lead.
    package func trunkEnd(of scored: ValueID, from input: ValueID) -> ValueID {
        var current = scored
        while let node = producingNode(of: current), node.domain.isEmpty, let operand = node.input(0) {
            switch node.operation {
            case "Identity", "Cast", "Transpose", "Reshape", "Resize", "Dropout": current = operand
            case "Conv", "ConvTranspose": return isMap(current) ? operand : scored
            case "Add", "Sum":
                let branches = node.operands.filter { self[$0].constant == nil }
                guard branches.count > 1, isMap(current) else { return scored }
                let path = path(from: input, to: current)
                let common = values.indices.last {
                    path.isBottleneck[$0] && ValueID(index: $0) != current && isMap(ValueID(index: $0))
                }
                return common.map { ValueID(index: $0) } ?? scored
            default: return scored
            }
        }
        return scored
    }

    /// The layers that a map of an output is made among when no target is named: as `gaze explain` chooses for the value in front of
    /// a trailing softmax or sigmoid.
    package func layerCandidates(forOutput output: ValueID, from input: ValueID) -> [LayerChoice] {
        let scored = valueBeforeActivation(output)
        return layerCandidates(from: input, to: trunkEnd(of: scored, from: input))
    }

    /// What enters an output's trailing softmax or sigmoid; the output itself where there is none.
    package func valueBeforeActivation(_ output: ValueID) -> ValueID {
        var value = output
        while true {
            var end = value
            while activation(endingIn: end) == nil, let before = touchedUp(end) { end = before.operand }
            if let known = activation(endingIn: end) {
                value = known.operand
            } else if let node = producingNode(of: value), node.isStandard("Identity"), let operand = node.input(0) {
                value = operand
            } else {
                return value
            }
        }
    }

    /// The only value of a model of so many values that a value which a target appended is made of, besides inputs and constants; the
    /// value itself where there are several.
    func modelValue(behind value: ValueID, of count: Int) -> ValueID {
        var found: Set<ValueID> = []
        var open = [value]
        var seen: Set<ValueID> = []
        while let next = open.popLast() {
            guard seen.insert(next).inserted, self[next].constant == nil, !inputs.contains(next) else { continue }
            if next.index < count { found.insert(next) } else { open += producingNode(of: next)?.operands ?? [] }
        }
        return found.count == 1 ? found.first ?? value : value
    }

    private func isMap(_ value: ValueID) -> Bool {
        guard let shape = shape(of: value), shape.rank == 4 else { return false }
        return shape[2] * shape[3] > 1
    }
}
