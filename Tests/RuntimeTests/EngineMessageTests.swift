import Runtime
import Testing

/// The engine's words without its makers' files and functions.
@Suite struct EngineMessageTests {
    @Test(arguments: [
        (
            "Non-zero status code returned while running Reshape node. Name:'/a/Reshape_3' Status Message: /onnxruntime_src/onnxruntime/core/providers/cpu/tensor/reshape_helper.h:47 onnxruntime::ReshapeHelper::ReshapeHelper(const onnxruntime::TensorShape&, onnxruntime::TensorShapeVector&, bool) input_shape_size == size was false. The input tensor cannot be reshaped to the requested shape. Input shape:{256,1,16}, requested shape:{64,2,8}\n",
            "node '/a/Reshape_3' (Reshape) cannot take these inputs: The input tensor cannot be reshaped to the requested shape. Input shape:{256,1,16}, requested shape:{64,2,8}"
        ),
        (
            "Non-zero status code returned while running Add node. Name:'/Add' Status Message: /onnxruntime_src/onnxruntime/core/providers/cpu/math/element_wise_ops.h:540 void onnxruntime::BroadcastIterator::Init(ptrdiff_t, ptrdiff_t) axis == 1 || axis == largest was false. Attempting to broadcast an axis by a dimension other than 1. 49 by 64\n",
            "node '/Add' (Add) cannot take these inputs: Attempting to broadcast an axis by a dimension other than 1. 49 by 64"
        ),
        (
            "Exception during initialization: /build/core/session.cc:12 onnxruntime::common::Status onnxruntime::Load(std::function<void ()>) Missing weights.",
            "Exception during initialization: Missing weights."
        ),
        (
            "Load model from m.onnx failed:/onnxruntime_src/onnxruntime/core/graph/model.cc:181 onnxruntime::Model::Model(onnx::ModelProto&&, const onnxruntime::PathString&) Unknown model file format version.\nStack trace:\n#0",
            "Load model from m.onnx failed: Unknown model file format version. Stack trace: #0"
        ),
        ("Load model from a/b.onnx failed: no such file", "Load model from a/b.onnx failed: no such file"),
        ("Ratio 1/2 of a.h: nothing", "Ratio 1/2 of a.h: nothing"),
        ("Status Message: while (((", "Status Message: while ((("),
    ])
    func placesAreLeftOut(message: String, readable: String) {
        let error = RuntimeError.engine(operation: "run the model", message: message, code: 2)
        #expect(error.description == "ONNX Runtime could not run the model: \(readable) (code 2).")
    }
}
