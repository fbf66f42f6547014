import Tensors

/// Operators whose results see windows of their operand, or points between its elements.
extension FieldPropagation {
    func convolved(_ node: Node, _ shape: [Int]) -> ElementField? {
        guard let field = field(node, 0), let weight = self.shape(node, weightIndex(node)), field.rank == weight.count,
            let old = self.shape(node, 0)
        else { return nil }
        // Output channels of a group see its input channels; where numbers vary between channels, only full groups keep theirs.
        let depthwise = node.integer("group") == old[1] && shape[1] == old[1]
        let channels = depthwise ? field : field.merged(over: [1], merging)
        let kernel = node.integers("kernel_shape") ?? Array(weight.dropFirst(2))
        return windowed(channels, node, from: old, to: shape, kernel: kernel)
    }

    private func weightIndex(_ node: Node) -> Int { node.operation == "QLinearConv" ? 3 : 1 }

    func pooled(_ node: Node, _ shape: [Int]) -> ElementField? {
        guard let field = field(node, 0), let old = self.shape(node, 0), let kernel = node.integers("kernel_shape")
        else { return nil }
        return windowed(field, node, from: old, to: shape, kernel: kernel)
    }

    /// The middle of every window, wherever padding puts it.
    private func windowed(
        _ field: ElementField, _ node: Node, from old: [Int], to shape: [Int], kernel: [Int]
    ) -> ElementField? {
        guard kernel.count == old.count - 2, !kernel.isEmpty else { return nil }
        let window = SlidingWindow(node, input: Shape(old), output: Shape(shape), kernel: kernel)
        var result = field
        for axis in kernel.indices {
            let first = Double(window.span(axis) - 1) / 2 - Double(window.begins[axis])
            let centres = (0..<shape[axis + 2]).map { Double($0) * Double(window.strides[axis]) + first }
            result = result.resampled(at: centres, along: axis + 2, of: old[axis + 2], merging)
        }
        return result
    }

    func convolvedTransposed(_ node: Node, _ shape: [Int]) -> ElementField? {
        guard var field = field(node, 0)?.merged(over: [1], merging), let weight = self.shape(node, 1),
            let old = self.shape(node, 0), field.rank == weight.count
        else { return nil }
        let kernel = node.integers("kernel_shape") ?? Array(weight.dropFirst(2))
        guard kernel.count == old.count - 2 else { return nil }
        // The geometry of the convolution that goes the other way.
        let window = SlidingWindow(node, input: Shape(shape), output: Shape(old), kernel: kernel)
        for axis in kernel.indices where window.strides[axis] > 0 {
            let first = Double(window.begins[axis]) - Double(window.span(axis) - 1) / 2
            let centres = (0..<shape[axis + 2]).map { (Double($0) + first) / Double(window.strides[axis]) }
            field = field.resampled(at: centres, along: axis + 2, of: old[axis + 2], merging)
        }
        return field
    }

    func resized(_ node: Node, _ shape: [Int]) -> ElementField? {
        guard let field = field(node, 0), let old = self.shape(node, 0), old.count == shape.count else { return nil }
        let mode = node.string("coordinate_transformation_mode") ?? "half_pixel"
        let nearest = (node.string("mode") ?? "nearest") == "nearest"
        return spread(field, from: old, to: shape) { position, old, new in
            let ratio = Double(old) / Double(new)
            switch mode {
            case "align_corners" where new > 1: return position * Double(old - 1) / Double(new - 1)
            // Nearest neighbours upwards are blocks, whatever the formula: what a cell repeats lies around its middle.
            case "asymmetric" where !nearest || new < old: return position * ratio
            default: return (position + 0.5) * ratio - 0.5
            }
        }
    }

    /// A map at another size: places spread evenly, half pixels kept.
    func spread(
        _ field: ElementField, from old: [Int], to shape: [Int],
        at source: (_ position: Double, _ old: Int, _ new: Int) -> Double = { position, old, new in
            (position + 0.5) * Double(old) / Double(new) - 0.5
        }
    ) -> ElementField? {
        var field = field
        for axis in old.indices.dropFirst(old.count == 4 && field.lengths[1] == 1 ? 2 : 0)
        where old[axis] != shape[axis] {
            let centres = (0..<shape[axis]).map { source(Double($0), old[axis], shape[axis]) }
            field = field.resampled(at: centres, along: axis, of: old[axis], merging)
        }
        return field
    }
}
