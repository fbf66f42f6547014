"""Normalisations with statistics of their own operand, of a vector's length, and batch normalisation with computed statistics."""
import numpy as np
import torch
import torch.nn.functional as F

from rules.case import eighths, node


def add_layer_normalization(suite):
    generator = np.random.default_rng(31)
    cases = {
        "last_axis": ((2, 3, 8), {}, None), "negative_axis": ((2, 3, 4), {"axis": -2}, None),
        "positive_axis": ((2, 3, 2, 2), {"axis": 1}, None), "all_axes": ((3, 4), {"axis": 0}, None),
        "epsilon": ((4, 5), {"epsilon": 0.25}, None), "vector": ((7,), {}, None), "tokens": ((1, 5, 12), {"epsilon": 1e-6}, None),
        "no_bias": ((2, 6), {}, "scale"), "scale_and_bias": ((2, 3, 4), {}, "all"),
        "scale_and_bias_two_axes": ((2, 3, 4), {"axis": 1}, "all"), "length_2": ((3, 2), {"epsilon": 0.25}, "all"),
    }
    for name, (shape, attributes, form) in cases.items():
        axis = attributes.get("axis", -1)
        normalised = shape[axis:]
        epsilon = float(np.float32(attributes.get("epsilon", 1e-5)))
        scale, bias = eighths(generator, normalised), eighths(generator, normalised)
        inputs, constants = {"x": eighths(generator, shape)}, {"scale": scale, "bias": bias}
        names = "x scale bias"
        if form == "all":
            inputs, constants = inputs | constants, {}
        if form == "scale":
            names, constants = "x scale", {"scale": scale}

        def function(x, *given, form=form, scale=scale, bias=bias, normalised=normalised, epsilon=epsilon):
            weight, offset = given or (torch.as_tensor(scale).to(x.dtype), torch.as_tensor(bias).to(x.dtype))
            return F.layer_norm(x, normalised, weight, None if form == "scale" else offset, epsilon)

        suite.add(f"layer_normalization_{name}", "LayerNormalization", node("LayerNormalization", names, **attributes), inputs,
                  function, constants)
    scale = eighths(generator, (4,))
    constant = np.float32([[1, 1, 1, 1], [0.5, -1, 2, 0.25]])
    suite.add("layer_normalization_constant_row", "LayerNormalization",
              node("LayerNormalization", "x scale", epsilon=0.01), {"x": constant},
              lambda x: F.layer_norm(x, (4,), torch.as_tensor(scale).to(x.dtype), None, float(np.float32(0.01))), {"scale": scale})

    def statistics(x):
        return x.mean(-1, keepdim=True), (x.var(-1, unbiased=False, keepdim=True) + float(np.float32(1e-5))).rsqrt()

    operation = node("LayerNormalization", "x scale", "n mean inverse")
    x = eighths(generator, (3, 4))
    weight = lambda x: torch.as_tensor(scale).to(x.dtype)
    suite.add("layer_normalization_mean", "LayerNormalization", [operation, node("Mul", "mean mean")], {"x": x},
              lambda x: statistics(x)[0] ** 2, {"scale": scale})
    suite.add("layer_normalization_inverse_deviation", "LayerNormalization", [operation, node("Mul", "inverse inverse")],
              {"x": x}, lambda x: statistics(x)[1] ** 2, {"scale": scale})
    both = [operation, node("Add", "mean inverse", "s"), node("Mul", "n s")]
    suite.add("layer_normalization_all_results", "LayerNormalization", both, {"x": x},
              lambda x: F.layer_norm(x, (4,), weight(x)) * sum(statistics(x)), {"scale": scale})


def add_group_normalization(suite):
    generator = np.random.default_rng(32)
    cases = {
        "2d": ((2, 4, 3, 2), 2, {}, False), "one_group": ((1, 4, 2, 2), 1, {}, False), "channelwise": ((2, 3, 2, 2), 3, {}, False),
        "1d": ((2, 6, 3), 3, {"epsilon": 0.125}, False), "flat": ((3, 4), 2, {}, False), "3d": ((1, 4, 2, 1, 3), 2, {}, False),
        "stash_type": ((1, 4, 2, 2), 2, {"stash_type": 1}, False), "scale_and_bias": ((2, 4, 2, 2), 2, {}, True),
    }
    for name, (shape, groups, attributes, affine) in cases.items():
        epsilon = float(np.float32(attributes.get("epsilon", 1e-5)))
        add_affine(suite, generator, "GroupNormalization", f"group_normalization_{name}", shape, {"num_groups": groups, **attributes},
                   lambda x, s, b, groups=groups, epsilon=epsilon: F.group_norm(x, groups, s, b, epsilon), affine)
    cases = {
        "2d": ((2, 3, 3, 2), {}, False), "1d": ((2, 3, 5), {}, False), "3d": ((1, 2, 2, 2, 3), {}, False),
        "epsilon": ((1, 2, 2, 3), {"epsilon": 0.5}, False), "scale_and_bias": ((2, 3, 2, 2), {}, True),
    }
    for name, (shape, attributes, affine) in cases.items():
        epsilon = float(np.float32(attributes.get("epsilon", 1e-5)))
        add_affine(suite, generator, "InstanceNormalization", f"instance_normalization_{name}", shape, attributes,
                   lambda x, s, b, epsilon=epsilon: F.instance_norm(x, weight=s, bias=b, eps=epsilon), affine)


def add_affine(suite, generator, operator, name, shape, attributes, function, affine):
    scale, bias = eighths(generator, shape[1:2]), eighths(generator, shape[1:2])
    inputs, constants = {"x": eighths(generator, shape)}, {"scale": scale, "bias": bias}
    if affine:
        suite.add(name, operator, node(operator, "x scale bias", **attributes), inputs | constants, function)
        return
    fixed = lambda x: function(x, *(torch.as_tensor(value).to(x.dtype) for value in (scale, bias)))
    suite.add(name, operator, node(operator, "x scale bias", **attributes), inputs, fixed, constants)


def add_batch_statistics(suite):
    generator = np.random.default_rng(33)
    for name, shape in {"2d": (2, 3, 2, 2), "flat": (4, 3), "1d": (2, 2, 3)}.items():
        scale, bias, mean = (eighths(generator, shape[1:2]) for _ in range(3))
        variance = np.abs(eighths(generator, shape[1:2])) + np.float32(0.25)
        broadcast = (1, -1) + (1,) * (len(shape) - 2)

        def function(x, mean, variance, scale=scale, bias=bias, broadcast=broadcast):
            per_channel = lambda value: torch.as_tensor(value).to(x.dtype).reshape(broadcast)
            deviation = (per_channel(variance) + float(np.float32(1e-3))).sqrt()
            return per_channel(scale) * (x - per_channel(mean)) / deviation + per_channel(bias)

        suite.add(f"batch_normalization_of_statistics_{name}", "BatchNormalization",
                  node("BatchNormalization", "x scale bias mean variance", epsilon=1e-3),
                  {"x": eighths(generator, shape), "mean": mean, "variance": variance}, function, {"scale": scale, "bias": bias})


def add_vector_norms(suite):
    generator = np.random.default_rng(34)
    cases = {
        "default": ((3, 5), {}), "l1": ((3, 4), {"p": 1}), "axis_1": ((2, 3, 2, 2), {"axis": 1}),
        "l1_axis_0": ((4, 2), {"p": 1, "axis": 0}), "negative_axis": ((2, 3, 2), {"axis": -2, "p": 2}), "vector": ((6,), {"axis": 0}),
    }
    for name, (shape, attributes) in cases.items():
        p, axis = attributes.get("p", 2), attributes.get("axis", -1)
        suite.add(f"lp_normalization_{name}", "LpNormalization", node("LpNormalization", "x", **attributes),
                  {"x": eighths(generator, shape)}, lambda x: x / torch.linalg.vector_norm(x, p, dim=axis, keepdim=True))
    for name, (shape, attributes) in {
        "usual": ((2, 3, 2, 2), {"axes": [0, 2, 3]}), "axes": ((2, 3, 4), {"axes": [1, 2]}), "negative_axes": ((2, 3, 2, 3), {"axes": [-1, 2]}),
        "one_axis": ((4, 3), {"axes": [0]}),
    }.items():
        axes = attributes["axes"]

        def function(x, axes=axes):
            return (x - x.mean(axes, keepdim=True)) / (x.var(axes, unbiased=False, keepdim=True).sqrt() + 1e-9)

        suite.add(f"mean_variance_normalization_{name}", "MeanVarianceNormalization",
                  node("MeanVarianceNormalization", "x", **attributes), {"x": eighths(generator, shape)}, function)
