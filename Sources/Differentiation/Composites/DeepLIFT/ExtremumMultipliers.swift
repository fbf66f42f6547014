import Graphs
import Tensors

/// Max pooling: a window's rise is credited to the element that is its maximum now, its fall to the one that was it, each divided
/// by that element's own difference, which is at least as large.
struct MaxPoolMultiplierRule: BackwardRule {
    let reference: ReferenceActivations

    var character: RuleCharacter { .modified }

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        guard let seed = step.resultCotangents[0], step.wants(0) else { return step.none }
        let shape = try step.shape(ofOperand: 0)
        let (x, y) = (try step.operand(0), try step.result())
        guard let earlier = step.graph.producer(of: reference[y]) else {
            throw .unsupported(node: step.label, reason: "its reference run is missing")
        }
        let operands = [x, reference[x]].map { step.reshape($0, to: [-1]) }
        let change = step.subtract(y, reference[y])
        let falling = step.emit("Min", [change, step.scalar(0)])
        let changes = [step.emit("Relu", [change]), falling]
        let slopes = [seed, step.multiply(seed, step.scalar(0))]
        var value = step.expand(step.scalar(0), to: [shape.count])
        for (index, position) in [step.position, earlier].enumerated() {
            let indices = step.reshape(try step.rowMajorIndices(ofMaxPool: position), to: [-1])
            let picked = operands.map { step.emit("Gather", [$0, indices], ["axis": .integer(0)]) }
            let difference = ReferenceDifference(&step, picked[0], picked[1])
            let credit = step.reshape(step.multiply(seed, changes[index]), to: [-1])
            let slope = step.reshape(slopes[index], to: [-1])
            value = step.scatterAdd(difference.multiplier(&step, of: credit, else: slope), at: indices, onto: value)
        }
        return step.first(Cotangent(step.reshape(value, to: shape), shape))
    }
}

/// The maximum (or minimum) over axes or over several operands: as in max pooling; equals share.
struct ExtremumMultiplierRule: BackwardRule {
    let reference: ReferenceActivations
    let isMaximum: Bool

    var character: RuleCharacter { .modified }

    func cotangents(_ step: inout BackwardStep) throws(DifferentiationError) -> [Cotangent?] {
        var result = step.none
        guard let given = step.resultCotangents[0] else { return result }
        let isElementwise = step.node.operation == "Max" || step.node.operation == "Min"
        let operands = isElementwise ? step.node.operands : [try step.operand(0)]
        var kept = try step.shape(ofResult: 0)
        var axes: [Int] = []
        if !isElementwise {
            kept = try step.shape(ofOperand: 0)
            axes = try reducedAxes(&step, rank: kept.rank)
            for axis in axes { kept.dimensions[axis] = 1 }
        }
        let result0 = try step.result()
        let isAligned = try step.shape(ofResult: 0) == kept
        let aligned = [given, result0, reference[result0]].map { isAligned ? $0 : step.reshape($0, to: kept) }
        let (seed, y, before) = (aligned[0], aligned[1], aligned[2])
        let hits = operands.map { step.isEqual($0, y) }
        let earlierHits = operands.map { step.isEqual(reference[$0], before) }
        let change = step.multiply(seed, step.subtract(y, before))
        // What the present extremum is credited with; the rest goes to the earlier one.
        let own = step.multiply(seed, gain(&step, y, before))
        let share = step.divide(own, count(&step, hits, axes))
        let rest = step.divide(step.subtract(change, own), count(&step, earlierHits, axes))
        let slope = step.divide(seed, count(&step, hits, axes))
        for (index, operand) in operands.enumerated() where step.wants(index) {
            let difference = ReferenceDifference(&step, operand, reference[operand])
            let credit = step.add(
                step.multiply(hits[index], share), step.multiply(earlierHits[index], rest))
            let value = difference.multiplier(&step, of: credit, else: step.multiply(hits[index], slope))
            let shape = isElementwise ? try step.shape(ofResult: 0) : try step.shape(ofOperand: 0)
            result[index] = Cotangent(value, shape)
        }
        return result
    }

    /// A maximum's rise, a minimum's fall.
    private func gain(_ step: inout BackwardStep, _ now: ValueID, _ before: ValueID) -> ValueID {
        let change = step.subtract(now, before)
        return isMaximum ? step.emit("Relu", [change]) : step.emit("Min", [change, step.scalar(0)])
    }

    private func count(_ step: inout BackwardStep, _ hits: [ValueID], _ axes: [Int]) -> ValueID {
        hits.count == 1 ? step.sum(hits[0], over: axes) : step.emit("Sum", hits)
    }

    private func reducedAxes(_ step: inout BackwardStep, rank: Int) throws(DifferentiationError) -> [Int] {
        if step.node.operation == "GlobalMaxPool" { return Array(2..<max(rank, 2)) }
        return try step.reducedAxes(rank: rank)
    }
}
