import Tensors

/// The part of the input that one cell of a map can see, along one axis, in input pixels.
public struct ReceptiveField: Sendable, Hashable, Codable {
    /// The number of pixels that a cell sees; padding counts.
    public var size: Int
    /// The distance between the centres of neighbouring cells.
    public var stride: Int
    /// The centre of the first cell; 0.5 is the middle of the first pixel.
    public var centre: Double

    /// A pixel of the input itself.
    static let pixel = ReceptiveField(size: 1, stride: 1, centre: 0.5)
}

extension Graph {
    /// The receptive fields along height and width (depth in front of them, in a volume) of every spatial value that windows
    /// (convolutions, poolings) and element-wise operators lead to from an input with channels in front; a value that sees everything, or that resizes, has none.
    package func receptiveFields(from input: ValueID) -> [ValueID: [ReceptiveField]] {
        guard let rank = shape(of: input)?.rank, (4...5).contains(rank) else { return [:] }
        let count = rank - 2
        var fields = [input: [ReceptiveField](repeating: .pixel, count: count)]
        for node in nodes {
            guard let result = node.output(0), let shape = shape(of: result), shape.rank == rank else { continue }
            let seen = node.operands.compactMap { fields[$0] }
            let blocked = node.operands.contains { operand in
                self[operand].constant == nil && fields[operand] == nil && self.shape(of: operand)?.rank == rank
                    && self.shape(of: operand).map { $0.dimensions.dropFirst(2).contains { $0 > 1 } } == true
            }
            guard !seen.isEmpty, !blocked else { continue }
            let joined = (0..<count).map { axis in Self.union(seen.map { $0[axis] }) }
            if let window = slidingWindow(node, axes: count) {
                let seen = (0..<count).compactMap { axis in joined[axis].seen(through: window, axis: axis) }
                if seen.count == count { fields[result] = seen }
            } else if let operand = node.operands.first(where: { fields[$0] != nil }),
                let before = self.shape(of: operand), before.dimensions.dropFirst(2) == shape.dimensions.dropFirst(2)
            {
                fields[result] = joined
            }
        }
        return fields
    }

    private func slidingWindow(_ node: Node, axes: Int) -> SlidingWindow? {
        guard node.domain.isEmpty, ["Conv", "MaxPool", "AveragePool"].contains(node.operation),
            let input = node.input(0).flatMap({ shape(of: $0) }), let output = node.output(0).flatMap({ shape(of: $0) })
        else { return nil }
        let weight = node.input(1).flatMap { shape(of: $0) }.map { Array($0.dimensions.dropFirst(2)) }
        guard let kernel = node.integers("kernel_shape") ?? weight, kernel.count == axes else { return nil }
        return SlidingWindow(node, input: input, output: output, kernel: kernel)
    }

    /// The smallest field that covers all of them: parallel paths see together.
    private static func union(_ fields: [ReceptiveField]) -> ReceptiveField {
        let low = fields.map { $0.centre - Double($0.size) / 2 }.min() ?? 0
        let high = fields.map { $0.centre + Double($0.size) / 2 }.max() ?? 0
        return ReceptiveField(
            size: Int((high - low).rounded()), stride: fields.map(\.stride).max() ?? 1, centre: (low + high) / 2)
    }
}

extension ReceptiveField {
    /// The field behind a window; nil where the numbers outgrow any picture.
    fileprivate func seen(through window: SlidingWindow, axis: Int) -> ReceptiveField? {
        let span = window.span(axis) - 1
        let limit = 1 << 30
        guard stride <= limit, size <= limit else { return nil }
        return ReceptiveField(
            size: size + span * stride, stride: stride * window.strides[axis],
            centre: centre + (Double(span) / 2 - Double(window.begins[axis])) * Double(stride))
    }
}
