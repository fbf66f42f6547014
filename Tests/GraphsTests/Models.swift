import Foundation
import Graphs
import ONNXFormat
import ONNXMessages
import Runtime
import Tensors

/// Small models as messages.
enum Models {
    static func model(
        _ nodes: [NodeProto], inputs: [ValueInfoProto] = [input("x", [2, 3])], outputs: [String] = ["y"],
        initializers: [TensorProto] = []
    ) -> ModelProto {
        var model = ModelProto()
        model.irVersion = 10
        var opset = OperatorSetIdProto()
        opset.version = Int64(Graph.opset)
        model.opsetImport = [opset]
        model.graph.name = "test"
        model.graph.node = nodes
        model.graph.input = inputs
        model.graph.initializer = initializers
        model.graph.output = outputs.map { output($0) }
        return model
    }

    /// A negative length is a free one named `n`.
    static func input(_ name: String, _ lengths: [Int]?, type: ElementType = .float32) -> ValueInfoProto {
        var info = ValueInfoProto()
        info.name = name
        info.type.tensorType.elemType = type.rawValue
        guard let lengths else { return info }
        info.type.tensorType.shape.dim = lengths.map { length in
            var dimension = TensorShapeProto.Dimension()
            if length < 0 { dimension.dimParam = "n" } else { dimension.dimValue = Int64(length) }
            return dimension
        }
        if lengths.isEmpty { info.type.tensorType.shape = TensorShapeProto() }
        return info
    }

    static func output(_ name: String, type: ElementType = .float32) -> ValueInfoProto {
        var info = ValueInfoProto()
        info.name = name
        info.type.tensorType.elemType = type.rawValue
        return info
    }

    static func floats(_ values: [Float], _ shape: Shape? = nil) throws -> AnyTensor {
        AnyTensor(try Tensor(shape: shape ?? [values.count], elements: values))
    }

    static func integers(_ values: [Int64]) -> AnyTensor { AnyTensor(Tensor(vector: values)) }

    static func evaluator() throws -> EngineEvaluator { EngineEvaluator(try ONNXRuntimeEngine()) }

    static func run(_ graph: Graph, _ inputs: [String: AnyTensor]) throws -> [AnyTensor] {
        try ONNXRuntimeEngine().load(graph).run(inputs, outputs: graph.outputs.map(\.name))
    }
}
