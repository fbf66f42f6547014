import Explanations
import Graphs
import Tensors
import Testing

/// Results that show nothing are explained in words.
@Suite struct DiagnosisTests {
    private func notes(
        _ graph: Graph, _ pixels: [Float], target: String = "1", method: String = "gradient", layer: String? = nil
    ) throws -> String {
        try Toys.attributor(graph).attribute(
            inputs: ["x": try Toys.floats(pixels, [pixels.count / 8, 2, 2, 2])], target: Target(parsing: target),
            methods: [MethodSpecification(method)], layer: layer
        )[0].notes.joined(separator: "\n")
    }

    @Test func aSaturatedSoftmaxIsNamed() throws {
        let bright = [Float](repeating: 1000, count: 4) + [Float](repeating: 0, count: 4)
        let notes = try notes(Toys.classifier(batch: nil, softmax: true), bright, target: "0", method: "gradcam")
        #expect(notes.contains("every value of gradcam is") && notes.contains("saturated softmax"))
        #expect(notes.contains("logit("))
    }

    @Test func aDeadBranchIsNamed() throws {
        let dark = [Float](repeating: -1, count: 8)
        let atLayer = try notes(Toys.classifier(batch: nil), dark, method: "gradcam")
        #expect(atLayer.contains("every value of gradcam is zero") && atLayer.contains("'map' is zero throughout"))
        let atInput = try notes(Toys.classifier(batch: nil), dark)
        #expect(atInput.contains("Behind it 'map' is zero throughout"))
    }

    @Test func anInactiveHingeIsNamed() throws {
        var graph = try Toys.classifier(batch: nil)
        let margin = graph.addConstant(try Toys.floats([-100]), name: "margin")
        let shifted = graph.append("Add", [graph.outputs[0].value, margin], name: "shifted")[0]
        let loss = graph.append("Relu", [shifted], name: "loss")[0]
        graph.outputs = [Graph.Output(name: "loss", value: loss)]
        let notes = try notes(graph, Array(Toys.pixels.prefix(8)))
        #expect(notes.contains("inactive hinge") && notes.contains("'shifted'"))
    }

    @Test func theFirstBrokenNodeIsNamed() throws {
        var graph = try Toys.classifier(batch: nil)
        let root = graph.append("Log", [graph.outputs[0].value], name: "root")[0]
        graph.outputs = [Graph.Output(name: "root", value: root)]
        let negative = try #require((0..<3).first { Toys.logit(0, $0) < 0 })
        let notes = try notes(graph, Array(Toys.pixels.prefix(8)), target: "\(negative)", method: "gradient-x-input")
        #expect(notes.contains("the explained score is NaN") && notes.contains("Log 'root'"))
        var input = Array(Toys.pixels.prefix(8))
        input[3] = .nan
        let broken = try self.notes(Toys.classifier(batch: nil), input, method: "gradient-x-input")
        #expect(broken.contains("The input 'x' holds 1 of them"))
    }

    @Test func aMapWithoutPositiveValuesIsNoBlueSquare() throws {
        // The first channel's weight for class 2 is -1.
        let first: [Float] = [1, 2, 3, 4, 0, 0, 0, 0]
        let notes = try notes(Toys.classifier(batch: nil), first, target: "2", method: "gradcam")
        #expect(notes.contains("no value of gradcam is above zero"))
    }

    /// `sum(x)` through a quantiser of bytes with steps of 0.1, in the middle or at the end; and through other operators that cut off.
    private static func quantised(at end: Bool) throws -> Graph {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, dimensions: [.symbolic("n"), .fixed(2), .fixed(2), .fixed(2)])
        let scale = graph.addConstant(AnyTensor(Tensor(Float(0.1))), name: "scale")
        let zero = graph.addConstant(AnyTensor(Tensor(UInt8(0))), name: "zero")
        let axes = graph.addConstant(AnyTensor(Tensor<Int64>(vector: [1, 2, 3])), name: "axes")
        func quantiser(_ value: ValueID) -> ValueID {
            let levels = graph.append("QuantizeLinear", [value, scale, zero], name: "levels")[0]
            return graph.append("DequantizeLinear", [levels, scale, zero], name: "numbers")[0]
        }
        func sum(_ value: ValueID) -> ValueID {
            graph.append("ReduceSum", [value, axes], attributes: ["keepdims": .integer(0)], name: "sum")[0]
        }
        let result = end ? quantiser(sum(x)) : sum(quantiser(x))
        graph.outputs = [Graph.Output(name: "y", value: result)]
        return graph
    }

    @Test func aSaturatedQuantiserIsNamed() throws {
        let bright = [Float](repeating: 30, count: 8)
        let inside = try notes(Self.quantised(at: false), bright, target: "y")
        #expect(
            inside.contains("enters the QuantizeLinear 'levels' lies beyond its limits") && inside.contains("saturated")
        )
        let end = try notes(Self.quantised(at: true), bright, target: "y")
        #expect(end.contains("cut off at the upper limit of the QuantizeLinear 'levels'") && end.contains("logit(…)"))
        let dark = try notes(Self.quantised(at: true), [Float](repeating: -30, count: 8), target: "y")
        #expect(dark.contains("lower limit of the QuantizeLinear 'levels'"))
        // In front of it the gradient is 1 everywhere, and where something is let through, nothing is wrong.
        let front = try notes(Self.quantised(at: true), bright, target: "logit(y)")
        #expect(front.contains("every value of gradient is 1.0") && !front.contains("QuantizeLinear"))
        #expect(try notes(Self.quantised(at: false), Array(bright.dropLast()) + [1], target: "y").isEmpty)
    }

    @Test(arguments: ["Clip", "HardSigmoid"]) func otherSaturatedEndsAreNamed(_ operation: String) throws {
        var graph = try Toys.classifier(batch: nil)
        let bounds = [Float(-2), 2].map { graph.addConstant(AnyTensor(Tensor($0)), name: "bound") }
        let logits = graph.outputs[0].value
        let cut = graph.append(operation, [logits] + (operation == "Clip" ? bounds : []), name: "cut")[0]
        graph.outputs = [Graph.Output(name: "cut", value: cut)]
        let bright = [Float](repeating: 100, count: 4) + [Float](repeating: 0, count: 4)
        let notes = try notes(graph, bright, target: "0")
        #expect(notes.contains("upper limit of the \(operation) 'cut'") && notes.contains("'logits'"))
    }

    @Test func whatShowsSomethingIsNotDiagnosed() throws {
        for method in ["gradcam", "gradient", "ablationcam", "score", "activation"] {
            #expect(try notes(Toys.classifier(batch: nil), Toys.pixels, method: method).isEmpty)
        }
    }
}
