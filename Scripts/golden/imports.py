"""Golden models of what the import takes apart: local functions, control flow, half precision, quantisation.

One small model a case, its inputs, and what onnxruntime computes with it. Writes Tests/GraphsTests/Golden/imports.json.
Needs numpy, onnx, onnxruntime, onnxscript, ml_dtypes.
"""
import json
import pathlib
import tempfile

import ml_dtypes
import numpy as np
import onnx
import onnxruntime
import onnxscript
from onnx import TensorProto, helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxscript import opset18, script

from imported_models import SEED, add, cases, initializer, model_of, node, record, rng, run, values


# ------------------------------------------------------------------------------------------------ local functions


def reference(of, name, to, kind):
    attribute = of.attribute.add(name=name, type=kind)
    attribute.ref_attr_name = to
    return of


def function(name, inputs, outputs, nodes, attributes=(), defaults=(), opset=21, domain="local", overload=""):
    result = helper.make_function(
        domain, name, list(inputs), list(outputs), nodes,
        [helper.make_opsetid("", opset), helper.make_opsetid("local", 1)], attributes=list(attributes),
        attribute_protos=[helper.make_attribute(key, value) for key, value in defaults])
    if overload:
        result.overload = overload
    return result


def call(kind, inputs, outputs=("y",), overload="", **attributes):
    result = helper.make_node(kind, list(inputs), list(outputs), domain="local", **attributes)
    if overload:
        result.overload = overload
    return result


def functions():
    kind = onnx.AttributeProto
    x = {"x": values(2, 3)}
    leak = function("leak", "v", "w", [reference(node("LeakyRelu", "v", "w"), "alpha", "slope", kind.FLOAT)],
                    defaults=[("slope", 0.25)])
    add("functions", "default attribute", call("leak", "x"), x, functions=[leak])
    add("functions", "given attribute", call("leak", "x", slope=0.5), x, functions=[leak])
    plain = function("leak", "v", "w", [reference(node("LeakyRelu", "v", "w"), "alpha", "slope", kind.FLOAT)],
                     attributes=["slope"])
    add("functions", "attribute left out", call("leak", "x"), x, functions=[plain])
    twice = function("twice", "ab", "r", [
        reference(call("leak", "a", "s", name="first"), "slope", "outer", kind.FLOAT),
        reference(call("leak", "b", "t", name="second"), "slope", "outer", kind.FLOAT), node("Sub", "st", "r")],
        attributes=["outer"])
    add("functions", "nested", [call("twice", "xx", "m", outer=0.1), node("Neg", "x", "n"),
                                call("twice", "mn", outer=2.0)], x, functions=[leak, twice])
    # The function's own opset 9, where Clip's bounds are attributes and Softmax flattens.
    old = function("old", "v", "w", [
        reference(node("Clip", "v", "c", max=0.75), "min", "low", kind.FLOAT), node("Softmax", "c", "w", axis=1)],
        attributes=["low"], opset=9)
    # onnxruntime takes a function's nodes as of the model's opset: by definition.
    cube = values(2, 3, 2)
    exponentials = np.exp(np.clip(cube, -0.5, 0.75).astype(np.float64))
    add("functions", "own opset", call("old", "x", low=-0.5), {"x": cube}, functions=[old],
        expected=[(exponentials / exponentials.sum((1, 2), keepdims=True)).astype(np.float32)])
    bound = function("bound", ["v", "low", "high"], ["w"], [node("Clip", ["v", "low", "high"], ["w"])])
    add("functions", "missing input", call("bound", ["x", "", "top"]), x, {"top": np.float32(0.5)}, functions=[bound])
    add("functions", "missing trailing inputs", call("bound", ["x", "bottom"]), x, {"bottom": np.float32(0)},
        functions=[bound])
    many = function("many", "v", ["p", "q", "v2"], [node("Relu", "v", "p"), node("Neg", "p", "q"),
                                                    node("Identity", "v", ["v2"])])
    add("functions", "unwanted outputs", [call("many", "x", ["", "y", ""])], x, functions=[many])
    first = function("pick", "v", "w", [node("Relu", "v", "w")], overload="relu")
    second = function("pick", "v", "w", [node("Neg", "v", "w")], overload="neg")
    add("functions", "overloads", [call("pick", "x", "m", overload="neg"), call("pick", "m", overload="relu")], x,
        functions=[first, second], expected=[np.maximum(-x["x"], 0)])
    axes = node("Constant", [], ["axes"])
    reference(axes, "value_ints", "over", kind.INTS)
    mean = function("mean", "v", "w", [axes, node("ReduceMean", ["v", "axes"], ["w"])], attributes=["over"])
    add("functions", "constant by reference", call("mean", "x", over=[1]), x, functions=[mean])
    # A body inside the function reads its values and refers to its attribute.
    then = helper.make_graph([reference(node("LeakyRelu", "h", "t"), "alpha", "slope", kind.FLOAT)], "then", [],
                             [helper.make_tensor_value_info("t", TensorProto.FLOAT, None)])
    other = helper.make_graph([node("Abs", "h", "e")], "else", [],
                              [helper.make_tensor_value_info("e", TensorProto.FLOAT, None)])
    choose = function("choose", "vc", "w", [node("Neg", "v", "h"),
                                            node("If", "c", "w", then_branch=then, else_branch=other)],
                      attributes=["slope"])
    for condition in (True, False):
        # The caller's own value h must not be mistaken for the function's.
        feeds = {"x": values(2, 3), "c": np.array(condition)}
        expected = np.where(feeds["x"] < 0, -feeds["x"], -feeds["x"] * np.float32(0.3)) if condition \
            else np.abs(feeds["x"])
        add("functions", f"body {condition}", [node("Exp", "x", "h"), call("choose", "xc", "z", slope=0.3),
                                               node("Add", "zh")], feeds, functions=[choose],
            expected=[(expected + np.exp(feeds["x"])).astype(np.float32)])
    local = onnxscript.values.Opset("pkg.own", 1)

    @script(local)
    def gated(v, rate: float = 0.5):
        return opset18.Mul(v, opset18.Sigmoid(opset18.Mul(v, opset18.CastLike(opset18.Constant(value_float=rate), v))))

    @script(local)
    def block(v, w):
        return gated(opset18.Conv(v, w, pads=[1, 1, 1, 1]), rate=1.5) + v

    @script(default_opset=opset18)
    def network(x: onnxscript.FLOAT[1, 2, 4, 4], w: onnxscript.FLOAT[2, 2, 3, 3]):
        return opset18.GlobalAveragePool(gated(block(block(x, w), w)))

    proto = network.to_model_proto()
    record("functions", "onnxscript", proto, {"x": values(1, 2, 4, 4), "w": values(2, 2, 3, 3)})


# -------------------------------------------------------------------------------------------------- control flow


def untyped(name, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, None if kind == TensorProto.FLOAT else [])


def body(nodes, inputs, outputs, weights=None):
    return helper.make_graph(nodes, "body", [untyped(name, kind) for name, kind in inputs],
                             [untyped(name, kind) for name, kind in outputs],
                             [initializer(key, value) for key, value in (weights or {}).items()])


F, I, B = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL


def branches():
    x = {"x": values(1, 2, 4, 4)}
    wide = body([node("Relu", ["a"], ["t"]), node("Mul", ["t", "w"], ["r"])], [], [("r", F)], {"w": np.float32([3])})
    tall = body([node("Neg", ["a"], ["r"])], [], [("r", F)])
    for condition in (True, False):
        add("control flow", f"If {condition}", [
            node("Exp", "x", ["a"]), node("If", ["c"], ["z"], then_branch=wide, else_branch=tall), node("Abs", "z")],
            x, {"c": np.array(condition)})
    # What TorchScript writes for a check of a shape: constant as soon as the shapes are known.
    for axis, label in ((1, "else"), (2, "then")):
        add("control flow", f"If by shape, {label}", [
            node("Identity", "x", ["a"]), node("Shape", "x", ["s"]), node("Gather", ["s", "i"], ["d"]),
            node("Equal", ["d", "four"], ["c"]), node("If", "c", then_branch=wide, else_branch=tall)], x,
            {"i": np.int64(axis), "four": np.int64(4)})
    inner = body([node("If", ["c2"], ["q"], then_branch=body([node("Mul", ["t", "a"], ["u"])], [], [("u", F)]),
                       else_branch=body([node("Neg", ["t"], ["u"])], [], [("u", F)]))], [], [("q", F)])
    outer = body([node("Sin", "a", ["t"]), node("Greater", ["n", "four"], ["c2"]),
                  node("If", ["c2"], ["q0"], then_branch=inner, else_branch=inner),
                  node("Add", ["q0", "t"], ["r"])], [], [("r", F)])
    add("control flow", "nested If", [
        node("Exp", "x", ["a"]), node("Size", "x", ["n"]), node("Less", ["four", "n"], ["c"]),
        node("If", "c", then_branch=outer, else_branch=tall)], x, {"four": np.int64(4)})


def loops():
    x = {"x": values(2, 3)}
    step = body([node("Mul", ["v", "w"], ["m"]), node("Add", ["m", "x"], ["vo"]), node("Identity", ["c"], ["co"]),
                 node("Cast", ["i"], ["f"], to=F), node("Mul", ["vo", "f"], ["s"])],
                [("i", I), ("c", B), ("v", F)], [("co", B), ("vo", F), ("s", F)], {"w": np.float32([0.5, 2, -1])})
    add("control flow", "Loop", [node("Loop", ["n", "", "x"], ["y", "z"], body=step)], x, {"n": np.int64(4)},
        outputs=("y", "z"))
    add("control flow", "Loop with true condition", [node("Loop", ["n", "t", "x"], ["y", "z"], body=step)], x,
        {"n": np.int64([3]), "t": np.array(True)}, outputs=("y", "z"))
    silent = body([node("Mul", ["v", "v"], ["vo"]), node("Identity", ["c"], ["co"])],
                  [("i", I), ("c", B), ("v", F)], [("co", B), ("vo", F)])
    add("control flow", "Loop without turns", [node("Loop", ["n", "", "x"], ["z"], body=silent), node("Neg", "z")], x,
        {"n": np.int64(0)})
    add("control flow", "Loop with false condition",
        [node("Loop", ["n", "t", "x"], ["z"], body=silent), node("Neg", "z")], x,
        {"n": np.int64(5), "t": np.array(False)})
    # A while loop: its condition is computed from a counter.
    counting = body([node("Add", ["k", "two"], ["ko"]), node("Less", ["ko", "end"], ["co"]),
                     node("Sin", "v", ["sv"]), node("Add", ["sv", "x"], ["vo"])],
                    [("i", I), ("c", B), ("k", I), ("v", F)], [("co", B), ("ko", I), ("vo", F)], {"two": np.int64(2)})
    add("control flow", "while", [node("Loop", ["n", "t", "k", "x"], ["ko", "y"], body=counting)], x,
        {"n": np.int64(2**63 - 1), "t": np.array(True), "k": np.int64(0), "end": np.int64(7)})
    # The length is a dimension; a second loop and an If are inside.
    within = body([node("Add", ["u", "v"], ["uo"]), node("Identity", ["c2"], ["co2"])],
                  [("i2", I), ("c2", B), ("u", F)], [("co2", B), ("uo", F)])
    even = body([node("Neg", ["un"], ["r"])], [], [("r", F)])
    odd = body([node("Mul", ["un", "v"], ["r"])], [], [("r", F)])
    nesting = body([node("Loop", ["i", "", "v"], ["un"], body=within), node("Mod", ["i", "two"], ["m"]),
                    node("Cast", "m", ["b"], to=B), node("If", "b", ["vo"], then_branch=odd, else_branch=even),
                    node("Identity", ["c"], ["co"])],
                   [("i", I), ("c", B), ("v", F)], [("co", B), ("vo", F)], {"two": np.int64(2)})
    add("control flow", "nested loops", [
        node("Shape", "x", ["s"]), node("Gather", ["s", "one"], ["n"]), node("Loop", ["n", "", "x"], body=nesting)], x,
        {"one": np.int64(1)})
    gathering = body([node("Gather", ["x", "i"], ["g"]), node("Tanh", "g", ["e"]),
                      node("SequenceInsert", ["q", "e"], ["qo"]), node("Identity", ["c"], ["co"])],
                     [("i", I), ("c", B)], [("co", B)])
    sequence = onnx.ValueInfoProto(name="q")
    sequence.type.sequence_type.elem_type.tensor_type.elem_type = F
    gathering.input.append(sequence)
    result = onnx.ValueInfoProto()
    result.CopyFrom(sequence)
    result.name = "qo"
    gathering.output.append(result)
    add("control flow", "list append", [
        node("SequenceEmpty", [], ["q0"], dtype=F), node("Loop", ["n", "", "q0"], ["qn"], body=gathering),
        node("ConcatFromSequence", ["qn"], axis=0, new_axis=1)], {"x": values(3, 2)}, {"n": np.int64(3)})


def scans():
    x = {"x": values(4, 3)}
    running = body([node("Add", ["s", "e"], ["so"]), node("Mul", ["so", "w"], ["o"])],
                   [("s", F), ("e", F)], [("so", F), ("o", F)])
    for label, attributes, start in [
            ("Scan", {}, 3), ("Scan reversed", {"scan_input_directions": [1], "scan_output_directions": [1]}, 3),
            ("Scan axes", {"scan_input_axes": [1], "scan_output_axes": [-1]}, 4)]:
        add("control flow", label, node("Scan", "ix", ["y", "z"], num_scan_inputs=1, body=running, **attributes), x,
            {"i": np.zeros(start, np.float32), "w": np.float32(2)}, outputs=("y", "z"))
    two = body([node("Mul", ["a", "b"], ["o"])], [("a", F), ("b", F)], [("o", F)])
    add("control flow", "Scan of two", node("Scan", "xw", num_scan_inputs=2, body=two), x, {"w": values(4, 3)})


def sequences():
    x = {"x": values(3, 4)}
    split = [node("SplitToSequence", ["x", "l"], ["q"], axis=1), node("SequenceAt", ["q", "i"], ["a"]),
             node("SequenceAt", ["q", "j"], ["b"]), node("Sub", "ab")]
    add("control flow", "SplitToSequence", split, x, {"l": np.int64(2), "i": np.int64(0), "j": np.int64(-1)})
    add("control flow", "SplitToSequence by lengths", [
        node("SplitToSequence", ["x", "l"], ["q"], axis=-1), node("SequenceErase", ["q", "i"], ["p"]),
        node("ConcatFromSequence", "p", axis=1)], x, {"l": np.int64([1, 2, 1]), "i": np.int64(1)})
    add("control flow", "SplitToSequence of slices", [
        node("SplitToSequence", "x", ["q"], keepdims=0), node("SequenceLength", "q", ["n"]),
        node("Cast", "n", ["f"], to=F), node("SequenceAt", ["q", "i"], ["a"]), node("Mul", "af")], x,
        {"i": np.int64(1)})
    add("control flow", "SequenceConstruct", [
        node("Relu", "x", ["a"]), node("SequenceConstruct", "ax", ["q"]),
        node("SequenceInsert", ["q", "w", "i"], ["p"]), node("ConcatFromSequence", "p", axis=0)], x,
        {"w": values(1, 4), "i": np.int64(-1)})


# ------------------------------------------------------------------------------------------------ half precision


def halves():
    """Each model in half precision, and its twin in float32 with the same (rounded) weights."""
    kinds = {"float16": (np.float16, TensorProto.FLOAT16), "bfloat16": (ml_dtypes.bfloat16, TensorProto.BFLOAT16)}
    picture, vector = values(1, 2, 6, 6), values(2, 3)
    weight, scale = values(3, 2, 3, 3) * np.float32(0.3), values(3, 1, 1)

    def build(label, dtype, code):
        def rounded(value):
            return np.asarray(value, np.float32).astype(kinds[label][0]).astype(dtype)

        def constant(value, output):
            return node("Constant", [], [output], value=initializer("c", rounded(value)))

        network = [node("Conv", "xw", ["a"], pads=[1, 1, 1, 1], strides=[2, 2]), constant(-0.25, "low"),
                   constant(0.5, "high"), node("Clip", ["a", "low", "high"], ["b"]), node("Mul", "bs", ["m"]),
                   node("Shape", "m", ["shape"]),
                   node("ConstantOfShape", ["shape"], ["ones"], value=initializer("v", rounded([1.5]))),
                   node("Add", ["m", "ones"], ["n"]), node("GlobalAveragePool", "n")]
        yield "network", network, {"x": rounded(picture)}, {"w": rounded(weight), "s": rounded(scale)}
        # Scores with a mask that half precision writes as infinity, around a float32 input and output.
        masked = [node("Cast", "x", ["h"], to=code), constant([[0, -65504, 0]], "mask"), node("Add", ["h", "mask"], ["a"]),
                  node("Softmax", "a", ["p"]), node("Cast", "p", to=TensorProto.FLOAT)]
        yield "mask", masked, {"x": vector}, {}
        branch = helper.make_graph(
            [constant(2, "k"), node("Mul", "xk", ["r"])], "then", [], [helper.make_tensor_value_info("r", code, None)])
        other = helper.make_graph([node("Neg", "x", ["q"])], "else", [], [helper.make_tensor_value_info("q", code, None)])
        scaled = helper.make_function(
            "local", "scaled", ["v"], ["w"], [constant(0.5, "k"), node("Mul", "vk", "w")], [helper.make_opsetid("", 21)])
        inside = [node("If", "c", ["z"], then_branch=branch, else_branch=other), call("scaled", "z", name="f")]
        yield "bodies", inside, {"x": rounded(vector), "c": np.array(True)}, {}

    for label, (dtype, code) in kinds.items():
        twins = list(build(label, np.float32, TensorProto.FLOAT))
        for (name, nodes, feeds, weights), (_, twin_nodes, twin_feeds, twin_weights) in zip(
                build(label, dtype, code), twins):
            functions = [] if name != "bodies" else [helper.make_function(
                "local", "scaled", ["v"], ["w"],
                [node("Constant", [], ["k"], value=initializer("c", np.asarray(0.5, dtype))), node("Mul", "vk", "w")],
                [helper.make_opsetid("", 21)])]
            twin_functions = [] if name != "bodies" else [helper.make_function(
                "local", "scaled", ["v"], ["w"],
                [node("Constant", [], ["k"], value=initializer("c", np.float32(0.5))), node("Mul", "vk", "w")],
                [helper.make_opsetid("", 21)])]
            twin = model_of(twin_nodes, twin_feeds, twin_weights, functions=twin_functions)
            expected = run(twin, twin_feeds)
            feeds32 = {key: value.astype(np.float32) if value.dtype != bool else value for key, value in feeds.items()}
            model = model_of(nodes, feeds, weights, functions=functions)
            # onnxruntime has few bfloat16 kernels on CPUs: there the twin is the truth.
            own = run(model, feeds) if label == "float16" else expected
            record("halves", f"{label} {name}", model, feeds32, own)
            record("half twins", f"{label} {name}", twin, feeds32, expected)


# -------------------------------------------------------------------------------------------------- quantisation


class Calibration(CalibrationDataReader):
    def __init__(self, feeds):
        self.feeds = iter(feeds)

    def get_next(self):
        return next(self.feeds, None)


def quantised():
    weights = {"w1": values(4, 2, 3, 3) * np.float32(0.3), "b1": values(4), "w2": values(4, 4, 3, 3) * np.float32(0.2),
               "w3": values(4, 3), "w4": values(4, 5), "b4": values(5)}
    picture = {"x": values(1, 2, 8, 8)}
    network = [
        node("Conv", ["x", "w1", "b1"], ["a"], name="conv1", pads=[1, 1, 1, 1]), node("Relu", "a", ["r"], name="relu1"),
        node("MaxPool", "r", ["p"], name="pool", kernel_shape=[2, 2], strides=[2, 2]),
        node("Conv", ["p", "w2"], ["c"], name="conv2", pads=[1, 1, 1, 1]), node("LeakyRelu", "c", ["l"], name="leaky"),
        node("Add", "pl", ["s"], name="sum"), node("Sigmoid", "s", ["g"], name="gate"),
        node("Mul", "sg", ["m"], name="product"), node("Concat", "ml", ["k"], name="join", axis=2),
        node("GlobalAveragePool", "k", ["q"], name="mean"), node("Flatten", "q", ["f"], name="flat"),
        node("MatMul", ["f", "w3"], ["y"], name="fc"), node("Gemm", ["f", "w4", "b4"], ["z"], name="gemm")]
    plain = model_of(network, picture, weights, outputs=("y", "z"), opset=17)
    folder = pathlib.Path(tempfile.mkdtemp())
    onnx.save(plain, folder / "plain.onnx")
    for label, layout, activation in [("QDQ", QuantFormat.QDQ, QuantType.QInt8), ("QDQ u8", QuantFormat.QDQ, QuantType.QUInt8),
                                      ("QDQ u16", QuantFormat.QDQ, QuantType.QUInt16),
                                      ("QOperator", QuantFormat.QOperator, QuantType.QUInt8)]:
        for per_channel in (False, True):
            target = folder / "quantised.onnx"
            quantize_static(folder / "plain.onnx", target, Calibration([picture]), quant_format=layout,
                            activation_type=activation, weight_type=QuantType.QInt8, per_channel=per_channel)
            model = onnx.load(target)
            model.ClearField("producer_name")
            # Integer kernels round where float32 ones do not: one step of the last quantisation, at most 2/255 here.
            record("quantised", f"{label}{' per channel' if per_channel else ''}", model, picture, step=0.02)
    x = values(2, 8)
    blocked = rng.integers(-128, 128, (8, 4)).astype(np.int8)
    add("quantised", "blocked weights", [
        node("DequantizeLinear", ["w", "s", "z"], ["v"], axis=0, block_size=4), node("MatMul", "xv")], {"x": x},
        {"w": blocked, "s": np.abs(values(2, 4)) + np.float32(0.01), "z": rng.integers(-5, 5, (2, 4)).astype(np.int8)})
    dynamic = [node("DynamicQuantizeLinear", "x", ["q", "s", "z"]), node("MatMulInteger", ["q", "w", "z", "wz"], ["i"]),
               node("Cast", "i", ["f"], to=TensorProto.FLOAT), node("Mul", ["s", "ws"], ["t"]), node("Mul", "ft")]
    for label, point in (("", np.int8(3)), (" per column", np.int8([3, -2, 0, 5]))):
        add("quantised", "dynamic" + label, dynamic, {"x": x},
            {"w": blocked, "wz": point, "ws": np.full(np.shape(point), 0.02, np.float32)}, step=1e-4)
    add("quantised", "dynamic zeros", dynamic, {"x": np.zeros_like(x)},
        {"w": blocked, "wz": np.int8(3), "ws": np.float32(0.02)})
    u8 = {"x": rng.integers(0, 256, (1, 2, 5, 5)).astype(np.uint8)}
    kernel = rng.integers(-128, 128, (3, 2, 3, 3)).astype(np.int8)
    add("quantised", "ConvInteger", node("ConvInteger", ["x", "w", "z"], pads=[1, 1, 1, 1]), u8,
        {"w": kernel, "z": np.uint8(100)})
    add("quantised", "ConvInteger without zero points", node("ConvInteger", "xw", strides=[2, 2]), u8, {"w": kernel})
    add("quantised", "QLinearMatMul", node("QLinearMatMul", ["x", "s", "z", "w", "t", "u", "v", "o"]),
        {"x": rng.integers(0, 256, (3, 8)).astype(np.uint8)},
        {"s": np.float32(0.01), "z": np.uint8(128), "w": blocked, "t": np.float32([0.02, 0.01, 0.03, 0.02]),
         "u": np.zeros(4, np.int8), "v": np.float32(0.1), "o": np.uint8(120)}, step=1)


BUILDERS = [functions, branches, loops, scans, sequences, halves, quantised]


def main():
    for build in BUILDERS:
        build()
    path = pathlib.Path(__file__).resolve().parents[2] / "Tests/GraphsTests/Golden/imports.json"
    path.write_text(json.dumps({
        "tools": {"onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__, "numpy": np.__version__,
                  "onnxscript": onnxscript.__version__},
        "seed": SEED,
        "tolerance": {"absolute": 2e-6, "relative": 2e-6,
                      "reason": "the same kernels in another order of at most 100 float32 additions"},
        "cases": cases,
    }, indent=0) + "\n")


main()
