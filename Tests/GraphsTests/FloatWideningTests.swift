import Graphs
import ONNXFormat
import ONNXMessages
import Tensors
import Testing

@Suite struct FloatWideningTests {
    @Test func halfPrecisionIsComputedAsItsTwinInFloat32() throws {
        let twins = try ImportGolden.cases("half twins")
        for golden in try ImportGolden.cases("halves") {
            let graph = try golden.graph()
            #expect(graph.notes.count == 1, "\(golden.name)")
            let twin = try #require(twins.first { $0.name == golden.name })
            let own = try #require(graph.outputs.first?.value)
            #expect(graph[own].type == .float32)
            for input in graph.inputs { #expect([.float32, .bool].contains(graph[input].type)) }
            // The same kernels on the same numbers: not one bit differs.
            let results = try Models.run(graph, golden.feeds())
            #expect(try results == Models.run(twin.graph(), twin.feeds()), "\(golden.name)")
            try ImportGolden.check(graph, computes: twin)
            #expect(try twin.graph().notes == [])
            // Half precision has 11 significant bits, and at most 60 numbers are summed up.
            try ImportGolden.check(golden.specialised(), computes: golden, absolute: 4e-3, relative: 4e-3)
        }
    }

    @Test func theNoteNamesTheType() throws {
        for golden in try ImportGolden.cases("halves") where golden.name.hasSuffix("network") {
            let type = golden.name.split(separator: " ")[0]
            #expect(
                try golden.graph().notes == [
                    "The model's \(type) values are computed in float32; inputs of that type take float32 here."
                ])
        }
    }

    @Test func everyHalfIsWidenedExactly() throws {
        // All numbers of float16, infinities too.
        let halves = (UInt16.min...UInt16.max).map { Float16(bitPattern: $0) }.filter { !$0.isNaN }
        let graph = try Graph(
            Models.model(
                [NodeProto("Add", ["x", "w"], ["y"])], inputs: [Models.input("x", [1], type: .float16)],
                initializers: [TensorProto(AnyTensor(Tensor(vector: halves)), name: "w")]))
        let weight = try #require(graph.value(named: "w"))
        #expect(graph[weight].constant == AnyTensor(Tensor(vector: halves.map { Float($0) })))
        #expect(graph.inputs.map { graph[$0].type } == [.float32])
    }

    @Test func sequencesAndTypeAttributesAreWidened() throws {
        let model = Models.model([
            NodeProto("Cast", ["x"], ["h"], attributes: [AttributeProto("to", int: 10)]),
            NodeProto("SequenceEmpty", [], ["q"], attributes: [AttributeProto("dtype", int: 16)]),
            NodeProto("SequenceInsert", ["q", "h"], ["p"]),
            NodeProto("ConcatFromSequence", ["p"], ["c"], attributes: [AttributeProto("axis", int: 0)]),
            NodeProto("LayerNormalization", ["c", "s"], ["y"], attributes: [AttributeProto("stash_type", int: 16)]),
        ])
        var weights = model
        weights.graph.initializer = [TensorProto(AnyTensor(Tensor(vector: [Float16(1), 1, 1])), name: "s")]
        let graph = try Graph(weights)
        #expect(graph.nodes[0].integer("to") == 1)
        #expect(graph.nodes[1].integer("dtype") == 1)
        #expect(graph.nodes[4].integer("stash_type") == 1)
        #expect(graph.notes[0].contains("bfloat16 and float16"))
    }

    @Test func otherModelsAreLeftAlone() throws {
        let graph = try Graph(
            Models.model([NodeProto("Cast", ["x"], ["y"], attributes: [AttributeProto("to", int: 11)])]))
        #expect(graph.nodes[0].integer("to") == 11)
        #expect(graph.notes == [])
    }
}
