import Tensors

/// What a graph itself does to a picture in front of its first convolution: `y = scale * x + offset` per channel,
/// changes of type, layout and size.
public struct GraphPreprocessing: Sendable, Hashable {
    /// The pixels that suit the graph's own arithmetic.
    public enum PixelRange: String, Sendable, Hashable {
        /// 0...255.
        case bytes
        /// 0...1.
        case unit
    }

    /// The steps in words, in order.
    public internal(set) var steps: [String] = []
    /// What the constants say about the pixels; nil where they say nothing.
    public internal(set) var range: PixelRange?
    /// Why, in words; empty where they say nothing.
    public internal(set) var reason = ""
    /// Whether the channel means are those of blue, green, red in this order.
    public internal(set) var isBlueFirst = false
    /// Which input axis holds the channels, where a convolution or a constant per channel tells.
    public internal(set) var channelAxis: Int?
    /// How many channels the first convolution reads.
    public internal(set) var channelCount: Int?
    /// The height and width to which the graph resizes pictures.
    public internal(set) var resized: [Int]?
    /// The first value that holds floating-point numbers, where the input holds integers.
    package internal(set) var floatValue: ValueID?

    /// Whether the graph normalises by itself.
    public var normalises: Bool { range != nil }

    /// What the graph does and which pixels suit it, in one sentence; nil where it does nothing.
    public var sentence: String? {
        guard let range else { return steps.isEmpty ? nil : "In front of the first convolution, the graph \(words)." }
        let pixels = range == .bytes ? "0...255" : "0...1"
        return "The graph prepares pictures by itself (it \(words)), so pixels are given as \(pixels): \(reason)."
    }

    private var words: String { steps.isEmpty ? "takes integers" : steps.joined(separator: ", ") }
}

extension Graph {
    /// The chain of nodes behind an input that work on single pixels or channels.
    package func preprocessing(of input: ValueID) -> GraphPreprocessing {
        var chain = PreprocessingChain(self, from: input)
        chain.follow()
        return chain.result
    }

    /// What gradients are taken with respect to when an input is explained: itself, or the floating-point numbers
    /// that its integers are converted to; nil where they are not.
    package func explainedValue(of input: ValueID) -> ValueID? {
        self[input].type?.isFloatingPoint == false ? preprocessing(of: input).floatValue : input
    }
}

/// Follows the only consumer of a value as long as it is preprocessing.
private struct PreprocessingChain {
    let graph: Graph
    var result = GraphPreprocessing()
    private let input: ValueID
    private var value: ValueID
    /// The input axis that stands at each place.
    private var order: [Int] = [0, 1, 2, 3]
    /// The input channel that stands at each place; empty as long as they are in order.
    private var channelOrder: [Int] = []
    private var scale: [Double] = [1]
    private var offset: [Double] = [0]
    private let readers: [ValueID: [Node]]

    init(_ graph: Graph, from input: ValueID) {
        self.graph = graph
        self.input = input
        value = input
        var readers: [ValueID: [Node]] = [:]
        for node in graph.nodes where !["Shape", "Size"].contains(node.operation) {
            for operand in Set(node.operands) { readers[operand, default: []].append(node) }
        }
        self.readers = readers
    }

    mutating func follow() {
        // No preprocessing is longer.
        for _ in 0..<64 {
            guard let nodes = readers[value], nodes.count == 1, nodes[0].domain.isEmpty, step(nodes[0]),
                let next = nodes[0].output(0)
            else { break }
            value = next
        }
        decideRange()
    }

    /// Whether the node belongs to the preprocessing and has been taken note of.
    private mutating func step(_ node: Node) -> Bool {
        switch node.operation {
        case "Identity", "Dropout", "Pad": return true
        case "Cast": return cast(node)
        case "Transpose": return transpose(node)
        case "Add", "Sub", "Mul", "Div": return arithmetic(node)
        case "BatchNormalization": return batchNormalization(node)
        case "DequantizeLinear": return dequantization(node)
        case "Clip":
            result.steps.append("clips")
            return true
        case "Resize", "Upsample": return resize(node)
        case "Gather", "Slice": return reorder(node)
        case "Conv":
            if let weight = node.input(1), let shape = graph.shape(of: weight), shape.rank == 4, node.input(0) == value
            {
                result.channelAxis = order[1]
                result.channelCount = shape[1] * (node.integer("group") ?? 1)
            }
            return false
        default: return false
        }
    }

    private mutating func cast(_ node: Node) -> Bool {
        guard let type = node.integer("to").flatMap({ ElementType(rawValue: Int32($0)) }) else { return false }
        if result.floatValue == nil, type.isFloatingPoint { result.floatValue = node.output(0) }
        result.steps.append("converts to \(type)")
        return true
    }

    private mutating func transpose(_ node: Node) -> Bool {
        guard let permutation = node.integers("perm"), permutation.count == 4,
            Set(permutation) == [0, 1, 2, 3]
        else { return false }
        order = permutation.map { order[$0] }
        result.steps.append(
            permutation == [0, 3, 1, 2]
                ? "moves the channels to the front (NHWC to NCHW)"
                : permutation == [0, 2, 3, 1] ? "moves the channels to the end (NCHW to NHWC)" : "transposes")
        return true
    }

    private mutating func arithmetic(_ node: Node) -> Bool {
        guard node.inputs.count == 2, let other = node.inputs.compactMap({ $0 }).first(where: { $0 != value }),
            let constant = graph[other].constant, let numbers = perChannel(constant)
        else { return false }
        let isSecond = node.input(1) == other
        let shown = Self.text(numbers)
        switch node.operation {
        case "Add":
            apply(offset: numbers)
            result.steps.append("adds \(shown)")
        case "Sub":
            if isSecond {
                apply(offset: numbers.map { -$0 })
            } else {
                apply(scale: [-1])
                apply(offset: numbers)
            }
            result.steps.append(isSecond ? "subtracts \(shown)" : "subtracts from \(shown)")
        case "Mul":
            apply(scale: numbers)
            result.steps.append("multiplies by \(shown)")
        default:
            guard isSecond, numbers.allSatisfy({ $0 != 0 }) else { return false }
            apply(scale: numbers.map { 1 / $0 })
            result.steps.append("divides by \(shown)")
        }
        return true
    }

    private mutating func batchNormalization(_ node: Node) -> Bool {
        let parts = (1..<5).compactMap { node.input($0).flatMap { graph[$0].constant?.floats.map { Double($0) } } }
        guard parts.count == 4, node.integer("training_mode") ?? 0 == 0, Set(parts.map(\.count)).count == 1,
            setChannelAxis(order[1])
        else { return false }
        let epsilon = Double(node.float("epsilon") ?? 1e-5)
        let factor = zip(parts[0], parts[3]).map { $0 / ($1 + epsilon).squareRoot() }
        apply(scale: inInputOrder(factor))
        apply(offset: inInputOrder(zip(zip(parts[1], parts[2]), factor).map { $0.0 - $0.1 * $1 }))
        result.steps.append("normalises by a BatchNormalization")
        return true
    }

    private mutating func dequantization(_ node: Node) -> Bool {
        guard let scale = node.input(1).flatMap({ graph[$0].constant?.floats }), scale.count == 1 else { return false }
        let zero = node.input(2).flatMap { graph[$0].constant?.floats.first } ?? 0
        if result.floatValue == nil { result.floatValue = node.output(0) }
        apply(offset: [-Double(zero)])
        apply(scale: [Double(scale[0])])
        result.steps.append("dequantises by \(scale[0])")
        return true
    }

    private mutating func resize(_ node: Node) -> Bool {
        let known = node.output(0).flatMap { graph.shape(of: $0)?.dimensions }
        let sizes = node.input(3).flatMap { graph[$0].constant?.integers }
        guard let after = known ?? sizes, after.count == 4,
            let height = order.firstIndex(of: result.channelAxis == 3 || order[1] == 3 ? 1 : 2),
            let width = order.firstIndex(of: result.channelAxis == 3 || order[1] == 3 ? 2 : 3)
        else { return false }
        // Channels may still stand last: then the last axis keeps a length that only channels have.
        let isLast =
            order == [0, 1, 2, 3]
            && (graph.channelAxis(of: input).map { $0 == 3 }
                ?? ([1, 3, 4].contains(after[3]) && ![1, 3, 4].contains(after[1])))
        result.resized = isLast ? [after[1], after[2]] : [after[height], after[width]]
        result.steps.append("resizes to \(result.resized?.map(String.init).joined(separator: "x") ?? "")")
        return true
    }

    /// Channels in reverse order, by indices or by a step of -1.
    private mutating func reorder(_ node: Node) -> Bool {
        guard node.input(0) == value else { return false }
        var axis = node.integer("axis") ?? 0
        if node.operation == "Gather" {
            guard let indices = node.input(1).flatMap({ graph[$0].constant?.integers }), indices == [2, 1, 0] else {
                return false
            }
        } else {
            let integers = (1..<5).map { index in node.input(index).flatMap { graph[$0].constant?.integers } }
            guard integers[3] == [-1], let axes = integers[2], axes.count == 1 else { return false }
            axis = axes[0]
        }
        axis = axis < 0 ? axis + 4 : axis
        guard (0..<4).contains(axis), setChannelAxis(order[axis]) else { return false }
        channelOrder = channelOrder.isEmpty ? [2, 1, 0] : []
        result.steps.append("reverses the channels")
        return true
    }

    // MARK: Arithmetic per channel

    /// One number, or one per channel in the input's order; nil for anything else.
    private mutating func perChannel(_ constant: AnyTensor) -> [Double]? {
        let numbers = constant.floats.map { Double($0) }
        guard numbers.count > 1 else { return numbers.isEmpty ? nil : numbers }
        let axes = constant.shape.dimensions.indices.filter { constant.shape[$0] > 1 }
        guard axes.count == 1, constant.shape.rank <= 4 else { return nil }
        let place = axes[0] + 4 - constant.shape.rank
        guard numbers.count <= 4, setChannelAxis(order[place]) else { return nil }
        return inInputOrder(numbers)
    }

    private mutating func setChannelAxis(_ axis: Int) -> Bool {
        guard axis != 0, result.channelAxis == nil || result.channelAxis == axis else { return false }
        result.channelAxis = axis
        return true
    }

    private func inInputOrder(_ numbers: [Double]) -> [Double] {
        channelOrder.count == numbers.count ? channelOrder.map { numbers[$0] } : numbers
    }

    private mutating func apply(scale factor: [Double]) {
        scale = Self.paired(scale, factor, *)
        offset = Self.paired(offset, factor, *)
    }

    private mutating func apply(offset term: [Double]) { offset = Self.paired(offset, term, +) }

    private static func paired(_ one: [Double], _ other: [Double], _ operation: (Double, Double) -> Double) -> [Double]
    {
        (0..<max(one.count, other.count)).map { index in
            operation(one[index % one.count], other[index % other.count])
        }
    }

    private static func text(_ numbers: [Double]) -> String {
        let rounded = numbers.map { Float($0) }
        return Set(rounded).count == 1 ? "\(rounded[0])" : "(\(rounded.map { "\($0)" }.joined(separator: ", ")))"
    }

    // MARK: What the constants say

    private mutating func decideRange() {
        if graph[input].type?.isFloatingPoint == false {
            result.range = .bytes
            result.reason = "the input holds \(graph[input].type.map { "\($0)" } ?? "integers")"
        }
        guard scale.allSatisfy({ $0 != 0 && $0.isFinite }), scale != [1] || offset != [0] else { return }
        // The pixel that becomes 0: the mean that the graph subtracts.
        let centres = Self.paired(offset, scale) { -$0 / $1 }
        let centre = centres.reduce(0, +) / Double(centres.count)
        let factor = scale.map(abs).reduce(0, +) / Double(scale.count)
        if centres.count == 3, centre > 2 { result.isBlueFirst = centres[0] < centres[1] && centres[1] < centres[2] }
        guard result.range == nil else { return }
        let shown = Float((centre * 1000).rounded() / 1000)
        switch (centre, factor) {
        case (2..., _):
            result.range = .bytes
            result.reason = "the graph makes the pixel \(shown) zero, which is a mean of 0...255"
        case (0.2..<2, _):
            result.range = .unit
            result.reason = "the graph makes the pixel \(shown) zero, which is a mean of 0...1"
        case (-0.05..<0.05, ..<0.1):
            result.range = .bytes
            result.reason = "the graph multiplies pixels by \(Float(factor)), which scales down 0...255"
        case (-0.05..<0.05, 100...):
            result.range = .unit
            result.reason = "the graph multiplies pixels by \(Float(factor)), which scales up 0...1"
        default: return
        }
    }
}
