import Differentiation
import Foundation
import Graphs
import ONNXFormat
import ONNXMessages
import Runtime
import Tensors
import TestSupport
import Testing

/// Models that are broken or that Gaze does not take, and the sentences that people read then.
///
/// `Documentation/BrokenModels.md` shows them; a test keeps it true.
@Suite struct BrokenModelsTests {
    struct Broken: Sendable, CustomTestStringConvertible {
        let what: String
        let model: @Sendable () throws -> ModelProto
        let sentence: String
        /// Damages the file of the model.
        var damage: @Sendable (Data) -> Data = { $0 }

        var testDescription: String { what }
    }

    static let all: [Broken] = [
        Broken(
            what: "a file that is cut off", model: { relu() },
            sentence: "model.onnx is not a readable ONNX model: it ends in the middle. Copy or export it again.",
            damage: { $0.prefix($0.count * 2 / 3) }),
        Broken(
            what: "the data file is missing", model: { externalWeight() },
            sentence:
                "The model keeps the data of tensor “w” in a second file, “model.onnx.data”, which is not in FOLDER; copy that file beside the model, under this name."
        ),
        Broken(
            what: "nodes that wait for each other",
            model: {
                Models.model([NodeProto("Add", ["x", "z"], ["y"], name: "sum"), NodeProto("Relu", ["y"], ["z"])])
            },
            sentence: "Node Add 'sum' depends on its own result; the model is not a valid ONNX graph, export it again."),
        Broken(
            what: "an operator that does not exist",
            model: {
                Models.model([NodeProto("Relu", ["x"], ["a"]), NodeProto("Frobnicate", ["a"], ["y"], name: "f")])
            },
            sentence:
                "Node Frobnicate 'f' cannot run: ONNX Runtime could not load the model: This is an invalid model. In Node, (\"f\", Frobnicate, \"\", -1) : (\"a\": tensor(float),) -> (\"y\": tensor(float),) , Error No Op registered for Frobnicate with domain_version of 21 (code 10). Check the model with onnx.checker (full_check=True), or export it again with operators of ONNX opset 21."
        ),
        Broken(
            what: "an operator of the exporter's own", model: { foreignOperator() },
            sentence:
                "Node com.example.Gadget 'g' cannot run: ONNX Runtime could not load the model: com.example:Gadget(-1) is not a registered function/op (code 1). Check the model with onnx.checker (full_check=True), or export it again with operators of ONNX opset 21."
        ),
        Broken(
            what: "a function that calls itself", model: { recursion() },
            sentence:
                "The model's function 'local.block' calls itself (local.block → local.block), which ONNX does not allow; export the model again."
        ),
        Broken(
            what: "an operator of an opset to come",
            model: { opset(27, NodeProto("CausalConvWithState", ["x"], ["y"], name: "causal")) },
            sentence:
                "Node CausalConvWithState 'causal' uses an operator of ONNX opset 27, and Gaze computes at 21. Export the model with opset 21, which writes the operator as several older ones."
        ),
        Broken(
            what: "an opset that nobody knows", model: { opset(99, NodeProto("Relu", ["x"], ["y"])) },
            sentence:
                "The model's operators are of ONNX opset 99, and Gaze reads 7 to 28. Export the model with opset 21, or convert it with onnx.version_converter.convert_version(model, 21)."
        ),
        Broken(
            what: "a loop whose length the input decides", model: { loop() },
            sentence:
                "The derivative of node Loop 'loop' is not available: how often it runs depends on the input's contents. Explain a layer behind it, or use a method that needs no gradient."
        ),
        Broken(
            what: "an operator without a rule", model: { determinant() },
            sentence:
                "There is no backward rule for the operator Det (node Det 'volume'); explain a layer behind it, or use a method that needs no gradient ('gaze inspect MODEL' shows which operators block)."
        ),
        Broken(
            what: "shapes that do not fit",
            model: {
                Models.model(
                    [NodeProto("Relu", ["x"], ["a"]), NodeProto("MatMul", ["a", "w"], ["y"], name: "product")],
                    initializers: [TensorProto(AnyTensor(zeros: .float32, shape: [4, 5]), name: "w")])
            },
            sentence:
                "Node MatMul 'product' cannot run: ONNX Runtime could not load the model: Node (product) Op (MatMul) [ShapeInferenceError] Incompatible dimensions for matrix multiplication (code 1). Check the model with onnx.checker (full_check=True), or export it again with operators of ONNX opset 21."
        ),
        Broken(
            what: "a weight of the wrong type",
            model: {
                Models.model(
                    [NodeProto("Reshape", ["x", "shape"], ["y"], name: "flatten")],
                    initializers: [TensorProto(try Models.floats([3, 2]), name: "shape")])
            },
            sentence:
                "Node Reshape 'flatten' cannot run: ONNX Runtime could not load the model: This is an invalid model. Type Error: Type 'tensor(float)' of input parameter (shape) of operator (Reshape) in node (flatten) is invalid. (code 10). Check the model with onnx.checker (full_check=True), or export it again with operators of ONNX opset 21."
        ),
        Broken(
            what: "a weight with too little data", model: { shortWeight() },
            sentence:
                "Tensor “w” has 8 bytes where its shape needs 12; the file is damaged, copy or export it again."),
        Broken(
            what: "an input of texts",
            model: {
                var model = Models.model([NodeProto("Identity", ["x"], ["y"])])
                model.graph.input[0].type.tensorType.elemType = 8
                return model
            },
            sentence:
                "'x' is a tensor of texts; Gaze handles tensors of numbers. Export the model without it, or cut it off in front of it."
        ),
        Broken(
            what: "an input that may be absent",
            model: {
                var model = Models.model([NodeProto("OptionalGetElement", ["x"], ["y"])])
                let tensor = model.graph.input[0].type
                model.graph.input[0].type.optionalType.elemType = tensor
                return model
            },
            sentence:
                "'x' is a value that may be absent (optional); Gaze handles tensors of numbers. Export the model without it, or cut it off in front of it."
        ),
        Broken(
            what: "an output that no node computes",
            model: { Models.model([NodeProto("Relu", ["x"], ["z"])]) },
            sentence: "The model's output 'y' is computed by no node; export the model again."),
        Broken(
            what: "an operand that nothing computes",
            model: { Models.model([NodeProto("Add", ["x", "gone"], ["y"], name: "sum")]) },
            sentence:
                "Node Add 'sum' reads 'gone', which nothing in the model computes; export the model again, or check it with onnx.checker."
        ),
        Broken(
            what: "two results of one name",
            model: { Models.model([NodeProto("Relu", ["x"], ["y"]), NodeProto("Abs", ["x"], ["y"])]) },
            sentence: "Two nodes, inputs or weights of the model are named 'y'; export the model again."),
        Broken(
            what: "weights that are no numbers",
            model: {
                Models.model(
                    [NodeProto("Add", ["x", "w"], ["y"])],
                    initializers: [TensorProto(try Models.floats([1, .nan, 3]), name: "w")])
            },
            sentence:
                "Weight 'w' contains NaN: every score and map that depends on it is NaN. Check the training, or export the model again."
        ),
    ]

    @Test(arguments: all) func theSentenceSaysWhatAndWhereAndWhatToDo(broken: Broken) throws {
        #expect(try Self.sentence(broken) == broken.sentence)
    }

    @Test func thePageOfBrokenModelsIsTrue() throws {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let page = tests.appendingPathComponent("../../Documentation/BrokenModels.md")
        let rows = Self.all.map { "| \($0.what) | \($0.sentence.replacingOccurrences(of: "FOLDER", with: "models")) |" }
        let text = try String(contentsOf: page, encoding: .utf8)
        let found = text.split(separator: "\n").map(String.init).filter { $0.hasPrefix("| ") }
        #expect(Array(found.dropFirst()) == rows)
    }

    /// What somebody reads who asks for the gradient of the first output with respect to the first input.
    private static func sentence(_ broken: Broken) throws -> String {
        try TemporaryFolder.with { folder in
            let path = folder + "/model.onnx"
            try broken.damage(ONNXFile.serialized(broken.model())).write(to: URL(fileURLWithPath: path))
            do {
                let evaluator = try Models.evaluator()
                let graph = try Graph(contentsOf: path).specialised(to: [:], by: evaluator)
                if let note = graph.notes.first { return note }
                _ = try graph.differentiated([graph.outputs[0].value], withRespectTo: [graph.inputs[0]])
                return "nothing is wrong"
            } catch {
                return "\(error)".replacingOccurrences(of: folder + "/", with: "")
                    .replacingOccurrences(of: folder, with: "FOLDER")
            }
        }
    }

    // MARK: Models

    private static func relu() -> ModelProto { Models.model([NodeProto("Relu", ["x"], ["y"])]) }

    private static func externalWeight() -> ModelProto {
        var tensor = TensorProto()
        tensor.name = "w"
        tensor.dataType = 1
        tensor.dims = [3]
        tensor.dataLocation = .external
        tensor.externalData = [StringStringEntryProto(key: "location", value: "model.onnx.data")]
        return Models.model([NodeProto("Add", ["x", "w"], ["y"])], initializers: [tensor])
    }

    private static func shortWeight() -> ModelProto {
        var tensor = TensorProto()
        tensor.name = "w"
        tensor.dataType = 1
        tensor.dims = [3]
        tensor.rawData = Data(count: 8)
        return Models.model([NodeProto("Add", ["x", "w"], ["y"])], initializers: [tensor])
    }

    private static func opset(_ version: Int64, _ node: NodeProto) -> ModelProto {
        var model = Models.model([node])
        model.opsetImport[0].version = version
        return model
    }

    private static func foreignOperator() -> ModelProto {
        var node = NodeProto("Gadget", ["x"], ["y"], name: "g")
        node.domain = "com.example"
        var model = Models.model([node])
        var domain = OperatorSetIdProto()
        domain.domain = "com.example"
        domain.version = 1
        model.opsetImport.append(domain)
        return model
    }

    private static func recursion() -> ModelProto {
        var inner = NodeProto("block", ["v"], ["w"])
        inner.domain = "local"
        var function = FunctionProto()
        function.name = "block"
        function.domain = "local"
        function.input = ["v"]
        function.output = ["w"]
        function.node = [inner]
        var call = NodeProto("block", ["x"], ["y"])
        call.domain = "local"
        var model = Models.model([call])
        model.functions = [function]
        return model
    }

    private static func loop() -> ModelProto {
        var body = GraphProto()
        body.name = "body"
        body.node = [NodeProto("Neg", ["v"], ["vo"]), NodeProto("Identity", ["c"], ["co"])]
        body.input = [
            Models.input("i", [], type: .int64), Models.input("c", [], type: .bool), Models.input("v", [2, 3]),
        ]
        body.output = [Models.output("co", type: .bool), Models.output("vo")]
        return Models.model([
            NodeProto("ReduceMax", ["x"], ["m"], attributes: [AttributeProto("keepdims", int: 0)]),
            NodeProto("Cast", ["m"], ["n"], attributes: [AttributeProto("to", int: 7)]),
            NodeProto("Loop", ["n", "", "x"], ["y"], name: "loop", attributes: [AttributeProto("body", graph: body)]),
        ])
    }

    private static func determinant() -> ModelProto {
        Models.model([NodeProto("Det", ["x"], ["y"], name: "volume")], inputs: [Models.input("x", [2, 3, 3])])
    }
}
