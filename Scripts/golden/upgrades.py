"""Golden models of old opsets: one small model a case, its inputs, and what onnxruntime computes at that old opset.

Writes Tests/GraphsTests/Golden/upgrades.json.
Needs numpy, onnx, onnxruntime. Weights are initializers or attributes; every graph has float32 inputs x (and others).
"""

import base64
import json
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

SEED = 20261121
rng = np.random.default_rng(SEED)
cases = []


def encoded(data):
    return base64.b64encode(data).decode("ascii")


def values(*shape):
    return rng.standard_normal(shape).astype(np.float32)


def run(model, feeds):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, feeds)


def add(name, opset, nodes, feeds, weights=None, outputs=("y",), expected=None, functions=(), ir_version=None):
    if not isinstance(nodes, list):
        nodes = [nodes]
    inputs = [helper.make_tensor_value_info(key, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
              for key, value in feeds.items()]
    initializers = [numpy_helper.from_array(value, key) for key, value in (weights or {}).items()]
    if ir_version is None:
        ir_version = 3 if opset < 9 else 8
    if ir_version < 4:
        inputs += [helper.make_tensor_value_info(t.name, t.data_type, t.dims) for t in initializers]
    # Outputs without a type at first: shape inference tells it, or the expected values do.
    graph = helper.make_graph(nodes, "g", inputs, [onnx.ValueInfoProto(name=key) for key in outputs], initializers)
    for info, value in zip(graph.output, expected or []):
        info.CopyFrom(helper.make_tensor_value_info(
            info.name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape))
    imports = [helper.make_opsetid("", opset)] + [helper.make_opsetid(f.domain, 1) for f in functions]
    model = helper.make_model(graph, opset_imports=imports, functions=list(functions), ir_version=ir_version,
                              producer_name="")
    inferred = onnx.shape_inference.infer_shapes(model)
    for output, other in zip(model.graph.output, inferred.graph.output):
        output.CopyFrom(other)
    results = run(model, feeds) if expected is None else expected
    cases.append({
        "name": f"{name}@{opset}", "model": encoded(model.SerializeToString(deterministic=True)),
        "inputs": [{"name": key, "code": int(helper.np_dtype_to_tensor_dtype(value.dtype)),
                    "dims": list(value.shape), "bytes": encoded(value.tobytes())} for key, value in feeds.items()],
        "outputs": [{"name": key, "code": int(helper.np_dtype_to_tensor_dtype(value.dtype)),
                     "dims": list(value.shape), "bytes": encoded(value.tobytes())}
                    for key, value in zip(outputs, results)],
    })


def node(kind, inputs, outputs=("y",), **attributes):
    return helper.make_node(kind, list(inputs), list(outputs), **attributes)


def normalisation():
    x = {"x": values(2, 3, 4, 4)}
    parameters = {"s": values(3), "b": values(3), "m": values(3), "v": values(3) ** 2 + np.float32(0.5)}
    for opset, extra in [(7, {"spatial": 1}), (8, {}), (9, {}), (13, {})]:
        add("BatchNormalization", opset, node("BatchNormalization", "xsbmv", epsilon=1e-3, **extra), x, parameters)
    full = {"s": values(3, 4, 4), "b": values(3, 4, 4), "m": values(3, 4, 4),
            "v": values(3, 4, 4) ** 2 + np.float32(0.5)}
    add("BatchNormalization per element", 7, node("BatchNormalization", "xsbmv", spatial=0, epsilon=1e-3), x, full)
    # onnxruntime has no kernel for the per-group form: by its definition.
    x6, s, b = values(2, 6, 3, 3), values(3), values(3)
    grouped = x6.reshape(2, 3, -1).astype(np.float64)
    normal = (grouped - grouped.mean(-1, keepdims=True)) / np.sqrt(grouped.var(-1, keepdims=True) + 1e-5)
    expected = (normal * s[:, None] + b[:, None]).reshape(x6.shape).astype(np.float32)
    add("GroupNormalization", 18, node("GroupNormalization", "xsb", num_groups=3), {"x": x6}, {"s": s, "b": b},
        expected=[expected])
    for opset in (7, 10):
        add("Dropout", opset, [node("Dropout", "x", ["d"], ratio=0.3), node("Relu", "d")], x)
    add("Dropout unused mask", 7, [node("Dropout", "x", ["d", "mask"], ratio=0.3), node("Relu", "d")], x)


def softmax():
    for kind in ("Softmax", "LogSoftmax", "Hardmax"):
        for opset in (7, 11):
            add(f"{kind} 2D", opset, node(kind, "x"), {"x": values(3, 5)})
            add(f"{kind} 4D", opset, node(kind, "x"), {"x": values(2, 3, 4, 2)})
            add(f"{kind} axis 2", opset, node(kind, "x", axis=2), {"x": values(2, 3, 4, 2)})
            add(f"{kind} axis 0", opset, node(kind, "x", axis=0), {"x": values(2, 3)})
    add("Softmax last axis", 11, node("Softmax", "x", axis=-1), {"x": values(2, 3, 4)})
    add("Softmax axis -2", 11, node("Softmax", "x", axis=-2), {"x": values(2, 3, 4)})
    add("Softmax behind Gemm", 9, [node("Flatten", "x", ["f"]), node("Gemm", ["f", "w", "b"], ["h"]),
                                   node("Softmax", "h")], {"x": values(2, 3, 2)}, {"w": values(6, 4), "b": values(4)})


def shapes():
    for opset in (7, 11):
        add("Squeeze", opset, node("Squeeze", "x", axes=[1, 3]), {"x": values(2, 1, 3, 1)})
        add("Squeeze all", opset, node("Squeeze", "x"), {"x": values(2, 1, 3, 1)})
        add("Unsqueeze", opset, node("Unsqueeze", "x", axes=[0, 2]), {"x": values(2, 3)})
        add("Split lengths", opset, node("Split", "x", ["y", "z"], axis=1, split=[1, 3]), {"x": values(2, 4)},
            outputs=("y", "z"))
        add("Split evenly", opset, node("Split", "x", ["y", "z"], axis=1), {"x": values(2, 4)}, outputs=("y", "z"))
    add("Split evenly", 13, node("Split", "x", ["y", "z"], axis=1), {"x": values(2, 4)}, outputs=("y", "z"))
    add("Split lengths", 13, node("Split", "xl", ["y", "z"], axis=1), {"x": values(2, 4)},
        {"l": np.int64([3, 1])}, outputs=("y", "z"))
    add("Slice", 9, node("Slice", "x", starts=[1, -3], ends=[10, -1], axes=[0, 2]), {"x": values(3, 2, 5)})
    add("Slice without axes", 7, node("Slice", "x", starts=[1, 0], ends=[3, 1]), {"x": values(3, 2, 5)})
    for mode in ("constant", "reflect", "edge"):
        add(f"Pad {mode}", 10, node("Pad", "x", pads=[0, 0, 1, 2, 0, 0, 2, 1], mode=mode, value=1.5),
            {"x": values(1, 2, 4, 4)})
    add("Pad plain", 7, node("Pad", "x", pads=[1, 0, 0, 2]), {"x": values(2, 3)})
    add("TopK", 9, node("TopK", "x", ["y", "i"], k=2, axis=1), {"x": values(3, 5)}, outputs=("y", "i"))
    add("TopK", 10, node("TopK", "xk", ["y", "i"], axis=1), {"x": values(3, 5)}, {"k": np.int64([2])},
        outputs=("y", "i"))
    add("Scatter", 9, node("Scatter", "xiu", axis=1), {"x": values(2, 4)},
        {"i": np.int64([[0, 3], [2, 1]]), "u": values(2, 2)})


def arithmetic():
    x = {"x": values(2, 3, 4)}
    add("Clip", 7, node("Clip", "x", min=-0.5, max=0.75), x)
    add("Clip min only", 10, node("Clip", "x", min=0.0), x)
    add("Clip without bounds", 10, node("Clip", "x"), x)
    half = {"x": values(2, 3).astype(np.float16), "z": values(2, 3)}
    add("Clip half beside float", 10, [node("Clip", "x", ["c"], min=-0.5, max=0.5), node("Cast", "c", ["f"], to=1),
                                       node("Add", "fz")], half)
    kinds = ["L1", "L2", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare"]
    for kind in kinds:
        for opset in (7, 13):
            if kind == "Sum" and opset == 13:
                continue
            add(f"Reduce{kind}", opset, node(f"Reduce{kind}", "x", axes=[0, 2], keepdims=0), x)
    add("ReduceMean all", 11, node("ReduceMean", "x"), x)
    add("ReduceSum negative axis", 11, node("ReduceSum", "x", axes=[-1]), x)
    add("ReduceLogSum", 11, node("ReduceLogSum", "x", axes=[1]), {"x": np.abs(values(2, 3)) + 1})


def pictures():
    x = {"x": values(1, 2, 4, 5)}
    s = np.float32([1, 1, 2, 3])
    for mode in ("nearest", "linear"):
        add(f"Upsample {mode}", 7, node("Upsample", "x", mode=mode, scales=s.tolist()), x)
        add(f"Upsample {mode}", 9, node("Upsample", "xs", mode=mode), x, {"s": s})
        for label, scales in [("up", s), ("fraction", [1, 1, 1.5, 1.7]), ("down", [1, 1, 0.6, 0.5])]:
            add(f"Resize {mode} {label}", 10, node("Resize", "xs", mode=mode), x, {"s": np.float32(scales)})
    add("Resize nearest both ways", 10, node("Resize", "xs", mode="nearest"), x, {"s": np.float32([1, 1, 0.6, 1.7])})
    for mode in ("half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel", "tf_half_pixel_for_nn"):
        add(f"Resize {mode}", 11,
            node("Resize", ["x", "r", "s"], mode="linear" if "tf" not in mode else "nearest",
                 coordinate_transformation_mode=mode), x, {"r": np.float32([]), "s": s})
    add("Resize to a size", 11, node("Resize", ["x", "r", "e", "z"], mode="linear"), x,
        {"r": np.float32([]), "e": np.float32([]), "z": np.int64([1, 2, 7, 3])})
    grid = rng.uniform(-1.2, 1.2, (1, 3, 3, 2)).astype(np.float32)
    for mode in ("bilinear", "bicubic", "nearest", None):
        add(f"GridSample {mode}", 16, node("GridSample", "xg", **({"mode": mode} if mode else {})),
            {"x": x["x"], "g": grid})
    add("RoiAlign", 10, node("RoiAlign", ["x", "r", "i"], output_height=2, output_width=2, sampling_ratio=2), x,
        {"r": np.float32([[0.3, 0.4, 3.1, 2.9]]), "i": np.int64([0])})
    add("DFT", 17, node("DFT", "x"), {"x": values(1, 8, 1)})
    for opset in (7, 9, 10, 11, 18):
        add("pools", opset, [node("MaxPool", "x", ["p"], kernel_shape=[2, 2], strides=[2, 2]),
                             node("AveragePool", "p", kernel_shape=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1)], x)


def structure():
    """Subgraphs, functions with attributes by reference, and names that collide with new ones."""
    then = helper.make_graph([node("Clip", "x", ["a"], min=0.0, max=1.0)], "then", [],
                             [helper.make_tensor_value_info("a", TensorProto.FLOAT, [2, 3])])
    other = helper.make_graph([node("ReduceMean", "x", ["m"], axes=[1]), node("Sub", ["x", "m"], ["b"])], "else", [],
                              [helper.make_tensor_value_info("b", TensorProto.FLOAT, [2, 3])])
    for condition in (True, False):
        add(f"If {condition}", 10, node("If", "c", then_branch=then, else_branch=other),
            {"c": np.array(condition), "x": values(2, 3)})
    add("colliding names", 10, [node("Clip", "x", ["y_upgraded_1"], min=0.0, max=1.0),
                                node("Clip", ["y_upgraded_1"], ["y_upgraded_2"], min=0.2, max=0.8),
                                node("Relu", ["y_upgraded_2"])], {"x": values(2, 3)})
    inner = node("ReduceMean", "v", ["w"])
    attribute = inner.attribute.add(name="axes", type=onnx.AttributeProto.INTS)
    attribute.ref_attr_name = "over"
    function = helper.make_function("local", "centre", ["v"], ["r"], [inner, node("Sub", "vw", ["r"])],
                                    [helper.make_opsetid("", 13)], attributes=["over"])
    add("function", 13, helper.make_node("centre", ["x"], ["y"], domain="local", over=[1]), {"x": values(2, 3)},
        functions=[function], ir_version=8)
    for opset in (22, 23, 24, 25):
        add("newer opset", opset, [node("Flatten", "x", ["f"]), node("Softmax", "f")], {"x": values(2, 3, 2)},
            ir_version=10)


for build in (normalisation, softmax, shapes, arithmetic, pictures, structure):
    build()
GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "Tests/GraphsTests/Golden/upgrades.json"
GOLDEN.write_text(json.dumps({
    "tools": {"onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__, "numpy": np.__version__},
    "seed": SEED,
    "tolerance": {"absolute": 2e-6, "relative": 2e-6,
                  "reason": "the same kernels in another order of at most 100 float32 additions"},
    "cases": cases,
}, indent=0) + "\n")
