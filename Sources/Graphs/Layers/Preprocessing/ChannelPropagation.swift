import Tensors

/// Carries what every channel is made of from an input to the first layers: through arithmetic, branches and re-orderings.
///
/// Which axis of the input holds its channels is an assumption; `evidence` says how well what comes behind fits it.
struct ChannelPropagation {
    let graph: Graph
    private let input: ValueID
    private let channelAxis: Int?
    /// How many channels the input is taken to have.
    let count: Int
    var values: [ValueID: PixelValue] = [:]
    /// How well the assumed channel axis fits: a layer that reads channels there says most.
    private(set) var evidence = 0
    /// How many channels the first layer reads, where it is another number than was assumed.
    private(set) var otherCount: Int?
    private(set) var result = GraphPreprocessing()
    /// Values that became floating-point numbers first.
    private var floatValues: [ValueID] = []
    /// What the layers read, in the order of nodes, and whether a convolution does.
    private var read: [(value: ValueID, node: Node)] = []

    /// Follows an input with so many axes; a channel axis of nil means that it is no picture.
    init(_ graph: Graph, from input: ValueID, axes: Int, channelAxis: Int?, count: Int) {
        self.graph = graph
        self.input = input
        self.channelAxis = channelAxis
        self.count = count
        var kinds = [PixelValue.Axis](repeating: .other, count: axes)
        if axes > 0 { kinds[0] = .batch }
        if let channelAxis {
            kinds = channelAxis == 1 ? [.batch, .channel, .row, .column] : [.batch, .row, .column, .channel]
        }
        values[input] = PixelValue(
            axes: kinds, forms: (0..<count).map { ChannelForm(channel: $0, of: count) },
            isFloat: graph[input].type?.isFloatingPoint ?? true)
        follow()
        finish()
    }

    private mutating func follow() {
        for node in graph.nodes where !["Shape", "Size"].contains(node.operation) {
            guard node.domain.isEmpty, let first = node.operands.first(where: { values[$0] != nil }) else { continue }
            let results = step(node)
            if results.isEmpty {
                read.append((node.input(0).flatMap { values[$0] == nil ? nil : $0 } ?? first, node))
                continue
            }
            for (output, value) in zip(node.outputs, results) {
                guard let output else { continue }
                if value.isFloat, node.operands.contains(where: { values[$0]?.isFloat == false }) {
                    floatValues.append(output)
                }
                values[output] = value
            }
        }
    }

    /// The results of a node that works on single pixels; empty where it does not.
    private mutating func step(_ node: Node) -> [PixelValue] {
        switch node.operation {
        case "Split": return split(node)
        case "Concat": return concatenation(node).map { [$0] } ?? []
        case "Add", "Sub", "Mul", "Div": return arithmetic(node).map { [$0] } ?? []
        default: break
        }
        guard let operand = node.input(0), let value = values[operand],
            node.operands.dropFirst().allSatisfy({ values[$0] == nil })
        else { return [] }
        let found: PixelValue? =
            switch node.operation {
            case "Identity", "Dropout", "Pad": value
            case "Clip": value.after("clips")
            case "Neg": value.with(value.forms.map { $0 * -1 }, after: "negates")
            case "Cast": cast(value, node)
            case "DequantizeLinear": dequantised(value, node)
            case "QuantizeLinear": quantised(value, node)
            case "BatchNormalization": normalised(value, node)
            case "Resize", "Upsample": resized(value, node)
            case "Transpose": transposed(value, node)
            case "Unsqueeze": unsqueezed(value, node)
            case "Squeeze": squeezed(value, node)
            case "Reshape": reshaped(value, node)
            case "Expand", "Tile": repeated(value, node)
            case "Slice": sliced(value, node)
            case "Gather": gathered(value, node)
            case "GatherND": gatheredRows(value, node)
            case "ReduceSum", "ReduceMean": reduced(value, node)
            case "MatMul": mixed(value, node)
            case "Conv": convolved(value, node)
            default: nil
            }
        return found.map { [$0] } ?? []
    }

    /// Sets the height and width to which the graph resizes, unless an earlier node did.
    mutating func noteSize(_ size: [Int]) { if result.resized == nil { result.resized = size } }

    /// Counts for or against the assumed channel axis.
    mutating func weigh(_ points: Int) { evidence += points }

    /// A layer reads the channels where they were assumed.
    mutating func noteChannels() {
        if let channelAxis { (result.channelAxis, result.channelCount) = (channelAxis, count) }
    }

    // MARK: What was found

    private mutating func finish() {
        let convolution = read.first { $0.node.operation == "Conv" && $0.node.input(0) == $0.value }
        let reading = convolution ?? read.last
        guard let reading, let value = values[reading.value] else {
            // The model does nothing but work on pixels.
            conclude(graph.outputs.compactMap { values[$0.value] }.first ?? values[input])
            return
        }
        if let node = convolution?.node, let weight = node.input(1), let shape = graph.shape(of: weight),
            shape.rank == 4
        {
            let channels = shape[1] * (node.integer("group") ?? 1)
            if value.axes.count == 4, value.axes[1] == .channel, value.forms.count == channels {
                evidence += 10
                noteChannels()
            } else {
                evidence -= 10
                if value.forms.count == count { otherCount = channels }
            }
        }
        conclude(value)
    }

    private mutating func conclude(_ value: PixelValue?) {
        guard let value else { return }
        if evidence > 0, result.channelAxis == nil { result.channelAxis = channelAxis }
        result.steps = value.steps
        result.floatValue = floatValues.count == 1 ? floatValues[0] : nil
        result.decide(value.forms, type: graph[input].type, quantised: value.quantised)
    }
}
