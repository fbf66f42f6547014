import Graphs
import Runtime
import Tensors
import Testing

/// Which rows and columns of a picture a value depends on, against running the graph on pictures that differ in one of them.
@Suite struct ReachTests {
    private static func window(
        _ graph: inout Graph, _ value: ValueID, kernel: Int, stride: Int, channels: Int, dilation: Int = 1
    ) throws -> ValueID {
        let weight = graph.addConstant(
            AnyTensor(Tensor<Float>(repeating: 1, shape: [1, channels, kernel, kernel])))
        return graph.append(
            "Conv", [value, weight],
            attributes: ["strides": .integers([stride, stride]), "dilations": .integers([dilation, dilation])])[0]
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let build: @Sendable (inout Graph, ValueID) throws -> ValueID
    }

    static let cases = [
        Case(testDescription: "a remainder behind the last patch") {
            try window(&$0, $1, kernel: 4, stride: 4, channels: 2)
        },
        Case(testDescription: "gaps between windows") { try window(&$0, $1, kernel: 2, stride: 5, channels: 2) },
        Case(testDescription: "two convolutions") {
            try window(&$0, window(&$0, $1, kernel: 3, stride: 2, channels: 2), kernel: 3, stride: 3, channels: 1)
        },
        Case(testDescription: "behind a sum over everything") { graph, x in
            let map = try window(&graph, x, kernel: 4, stride: 4, channels: 2)
            let pooled = graph.append("GlobalAveragePool", [map])[0]
            return graph.append("Mul", [map, pooled])[0]
        },
        Case(testDescription: "two branches") { graph, x in
            let one = try window(&graph, x, kernel: 1, stride: 4, channels: 2)
            let two = try window(&graph, x, kernel: 2, stride: 4, channels: 2)
            return graph.append("Add", [one, two])[0]
        },
    ]

    @Test(arguments: cases)
    func theReachIsWhatChanges(_ golden: Case) throws {
        var graph = Graph()
        let x = graph.addInput("x", type: .float32, dimensions: [1, 2, 18, 23].map { .fixed($0) })
        let value = try golden.build(&graph, x)
        graph.outputs = [Graph.Output(name: "y", value: value)]
        let engine = try ONNXRuntimeEngine()
        let specialised = try graph.specialised(to: ["x": [1, 2, 18, 23]], by: EngineEvaluator(engine))
        let (input, output) = (specialised.inputs[0], specialised.outputs[0].value)
        let reach = try #require(specialised.reach(of: output, from: input))
        let program = try engine.load(specialised)
        func changes(_ pixel: (Int, Int) -> Bool) throws -> Bool {
            var picture = Tensor<Float>(repeating: 1, shape: [1, 2, 18, 23])
            let before = try program.run(["x": AnyTensor(picture)], outputs: ["y"])[0].floats
            picture.mutateElements { elements in
                for index in elements.indices where pixel(index / 23 % 18, index % 23) { elements[index] = 3 }
            }
            return try program.run(["x": AnyTensor(picture)], outputs: ["y"])[0].floats != before
        }
        for row in 0..<18 { #expect(try reach.rows[row] == changes { y, _ in y == row }, "row \(row)") }
        for column in 0..<23 {
            #expect(try reach.columns[column] == changes { _, x in x == column }, "column \(column)")
        }
    }
}
