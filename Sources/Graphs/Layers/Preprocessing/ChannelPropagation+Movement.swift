import Tensors

extension ChannelPropagation {
    func transposed(_ value: PixelValue, _ node: Node) -> PixelValue? {
        let permutation = node.integers("perm") ?? Array(value.axes.indices.reversed())
        guard permutation.count == value.axes.count, Set(permutation) == Set(value.axes.indices) else { return nil }
        let words: String? =
            switch permutation {
            case [0, 3, 1, 2]: "moves the channels to the front (NHWC to NCHW)"
            case [0, 2, 3, 1]: "moves the channels to the end (NCHW to NHWC)"
            // There and back, around an operator that works on the first axis.
            case [1, 0, 2, 3]: nil
            default: "transposes"
            }
        var result = value.after(words)
        result.axes = permutation.map { value.axes[$0] }
        return result
    }

    func unsqueezed(_ value: PixelValue, _ node: Node) -> PixelValue? {
        guard let places = integers(node.input(1)) ?? node.integers("axes") else { return nil }
        let rank = value.axes.count + places.count
        var result = value
        for place in places.map({ $0 < 0 ? $0 + rank : $0 }).sorted() {
            guard (0...result.axes.count).contains(place) else { return nil }
            result.axes.insert(.single, at: place)
        }
        return result
    }

    func squeezed(_ value: PixelValue, _ node: Node) -> PixelValue? {
        guard let places = integers(node.input(1)) ?? node.integers("axes") else { return nil }
        var result = value
        for place in places.map({ $0 < 0 ? $0 + value.axes.count : $0 }).sorted(by: >) {
            guard value.axes.indices.contains(place), isRemovable(value, place) else { return nil }
            result.axes.remove(at: place)
        }
        return result
    }

    private func isRemovable(_ value: PixelValue, _ place: Int) -> Bool {
        switch value.axes[place] {
        case .single, .batch: true
        case .channel: value.forms.count == 1
        case .row, .column, .other: false
        }
    }

    /// A new shape that only puts in or leaves out axes of one.
    func reshaped(_ value: PixelValue, _ node: Node) -> PixelValue? {
        guard let target = integers(node.input(1)) else { return nil }
        if target.count == value.axes.count {
            let fits = target.indices.allSatisfy { place in
                switch value.axes[place] {
                case .channel: target[place] <= 0 || target[place] == value.forms.count
                case .single: target[place] <= 1
                default: true
                }
            }
            return fits && (value.channelPlace.map { target[$0] > 0 } ?? false) ? value : nil
        }
        // One channel becomes an axis of its own: [N, H, W] to [N, 1, H, W].
        guard value.channelPlace == nil, target.count == value.axes.count + 1, value.forms.count == 1,
            target.filter({ $0 == 1 }).count == 1, let place = target.firstIndex(of: 1)
        else { return nil }
        var result = value
        result.axes.insert(.single, at: place)
        return result
    }

    /// Channels repeated: grey as three colours.
    func repeated(_ value: PixelValue, _ node: Node) -> PixelValue? {
        guard var counts = integers(node.input(1)) else { return nil }
        while counts.count < value.axes.count { counts.insert(1, at: 0) }
        guard counts.count == value.axes.count else { return nil }
        let place = value.channelPlace ?? value.axes.firstIndex(of: .single)
        let isTile = node.operation == "Tile"
        for (axis, count) in counts.enumerated() where axis != place && count > 1 {
            // Expand may name the length that an axis has.
            if isTile || value.axes[axis] == .single { return nil }
        }
        guard let place, counts[place] > 1 else { return value }
        if !isTile, value.forms.count > 1 { return counts[place] == value.forms.count ? value : nil }
        guard counts[place] * value.forms.count <= Self.mostRepeated else { return nil }
        var result = value.after("repeats its channel")
        result.axes[place] = .channel
        result.forms = (0..<counts[place]).flatMap { _ in value.forms }
        return result
    }

    /// More copies of a channel are no colours.
    private static let mostRepeated = 64

    func sliced(_ value: PixelValue, _ node: Node) -> PixelValue? {
        let given = (1..<5).map { integers(node.input($0)) }
        guard let starts = given[0], let ends = given[1], starts.count == ends.count else { return nil }
        let axes = given[2] ?? Array(starts.indices)
        let steps = given[3] ?? [Int](repeating: 1, count: starts.count)
        guard axes.count == starts.count, steps.count == starts.count else { return nil }
        var result = value
        for (index, given) in axes.enumerated() {
            let axis = given < 0 ? given + value.axes.count : given
            guard value.axes.indices.contains(axis), steps[index] != 0 else { return nil }
            // Parts of a picture are made of the same channels.
            guard value.axes[axis] == .channel else { continue }
            let places = Self.places(from: starts[index], to: ends[index], by: steps[index], of: result.forms.count)
            guard !places.isEmpty else { return nil }
            result.forms = places.map { result.forms[$0] }
            let isReversed = places == Array(value.forms.indices.reversed()) && places.count > 1
            if isReversed { result.steps.append("reverses the channels") }
        }
        return result
    }

    /// The places of a slice as ONNX counts them.
    private static func places(from start: Int, to end: Int, by step: Int, of count: Int) -> [Int] {
        func clamped(_ place: Int, _ range: ClosedRange<Int>) -> Int {
            min(max(place < 0 ? place &+ count : place, range.lowerBound), range.upperBound)
        }
        return step > 0
            ? Array(stride(from: clamped(start, 0...count), to: clamped(end, 0...count), by: step))
            : Array(stride(from: clamped(start, 0...count - 1), to: clamped(end, -1...count - 1), by: step))
    }

    func split(_ node: Node) -> [PixelValue] {
        guard let operand = node.input(0), let value = values[operand] else { return [] }
        let given = node.integer("axis") ?? 0
        let axis = given < 0 ? given + value.axes.count : given
        guard value.axes.indices.contains(axis) else { return [] }
        guard value.axes[axis] == .channel else { return node.outputs.map { _ in value } }
        let (parts, length) = (node.outputs.count, value.forms.count)
        let even = (length + parts - 1) / max(parts, 1)
        let lengths =
            integers(node.input(1)) ?? node.integers("split")
            ?? (0..<parts).map { min(even, max(0, length - $0 * even)) }
        guard lengths.count == parts, lengths.allSatisfy({ $0 > 0 }), lengths.reduce(0, +) == length else { return [] }
        var start = 0
        return lengths.map { length in
            defer { start += length }
            return value.with(Array(value.forms[start..<start + length]))
        }
    }

    func gathered(_ value: PixelValue, _ node: Node) -> PixelValue? {
        let given = node.integer("axis") ?? 0
        let axis = given < 0 ? given + value.axes.count : given
        guard value.axes.indices.contains(axis), let constant = node.input(1).flatMap({ graph[$0].constant }),
            constant.shape.rank <= 1
        else { return nil }
        return picked(constant.integers, isOne: constant.shape.rank == 0, of: value, axis: axis)
    }

    /// GatherND that takes whole rows of the first axis.
    func gatheredRows(_ value: PixelValue, _ node: Node) -> PixelValue? {
        guard let constant = node.input(1).flatMap({ graph[$0].constant }), constant.shape.dimensions.last == 1,
            constant.shape.rank <= 2, node.integer("batch_dims") ?? 0 == 0, !value.axes.isEmpty
        else { return nil }
        return picked(constant.integers, isOne: constant.shape.rank == 1, of: value, axis: 0)
    }

    /// Places of one axis, in this order; one alone takes the axis away.
    private func picked(_ indices: [Int], isOne: Bool, of value: PixelValue, axis: Int) -> PixelValue? {
        var result = value
        if value.axes[axis] == .channel {
            let count = value.forms.count
            let places = indices.map { $0 < 0 ? $0 + count : $0 }
            guard places.allSatisfy({ (0..<count).contains($0) }), !places.isEmpty else { return nil }
            result.forms = places.map { value.forms[$0] }
            if places == Array((0..<count).reversed()), count > 1 { result.steps.append("reverses the channels") }
        } else if isOne, ![.batch, .single].contains(value.axes[axis]) {
            return nil
        }
        if isOne { result.axes.remove(at: axis) }
        return result
    }

    func concatenation(_ node: Node) -> PixelValue? {
        let operands = node.inputs.compactMap { $0 }
        guard let first = operands.lazy.compactMap({ values[$0] }).first else { return nil }
        let given = node.integer("axis") ?? 0
        let axis = given < 0 ? given + first.axes.count : given
        guard first.axes.indices.contains(axis) else { return nil }
        var parts: [PixelValue] = []
        for operand in operands {
            if let value = values[operand] {
                parts.append(value)
            } else if let constant = graph[operand].constant, constant.shape.rank == first.axes.count,
                constant.shape[axis] <= Self.mostRepeated, constant.shape.count > 0
            {
                // A channel of the model's own, such as coordinates.
                let mean = constant.floats.reduce(0) { $0 + Double($1) } / Double(constant.shape.count)
                parts.append(
                    first.with(
                        (0..<constant.shape[axis]).map { _ in ChannelForm(constant: mean, of: count) }))
            } else {
                return nil
            }
        }
        guard parts.allSatisfy({ $0.axes == first.axes }) else { return nil }
        var result = first
        result.steps = PixelValue.steps(of: parts)
        result.isFloat = parts.allSatisfy(\.isFloat)
        switch first.axes[axis] {
        case .channel: result.forms = parts.flatMap(\.forms)
        case .single where first.channelPlace == nil:
            result.axes[axis] = .channel
            result.forms = parts.flatMap(\.forms)
        default:
            guard parts.allSatisfy({ $0.forms == first.forms }) else { return nil }
        }
        return result
    }

    /// A sum or mean over the channels.
    mutating func reduced(_ value: PixelValue, _ node: Node) -> PixelValue? {
        guard let place = value.channelPlace, let axes = integers(node.input(1)) ?? node.integers("axes"),
            axes.map({ $0 < 0 ? $0 + value.axes.count : $0 }) == [place]
        else { return nil }
        let sum = value.forms.dropFirst().reduce(value.forms[0]) { $0 + $1 }
        let isMean = node.operation == "ReduceMean"
        var result = value.with([isMean ? sum * (1 / Double(value.forms.count)) : sum], after: "mixes its channels")
        if node.integer("keepdims") ?? 1 == 0 { result.axes.remove(at: place) }
        return result
    }

    mutating func resized(_ value: PixelValue, _ node: Node) -> PixelValue? {
        let known = node.output(0).flatMap { graph.shape(of: $0)?.dimensions }
        let sizes = integers(node.input(3))
        guard let row = value.axes.firstIndex(of: .row), let column = value.axes.firstIndex(of: .column) else {
            return nil
        }
        // Sizes may be given for some axes alone.
        let axes = node.integers("axes")?.map { $0 < 0 ? $0 + value.axes.count : $0 }
        func length(_ axis: Int) -> Int? {
            if let known, known.count == value.axes.count { return known[axis] }
            guard let sizes else { return nil }
            if let axes { return axes.firstIndex(of: axis).flatMap { $0 < sizes.count ? sizes[$0] : nil } }
            return sizes.count == value.axes.count ? sizes[axis] : nil
        }
        guard let height = length(row), let width = length(column) else { return value.after("resizes") }
        noteSize([height, width])
        return value.after("resizes to \(height)x\(width)")
    }

    func integers(_ value: ValueID?) -> [Int]? { value.flatMap { graph[$0].constant?.integers } }
}
