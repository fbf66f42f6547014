"""Writes Tests/GazeTests/Golden: tiny classifiers that prepare pictures by themselves or leave things open, with onnxruntime's logits.

The gradients are in closed form: logits = W mean(conv1x1(normalised picture)), so every pixel of channel c has the gradient
(W K)[target, c] * scale[c] / (height * width), with respect to the floating-point numbers that the normalisation starts from.

Run `.peers/bin/python Scripts/golden/graph_preprocessing.py` from the root of the project.
"""
import json
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

DESTINATION = pathlib.Path(__file__).resolve().parents[2] / "Tests/GazeTests/Golden"
SIZE = 8
KERNEL = np.array([[1, -0.5, 0.25], [0.5, 1, -1]], np.float32)
HEAD = np.array([[1, 2], [-1, 0.5], [0.25, 1]], np.float32)
# The left half (200, 40, 10), the right half (20, 120, 250).
PICTURE = np.stack([np.where(np.arange(SIZE)[None] < SIZE // 2, a, b) + np.zeros((SIZE, 1)) for a, b in ((200, 20), (40, 120), (10, 250))])


def node(operation, inputs, output, **attributes):
    return helper.make_node(operation, inputs, [output], name=output, **attributes)


def model(name, nodes, weights, shape, element=TensorProto.FLOAT):
    """`nodes` end in `ready`, the NCHW picture that the convolution reads."""
    weights = dict(weights, kernel=KERNEL.reshape(2, 3, 1, 1), head=HEAD.T)
    nodes = nodes + [
        node("Conv", ["ready", "kernel"], "map"), node("GlobalAveragePool", ["map"], "pooled"),
        node("Flatten", ["pooled"], "flat"), node("MatMul", ["flat", "head"], "logits"),
    ]
    graph = helper.make_graph(
        nodes, name, [helper.make_tensor_value_info("image", element, shape)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [None, 3])],
        [numpy_helper.from_array(np.asarray(value), key) for key, value in weights.items()])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.checker.check_model(made)
    return made


def per_channel(values, last=False):
    return np.array(values, np.float32).reshape((1, 1, 1, 3) if last else (1, 3, 1, 1))


MEAN, DEVIATION = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
TO_FIRST = {"perm": [0, 3, 1, 2]}


def cases():
    nchw, nhwc = [1, 3, SIZE, SIZE], [1, SIZE, SIZE, 3]
    scalar = np.float32
    yield "bytes-nhwc", model(
        "bytes", [node("Cast", ["image"], "float", to=TensorProto.FLOAT), node("Sub", ["float", "mean"], "centred"),
                  node("Div", ["centred", "deviation"], "scaled"), node("Transpose", ["scaled"], "ready", **TO_FIRST)],
        {"mean": scalar(127), "deviation": scalar(128)}, nhwc, TensorProto.UINT8), "bytes", "nhwc", [1 / 128] * 3
    yield "mean-std-255", model(
        "mean", [node("Sub", ["image", "mean"], "centred"), node("Div", ["centred", "deviation"], "ready")],
        {"mean": per_channel(MEAN), "deviation": per_channel(DEVIATION)}, nchw), "bytes", "nchw", [1 / value for value in DEVIATION]
    unit = [value / 255 for value in DEVIATION]
    yield "mean-std-1", model(
        "unit", [node("Sub", ["image", "mean"], "centred"), node("Div", ["centred", "deviation"], "ready")],
        {"mean": per_channel([value / 255 for value in MEAN]), "deviation": per_channel(unit)}, nchw), "unit", "nchw", [1 / value for value in unit]
    yield "rescaling-nhwc", model(
        "rescaling", [node("Mul", ["image", "factor"], "scaled"), node("Add", ["scaled", "offset"], "shifted"),
                      node("Transpose", ["shifted"], "ready", **TO_FIRST)],
        {"factor": scalar(1 / 127.5), "offset": scalar(-1)}, ["n", "h", "w", 3]), "bytes", "nhwc", [1 / 127.5] * 3
    yield "batch-normalisation", model(
        "normalisation", [helper.make_node("BatchNormalization", ["image", "one", "zero", "mean", "variance"], ["ready"], epsilon=0.0)],
        {"one": np.ones(3, np.float32), "zero": np.zeros(3, np.float32), "mean": np.array(MEAN, np.float32),
         "variance": np.array(DEVIATION, np.float32) ** 2}, nchw), "bytes", "nchw", [1 / value for value in DEVIATION]
    yield "blue-first", model(
        "blue", [node("Sub", ["image", "mean"], "ready")], {"mean": per_channel([104, 117, 123])}, nchw), "bytes", "nchw", [1] * 3
    yield "resize", model(
        "resize", [helper.make_node("Resize", ["image", "", "", "sizes"], ["sized"], name="sized", mode="linear"),
                   node("Mul", ["sized", "factor"], "ready")],
        {"sizes": np.array([1, 3, SIZE, SIZE]), "factor": scalar(1 / 255)}, [1, 3, "h", "w"]), "bytes", "nchw", [1 / 255] * 3
    yield "plain-nhwc", model("plain", [node("Transpose", ["image"], "ready", **TO_FIRST)], {}, [1, "h", "w", "c"]), None, "nhwc", [1] * 3
    undeclared = model("undeclared", [node("Identity", ["image"], "ready")], {}, nchw)
    undeclared.graph.input[0].type.tensor_type.ClearField("shape")
    yield "undeclared", undeclared, None, "nchw", [1] * 3
    untyped = model("untyped", [node("Transpose", ["image"], "ready", **TO_FIRST)], {}, nhwc)
    untyped.graph.input[0].ClearField("type")
    yield "untyped", untyped, None, "nhwc", [1] * 3
    sized = model("sized", [node("Reshape", ["image", "lengths"], "cells"), node("Reshape", ["cells", "back"], "ready")],
                  {"lengths": np.array([-1, 3, 96 * 96]), "back": np.array([-1, 3, 96, 96])}, ["n", 3, "h", "w"])
    yield "one-size", sized, None, "nchw", [1] * 3
    yield from branches(nchw, nhwc, scalar)


def apart(size=SIZE):
    """Each channel normalised by itself, as ImageNet's from 0...255; (nodes behind the parts, constants)."""
    nodes, constants = [], {"byte": np.float32(255)}
    for c, (mean, deviation) in enumerate(zip((.485, .456, .406), (.229, .224, .225))):
        nodes += [node("Div", [f"part{c}", "byte"], f"unit{c}"), node("Sub", [f"unit{c}", f"mean{c}"], f"centred{c}"),
                  node("Div", [f"centred{c}", f"deviation{c}"], f"channel{c}")]
        constants |= {f"mean{c}": np.float32(mean), f"deviation{c}": np.float32(deviation)}
    return nodes, constants


def branches(nchw, nhwc, scalar):
    """Preparation in other forms than one chain of arithmetic."""
    ints = lambda *values: np.array(values, np.int64)  # noqa: E731
    caffe = {"mean": per_channel((103.939, 116.779, 123.68))}
    # x[:, [2, 1, 0]] of PyTorch's dynamo exporter, and its other spellings.
    yield "indexed", model(
        "indexed", [node("Transpose", ["image"], "rows", perm=[1, 0, 2, 3]), node("GatherND", ["rows", "order"], "taken"),
                    node("Transpose", ["taken"], "back", perm=[1, 0, 2, 3]), node("Sub", ["back", "mean"], "ready")],
        dict(caffe, order=ints(2, 1, 0)[:, None]), nchw), "bytes", "nchw", [1] * 3, [2, 1, 0]
    yield "flipped", model(
        "flipped", [node("Slice", ["image", "start", "end", "axis", "step"], "back"), node("Sub", ["back", "mean"], "ready")],
        dict(caffe, start=ints(-1), end=ints(-(2**31)), axis=ints(1), step=ints(-1)), nchw), "bytes", "nchw", [1] * 3, [2, 1, 0]
    each, constants = apart()
    scale = [1 / 255 / value for value in (.229, .224, .225)]
    yield "stacked", model(
        "stacked", [node("Gather", ["image", f"at{c}"], f"part{c}", axis=1) for c in range(3)] + each
        + [node("Unsqueeze", [f"channel{c}", "one"], f"plane{c}") for c in range(3)] + [node("Concat", [f"plane{c}" for c in range(3)], "ready", axis=1)],
        constants | {f"at{c}": np.int64(c) for c in range(3)} | {"one": ints(1)}, nchw), "bytes", "nchw", scale
    yield "split-nhwc", model(
        "split", [helper.make_node("Split", ["image"], [f"part{c}" for c in range(3)], name="parts", axis=3, num_outputs=3)] + each
        + [node("Concat", [f"channel{c}" for c in range(3)], "together", axis=-1), node("Transpose", ["together"], "ready", **TO_FIRST)],
        constants, nhwc), "bytes", "nhwc", scale
    yield "joined", model(
        "joined", [node("Slice", ["image", f"at{c}", f"at{c + 1}", "one"], f"part{c}") for c in range(3)] + each
        + [node("Concat", [f"channel{c}" for c in range(3)], "ready", axis=1)],
        constants | {f"at{c}": ints(c) for c in range(4)} | {"one": ints(1)}, nchw), "bytes", "nchw", scale
    kernel = np.array([1 / value for value in DEVIATION], np.float32)
    yield "depthwise", model(
        "depthwise", [helper.make_node("Conv", ["image", "factors", "shift"], ["ready"], name="norm", group=3)],
        {"factors": kernel.reshape(3, 1, 1, 1), "shift": np.array([-m / d for m, d in zip(MEAN, DEVIATION)], np.float32)}, nchw), "bytes", "nchw", kernel.tolist()
    yield "twice-minus-one", model(
        "twice", [node("Mul", ["image", "two"], "twice"), node("Sub", ["twice", "unity"], "ready")],
        {"two": scalar(2), "unity": scalar(1)}, nchw), "unit", "nchw", [2] * 3
    yield "quantised-bytes", model(
        "quantised", [node("Transpose", ["image"], "first", **TO_FIRST), node("DequantizeLinear", ["first", "step", "zero"], "ready")],
        {"step": scalar(1 / 128), "zero": np.uint8(127)}, nhwc, TensorProto.UINT8), "bytes", "nhwc", [1] * 3
    yield "fake-quantised-unit", model(
        "fake", [node("QuantizeLinear", ["image", "step", "zero"], "levels"), node("DequantizeLinear", ["levels", "step", "zero"], "ready")],
        {"step": scalar(1 / 255), "zero": np.uint8(0)}, nchw), "unit", "nchw", [1] * 3
    light = np.array([.299, .587, .114], np.float32)
    yield "grey-inside", model(
        "grey", [node("Mul", ["image", "light"], "weighed"), node("ReduceSum", ["weighed", "one"], "grey"), node("Div", ["grey", "byte"], "unit"),
                 node("Tile", ["unit", "copies"], "ready")],
        {"light": light.reshape(1, 3, 1, 1), "one": ints(1), "byte": scalar(255), "copies": ints(1, 3, 1, 1)}, nchw), "bytes", "nchw", "grey"
    yield "mean-picture", model(
        "mean", [node("Sub", ["image", "mean"], "ready")],
        {"mean": np.array(MEAN, np.float32).reshape(1, 3, 1, 1) + np.linspace(-3, 3, 64, dtype=np.float32).reshape(1, 1, 8, 8)}, nchw), "bytes", "nchw", [1] * 3
    # A learnt mixture of channels is no preparation.
    mixture = np.array([[.5, -.3, .2], [.1, .6, -.4], [-.2, .3, .5]], np.float32)
    yield "learnt-mixture", model(
        "mixture", [helper.make_node("Conv", ["image", "mixture"], ["ready"], name="mix")], {"mixture": mixture.reshape(3, 3, 1, 1)}, nchw), None, "nchw", mixture


def logits(made, expected, layout):
    """What onnxruntime gives for the picture in the range and layout that the graph expects; None where it needs a declaration."""
    picture = PICTURE[::-1] if made.graph.name == "blue" else PICTURE
    picture = picture / 255 if expected == "unit" else picture
    picture = picture[None] if layout == "nchw" else np.moveaxis(picture, 0, -1)[None]
    if made.graph.name == "sized" or not made.graph.input[0].HasField("type"):
        return None
    kind = np.uint8 if made.graph.input[0].type.tensor_type.elem_type == TensorProto.UINT8 else np.float32
    session = onnxruntime.InferenceSession(made.SerializeToString())
    return session.run(None, {"image": np.ascontiguousarray(picture.astype(kind))})[0][0].tolist()


def main():
    DESTINATION.mkdir(parents=True, exist_ok=True)
    records = []
    for name, made, expected, layout, scale, *order in cases():
        (DESTINATION / f"{name}.onnx").write_bytes(made.SerializeToString())
        read = (HEAD @ KERNEL)[0]
        if isinstance(scale, str):
            gradient = read.sum() * np.array([.299, .587, .114]) / 255
        elif np.ndim(scale) == 2:
            gradient = read @ scale
        else:
            gradient = read * np.array(scale)
        if order:
            gradient = gradient[order[0]]
        records.append({"file": f"{name}.onnx", "range": expected, "layout": layout, "blueFirst": made.graph.name == "blue",
                        "logits": logits(made, expected, layout), "gradient": gradient.tolist()})
    index = {
        "made_by": "Scripts/golden/graph_preprocessing.py",
        "versions": {module.__name__: module.__version__ for module in (onnx, onnxruntime, np)},
        "seed": "none, closed forms",
        "tolerance": 1e-4,
        "tolerance_reason": "float32 sums of 64 pixels of up to 255, divided; relative to the largest number",
        "models": records,
    }
    (DESTINATION / "graph-preprocessing.json").write_text(json.dumps(index, indent=1) + "\n")


if __name__ == "__main__":
    main()
