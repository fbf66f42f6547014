import Graphs
import Tensors

extension FiniteDifferenceTests {
    static let recurrentCases: [Case] = [
        recurrent("LSTM", "", gates: 4, steps: 3, inputs: 1),
        recurrent("LSTM", "states, peepholes, reverse", gates: 4, ["direction": .string("reverse")], hasStates: true),
        recurrent(
            "LSTM", "coupled gates, clip", gates: 4, ["input_forget": .integer(1), "clip": .float(0.9)], hasStates: true
        ),
        recurrent("LSTM", "cell state", gates: 4, result: 2),
        recurrent("GRU", "bidirectional", gates: 3, directions: 2, ["direction": .string("bidirectional")]),
        recurrent("GRU", "linear before reset", gates: 3, ["linear_before_reset": .integer(1)], hasStates: true),
        recurrent("GRU", "last state", gates: 3, steps: 3, inputs: 1, result: 1),
        recurrent(
            "RNN", "activation with numbers", gates: 1,
            [
                "activations": .strings(["ScaledTanh"]), "activation_alpha": .floats([0.8]),
                "activation_beta": .floats([0.5]),
            ], hasStates: true),
        recurrent("RNN", "softsign", gates: 1, steps: 3, ["activations": .strings(["Softsign"])]),
    ]

    /// All operands are differentiated; `result` is the one that is asked.
    private static func recurrent(
        _ operation: String, _ name: String, gates: Int, directions: Int = 1, steps: Int = 2, inputs: Int = 2,
        _ attributes: [String: Attribute] = [:], hasStates: Bool = false, result: Int = 0
    ) -> Case {
        let (batch, hidden) = (2, 2)
        let state: Shape = [directions, batch, hidden]
        var shapes: [Shape] = [
            [steps, batch, inputs], [directions, gates * hidden, inputs], [directions, gates * hidden, hidden],
            [directions, 2 * gates * hidden],
        ]
        if hasStates { shapes += operation == "LSTM" ? [state, state, [directions, 3 * hidden]] : [state] }
        return Case(operation: operation, name: name, shapes: shapes) { graph, values in
            // Odd multiples of 1/8 would saturate every gate.
            let small = graph.addConstant(scalar(0.3))
            let scaled = values.map { graph.append("Mul", [$0, small])[0] }
            let operands: [ValueID?] = Array(scaled[..<4]) + [nil] + Array(scaled[4...])
            let outputs = graph.append(
                operation, operands, attributes: attributes.merging(["hidden_size": .integer(hidden)]) { $1 },
                outputCount: operation == "LSTM" ? 3 : 2, name: "y")
            return outputs[result]
        }
    }

    static let spectralCases: [Case] = [
        transform("", [2, 5, 1]), transform("complex, inverse", [1, 4, 2, 2], ["inverse": .integer(1)]),
        transform("one-sided, longer", [2, 5, 1], ["onesided": .integer(1)], length: 8),
        transform("one-sided inverse", [1, 4, 2], ["onesided": .integer(1), "inverse": .integer(1)], length: 7),
    ]

    private static func transform(
        _ name: String, _ shape: Shape, _ attributes: [String: Attribute] = [:], length: Int64? = nil
    ) -> Case {
        unary(
            "DFT", name, shape, attributes,
            constants: [length.map { AnyTensor(Tensor<Int64>($0)) }, AnyTensor(Tensor<Int64>(1))])
    }

    static let deformableCases: [Case] = [
        several("DeformConv", "", [[1, 2, 3, 3], [2, 2, 2, 1], [1, 4, 2, 3]]),
        several(
            "DeformConv", "bias, mask, groups, strides",
            [[1, 4, 4, 5], [2, 2, 2, 2], [1, 16, 2, 2], [2], [1, 8, 2, 2]],
            [
                "group": .integer(2), "offset_group": .integer(2), "strides": .integers([2, 2]),
                "pads": .integers([0, 0, 1, 0]), "dilations": .integers([1, 2]),
            ]),
    ]
}
