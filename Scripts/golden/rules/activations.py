"""Activations beyond those of the first networks: smooth ones, exponential units, thresholds, PRelu."""
import math

import numpy as np
import torch
import torch.nn.functional as F

from rules.case import eighths, node
from rules.elementwise import add_unary, line, wide

SPREAD = line(-40, -9, -3, -1, -0.25, 0, 0.25, 1, 3, 9, 40)
SHAPES = [(), (7,), (1, 2, 3, 2)]


def single(value):
    return float(np.float32(value))


def add_smooth(suite):
    functions = {
        "Erf": torch.erf, "Gelu": F.gelu, "Tanh": torch.tanh, "Softplus": F.softplus, "Softsign": F.softsign, "Mish": F.mish,
        "Elu": F.elu, "Selu": F.selu, "Celu": F.celu,
    }
    for operator, function in functions.items():
        add_unary(suite, operator.lower(), operator, function, SHAPES, values=wide)
        add_unary(suite, f"{operator.lower()}_spread", operator, function, [(11,)], values=SPREAD)
    for approximate in ("none", "tanh"):
        add_unary(suite, f"gelu_approximate_{approximate}", "Gelu", lambda x: F.gelu(x, approximate=approximate), SHAPES,
                  {"approximate": approximate}, values=wide)
        add_unary(suite, f"gelu_approximate_{approximate}_spread", "Gelu", lambda x: F.gelu(x, approximate=approximate), [(11,)],
                  {"approximate": approximate}, values=SPREAD)
    for alpha in (0.25, 2.0):
        for operator, function in {"Elu": F.elu, "Celu": F.celu}.items():
            add_unary(suite, f"{operator.lower()}_{alpha}", operator, lambda x: function(x, alpha), [(2, 6)], {"alpha": alpha}, values=wide)
            add_unary(suite, f"{operator.lower()}_{alpha}_spread", operator, lambda x: function(x, alpha), [(11,)],
                      {"alpha": alpha}, values=SPREAD)
    alpha, gamma = single(1.5), single(0.75)
    add_unary(suite, "selu_attributes", "Selu", lambda x: gamma * F.elu(x, alpha), [(2, 6)], {"alpha": alpha, "gamma": gamma})
    # The exported form of Gelu: x / sqrt(2) -> Erf -> + 1 -> * x -> / 2.
    nodes = [node("Div", "x root", "q"), node("Erf", "q", "e"), node("Add", "e one", "s"), node("Mul", "x s", "m"), node("Mul", "m half")]
    add_exported(suite, "gelu_exported", "Erf", nodes, F.gelu,
                 {"root": np.float32(math.sqrt(2)), "one": np.float32(1), "half": np.float32(0.5)})
    silu = [node("Sigmoid", "x", "s"), node("Mul", "x s")]
    add_exported(suite, "silu_exported", "Sigmoid+Mul", silu, F.silu, {})


def add_exported(suite, name, operator, nodes, function, constants):
    generator = np.random.default_rng(list(name.encode()))
    suite.add(name, operator, nodes, {"x": wide(generator, (3, 4))}, function, constants)


def add_thresholds(suite):
    kinks = line(-2, -1, -0.5, 0, 0.5, 1, 2)
    for alpha in (None, 0.5, 0.0, -1.0):
        bound = 1.0 if alpha is None else alpha
        attributes = {} if alpha is None else {"alpha": alpha}
        name = f"thresholded_relu_{bound if alpha is not None else 'default'}"
        add_unary(suite, name, "ThresholdedRelu", lambda x: F.threshold(x, bound, 0), [(3, 4)], attributes, values=wide)
        add_unary(suite, f"{name}_at_kinks", "ThresholdedRelu", lambda x: F.threshold(x, bound, 0), [(7,)], attributes, values=kinks)
    for name, attributes in {
        "default": {}, "hard": {"lambd": 1.0}, "soft": {"lambd": 0.5, "bias": 0.5}, "biased": {"lambd": 0.75, "bias": -0.25},
    }.items():
        bound, bias = attributes.get("lambd", 0.5), attributes.get("bias", 0.0)

        def function(x, bound=bound, bias=bias):
            return torch.where(x > bound, x - bias, torch.where(x < -bound, x + bias, torch.zeros_like(x)))

        add_unary(suite, f"shrink_{name}", "Shrink", function, [(3, 4)], attributes, values=wide)
        add_unary(suite, f"shrink_{name}_at_kinks", "Shrink", function, [(7,)], attributes, values=kinks)


def add_prelu(suite):
    generator = np.random.default_rng(41)
    cases = {
        "channel": ((2, 3, 2, 2), (3, 1, 1)), "shared": ((2, 5), (1,)), "scalar": ((2, 5), ()), "full": ((2, 3), (2, 3)),
        "row": ((2, 3), (3,)), "sample": ((2, 3, 2), (2, 1, 1)),
    }
    prelu = lambda x, slope: torch.where(x > 0, x, slope * x)
    for name, (shape, slope) in cases.items():
        x, value = eighths(generator, shape), eighths(generator, slope)
        suite.add(f"prelu_{name}", "PRelu", node("PRelu", "x slope"), {"x": x, "slope": value}, prelu)
        suite.add(f"prelu_{name}_constant", "PRelu", node("PRelu", "x slope"), {"x": x},
                  lambda x: prelu(x, torch.as_tensor(value).to(x.dtype)), {"slope": value})
    suite.add("prelu_at_zero", "PRelu", node("PRelu", "x slope"), {"x": np.float32([-1, 0, 1, 0])},
              lambda x: F.prelu(x, torch.tensor([0.25], dtype=x.dtype)), {"slope": np.float32([0.25])})
