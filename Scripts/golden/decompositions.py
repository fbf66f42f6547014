"""Golden models with operators that opset 21 lacks: ONNX's own cases of newer ones, ONNX Runtime's fused ones as it runs them.

Writes Tests/GraphsTests/Golden/decompositions.json.
"""
import base64
import json
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import helper
from onnx.backend.test.case.node import collect_testcases

SEED = 20261121
NEWER = """
attention_3d_causal attention_3d_gqa_causal attention_3d_transpose_verification attention_4d_gqa
attention_4d_attn_mask attention_4d_attn_mask_bool_4d attention_4d_attn_mask_3d_causal attention_4d_with_qk_matmul
attention_4d_with_qk_matmul_softcap attention_4d_with_qk_matmul_softmax attention_4d_with_qk_matmul_bias
attention_4d_causal_nonpad_attn_mask_composition attention_4d_diff_heads_mask4d_padded_kv attention_4d_causal_with_past_and_present
attention_24_fullymasked_qk_matmul_output_mode3_zero attention_causal_boolmask_nan_robustness attention_bidirectional_window
attention_local_window_ext_cache_rank4_batch_mask rms_normalization_2d_axis0 rms_normalization_3d_axis1_epsilon
rms_normalization_4d_axis_negative_2 rms_normalization_default_axis rotary_embedding rotary_embedding_3d_input
rotary_embedding_interleaved rotary_embedding_with_rotary_dim rotary_embedding_with_interleaved_rotary_dim
rotary_embedding_no_position_ids rotary_embedding_no_position_ids_interleaved rotary_embedding_no_position_ids_rotary_dim swish
""".split()
generator = np.random.default_rng(SEED)
cases = []


def encoded(data):
    return base64.b64encode(data).decode("ascii")


def record(name, model, inputs, outputs):
    def tensors(infos, values):
        return [{"name": info.name, "code": info.type.tensor_type.elem_type, "dims": list(value.shape),
                 "bytes": encoded(np.ascontiguousarray(value).tobytes())} for info, value in zip(infos, values)]
    cases.append({"name": name, "model": encoded(model.SerializeToString(deterministic=True)),
                  "inputs": tensors(model.graph.input, inputs), "outputs": tensors(model.graph.output, outputs)})


def add_newer():
    known = {case.name.removeprefix("test_"): case for case in collect_testcases(None)}
    for name in NEWER:
        inputs, outputs = known[name].data_sets[0]
        record(name, known[name].model, inputs, outputs)


def values(*shape):
    return generator.standard_normal(shape).astype(np.float32)


def add_fused(name, operator, feeds, domain="com.microsoft", outputs=("y",), **attributes):
    names = ["" if value is None else key for key, value in feeds.items()]
    feeds = {key: value for key, value in feeds.items() if value is not None}
    inputs = [helper.make_tensor_value_info(key, 1, value.shape) for key, value in feeds.items()]
    infos = [helper.make_tensor_value_info(key, 1, None) for key in outputs if key]
    graph = helper.make_graph([helper.make_node(operator, names, list(outputs), domain=domain, **attributes)], "g", inputs, infos)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)],
                              ir_version=8, producer_name="")
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    record(f"{operator} {name}", model, feeds.values(), session.run(None, feeds))


def add_fusions():
    x = values(2, 3, 4)
    add_fused("", "Gelu", {"x": x})
    add_fused("", "BiasGelu", {"x": x, "b": values(4)})
    add_fused("", "FastGelu", {"x": x})
    add_fused("with bias", "FastGelu", {"x": x, "b": values(4)})
    add_fused("", "QuickGelu", {"x": x}, alpha=1.5)
    add_fused("default", "QuickGelu", {"x": x})
    picture = {"x": values(1, 2, 4, 4), "w": values(3, 2, 3, 3), "b": values(3)}
    for activation, parameters in [("Relu", []), ("LeakyRelu", [0.2]), ("Clip", [-0.5, 0.75]), ("HardSigmoid", [0.3, 0.4]),
                                   ("Sigmoid", []), ("Tanh", [])]:
        more = {"activation_params": parameters} if parameters else {}
        add_fused(activation, "FusedConv", picture, activation=activation, pads=[1, 1, 1, 1], **more)
    add_fused("with a summand", "FusedConv", {**picture, "z": values(1, 3, 2, 2)}, activation="Relu")
    matrices = {"x": values(3, 4), "w": values(5, 4), "b": values(5)}
    add_fused("Relu", "FusedGemm", matrices, activation="Relu", transB=1, alpha=0.5)
    add_fused("LeakyRelu", "FusedGemm", matrices, activation="LeakyRelu", activation_alpha=0.25, transB=1)
    add_fused("both transposed", "FusedMatMul", {"x": values(2, 4, 3), "w": values(2, 5, 4)}, transA=1, transB=1, alpha=0.5)
    add_fused("plain", "FusedMatMul", {"x": values(3, 4), "w": values(4, 2)})
    tokens = {"x": values(2, 3, 8), "s": values(2, 3, 8), "g": values(8), "b": values(8)}
    add_fused("", "SkipLayerNormalization", tokens, epsilon=1e-4)
    add_fused("bias and sum", "SkipLayerNormalization", {**tokens, "c": values(8)}, outputs=("y", "", "", "t"), epsilon=1e-5)
    add_fused("without beta", "SkipLayerNormalization", {key: tokens[key] for key in "xsg"}, epsilon=1e-5)
    add_fused("", "SkipSimplifiedLayerNormalization", tokens, epsilon=1e-5)
    add_fused("", "SimplifiedLayerNormalization", {"x": tokens["x"], "g": tokens["g"]}, domain="", axis=-1)


def add_layouts():
    """Recurrent layers with the samples first, which ONNX Runtime does not run: what it gives with the steps first, transposed."""
    for operator, gates in (("LSTM", 4), ("GRU", 3), ("RNN", 1)):
        states = {"h": values(2, 2, 3)} | ({"c": values(2, 2, 3)} if operator == "LSTM" else {})
        weights = {"w": values(2, gates * 3, 2), "r": values(2, gates * 3, 3)}
        names = ["x", "w", "r", "", "", *states]
        outputs = ["y", "yh", "yc"][:len(states) + 1]
        models = []
        for layout in (0, 1):
            x = {"x": values(4, 2, 2)} if layout == 0 else {"x": x["x"].transpose(1, 0, 2)}
            feeds = x | weights | (states if layout == 0 else {key: value.transpose(1, 0, 2) for key, value in states.items()})
            infos = [helper.make_tensor_value_info(key, 1, value.shape) for key, value in feeds.items()]
            node = helper.make_node(operator, names, outputs, hidden_size=3, direction="bidirectional", layout=layout)
            graph = helper.make_graph([node], "g", infos, [helper.make_tensor_value_info(key, 1, None) for key in outputs])
            models.append((helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10, producer_name=""), feeds))
        model, feeds = models[0]
        y, *last = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, feeds)
        model, feeds = models[1]
        record(f"{operator} samples first", model, feeds.values(), [y.transpose(2, 0, 1, 3), *(one.transpose(1, 0, 2) for one in last)])


add_newer()
add_fusions()
add_layouts()
GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "Tests/GraphsTests/Golden/decompositions.json"
GOLDEN.write_text(json.dumps({
    "tools": {"onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__, "numpy": np.__version__},
    "seed": SEED,
    "tolerance": {"absolute": 2e-5, "relative": 2e-5,
                  "reason": "the cases were made in float32, in another order of at most 100 operations; ONNX Runtime's fused Gelu "
                            "approximates erf and tanh to 1e-6"},
    "cases": cases,
}, indent=0) + "\n")
