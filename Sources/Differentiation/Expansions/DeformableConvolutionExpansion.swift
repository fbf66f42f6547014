import Graphs
import Tensors

/// Deformable convolution over two axes: the picture is sampled bilinearly at each kernel element's place plus an offset, zeros
/// around it, scaled by a mask, and multiplied with the weights.
///
/// On the lattice of pixels the derivative by an offset is the one from the right, as in torchvision. For relevance, offsets and
/// mask are weights: they say what is looked at, and the picture's values get all.
struct DeformableConvolutionExpansion: OperatorExpansion {
    func expand(
        _ step: BackwardStep, into builder: inout ExpansionBuilder
    ) throws(DifferentiationError) -> [ValueID?] {
        let form = try DeformableConvolution(step)
        guard let picture = builder.operand(0), let kernel = builder.operand(1), let offset = builder.operand(2) else {
            throw .unsupported(node: step.label, reason: "an operand is missing")
        }
        let places = form.places(offset, &builder)
        var columns = form.samples(of: picture, at: places, &builder)
        if let mask = builder.operand(4) {
            // [N, G, K L, 1]
            let factors = builder.reshape(mask, to: form.perSample(1))
            columns = builder.multiply(columns, factors)
        }
        // [N, G, K, L, C/G] -> [N, C/G of each group, K, L]
        let slabs = builder.reshape(columns, to: form.slabs)
        let rows = builder.reshape(builder.transpose(slabs, [0, 1, 4, 2, 3]), to: form.columns)
        let weights = builder.reshape(kernel, to: form.weights)
        var result = builder.product(weights, rows)
        if let bias = builder.operand(3) {
            let perChannel = builder.reshape(bias, to: [form.groups, form.outputs / form.groups, 1])
            result = builder.add(result, perChannel)
        }
        return [builder.reshape(result, to: form.result)]
    }
}

/// What a DeformConv node says about itself: C channels in G offset groups, K kernel elements, L places.
private struct DeformableConvolution {
    let groups: Int
    let outputs: Int
    let result: Shape
    private let picture: Shape
    private let kernel: Shape
    private let offsetGroups: Int
    private let strides: [Int]
    private let dilations: [Int]
    private let pads: [Int]

    private var elements: Int { kernel[2] * kernel[3] }
    private var positions: Int { result[2] * result[3] }
    private var channels: Int { picture[1] / offsetGroups }

    init(_ step: BackwardStep) throws(DifferentiationError) {
        (picture, kernel) = (try step.shape(ofOperand: 0), try step.shape(ofOperand: 1))
        result = try step.shape(ofResult: 0)
        groups = step.node.integer("group") ?? 1
        offsetGroups = step.node.integer("offset_group") ?? 1
        strides = step.node.integers("strides") ?? [1, 1]
        dilations = step.node.integers("dilations") ?? [1, 1]
        pads = step.node.integers("pads") ?? [0, 0, 0, 0]
        guard picture.rank == 4, kernel.rank == 4, result.rank == 4, strides.count == 2, dilations.count == 2,
            pads.count == 4
        else { throw .unsupported(node: step.label, reason: "its picture \(picture) has not two axes") }
        outputs = kernel[0]
        let offset = try step.shape(ofOperand: 2)
        guard groups > 0, offsetGroups > 0, picture[1] % offsetGroups == 0, outputs % groups == 0,
            kernel[1] * groups == picture[1], picture.count > 0, result.count > 0,
            offset == [picture[0], 2 * offsetGroups * kernel[2] * kernel[3], result[2], result[3]]
        else { throw .unsupported(node: step.label, reason: "its offsets \(offset) do not fit \(picture)") }
    }

    /// `[N, G, K L, last]`
    func perSample(_ last: Int) -> Shape { [picture[0], offsetGroups, elements * positions, last] }
    /// `[N, G, K, L, C/G]`
    var slabs: Shape { [picture[0], offsetGroups, elements, positions, channels] }
    /// `[N, groups, C/groups K, L]`
    var columns: Shape { [picture[0], groups, kernel[1] * elements, positions] }
    /// `[groups, M/groups, C/groups K]`
    var weights: Shape { [groups, outputs / groups, kernel[1] * elements] }

    /// Where each sample lies along rows and columns, `[N, G, K L, 1]` each.
    func places(_ offset: ValueID, _ builder: inout ExpansionBuilder) -> [ValueID] {
        let pairs = builder.reshape(offset, to: [picture[0], offsetGroups, elements, 2, positions])
        return builder.split(pairs, [1, 1], axis: 3).enumerated().map { axis, part in
            let moved = builder.reshape(part, to: perSample(1))
            let lattice = builder.constant(undeformed(axis), [elements * positions, 1])
            return builder.add(moved, lattice)
        }
    }

    /// The places along an axis without any offset, by kernel element and position.
    private func undeformed(_ axis: Int) -> [Float] {
        var places: [Float] = []
        places.reserveCapacity(elements * positions)
        for element in 0..<elements {
            let tap = axis == 0 ? element / kernel[3] : element % kernel[3]
            for position in 0..<positions {
                let cell = axis == 0 ? position / result[3] : position % result[3]
                places.append(Float(cell * strides[axis] - pads[axis] + tap * dilations[axis]))
            }
        }
        return places
    }

    /// The picture at such places, `[N, G, K L, C/G]`: the weighted sum of four pixels.
    func samples(of picture: ValueID, at places: [ValueID], _ builder: inout ExpansionBuilder) -> ValueID {
        let (height, width) = (self.picture[2], self.picture[3])
        let planes = builder.reshape(picture, to: [self.picture[0], offsetGroups, channels, height * width])
        let pixels = builder.transpose(planes, [0, 1, 3, 2])
        let taps = zip(places, [height, width]).map { PixelTaps(at: $0, length: $1, &builder) }
        var terms: [ValueID] = []
        for row in 0...1 {
            for column in 0...1 {
                let line = builder.binary("Mul", taps[0].positions[row], taps[0].stride(width, &builder), type: .int64)
                let index = builder.binary("Add", line, taps[1].positions[column], type: .int64)
                let taken = builder.emit(
                    "GatherND", [pixels, index], ["batch_dims": .integer(2)], shape: perSample(channels))
                let weight = builder.multiply(taps[0].weights[row], taps[1].weights[column])
                terms.append(builder.multiply(taken, weight))
            }
        }
        return builder.emit("Sum", terms, shape: perSample(channels))
    }
}

/// Along one axis the two pixels around each place, and their weights; 0 outside of the picture.
private struct PixelTaps {
    /// int64, within the picture.
    private(set) var positions: [ValueID] = []
    private(set) var weights: [ValueID] = []

    init(at place: ValueID, length: Int, _ builder: inout ExpansionBuilder) {
        let base = builder.map("Floor", place)
        let distance = builder.subtract(place, base)
        for tap in 0...1 {
            let position = tap == 0 ? base : builder.add(base, builder.scalar(1))
            let bounds = [builder.scalar(0), builder.scalar(Double(length - 1))]
            let inner = builder.emit("Clip", [position] + bounds, shape: builder.shape(place))
            let isInside = builder.binary("Equal", inner, position, type: .bool)
            let share = tap == 0 ? builder.subtract(builder.scalar(1), distance) : distance
            weights.append(builder.choose(isInside, share, builder.scalar(0)))
            positions.append(
                builder.emit(
                    "Cast", [inner], ["to": .integer(Int(ElementType.int64.rawValue))], shape: builder.shape(place),
                    type: .int64))
        }
    }

    /// A whole number to multiply positions with.
    func stride(_ count: Int, _ builder: inout ExpansionBuilder) -> ValueID {
        builder.graph.addConstant(AnyTensor(Tensor<Int64>(Int64(count))), name: "stride")
    }
}
