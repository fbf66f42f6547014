"""One golden case: a tiny ONNX model, and the gradients that PyTorch's autograd gives for the same function in float64."""
import base64

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

OPSET = 21
IR_VERSION = 10
# float32 rounding of sums of at most a few hundred terms of order one stays below 1e-6; each case also checks that PyTorch's own
# float32 gradient is at least four times closer than this. The error is relative to max(1, largest expected magnitude).
TOLERANCE = 1e-5

ELEMENT_TYPES = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.float64): TensorProto.DOUBLE}


def eighths(generator, shape, span=2):
    """Random multiples of 1/8 in [-span, span] without zero: exact in float32, short in JSON."""
    magnitude = generator.integers(1, 8 * span + 1, size=shape)
    sign = generator.choice([-1, 1], size=shape)
    return np.asarray(magnitude * sign / 8, dtype=np.float32)


def distinct(generator, shape):
    """A random permutation of distinct multiples of 1/8 around zero, none of them zero: no ties and no kinks at zero."""
    count = int(np.prod(shape))
    return np.asarray((generator.permutation(count) - count // 2 + 0.5) / 8, dtype=np.float32).reshape(shape)


def node(operator, inputs, outputs="y", **attributes):
    """An ONNX node; several names stand in one string, separated by blanks, and `-` is an input left out."""
    names = ["" if name == "-" else name for name in inputs.split()]
    return helper.make_node(operator, names, outputs.split(), **attributes)


def integers(*values):
    return np.array(values, dtype=np.int64)


def rounded(value):
    number = float(f"{float(value):.9g}")
    return int(number) if number == int(number) else number


def tensor_record(array):
    return {
        "type": str(array.dtype), "shape": list(array.shape), "values": [rounded(value) for value in array.flatten()],
    }


class Suite:
    """Collects cases; every case is checked against onnx.checker, ONNX Runtime and PyTorch when it is added."""

    def __init__(self):
        self.records = []
        self.largest_float32_error = 0.0

    def add(self, name, operator, nodes, inputs, function, initializers=None, output_type=np.float32, cotangent=None):
        nodes = nodes if isinstance(nodes, list) else [nodes]
        inputs = {key: np.asarray(value) for key, value in inputs.items()}
        expected, gradients, cotangent = self.differentiate(name, inputs, function, cotangent, torch.float64)
        model = self.model(name, nodes, inputs, initializers or {}, expected.shape, np.dtype(output_type))
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        (engine,) = session.run(["y"], inputs)
        self.compare(name, "forward value of ONNX Runtime", engine, expected)
        _, single, _ = self.differentiate(name, inputs, function, cotangent, torch.float32)
        for key, value in gradients.items():
            error = np.abs(single[key] - value).max(initial=0) / max(1, np.abs(value).max(initial=0))
            self.largest_float32_error = max(self.largest_float32_error, float(error))
            assert error * 4 <= TOLERANCE, f"{name}: float32 gradient of {key} is off by {error}"
        assert all(record["name"] != name for record in self.records), f"two cases are called {name}"
        self.records.append({
            "name": name,
            "operator": operator,
            "tolerance": TOLERANCE,
            "model": base64.b64encode(model.SerializeToString()).decode(),
            "inputs": {key: tensor_record(value) for key, value in inputs.items()},
            "outputs": {"y": tensor_record(expected.astype(output_type))},
            "cotangents": {"y": tensor_record(cotangent.astype(output_type))},
            "gradients": {key: tensor_record(value.astype(inputs[key].dtype)) for key, value in gradients.items()},
        })

    @staticmethod
    def differentiate(name, inputs, function, cotangent, precision):
        leaves = {key: torch.tensor(value, dtype=precision, requires_grad=True) for key, value in inputs.items()}
        output = function(*leaves.values())
        if cotangent is None:
            generator = np.random.default_rng(list(name.encode()))
            cotangent = generator.choice([-1.5, -1, -0.5, 0.5, 1, 1.5, 2], size=tuple(output.shape))
        seed = torch.tensor(cotangent, dtype=precision)
        found = torch.autograd.grad(output, list(leaves.values()), seed, allow_unused=True)
        gradients = {
            key: np.zeros(inputs[key].shape) if gradient is None else gradient.detach().numpy()
            for key, gradient in zip(leaves, found)
        }
        return output.detach().numpy(), gradients, np.asarray(cotangent, dtype=np.float64)

    @staticmethod
    def model(name, nodes, inputs, initializers, output_shape, output_type):
        graph = helper.make_graph(
            nodes, name,
            [helper.make_tensor_value_info(key, ELEMENT_TYPES[value.dtype], value.shape) for key, value in inputs.items()],
            [helper.make_tensor_value_info("y", ELEMENT_TYPES[output_type], output_shape)],
            [numpy_helper.from_array(np.asarray(value), key) for key, value in initializers.items()])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        onnx.checker.check_model(model, full_check=True)
        return model

    @staticmethod
    def compare(name, what, found, expected):
        assert found.shape == expected.shape, f"{name}: {what} has shape {found.shape}, PyTorch's has {expected.shape}"
        error = np.abs(found - expected).max(initial=0) / max(1, np.abs(expected).max(initial=0))
        assert error <= TOLERANCE, f"{name}: {what} is off by {error}"
