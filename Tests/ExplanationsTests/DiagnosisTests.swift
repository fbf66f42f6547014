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

    @Test func whatShowsSomethingIsNotDiagnosed() throws {
        for method in ["gradcam", "gradient", "ablationcam", "score", "activation"] {
            #expect(try notes(Toys.classifier(batch: nil), Toys.pixels, method: method).isEmpty)
        }
    }
}
