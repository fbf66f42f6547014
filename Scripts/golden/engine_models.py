"""Writes the tiny models of RuntimeTests, and what they must compute, into Tests/RuntimeTests/Golden.

The expected values of `values.json` come from NumPy in float64 or are exact by construction; onnxruntime is not asked.
"""
import json
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FOLDER = pathlib.Path(__file__).parents[2] / "Tests/RuntimeTests/Golden"
SEED = 20261121
TYPES = ("FLOAT", "DOUBLE", "FLOAT16", "BFLOAT16", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64", "BOOL")


def value(name, kind, shape):
    return helper.make_tensor_value_info(name, getattr(TensorProto, kind), shape)


def save(name, nodes, inputs, outputs, initializers=()):
    graph = helper.make_graph(nodes, name, inputs, outputs, list(initializers))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10, producer_name="gaze")
    onnx.save(model, FOLDER / f"{name}.onnx")


def convolution(x, w, b):
    """A 3x3 convolution with padding 1, in float64, by its definition."""
    x, w = x.astype(np.float64), w.astype(np.float64)
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    out = np.zeros((x.shape[0], w.shape[0], *x.shape[2:]))
    for i in range(x.shape[2]):
        for j in range(x.shape[3]):
            out[:, :, i, j] = np.einsum("bchw,ochw->bo", padded[:, :, i : i + 3, j : j + 3], w)
    return out + b.astype(np.float64)[None, :, None, None]


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(SEED)
    node = helper.make_node

    save("add", [node("Add", ["a", "b"], ["sum"])], [value("a", "FLOAT", ["batch", 2]), value("b", "FLOAT", [2])],
         [value("sum", "FLOAT", ["batch", 2])])

    x = random.standard_normal((1, 2, 4, 4)).astype(np.float32)
    w = random.standard_normal((3, 2, 3, 3)).astype(np.float32)
    b = random.standard_normal(3).astype(np.float32)
    convolve = [node("Conv", ["x", "w", "b"], ["y"], pads=[1, 1, 1, 1])]
    image, map_ = value("x", "FLOAT", ["batch", 2, 4, 4]), value("y", "FLOAT", None)
    save("convolution", convolve, [image], [map_], [numpy_helper.from_array(w, "w"), numpy_helper.from_array(b, "b")])
    # The same without its weights: they are declared as external data that does not exist, as a caller supplies them.
    weights = []
    for name, array in (("w", w), ("b", b)):
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=array.shape, data_location=TensorProto.EXTERNAL)
        tensor.external_data.add(key="location", value="absent")
        weights.append(tensor)
    save("convolution_external", convolve, [image], [map_], weights)

    for kind in TYPES:
        save(f"identity_{kind.lower()}", [node("Identity", ["x"], ["y"])], [value("x", kind, ["n"])], [value("y", kind, ["n"])])
    save("double_int64", [node("Add", ["x", "x"], ["y"])], [value("x", "INT64", [3])], [value("y", "INT64", [3])])
    save("not_bool", [node("Not", ["x"], ["y"])], [value("x", "BOOL", [4])], [value("y", "BOOL", [4])])
    save("scalar", [node("Neg", ["x"], ["y"])], [value("x", "FLOAT", [])], [value("y", "FLOAT", [])])
    save("several", [node("Split", ["x"], ["left", "right"], axis=0, num_outputs=2), node("Neg", ["left"], ["negated"])],
         [value("x", "FLOAT", [4])], [value("left", "FLOAT", [2]), value("right", "FLOAT", [2]), value("negated", "FLOAT", [2])])
    # Its output's rank is known only when it runs.
    save("unknown_rank", [node("Reshape", ["x", "shape"], ["y"])],
         [value("x", "FLOAT", [4]), value("shape", "INT64", ["rank"])], [value("y", "FLOAT", None)])
    save("strings", [node("Cast", ["x"], ["text"], to=TensorProto.STRING), node("Neg", ["x"], ["y"])],
         [value("x", "FLOAT", [2])], [value("text", "STRING", [2]), value("y", "FLOAT", [2])])
    sequence = helper.make_tensor_sequence_value_info("parts", TensorProto.FLOAT, None)
    save("sequence", [node("SequenceConstruct", ["x", "x"], ["parts"])], [value("x", "FLOAT", [2])], [sequence])
    save("unknown_operator", [node("NoSuchOperator", ["x"], ["y"])], [value("x", "FLOAT", [2])], [value("y", "FLOAT", [2])])
    # The engine warns of a weight that nothing uses.
    save("unused_weight", [node("Neg", ["x"], ["y"])], [value("x", "FLOAT", [2])], [value("y", "FLOAT", [2])],
         [numpy_helper.from_array(np.zeros(2, np.float32), "unused")])
    # Zeros around negative numbers win in a max pool.
    save("padded_pool", [node("Pad", ["x", "pads"], ["padded"]), node("MaxPool", ["padded"], ["y"], kernel_shape=[2, 2], strides=[2, 2])],
         [value("x", "FLOAT", [1, 1, 2, 2])], [value("y", "FLOAT", [1, 1, 2, 2])],
         [numpy_helper.from_array(np.array([0, 0, 1, 1, 0, 0, 1, 1]), "pads")])
    # A loop of 10^12 small steps: it ends only when it is told to.
    body = helper.make_graph(
        [node("Identity", ["condition"], ["again"]), node("Sin", ["state"], ["next"])], "body",
        [value("step", "INT64", []), value("condition", "BOOL", []), value("state", "FLOAT", [1])],
        [value("again", "BOOL", []), value("next", "FLOAT", [1])])
    save("endless", [node("Loop", ["count", "", "x"], ["y"], body=body)], [value("x", "FLOAT", [1])], [value("y", "FLOAT", [1])],
         [numpy_helper.from_array(np.array(10**12, np.int64), "count")])

    golden = {
        "versions": {"numpy": np.__version__, "onnx": onnx.__version__}, "seed": SEED,
        "convolution": {
            "tolerance": 1e-5,  # 19 float32 products of order 1 are summed: 19 * 2^-24 * a few
            "x": x.ravel().tolist(), "w": w.ravel().tolist(), "b": b.tolist(), "y": convolution(x, w, b).ravel().tolist(),
        },
    }
    (FOLDER / "values.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
