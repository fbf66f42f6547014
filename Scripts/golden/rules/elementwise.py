"""Element-wise operators, batch normalisation, casts and local response normalisation."""
import numpy as np
import torch
import torch.nn.functional as F
from onnx import TensorProto

from rules.case import eighths, node

BINARY = {
    "Add": lambda a, b: a + b, "Sub": lambda a, b: a - b, "Mul": lambda a, b: a * b, "Div": lambda a, b: a / b,
}
BROADCASTS = {
    "same_shape": ((2, 3), (2, 3)), "scalar_right": ((2, 3), ()), "scalar_left": ((), (2, 3)), "row": ((2, 3), (3,)),
    "column": ((2, 3), (2, 1)), "channel": ((1, 3, 2, 2), (3, 1, 1)), "left_channel": ((3, 1, 1), (2, 3, 2, 2)),
    "both_sides": ((2, 1, 3), (1, 4, 1)), "rank_and_both": ((4, 1), (2, 1, 3)), "ones_kept": ((1, 1, 2), (1, 3, 1)),
}


def add_binary(suite):
    generator = np.random.default_rng(6)
    for operator, function in BINARY.items():
        prefix = operator.lower()
        for name, (a, b) in BROADCASTS.items():
            suite.add(f"{prefix}_{name}", operator, node(operator, "a b"),
                      {"a": eighths(generator, a), "b": eighths(generator, b)}, function)
        constant = eighths(generator, (3, 1, 1))
        pairs = {"constant_right": ("x c", lambda x, c: function(x, c)), "constant_left": ("c x", lambda x, c: function(c, x))}
        for name, (order, ordered) in pairs.items():
            suite.add(f"{prefix}_{name}", operator, node(operator, order), {"x": eighths(generator, (2, 3, 2, 2))},
                      lambda x: ordered(x, torch.tensor(constant, dtype=x.dtype)), {"c": constant})
        suite.add(f"{prefix}_same_value", operator, node(operator, "x x"), {"x": eighths(generator, (2, 3))},
                  lambda x: function(x, x))
    suite.add("mul_constant_broadcasts_input", "Mul", node("Mul", "x c"), {"x": eighths(generator, (3, 1))},
              lambda x: x * torch.tensor([[1.0, -2.0, 0.5, 3.0]], dtype=x.dtype), {"c": np.float32([[1, -2, 0.5, 3]])})


def add_unary(suite, name, operator, function, shapes, attributes=None, initializers=None, inputs="x", values=eighths):
    generator = np.random.default_rng(list(name.encode()))
    for shape in shapes:
        label = "x".join(map(str, shape)) or "scalar"
        suite.add(f"{name}_{label}", operator, node(operator, inputs, **(attributes or {})), {"x": values(generator, shape)},
                  function, initializers)


def line(*values):
    return lambda generator, shape: np.array(values, dtype=np.float32).reshape(shape)


def wide(generator, shape):
    return eighths(generator, shape, span=6) + np.float32(1 / 16)


def add_activations(suite):
    shapes = [(), (7,), (2, 5), (1, 2, 3, 3), (2, 2, 2, 2)]
    add_unary(suite, "relu", "Relu", F.relu, shapes)
    add_unary(suite, "relu_at_zero", "Relu", F.relu, [(7,)], values=line(-1, 0, 1, 0, -0.5, 0, 2))
    add_unary(suite, "sigmoid", "Sigmoid", torch.sigmoid, shapes + [(4, 1)])
    add_unary(suite, "sigmoid_saturated", "Sigmoid", torch.sigmoid, [(7,)], values=line(-100, -30, -9, 0, 9, 30, 100))
    for alpha in (0.01, 0.25, 1.5, 0.0, -0.5):
        add_unary(suite, f"leaky_relu_{alpha}", "LeakyRelu", lambda x: F.leaky_relu(x, alpha), [(2, 6)], {"alpha": alpha})
    add_unary(suite, "leaky_relu_default", "LeakyRelu", lambda x: F.leaky_relu(x, 0.01), [(1, 2, 3, 2)])
    add_unary(suite, "leaky_relu_at_zero", "LeakyRelu", lambda x: F.leaky_relu(x, 0.25), [(5,)], {"alpha": 0.25},
              values=line(-1, 0, 1, 0, 2))
    add_unary(suite, "hard_swish", "HardSwish", F.hardswish, shapes + [(4, 4)], values=wide)
    add_unary(suite, "hard_swish_at_kinks", "HardSwish", F.hardswish, [(7,)], values=line(-4, -3, -2, 0, 2, 3, 4))
    sigmoids = {
        "default": ({}, 0.2, 0.5), "sixth": ({"alpha": 1 / 6}, 1 / 6, 0.5), "quarter": ({"alpha": 0.25}, 0.25, 0.5),
        "shifted": ({"alpha": 0.5, "beta": 0.25}, 0.5, 0.25), "negative_beta": ({"alpha": 0.5, "beta": -0.5}, 0.5, -0.5),
        "steep": ({"alpha": 8.0, "beta": 0.5}, 8.0, 0.5),
    }
    for name, (attributes, alpha, beta) in sigmoids.items():
        slope = float(np.float32(alpha))
        add_unary(suite, f"hard_sigmoid_{name}", "HardSigmoid", lambda x: F.hardtanh(slope * x + beta, 0, 1), [(3, 5)],
                  attributes, values=wide)
    add_unary(suite, "hard_sigmoid_at_kinks", "HardSigmoid", lambda x: F.hardtanh(0.25 * x + 0.5, 0, 1), [(7,)],
              {"alpha": 0.25}, values=line(-3, -2, -1, 0, 1, 2, 3))
    add_unary(suite, "hard_sigmoid_torch_at_kinks", "HardSigmoid", F.hardsigmoid, [(7,)], {"alpha": 1 / 6},
              values=line(-4, -3, -1, 0, 1, 3, 4))


def add_clip(suite):
    low, high, half = np.float32(0), np.float32(6), np.float32(0.5625)
    cases = {
        "relu6": ("x low high", {"low": low, "high": high}, lambda x: F.relu6(x)),
        "both": ("x low high", {"low": -half, "high": half}, lambda x: torch.clamp(x, -0.5625, 0.5625)),
        "minimum_only": ("x low", {"low": half}, lambda x: torch.clamp(x, min=0.5625)),
        "maximum_only": ("x - high", {"high": half}, lambda x: torch.clamp(x, max=0.5625)),
        "neither": ("x", {}, lambda x: x.clone()),
        "everything_outside": ("x low high", {"low": np.float32(50), "high": np.float32(60)}, lambda x: torch.clamp(x, 50, 60)),
    }
    for name, (inputs, initializers, function) in cases.items():
        add_unary(suite, f"clip_{name}", "Clip", function, [(3, 5), (1, 2, 2, 3)], None, initializers, inputs, wide)
    add_unary(suite, "clip_relu6_at_kinks", "Clip", F.relu6, [(7,)], None, {"low": low, "high": high}, "x low high",
              line(-1, 0, 0.5, 3, 6, 7, 0))
    add_unary(suite, "clip_hardtanh_at_kinks", "Clip", F.hardtanh, [(7,)], None, {"low": np.float32(-1), "high": np.float32(1)},
              "x low high", line(-2, -1, -0.5, 0, 0.5, 1, 2))


def add_batch_normalization(suite):
    generator = np.random.default_rng(7)
    cases = {
        "2d": ((2, 3, 3, 2), 1e-5, False), "batch_1": ((1, 4, 2, 2), 1e-5, False), "epsilon": ((1, 3, 2, 3), 1e-3, False),
        "large_epsilon": ((1, 2, 2, 2), 0.5, False), "flat": ((4, 3), 1e-5, False), "1d": ((2, 3, 4), 1e-5, False),
        "3d": ((1, 2, 2, 3, 2), 1e-5, False), "of_scale_and_bias": ((2, 3, 2, 2), 1e-5, True),
        "of_scale_and_bias_flat": ((4, 3), 1e-3, True),
    }
    for name, (shape, epsilon, affine) in cases.items():
        channels = shape[1:2]
        scale, bias, mean = (eighths(generator, channels) for _ in range(3))
        variance = np.abs(eighths(generator, channels)) + np.float32(0.25)
        statistics = {"mean": mean, "variance": variance}

        def function(x, scale=scale, bias=bias, mean=mean, variance=variance, epsilon=epsilon):
            tensor = lambda value: torch.as_tensor(value).to(x.dtype)
            return F.batch_norm(x, tensor(mean), tensor(variance), tensor(scale), tensor(bias), eps=float(np.float32(epsilon)))

        inputs = {"x": eighths(generator, shape)}
        if affine:
            inputs |= {"scale": scale, "bias": bias}
        else:
            statistics |= {"scale": scale, "bias": bias}
        operation = node("BatchNormalization", "x scale bias mean variance", epsilon=epsilon)
        suite.add(f"batch_normalization_{name}", "BatchNormalization", operation, inputs, function, statistics)


def add_casts(suite):
    generator = np.random.default_rng(8)
    double, single = TensorProto.DOUBLE, TensorProto.FLOAT
    there, back = node("Cast", "x", "d", to=double), node("Cast", "d", to=single)
    values = eighths(generator, (2, 4))
    suite.add("cast_there_and_back", "Cast", [there, back], {"x": values}, lambda x: x.clone())
    suite.add("cast_to_same_type", "Cast", node("Cast", "x", to=single), {"x": values}, lambda x: x.clone())
    suite.add("cast_to_double", "Cast", node("Cast", "x", to=double), {"x": values}, lambda x: x.clone(), output_type=np.float64)
    suite.add("cast_to_float", "Cast", node("Cast", "x", to=single), {"x": values.astype(np.float64)}, lambda x: x.clone())
    square = [there, node("Mul", "d d", "s"), node("Cast", "s", to=single)]
    suite.add("cast_square_in_double", "Cast", square, {"x": values}, lambda x: x * x)
    mixed = [there, node("Cast", "d", "f", to=single), node("Mul", "f x")]
    suite.add("cast_fan_out", "Cast", mixed, {"x": values}, lambda x: x * x)
    relu = [node("Cast", "x", "f", to=single), node("Relu", "f", "r"), node("Cast", "r", to=double)]
    suite.add("cast_relu_in_float", "Cast", relu, {"x": values.astype(np.float64)}, F.relu, output_type=np.float64)


def local_response(size, alpha, beta, bias):
    """y = x / (bias + alpha / size * sum of squares over `size` neighbouring channels)^beta."""
    def function(x):
        channels, reach = x.shape[1], size // 2
        squares = [x[:, max(0, k - reach):min(channels, k + reach + 1)].square().sum(1) for k in range(channels)]
        return x / (bias + alpha / size * torch.stack(squares, 1)) ** beta

    return function


def add_local_response(suite):
    generator = np.random.default_rng(9)
    cases = {
        "size_3": ((1, 5, 2, 2), 3, {"alpha": 0.5, "beta": 0.75, "bias": 1.0}),
        "size_5": ((1, 7, 2, 1), 5, {"alpha": 1.0, "beta": 0.75, "bias": 2.0}),
        "size_1": ((1, 3, 2, 2), 1, {"alpha": 0.25, "beta": 0.5, "bias": 1.0}),
        "size_beyond_channels": ((1, 3, 2, 2), 9, {"alpha": 0.5, "beta": 0.75, "bias": 1.0}),
        "defaults": ((1, 4, 2, 2), 5, {}),
        "alexnet": ((2, 6, 2, 2), 5, {"alpha": 1e-4, "beta": 0.75, "bias": 2.0}),
        "beta_1": ((1, 4, 3, 2), 3, {"alpha": 2.0, "beta": 1.0, "bias": 0.5}),
        "beta_2": ((2, 4, 2, 2), 3, {"alpha": 0.5, "beta": 2.0, "bias": 1.0}),
        "one_channel": ((1, 1, 3, 3), 3, {"alpha": 1.0, "beta": 0.5, "bias": 1.0}),
    }
    for name, (shape, size, attributes) in cases.items():
        alpha, beta, bias = attributes.get("alpha", 1e-4), attributes.get("beta", 0.75), attributes.get("bias", 1.0)
        suite.add(f"lrn_{name}", "LRN", node("LRN", "x", size=size, **attributes), {"x": eighths(generator, shape)},
                  local_response(size, alpha, beta, bias))
