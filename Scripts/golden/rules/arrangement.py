"""Operators that move, copy, drop or add up values: reductions, shapes, Concat, Pad, Identity, Dropout; and the softmax pair."""
import numpy as np
import torch
import torch.nn.functional as F

from rules.case import eighths, integers, node


def add_reductions(suite):
    generator = np.random.default_rng(10)
    cases = {
        # input shape, axes (None: no such input), attributes, axes that are reduced in fact
        "spatial": ((2, 3, 2, 3), (2, 3), {}, (2, 3)),
        "spatial_dropped": ((2, 3, 2, 3), (2, 3), {"keepdims": 0}, (2, 3)),
        "spatial_negative": ((1, 3, 2, 3), (-1, -2), {}, (2, 3)),
        "spatial_negative_dropped": ((1, 3, 2, 3), (-2, -1), {"keepdims": 0}, (2, 3)),
        "channel": ((2, 3, 2, 2), (1,), {}, (1,)),
        "channel_dropped": ((2, 3, 2, 2), (1,), {"keepdims": 0}, (1,)),
        "unordered_axes_dropped": ((2, 3, 2, 2), (3, 0), {"keepdims": 0}, (0, 3)),
        "no_axes": ((2, 3, 2), None, {}, (0, 1, 2)),
        "no_axes_dropped": ((2, 3, 2), None, {"keepdims": 0}, (0, 1, 2)),
        "empty_axes": ((2, 3, 2), (), {}, (0, 1, 2)),
        "empty_axes_noop": ((2, 3, 2), (), {"noop_with_empty_axes": 1}, ()),
        "no_axes_noop": ((2, 3), None, {"noop_with_empty_axes": 1}, ()),
        "vector": ((5,), (0,), {"keepdims": 0}, (0,)),
        "axis_of_one": ((2, 1, 3), (1,), {"keepdims": 0}, (1,)),
    }
    for operator, prefix in (("ReduceMean", "reduce_mean"), ("ReduceSum", "reduce_sum")):
        for name, (shape, axes, attributes, reduced) in cases.items():
            keep = bool(attributes.get("keepdims", 1))

            def function(x):
                if not reduced:
                    return x.clone()
                return x.mean(reduced, keepdim=keep) if operator == "ReduceMean" else x.sum(reduced, keepdim=keep)

            initializers = {} if axes is None else {"axes": integers(*axes)}
            suite.add(f"{prefix}_{name}", operator, node(operator, " ".join(["x", *initializers]), **attributes),
                      {"x": eighths(generator, shape)}, function, initializers)


def add_shapes(suite):
    generator = np.random.default_rng(11)
    for axis, shape, result in [(None, (2, 3, 2, 2), (2, 12)), (0, (2, 3, 2), (1, 12)), (1, (2, 3), (2, 3)), (2, (2, 3, 2, 2), (6, 4)),
                                (3, (2, 3, 2), (12, 1)), (-1, (2, 3, 2), (6, 2)), (-3, (1, 2, 3, 2), (1, 12))]:
        attributes = {} if axis is None else {"axis": axis}
        suite.add(f"flatten_axis_{axis if axis is not None else 'default'}", "Flatten", node("Flatten", "x", **attributes),
                  {"x": eighths(generator, shape)}, lambda x: x.reshape(result))
    reshapes = [
        ("plain", (2, 6), (3, 4), {}, (3, 4)), ("minus_one", (2, 3, 4), (-1, 6), {}, (4, 6)), ("zero", (2, 3, 4), (0, 12), {}, (2, 12)),
        ("zero_and_minus_one", (2, 3, 2, 2), (0, -1), {}, (2, 12)), ("zeros_kept", (2, 3, 4), (0, 0, 2, 2), {}, (2, 3, 2, 2)),
        ("to_vector", (2, 2, 2), (-1,), {}, (8,)), ("more_axes", (6,), (1, 2, 3, 1), {}, (1, 2, 3, 1)), ("to_scalar", (1, 1), (), {}, ()),
        ("allowzero", (2, 6), (4, 3), {"allowzero": 1}, (4, 3)),
    ]
    for name, shape, target, attributes, result in reshapes:
        suite.add(f"reshape_{name}", "Reshape", node("Reshape", "x shape", **attributes), {"x": eighths(generator, shape)},
                  lambda x: x.reshape(result), {"shape": integers(*target)})
    for permutation, shape in [(None, (2, 3)), (None, (2, 3, 4)), ((0, 2, 3, 1), (1, 3, 2, 2)), ((0, 3, 1, 2), (2, 2, 2, 3)),
                               ((2, 0, 1), (2, 3, 4)), ((1, 0, 2), (2, 3, 2)), ((0, 1), (2, 3)), ((3, 1, 2, 0), (2, 3, 1, 2))]:
        attributes = {} if permutation is None else {"perm": permutation}
        order = permutation or tuple(reversed(range(len(shape))))
        label = "".join(map(str, permutation)) if permutation else f"default_{len(shape)}d"
        suite.add(f"transpose_{label}", "Transpose", node("Transpose", "x", **attributes), {"x": eighths(generator, shape)},
                  lambda x: x.permute(order))
    for name, shape, axes, result in [("all", (1, 3, 1, 2), None, (3, 2)), ("spatial", (2, 3, 1, 1), (2, 3), (2, 3)),
                                      ("negative", (2, 3, 1, 1), (-1, -2), (2, 3)), ("one", (1, 1, 4), (0,), (1, 4)),
                                      ("to_scalar", (1,), (0,), ()), ("unordered", (1, 2, 1, 3), (2, 0), (2, 3))]:
        initializers = {} if axes is None else {"axes": integers(*axes)}
        suite.add(f"squeeze_{name}", "Squeeze", node("Squeeze", " ".join(["x", *initializers])), {"x": eighths(generator, shape)},
                  lambda x: x.reshape(result), initializers)
    for name, shape, axes, result in [("spatial", (2, 3), (2, 3), (2, 3, 1, 1)), ("front", (2, 3), (0,), (1, 2, 3)),
                                      ("negative", (2, 3), (-1,), (2, 3, 1)), ("mixed", (2, 3), (0, -1), (1, 2, 3, 1)),
                                      ("scalar", (), (0,), (1,)), ("unordered", (2, 3), (3, 1), (2, 1, 3, 1))]:
        suite.add(f"unsqueeze_{name}", "Unsqueeze", node("Unsqueeze", "x axes"), {"x": eighths(generator, shape)},
                  lambda x: x.reshape(result), {"axes": integers(*axes)})


def add_concatenations(suite):
    generator = np.random.default_rng(12)
    cases = [("channels", 1, [(1, 2, 2, 2), (1, 3, 2, 2)]), ("three", 1, [(2, 1, 2), (2, 3, 2), (2, 2, 2)]), ("batch", 0, [(1, 3), (2, 3)]),
             ("last", -1, [(2, 2), (2, 3)]), ("negative", -2, [(2, 1, 2), (2, 2, 2)]), ("single", 1, [(2, 3)]), ("vectors", 0, [(2,), (3,), (1,)]),
             ("four", 2, [(1, 2, 1), (1, 2, 2), (1, 2, 1), (1, 2, 3)])]
    for name, axis, shapes in cases:
        inputs = {letter: eighths(generator, shape) for letter, shape in zip("abcd", shapes)}
        suite.add(f"concat_{name}", "Concat", node("Concat", " ".join(inputs), axis=axis), inputs,
                  lambda *parts: torch.cat(parts, axis))
    suite.add("concat_same_value", "Concat", node("Concat", "x x", axis=1), {"x": eighths(generator, (2, 3))},
              lambda x: torch.cat([x, x], 1))
    constant = eighths(generator, (1, 2, 2))
    suite.add("concat_constant", "Concat", node("Concat", "c x", axis=1), {"x": eighths(generator, (1, 3, 2))},
              lambda x: torch.cat([torch.tensor(constant, dtype=x.dtype), x], 1), {"c": constant})


def add_softmax(suite):
    generator = np.random.default_rng(13)
    cases = [("default", None, (2, 5)), ("axis_1", 1, (3, 4)), ("axis_0", 0, (3, 4)), ("channel", 1, (1, 4, 2, 2)), ("negative", -2, (2, 3, 2)),
             ("last_of_4d", 3, (1, 2, 2, 3)), ("vector", 0, (6,)), ("axis_of_one", 1, (3, 1))]
    for operator, prefix, function in (("Softmax", "softmax", F.softmax), ("LogSoftmax", "log_softmax", F.log_softmax)):
        for name, axis, shape in cases:
            attributes = {} if axis is None else {"axis": axis}
            dimension = -1 if axis is None else axis
            suite.add(f"{prefix}_{name}", operator, node(operator, "x", **attributes), {"x": eighths(generator, shape)},
                      lambda x: function(x, dim=dimension))
        suite.add(f"{prefix}_large_values", operator, node(operator, "x", axis=1), {"x": np.float32([[100, 98, -100, 99], [-90, -91, -89, -90]])},
                  lambda x: function(x, dim=1))


def add_pads(suite):
    generator = np.random.default_rng(14)
    cases = [
        # name, input shape, pads, mode, value, axes
        ("constant", (1, 2, 2, 3), (0, 0, 1, 1, 0, 0, 1, 1), "constant", None, None),
        ("constant_value", (1, 2, 2, 2), (0, 0, 1, 0, 0, 0, 2, 1), "constant", 1.5, None),
        ("constant_channels", (1, 2, 2, 2), (0, 1, 0, 0, 0, 2, 0, 0), "constant", 0.0, None),
        ("constant_all_axes", (2, 3), (1, 2, 2, 1), "constant", None, None),
        ("constant_none", (2, 3), (0, 0, 0, 0), "constant", None, None),
        ("negative", (1, 1, 4, 5), (0, 0, -1, 0, 0, 0, 0, -2), "constant", None, None),
        ("negative_mixed", (1, 1, 4, 5), (0, 0, -1, 2, 0, 0, 1, -2), "constant", None, None),
        ("reflect", (1, 1, 4, 4), (0, 0, 1, 2, 0, 0, 2, 1), "reflect", None, None),
        ("reflect_largest", (1, 1, 3, 4), (0, 0, 2, 3, 0, 0, 2, 3), "reflect", None, None),
        ("edge", (1, 1, 3, 3), (0, 0, 1, 2, 0, 0, 2, 1), "edge", None, None),
        ("edge_beyond_size", (2, 2), (3, 0, 0, 4), "edge", None, None),
        ("wrap", (1, 1, 3, 4), (0, 0, 1, 2, 0, 0, 2, 1), "wrap", None, None),
        ("wrap_vector", (5,), (2, 3), "wrap", None, None),
        ("axes", (1, 2, 2, 3), (1, 0, 0, 2), "constant", None, (2, 3)),
        ("axes_negative", (1, 2, 2, 3), (1, 2), "constant", 0.5, (-1,)),
        ("axes_unordered", (1, 2, 2, 3), (1, 0, 2, 1), "constant", None, (3, 1)),
        ("axes_reflect", (1, 1, 3, 3), (1, 2, 2, 0), "reflect", None, (2, 3)),
        ("axes_edge", (1, 1, 3, 3), (2, 1), "edge", None, (-2,)),
    ]
    for name, shape, pads, mode, value, axes in cases:
        initializers, names = {"pads": integers(*pads)}, ["x", "pads", "-", "-"]
        if value is not None:
            initializers["value"], names[2] = np.float32(value), "value"
        if axes is not None:
            initializers["axes"], names[3] = integers(*axes), "axes"
        while names[-1] == "-":
            names.pop()
        suite.add(f"pad_{name}", "Pad", node("Pad", " ".join(names), mode=mode), {"x": eighths(generator, shape)},
                  padding(shape, pads, mode, value or 0.0, axes), initializers)


def padding(shape, pads, mode, value, axes):
    """Pads the array of element numbers with NumPy, then gathers; -1 marks the constant."""
    axes = axes if axes is not None else range(len(shape))
    pairs = [(0, 0)] * len(shape)
    for position, axis in enumerate(axes):
        pairs[axis] = (pads[position], pads[position + len(pads) // 2])
    numbers = np.arange(int(np.prod(shape))).reshape(shape)
    numbers = numbers[tuple(slice(max(-begin, 0), size - max(-end, 0)) for (begin, end), size in zip(pairs, shape))]
    widths = [(max(begin, 0), max(end, 0)) for begin, end in pairs]
    options = {"constant_values": -1} if mode == "constant" else {}
    index = torch.tensor(np.pad(numbers, widths, mode=mode, **options))

    def function(x):
        return torch.where(index < 0, torch.tensor(value, dtype=x.dtype), x.flatten()[index.clamp(min=0)])

    return function


def add_pass_through(suite):
    generator = np.random.default_rng(15)
    for shape in [(), (3,), (2, 3), (1, 2, 2, 2)]:
        label = "x".join(map(str, shape)) or "scalar"
        suite.add(f"identity_{label}", "Identity", node("Identity", "x"), {"x": eighths(generator, shape)}, lambda x: x.clone())
        suite.add(f"dropout_{label}", "Dropout", node("Dropout", "x"), {"x": eighths(generator, shape)}, lambda x: x.clone())
    values = eighths(generator, (2, 4))
    chain = [node("Identity", "x", "a"), node("Identity", "a", "b"), node("Identity", "b")]
    suite.add("identity_chain", "Identity", chain, {"x": values}, lambda x: x.clone())
    fan = [node("Identity", "x", "a"), node("Mul", "a x")]
    suite.add("identity_fan_out", "Identity", fan, {"x": values}, lambda x: x * x)
    ratio = {"ratio": np.float32(0.5)}
    suite.add("dropout_ratio", "Dropout", node("Dropout", "x ratio"), {"x": values}, lambda x: x.clone(), ratio)
    suite.add("dropout_training_false", "Dropout", node("Dropout", "x ratio training"), {"x": values}, lambda x: x.clone(),
              ratio | {"training": np.array(False)})
    between = [node("Relu", "x", "r"), node("Dropout", "r ratio", "d"), node("Mul", "d d")]
    suite.add("dropout_between", "Dropout", between, {"x": values}, lambda x: F.relu(x).square(), ratio)
