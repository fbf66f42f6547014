package import Tensors

extension MemoryBudget {
    /// More elements than this in one value are no model that runs here: 4 GiB as float32.
    private static let largestCount = 1 << 30

    /// Refuses a tensor whose lengths are negative, overflow or exceed what may be taken, before anything is made of it.
    ///
    /// - Parameters:
    ///   - shape: The lengths that a file or an inference states.
    ///   - type: The elements' type; nil counts a byte each.
    ///   - name: The value, for the sentence.
    ///   - node: The node that computes it; nil for inputs.
    package func admit(_ shape: Shape, of type: ElementType?, named name: String, by node: String? = nil)
        throws(GraphError)
    {
        if let negative = shape.dimensions.first(where: { $0 < 0 }) {
            throw .negativeLength(value: name, node: node, shape: shape, length: negative)
        }
        guard let count = shape.checkedCount, count <= Self.largestCount else {
            throw .tooLarge(value: name, shape: shape)
        }
        let size = type?.byteCount ?? 1
        guard admits(count, of: size) else {
            throw .memory(value: name, node: node, shape: shape, bytes: count * size, total: count * size, budget: self)
        }
    }
}

extension Graph {
    /// Refuses a model whose inputs or outputs declare more elements than any machine holds, so that products of their lengths
    /// are numbers.
    ///
    /// - Throws: `GraphError.tooLarge`.
    package func checkDeclaredLengths() throws(GraphError) {
        for value in inputs + outputs.map(\.value) {
            let lengths = (self[value].declared ?? []).compactMap(\.length).filter { $0 > 0 }
            guard let count = Shape(lengths).checkedCount, count <= 1 << 48 else {
                throw .tooLarge(value: self[value].name, shape: Shape(lengths))
            }
        }
    }

    /// Refuses a graph whose values take more at one time than the budget, by the name of the largest.
    ///
    /// - Parameters:
    ///   - times: How many of them there are at one time.
    ///   - kept: Values on which gradients depend: what hangs on them is kept for the way back.
    /// - Throws: `GraphError.memory`.
    package func checkMemory(
        _ budget: MemoryBudget, times: Int = 1, gradientsOf kept: [ValueID] = []
    ) throws(GraphError) {
        let (product, overflow) = peakBytes().multipliedReportingOverflow(by: times)
        var peak = overflow ? Int.max : product
        if !kept.isEmpty, peak < 1 << 60 {
            let depends = values(dependingOn: kept)
            for value in nodes.flatMap(\.results) where depends[value.index] && peak < 1 << 60 {
                peak += min(bytes(of: value), 1 << 60)
            }
        }
        guard peak > budget.bytes else { return }
        var largest: (value: ValueID, bytes: Int)?
        for value in inputs + nodes.flatMap(\.results) {
            let bytes = bytes(of: value)
            if bytes > largest?.bytes ?? -1 { largest = (value, bytes) }
        }
        guard let largest else { return }
        throw .memory(
            value: self[largest.value].name, node: producingNode(of: largest.value).map(label),
            shape: shape(of: largest.value) ?? [], bytes: largest.bytes, total: peak, budget: budget)
    }
}
