"""Looks inside exported models: all values for an input, which of them carries a given array and the choices at kinks."""
import numpy as np
import onnx
import onnxruntime


def all_values(path, inputs):
    """Every float value of the model for its inputs by name (or the array of its first), in topological order."""
    model = onnx.load(path)
    names = [name for node in model.graph.node for name in node.output if name]
    outputs = {output.name for output in model.graph.output}
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names if name not in outputs)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    feeds = inputs if isinstance(inputs, dict) else {session.get_inputs()[0].name: inputs}
    values = dict(zip(names, session.run(names, feeds)))
    return {name: value for name, value in values.items() if getattr(value, "dtype", None) == np.float32}


def name_of(values, expected, tolerance=1e-3):
    """The first value that equals `expected`; an error when there is none."""
    for name, value in values.items():
        if value.shape == expected.shape and np.abs(value - expected).max() <= tolerance * np.abs(expected).max():
            return name
    raise ValueError(f"no value of shape {expected.shape} equals PyTorch's map")


def layer_name(path, values, a):
    """The graph's name of a layer's output, in whatever layout the exporter left it.

    Where one equal value makes the next (a ReLU of what is positive already), the last is the layer's output: their gradients differ.
    """
    consumers = {}
    for node in onnx.load(path, load_external_data=False).graph.node:
        for name in set(node.input):
            consumers.setdefault(name, []).append(node)
    for form in [a, np.moveaxis(a, 1, -1), np.moveaxis(a, -1, 1)] if a.ndim == 4 else [a]:
        try:
            name = name_of(values, form)
        except ValueError:
            continue
        while len(consumers.get(name, [])) == 1:
            following = consumers[name][0]
            if following.op_type not in ("Relu", "Clip") or not np.array_equal(values.get(following.output[0]), values[name]):
                break
            name = following.output[0]
        return name
    raise ValueError("no value of the graph equals the layer's output")


def choices(path, x, optimised):
    """What the engine's float32 pass decides at every kink, in topological order: the gates of Relu and Clip(0, 6), the inputs of MaxPool.

    An optimised session is what usually runs; another rounds differently.
    """
    model = onnx.load(path)
    kinks = [node for node in model.graph.node if node.op_type in ("Relu", "Clip", "MaxPool")]
    names = [node.input[0] if node.op_type == "MaxPool" else node.output[0] for node in kinks]
    outputs = {output.name for output in model.graph.output}
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in dict.fromkeys(names) if name not in outputs)
    options = onnxruntime.SessionOptions()
    if not optimised:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    if not names:
        return []
    values = dict(zip(names, session.run(names, {session.get_inputs()[0].name: x})))
    bound = {"Relu": np.inf, "Clip": 6}
    return [values[name] if node.op_type == "MaxPool" else (values[name] > 0) & (values[name] < bound[node.op_type])
            for node, name in zip(kinks, names)]
