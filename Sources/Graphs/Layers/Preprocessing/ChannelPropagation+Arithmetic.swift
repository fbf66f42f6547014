import Tensors

extension ChannelPropagation {
    mutating func arithmetic(_ node: Node) -> PixelValue? {
        guard node.inputs.count == 2, let first = node.input(0), let second = node.input(1) else { return nil }
        if let one = values[first], let other = values[second] { return combined(one, other, node.operation) }
        let (operand, constant) = values[first] == nil ? (second, first) : (first, second)
        guard let value = values[operand], let (numbers, forms) = broadcast(constant, over: value) else { return nil }
        let shown = Self.text(numbers)
        let isSecond = constant == second
        func each(_ body: (ChannelForm, Double) -> ChannelForm) -> [ChannelForm] {
            forms.indices.map { body(forms[$0], numbers[numbers.count == 1 ? 0 : $0]) }
        }
        switch node.operation {
        case "Add": return value.with(each { $0 + $1 }, after: "adds \(shown)")
        case "Sub" where isSecond: return value.with(each { $0 + -$1 }, after: "subtracts \(shown)")
        case "Sub": return value.with(each { $0 * -1 + $1 }, after: "subtracts from \(shown)")
        case "Mul": return value.with(each { $0 * $1 }, after: "multiplies by \(shown)")
        default:
            guard isSecond, numbers.allSatisfy({ $0 != 0 }) else { return nil }
            return value.with(each { $0 * (1 / $1) }, after: "divides by \(shown)")
        }
    }

    /// The sum or difference of two values that come from the input.
    private func combined(_ one: PixelValue, _ other: PixelValue, _ operation: String) -> PixelValue? {
        guard ["Add", "Sub"].contains(operation), one.axes == other.axes, one.forms.count == other.forms.count else {
            return nil
        }
        let sign = operation == "Add" ? 1.0 : -1.0
        var result = one.with(zip(one.forms, other.forms).map { $0 + $1 * sign })
        result.steps = PixelValue.steps(of: [one, other]) + ["mixes its channels"]
        return result
    }

    /// A constant as one number, or one a channel; with the channels that they meet, which a constant of several repeats.
    private mutating func broadcast(
        _ value: ValueID, over pixels: PixelValue
    ) -> (numbers: [Double], forms: [ChannelForm])? {
        guard let constant = graph[value].constant else { return nil }
        let numbers = constant.floats.map { Double($0) }
        guard numbers.count > 1 else { return numbers.isEmpty ? nil : (numbers, pixels.forms) }
        let (rank, lengths) = (pixels.axes.count, constant.shape.dimensions)
        let surplus = max(0, lengths.count - rank)
        guard lengths[..<surplus].allSatisfy({ $0 == 1 }) else { return nil }
        let aligned = [Int](repeating: 1, count: max(0, rank - lengths.count)) + lengths[surplus...]
        let long = aligned.indices.filter { aligned[$0] > 1 }
        guard let place = pixels.channelPlace else { return nil }
        let channels = aligned[place]
        guard channels == 1 || channels == pixels.forms.count || pixels.forms.count == 1,
            long.allSatisfy({ $0 == place || [.row, .column].contains(pixels.axes[$0]) })
        else {
            weigh(-1)
            return nil
        }
        if long != [place] {
            // A mean picture; a few numbers along a side are no picture, so the channels may stand there.
            guard long.allSatisfy({ $0 == place || aligned[$0] > 4 }) else {
                weigh(-1)
                return nil
            }
        } else {
            weigh(1)
        }
        let strides = Shape(aligned).strides
        var sums = [Double](repeating: 0, count: channels)
        for (index, number) in numbers.enumerated() { sums[index / strides[place] % channels] += number }
        let means = sums.map { $0 * Double(channels) / Double(numbers.count) }
        let forms =
            pixels.forms.count == 1 && channels > 1
            ? [ChannelForm](repeating: pixels.forms[0], count: channels) : pixels.forms
        return (means, forms)
    }

    mutating func normalised(_ value: PixelValue, _ node: Node) -> PixelValue? {
        let parts = (1..<5).compactMap { node.input($0).flatMap { graph[$0].constant?.floats.map { Double($0) } } }
        guard parts.count == 4, node.integer("training_mode") ?? 0 == 0, value.channelPlace == 1,
            parts.allSatisfy({ $0.count == value.forms.count })
        else { return nil }
        weigh(1)
        let epsilon = Double(node.float("epsilon") ?? 1e-5)
        let forms = value.forms.indices.map { channel in
            let factor = parts[0][channel] / (parts[3][channel] + epsilon).squareRoot()
            return value.forms[channel] * factor + (parts[1][channel] - parts[2][channel] * factor)
        }
        return value.with(forms, after: "normalises by a BatchNormalization")
    }

    func cast(_ value: PixelValue, _ node: Node) -> PixelValue? {
        guard let type = node.integer("to").flatMap({ ElementType(rawValue: Int32($0)) }) else { return nil }
        var result = value.after("converts to \(type)")
        result.isFloat = type.isFloatingPoint
        return result
    }

    func dequantised(_ value: PixelValue, _ node: Node) -> PixelValue? {
        guard let scales = constants(node.input(1)) else { return nil }
        var result = value
        result.isFloat = true
        // Back from QuantizeLinear: the same numbers, rounded.
        guard value.quantised == nil else { return result }
        let zeros = constants(node.input(2)) ?? [0]
        let isPerChannel = scales.count == value.forms.count && scales.count > 1
        guard scales.count == 1 || isPerChannel, zeros.count == 1 || zeros.count == scales.count else { return nil }
        let forms = value.forms.indices.map { channel in
            (value.forms[channel] + -zeros[zeros.count == 1 ? 0 : channel]) * scales[isPerChannel ? channel : 0]
        }
        result.forms = forms
        result.steps.append("dequantises by \(Self.text(scales))")
        return result
    }

    func quantised(_ value: PixelValue, _ node: Node) -> PixelValue? {
        guard let scales = constants(node.input(1)), scales.count == 1 else { return nil }
        let type = node.input(2).flatMap { graph[$0].type } ?? .uint8
        let zero = constants(node.input(2))?.first ?? 0
        let levels: ClosedRange<Double>? =
            switch type {
            case .uint8: 0...255
            case .int8: -128...127
            case .uint16: 0...65535
            case .int16: -32768...32767
            default: nil
            }
        guard let levels, scales[0] > 0 else { return nil }
        var result = value.after("quantises pixels")
        result.quantised = (levels.lowerBound - zero) * scales[0]...(levels.upperBound - zero) * scales[0]
        return result
    }

    /// A convolution of one pixel whose channels stay recognisable: each comes from one channel, or all from a sum of one sign.
    mutating func convolved(_ value: PixelValue, _ node: Node) -> PixelValue? {
        guard let weight = node.input(1).flatMap({ graph[$0].constant }), weight.shape.rank == 4,
            weight.shape[2] == 1, weight.shape[3] == 1, weight.shape[0] <= Self.mostMixed,
            value.axes.count == 4, value.channelPlace == 1, node.integers("strides") ?? [1, 1] == [1, 1],
            (node.integers("pads") ?? [0]).allSatisfy({ $0 == 0 })
        else { return nil }
        let groups = node.integer("group") ?? 1
        let (outputs, depth) = (weight.shape[0], weight.shape[1])
        guard depth * groups == value.forms.count, groups > 0, outputs % groups == 0 else { return nil }
        let factors = weight.floats.map { Double($0) }
        var rows = [[Double]](repeating: [Double](repeating: 0, count: value.forms.count), count: outputs)
        for output in 0..<outputs {
            let first = output / (outputs / groups) * depth
            for index in 0..<depth { rows[output][first + index] = factors[output * depth + index] }
        }
        let bias = constants(node.input(2)) ?? [Double](repeating: 0, count: outputs)
        guard bias.count == outputs, (node.input(2) == nil) == (constants(node.input(2)) == nil),
            let forms = mixed(value.forms, by: rows, adding: bias)
        else { return nil }
        weigh(10)
        noteChannels()
        // What is no change needs no words.
        return value.with(forms, after: forms == value.forms ? nil : "scales and mixes its channels by a convolution")
    }

    /// Channels last times a matrix.
    mutating func mixed(_ value: PixelValue, _ node: Node) -> PixelValue? {
        guard let matrix = node.input(1).flatMap({ graph[$0].constant }), matrix.shape.rank == 2,
            value.channelPlace == value.axes.count - 1, matrix.shape[0] == value.forms.count,
            matrix.shape[1] <= Self.mostMixed
        else { return nil }
        let factors = matrix.floats.map { Double($0) }
        let rows = (0..<matrix.shape[1]).map { output in
            value.forms.indices.map { factors[$0 * matrix.shape[1] + output] }
        }
        guard let forms = mixed(value.forms, by: rows, adding: rows.map { _ in 0 }) else { return nil }
        weigh(1)
        return value.with(forms, after: "mixes its channels")
    }

    /// A layer that makes more channels learns features.
    private static let mostMixed = 4

    private func mixed(
        _ forms: [ChannelForm], by rows: [[Double]], adding bias: [Double]
    ) -> [ChannelForm]? {
        let isOrder = rows.allSatisfy { row in row.filter { $0 != 0 }.count == 1 }
        let isLightness = rows.count == 1 && rows[0].allSatisfy { $0 >= 0 } && rows[0].contains { $0 > 0 }
        guard isOrder || isLightness else { return nil }
        return zip(rows, bias).map { row, bias in
            zip(forms, row).reduce(ChannelForm(constant: bias, of: count)) { $0 + $1.0 * $1.1 }
        }
    }

    func constants(_ value: ValueID?) -> [Double]? { value.flatMap { graph[$0].constant?.floats.map { Double($0) } } }

    static func text(_ numbers: [Double]) -> String {
        let rounded = numbers.map { Float($0) }
        return Set(rounded).count == 1 ? "\(rounded[0])" : "(\(rounded.map { "\($0)" }.joined(separator: ", ")))"
    }
}
