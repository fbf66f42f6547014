import Differentiation
import Graphs
import Tensors
import Testing

/// Composites that compare with the activations of a reference input.
@Suite struct ReferenceRunTests {
    let derivatives: Derivatives

    init() throws { derivatives = try Derivatives() }

    /// What a test builds between `x` and `y`, and the two inputs.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let shape: Shape
        let x: [Float]
        let reference: [Float]
        let build: @Sendable (inout Graph, ValueID) throws -> ValueID

        var testDescription: String { name }
    }

    static func numbers(_ count: Int, _ seed: Int, scale: Double = 2) -> [Float] {
        // A Weyl sequence: spread out, without ties, the same everywhere.
        (0..<count).map {
            Float(scale * (2 * (Double($0 + seed * 97 + 1) * 0.618_033_988_749).truncatingRemainder(dividingBy: 1) - 1))
        }
    }

    static func single(
        _ name: String, _ shape: Shape = [2, 3, 4], positive: Bool = false, with attributes: [String: Attribute] = [:],
        and constants: [([Float], Shape)] = []
    ) -> Case {
        let lift: Float = positive ? 3 : 0
        return Case(
            name: name, shape: shape, x: numbers(shape.count, 1).map { $0 + lift },
            reference: numbers(shape.count, 2).map { $0 + lift }
        ) { graph, x in
            let operands = try constants.map { constant in
                graph.addConstant(try floats(constant.0, constant.1))
            }
            return graph.append(name, [x] + operands, attributes: attributes)[0]
        }
    }

    static func reduction(_ name: String, axes: [Int64], keeps: Int = 0) -> Case {
        Case(name: name, shape: [2, 3, 4], x: numbers(24, 1), reference: numbers(24, 2)) { graph, x in
            let axes = graph.addConstant(AnyTensor(Tensor(vector: axes)))
            return graph.append(name, [x, axes], attributes: ["keepdims": .integer(keeps)])[0]
        }
    }

    /// A function of two values that vary, `x` and `x W`.
    static func pair(
        _ name: String, reversed: Bool = false,
        _ build: @escaping @Sendable (inout Graph, ValueID, ValueID) throws -> ValueID
    ) -> Case {
        Case(name: name, shape: [3, 3], x: numbers(9, 3), reference: numbers(9, 4)) { graph, x in
            let weight = graph.addConstant(try floats(numbers(9, 5), [3, 3]))
            let other = graph.append("MatMul", [x, weight])[0]
            return try reversed ? build(&graph, other, x) : build(&graph, x, other)
        }
    }

    static let cases: [Case] = [
        single("Relu"), single("LeakyRelu"), single("Sigmoid"), single("Tanh"), single("Gelu"), single("HardSwish"),
        single("Elu"), single("Exp"), single("Erf"), single("Abs"), single("Softplus"), single("Floor"),
        single("Log", positive: true), single("Sqrt", positive: true), single("Reciprocal", positive: true),
        single("Clip", and: [([-0.5], []), ([0.75], [])]), single("PRelu", and: [([0.1, 0.3, 0.2, 0.4], [4])]),
        single("Pow", and: [([2], [])]), single("Pow", and: [([3], [])]),
        single("Softmax", with: ["axis": .integer(1)]), single("LogSoftmax", with: ["axis": .integer(-1)]),
        single(
            "LayerNormalization", with: ["axis": .integer(-1)], and: [([1, 0.5, -2, 1], [4]), ([0.5, 0, 1, 2], [4])]),
        single(
            "GroupNormalization", [2, 4, 3], with: ["num_groups": .integer(2)],
            and: [([1, 0.5, -2, 1], [4]), ([0.5, 0, 1, 2], [4])]),
        single("InstanceNormalization", and: [([1, 0.5, -2], [3]), ([0.5, 0, 1], [3])]),
        single("MeanVarianceNormalization", with: ["axes": .integers([0, 2])]),
        single("LpNormalization", with: ["axis": .integer(1), "p": .integer(2)]),
        single("LRN", [1, 5, 2, 2], with: ["size": .integer(3), "alpha": .float(0.5)]),
        single(
            "BatchNormalization",
            and: [([1, 0.5, -2], [3]), ([0.5, 0, 1], [3]), ([0.2, 0.1, -1], [3]), ([1, 0.5, 2], [3])]),
        single(
            "MaxPool", [1, 2, 5, 4],
            with: ["kernel_shape": .integers([3, 2]), "strides": .integers([2, 1]), "pads": .integers([1, 0, 1, 1])]),
        single("MaxPool", [1, 2, 4, 4], with: ["kernel_shape": .integers([2, 2]), "storage_order": .integer(1)]),
        single("AveragePool", [1, 2, 4, 4], with: ["kernel_shape": .integers([2, 2])]),
        single("GlobalMaxPool", [2, 2, 3, 3]), reduction("ReduceMax", axes: [0, 2]),
        reduction("ReduceMin", axes: [1], keeps: 1), reduction("ReduceL2", axes: [1]),
        reduction("ReduceSumSquare", axes: [-1]), reduction("ReduceMean", axes: [1]),
        pair("Mul") { $0.append("Mul", [$1, $2])[0] }, pair("MatMul") { $0.append("MatMul", [$1, $2])[0] },
        pair("Gemm") { graph, a, b in
            graph.append("Gemm", [a, b, a], attributes: ["transA": .integer(1), "beta": .float(0.5)])[0]
        },
        pair("Einsum") { $0.append("Einsum", [$1, $2], attributes: ["equation": .string("ij,kj->ik")])[0] },
        pair("Max") { $0.append("Max", [$1, $2])[0] }, pair("Min") { $0.append("Min", [$1, $2])[0] },
        pair("Max of three") { graph, a, b in
            graph.append("Max", [a, b, graph.addConstant(try floats([0.25], []))])[0]
        },
        pair("Div") { graph, a, b in
            let positive = graph.append("Exp", [b])[0]
            return graph.append("Div", [a, positive])[0]
        },
        pair("Div by itself", reversed: true) { graph, a, b in
            graph.append("Div", [a, graph.append("Softplus", [a])[0]])[0]
        },
        pair("SiLU") { graph, a, _ in graph.append("Mul", [a, graph.append("Sigmoid", [a])[0]])[0] },
        pair("ReLU as Where") { graph, a, _ in
            let zero = graph.addConstant(try floats([0], []))
            return graph.append("Where", [graph.append("Greater", [a, zero])[0], a, zero])[0]
        },
        pair("Leaky ReLU as Where") { graph, a, _ in
            let zero = graph.addConstant(try floats([0], []))
            let steep = graph.append("Mul", [a, graph.addConstant(try floats([3], []))])[0]
            return graph.append("Where", [graph.append("Less", [a, zero])[0], a, steep])[0]
        },
        pair("the larger as Where") { graph, a, b in
            graph.append("Where", [graph.append("Greater", [a, b])[0], a, b])[0]
        },
        pair("Where") { graph, a, b in
            let mask = graph.addConstant(AnyTensor(try Tensor(shape: [3], elements: [true, false, true])))
            return graph.append("Where", [mask, a, b])[0]
        },
    ]

    private func run(_ test: Case) throws -> (graph: Graph, run: ReferenceRun) {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, shape: test.shape)
        let y = try test.build(&graph, x)
        graph.outputs = [Graph.Output(name: "y", value: y)]
        let known = try derivatives.specialised(graph)
        let run = try ReferenceRun(known, from: known.inputs[0], to: [known.outputs[0].value])
        return (known, run)
    }

    private func multipliers(_ run: ReferenceRun, _ x: AnyTensor, _ reference: AnyTensor, _ seed: AnyTensor) throws
        -> [Float]
    {
        let output = run.graph.outputs[0].value
        let found = try derivatives.gradients(
            run.graph, of: [run.graph[output].name], at: ["x"], inputs: ["x": x, "reference.x": reference],
            seeds: [seed], by: .deepLIFT(reference: run.activations))
        return try #require(found[0]).floats
    }

    @Test(arguments: cases) func multipliersSumToTheDifference(_ test: Case) throws {
        let (graph, run) = try run(test)
        let (x, reference) = (try floats(test.x, test.shape), try floats(test.reference, test.shape))
        let shape = try #require(graph.shape(of: graph.outputs[0].value))
        let seed = Self.numbers(shape.count, 7)
        let found = try multipliers(run, x, reference, floats(seed, shape))
        let explained = zip(found, zip(test.x, test.reference)).reduce(0.0) {
            $0 + Double($1.0) * Double($1.1.0 - $1.1.1)
        }
        let scores = try [x, reference].map { input in
            zip(try derivatives.outputs(graph, ["x": input])[0].floats, seed).reduce(0.0) {
                $0 + Double($1.0) * Double($1.1)
            }
        }
        #expect(abs(scores[0] - scores[1]) > 1e-3)
        #expect(abs(explained - (scores[0] - scores[1])) <= 2e-5 * max(1, abs(scores[0]), abs(scores[1])))
    }

    /// With the input as its own reference every multiplier is the derivative.
    @Test(arguments: cases) func atTheReferenceMultipliersAreTheGradient(_ test: Case) throws {
        let (graph, run) = try run(test)
        let x = try floats(test.x, test.shape)
        let shape = try #require(graph.shape(of: graph.outputs[0].value))
        let seed = try floats(Self.numbers(shape.count, 7), shape)
        let found = try multipliers(run, x, x, seed)
        let name = graph[graph.outputs[0].value].name
        let gradient = try derivatives.gradients(graph, of: [name], at: ["x"], inputs: ["x": x], seeds: [seed])
        let expected = gradient[0]?.floats ?? [Float](repeating: 0, count: found.count)
        let largest = max(1, expected.map(abs).max() ?? 0)
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-4 * largest })
    }

    @Test func attentionMasksOfMinusInfinityStayFinite() throws {
        let test = Case(name: "mask", shape: [2, 3], x: Self.numbers(6, 1), reference: Self.numbers(6, 2)) { graph, x in
            let mask = graph.addConstant(try floats([0, -.infinity, 0], [3]))
            return graph.append("Softmax", [graph.append("Add", [x, mask])[0]])[0]
        }
        let (_, run) = try run(test)
        let found = try multipliers(
            run, floats(test.x, test.shape), floats(test.reference, test.shape), floats([1, 2, 3, 4, 5, 6], [2, 3]))
        #expect(found.allSatisfy(\.isFinite) && found.contains { $0 != 0 })
        #expect(found[1] == 0 && found[4] == 0)
    }

    @Test func whatHasNoMultipliersIsRefusedByName() throws {
        let test = Self.pair("Pow") { graph, a, b in
            graph.append("Pow", [graph.append("Exp", [a])[0], b])[0]
        }
        let (_, run) = try run(test)
        #expect {
            _ = try multipliers(run, floats(test.x, [3, 3]), floats(test.reference, [3, 3]), floats(test.x, [3, 3]))
        } throws: { "\($0)".contains("DeepLIFT has no multipliers") && "\($0)".contains("Pow") }
    }

    @Test func theReferenceMayBeAConstantAndTheSourceAnInnerValue() throws {
        // y = exp(2 x), explained at 2 x with the reference 0: the multiplier is (exp(2x) - 1) / 2x.
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, shape: [2])
        let double = graph.append("Mul", [x, graph.addConstant(try floats([2], []))], name: "double")[0]
        graph.outputs = [Graph.Output(name: "y", value: graph.append("Exp", [double], name: "y")[0])]
        var known = try derivatives.specialised(graph)
        let zero = known.addConstant(try floats([0, 0]))
        let source = try #require(known.value(named: "double"))
        let run = try ReferenceRun(known, from: source, at: zero, to: known.outputs.map(\.value))
        #expect(run.graph.inputs.count == 1)
        let found = try derivatives.gradients(
            run.graph, of: ["y"], at: ["double"], inputs: ["x": floats([0.5, -1])], seeds: [floats([1, 1])],
            by: .deepLIFT(reference: run.activations))
        let expected: [Double] = [0.5, -1].map { ($0 * 2).expOverSelf }
        #expect(zip(try #require(found[0]).floats, expected).allSatisfy { abs(Double($0) - $1) < 1e-5 })
    }

    @Test func theHullGatesWhatIsMoreActiveThanTheReference() throws {
        let test = Case(name: "hull", shape: [6], x: [1, 2, 3, -1, -0.5, 0.5], reference: [1, 3, 2, 1, -1, -2]) {
            $0.append("LeakyRelu", [$1], attributes: ["alpha": .float(0.5)])[0]
        }
        let (graph, run) = try run(test)
        let found = try derivatives.gradients(
            run.graph, of: [graph[graph.outputs[0].value].name], at: ["x"],
            inputs: ["x": floats(test.x), "reference.x": floats(test.reference)],
            seeds: [floats([1, 1, 1, 1, 1, 1])], by: .activationHull(of: run.activations))
        // Equal, less, more, other side, less negative, other side.
        #expect(try #require(found[0]).floats == [1, 1, 0, 0, 0.5, 0])
    }
}

extension Double {
    /// `(exp(z) - 1) / z`.
    fileprivate var expOverSelf: Double {
        var (sum, term) = (0.0, 1.0)
        for n in 1..<40 {
            sum += term
            term *= self / Double(n + 1)
        }
        return sum
    }
}
