"""Records small models, their inputs and what onnxruntime computes with them."""
import base64

import ml_dtypes
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


def node(kind, inputs, outputs=("y",), **attributes):
    return helper.make_node(kind, list(inputs), list(outputs), **attributes)


def info(name, value):
    value = np.asarray(value)
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)


def initializer(name, value):
    value = np.asarray(value)
    if value.dtype == ml_dtypes.bfloat16:
        return helper.make_tensor(name, TensorProto.BFLOAT16, value.shape, value.tobytes(), raw=True)
    return numpy_helper.from_array(value, name)


def run(model, feeds):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # The file's own nodes, not fusions of them.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, feeds)


def tensor(name, value):
    value = np.asarray(value)
    return {"name": name, "code": int(helper.np_dtype_to_tensor_dtype(value.dtype)), "dims": list(value.shape),
            "bytes": encoded(value.tobytes())}


def record(group, name, model, feeds, expected=None, step=None):
    outputs = [output.name for output in model.graph.output]
    results = run(model, feeds) if expected is None else expected
    cases.append({
        "group": group, "name": name, **({"step": step} if step else {}), "model": encoded(model.SerializeToString(deterministic=True)),
        "inputs": [tensor(key, value) for key, value in feeds.items()],
        "outputs": [tensor(key, value) for key, value in zip(outputs, results)],
    })


def model_of(nodes, feeds, weights=None, outputs=("y",), functions=(), opset=21, domains=(), inputs=None):
    if not isinstance(nodes, list):
        nodes = [nodes]
    graph = helper.make_graph(
        nodes, "g", inputs or [info(key, value) for key, value in feeds.items()],
        [onnx.ValueInfoProto(name=key) for key in outputs], [initializer(k, v) for k, v in (weights or {}).items()])
    imports = [helper.make_opsetid("", opset)]
    imports += [helper.make_opsetid(domain, 1) for domain in sorted({f.domain for f in functions} | set(domains))]
    model = helper.make_model(graph, opset_imports=imports, functions=list(functions), ir_version=10, producer_name="")
    inferred = onnx.shape_inference.infer_shapes(model)
    for output, other in zip(model.graph.output, inferred.graph.output):
        output.CopyFrom(other)
    return model


def add(group, name, nodes, feeds, weights=None, expected=None, step=None, **rest):
    record(group, name, model_of(nodes, feeds, weights, **rest), feeds, expected, step)
