"""Looks inside exported models: which ONNX value carries a given array."""
import numpy as np
import onnx
import onnxruntime


def all_values(path, x):
    """Every float value of the model for input x, in topological order."""
    model = onnx.load(path)
    names = [name for node in model.graph.node for name in node.output if name]
    outputs = {output.name for output in model.graph.output}
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names if name not in outputs)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    values = dict(zip(names, session.run(names, {session.get_inputs()[0].name: x})))
    return {name: value for name, value in values.items() if getattr(value, "dtype", None) == np.float32}


def name_of(values, expected, tolerance=1e-3):
    """The first value that equals `expected`; an error when there is none."""
    for name, value in values.items():
        if value.shape == expected.shape and np.abs(value - expected).max() <= tolerance * np.abs(expected).max():
            return name
    raise ValueError(f"no value of shape {expected.shape} equals PyTorch's map")
