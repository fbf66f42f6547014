import Tensors

extension Graph {
    /// Rewrites poolings for which the engine infers another shape than it computes, and forgets the shapes behind them.
    ///
    /// ONNX's shape inference keeps a last window that starts in the padding behind (`ceil_mode`), and lets `auto_pad` pad
    /// for dilated windows; ONNX Runtime's kernels drop the former and pad as if windows were not dilated. In what is written
    /// here both agree on what the kernels do.
    ///
    /// - Returns: whether a node was rewritten.
    mutating func settlePoolings() -> Bool {
        var isStale = [Bool](repeating: false, count: values.count)
        var isChanged = false
        for (position, node) in nodes.enumerated() {
            if !node.operands.contains(where: { isStale[$0.index] }) {
                guard let shape = node.input(0).flatMap({ self.shape(of: $0) }),
                    let geometry = PoolingGeometry(node, input: shape), let attributes = geometry.settled()
                else { continue }
                setAttributes(attributes, ofNode: position)
                isChanged = true
            }
            for result in node.results where self[result].constant == nil {
                isStale[result.index] = true
                self[result].shape = nil
            }
        }
        return isChanged
    }
}

/// The window of a pooling, as ONNX Runtime's kernels read it.
private struct PoolingGeometry {
    private let node: Node
    private let input: [Int]
    private let kernel: [Int]
    private let strides: [Int]
    private let dilations: [Int]

    /// Nil for other operators, and for attributes that the engine will refuse.
    init?(_ node: Node, input: Shape) {
        guard node.domain.isEmpty, ["AveragePool", "LpPool", "MaxPool"].contains(node.operation),
            let kernel = node.integers("kernel_shape"), input.rank == kernel.count + 2
        else { return nil }
        let ones = [Int](repeating: 1, count: kernel.count)
        self.node = node
        self.input = Array(input.dimensions.dropFirst(2))
        self.kernel = kernel
        strides = node.integers("strides") ?? ones
        dilations = node.integers("dilations") ?? ones
        guard [strides, dilations].allSatisfy({ $0.count == kernel.count }),
            (kernel + strides + dilations).allSatisfy({ (1...Self.largest).contains($0) })
        else { return nil }
    }

    /// The attributes with which shape inference and kernels agree; nil where they do already.
    ///
    /// Windows with gaps between them (strides beyond the kernel) can ask for less than no padding, which cannot be written.
    func settled() -> [String: Attribute]? {
        var attributes = node.attributes
        let automatic = node.string("auto_pad") ?? "NOTSET"
        let none = [Int](repeating: 0, count: 2 * kernel.count)
        var pads = automatic == "VALID" ? none : node.integers("pads") ?? none
        var isChanged = false
        if automatic.hasPrefix("SAME") {
            guard kernel.indices.contains(where: { dilations[$0] > 1 && kernel[$0] > 1 }) else { return nil }
            let totals = kernel.indices.map { axis in
                (input[axis] + strides[axis] - 1) / strides[axis] * strides[axis] - strides[axis] + kernel[axis]
                    - input[axis]
            }
            guard totals.allSatisfy({ $0 >= 0 }) else { return nil }
            let (small, large) = (totals.map { $0 / 2 }, totals.map { $0 - $0 / 2 })
            pads = automatic == "SAME_UPPER" ? small + large : large + small
            attributes["auto_pad"] = nil
            attributes["pads"] = .integers(pads)
            isChanged = true
        }
        guard node.integer("ceil_mode") ?? 0 != 0, pads.count == 2 * kernel.count,
            pads.allSatisfy({ (0...Self.largest).contains($0) })
        else { return isChanged ? attributes : nil }
        let ends = kernel.indices.map { endOfLastWindow($0, pads) }
        guard ends.contains(where: { $0.isDropped }) else { return isChanged ? attributes : nil }
        if ends.allSatisfy({ $0.isDropped || $0.isExact }) {
            attributes["ceil_mode"] = nil
            return attributes
        }
        // Less padding behind, so that the last window that is kept ends with it.
        for axis in kernel.indices where ends[axis].isDropped {
            guard ends[axis].padding >= 0 else { return isChanged ? attributes : nil }
            pads[kernel.count + axis] = ends[axis].padding
        }
        attributes["auto_pad"] = nil
        attributes["pads"] = .integers(pads)
        return attributes
    }

    /// Whether windows fill the padded input exactly; whether the one that does not is dropped, and then how much padding the
    /// others need behind.
    private func endOfLastWindow(_ axis: Int, _ pads: [Int]) -> (isExact: Bool, isDropped: Bool, padding: Int) {
        let span = dilations[axis] * (kernel[axis] - 1) + 1
        let free = input[axis] + pads[axis] + pads[kernel.count + axis] - span
        guard free >= 0, free % strides[axis] != 0 else { return (true, false, 0) }
        let start = free / strides[axis] * strides[axis]
        let isDropped = start + strides[axis] >= input[axis] + pads[axis]
        return (false, isDropped, start + span - input[axis] - pads[axis])
    }

    /// No real window reaches further; products of two such lengths cannot overflow.
    private static let largest = 1 << 20
}
