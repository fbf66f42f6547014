"""Golden ONNX files: every element type in every encoding, external data, and a model with all kinds of attributes.

Usage: python onnx_files.py > Tests/ONNXFormatTests/Golden/onnx_files.json
Needs numpy, onnx, ml_dtypes. The tests compare bytes: reading a tensor loses nothing, so there is no tolerance.
"""

import base64
import json
import os
import tempfile

import ml_dtypes
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SEED = 20261121
rng = np.random.default_rng(SEED)


def encoded(data):
    return base64.b64encode(data).decode("ascii")


TYPES = {
    "FLOAT": np.float32, "DOUBLE": np.float64, "FLOAT16": np.float16, "BFLOAT16": ml_dtypes.bfloat16,
    "INT8": np.int8, "INT16": np.int16, "INT32": np.int32, "INT64": np.int64,
    "UINT8": np.uint8, "UINT16": np.uint16, "UINT32": np.uint32, "UINT64": np.uint64, "BOOL": np.bool_,
}


def values(dtype, shape):
    dtype = np.dtype(dtype)
    if dtype == np.bool_:
        return rng.integers(0, 2, shape).astype(np.bool_)
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        array = rng.integers(info.min, info.max, shape, dtype=dtype, endpoint=True)
        array.reshape(-1)[:2] = [info.min, info.max]
        return array
    array = rng.standard_normal(shape).astype(dtype)
    array.reshape(-1)[:3] = np.array([np.inf, -0.0, 65504], dtype)
    return array


def tensors():
    cases = []
    for name, dtype in TYPES.items():
        code = getattr(TensorProto, name)
        for label, shape in [("matrix", (2, 3)), ("scalar", ()), ("empty", (0, 4))]:
            array = values(dtype, (2, 3)) if label == "matrix" else np.ones(shape, dtype)
            raw = numpy_helper.from_array(array, f"{name}.{label}")
            typed = TensorProto(name=f"{name}.{label}", data_type=code, dims=shape)
            flat = array.reshape(-1)
            if name == "FLOAT":
                typed.float_data.extend(flat.tolist())
            elif name == "DOUBLE":
                typed.double_data.extend(flat.tolist())
            elif name == "INT64":
                typed.int64_data.extend(flat.tolist())
            elif name in ("UINT32", "UINT64"):
                typed.uint64_data.extend(flat.tolist())
            elif name in ("FLOAT16", "BFLOAT16"):
                typed.int32_data.extend(flat.view(np.uint16).astype(np.int32).tolist())
            else:
                typed.int32_data.extend(flat.astype(np.int32).tolist())
            for encoding, proto in [("raw", raw), ("typed", typed)]:
                cases.append({
                    "name": f"{name}.{label}.{encoding}", "code": code, "dims": list(shape),
                    "message": encoded(proto.SerializeToString()), "bytes": encoded(array.tobytes()),
                })
    return cases


def refused():
    cases = []
    for name in ["STRING", "COMPLEX64", "COMPLEX128", "FLOAT8E4M3FN", "FLOAT8E5M2", "UINT4", "INT4", "FLOAT4E2M1"]:
        proto = TensorProto(name="strange", data_type=getattr(TensorProto, name), dims=[1])
        cases.append({"type": name, "message": encoded(proto.SerializeToString())})
    return cases


def small_model():
    """Every kind of attribute, a subgraph, a function, metadata and shapes by name."""
    weight = numpy_helper.from_array(rng.standard_normal((3, 3)).astype(np.float32), "weight")
    then = helper.make_graph(
        [helper.make_node("Constant", [], ["a"], value=numpy_helper.from_array(np.float32([1, 2, 3]), "one"))],
        "then", [], [helper.make_tensor_value_info("a", TensorProto.FLOAT, [3])])
    other = helper.make_graph(
        [helper.make_node("Constant", [], ["b"], value_floats=[4.0, 5.0, 6.0])],
        "else", [], [helper.make_tensor_value_info("b", TensorProto.FLOAT, [3])])
    nodes = [
        helper.make_node("MatMul", ["x", "weight"], ["h"], name="/fc/MatMul"),
        helper.make_node("twice", ["h"], ["d"], domain="local"),
        helper.make_node("If", ["condition"], ["offset"], then_branch=then, else_branch=other),
        helper.make_node("Add", ["d", "offset"], ["y"]),
    ]
    entry = nodes[0].metadata_props.add()
    entry.key, entry.value = "namespace", ": model/fc: torch.nn.Linear"
    function = helper.make_function(
        "local", "twice", ["v"], ["w"], [helper.make_node("Add", ["v", "v"], ["w"])],
        [helper.make_opsetid("", 21)])
    graph = helper.make_graph(
        nodes, "small", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3]),
                         helper.make_tensor_value_info("condition", TensorProto.BOOL, [])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 3])], [weight])
    model = helper.make_model(
        graph, functions=[function], ir_version=10,
        opset_imports=[helper.make_opsetid("", 21), helper.make_opsetid("local", 1)])
    model.metadata_props.add(key="author", value="Gaze")
    # Fields that the schema leaves out must survive.
    model.training_info.add().initialization.name = "training"
    model.configuration.add(name="devices", num_devices=2)
    onnx.checker.check_model(model)
    return model, weight


def external(model):
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.onnx")
        onnx.save(copy, path, save_as_external_data=True, location="model.onnx.data", size_threshold=0,
                  convert_attribute=True)
        with open(path, "rb") as model_file, open(path + ".data", "rb") as data_file:
            return {"model": encoded(model_file.read()), "data": encoded(data_file.read())}


def main():
    model, weight = small_model()
    print(json.dumps({
        "tools": {"onnx": onnx.__version__, "numpy": np.__version__, "ml_dtypes": ml_dtypes.__version__},
        "seed": SEED,
        "tensors": tensors(),
        "refused": refused(),
        "model": encoded(model.SerializeToString(deterministic=True)),
        "weight": encoded(numpy_helper.to_array(weight).tobytes()),
        "external": external(model),
    }, indent=0))


main()
