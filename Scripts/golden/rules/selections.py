"""Where, sums, means and extrema of several operands, clipping to computed bounds, remainders, CastLike."""
import functools

import numpy as np
import torch

from rules.case import distinct, eighths, node

SHAPES = {
    "two": ((2, 3), (2, 3)), "broadcast": ((2, 1, 3), (4, 1)), "scalar": ((), (2, 3)), "three": ((2, 3), (2, 3), (2, 3)),
    "three_broadcast": ((2, 1), (1, 3), ()), "one": ((2, 3),), "four": ((3,), (2, 3), (2, 1), (1, 1, 3)),
}


def add_several(suite):
    generator = np.random.default_rng(61)
    functions = {
        "Sum": lambda *x: functools.reduce(torch.add, x), "Mean": lambda *x: functools.reduce(torch.add, x) / len(x),
        "Max": lambda *x: torch.stack(torch.broadcast_tensors(*x)).amax(0), "Min": lambda *x: torch.stack(torch.broadcast_tensors(*x)).amin(0),
    }
    for operator, function in functions.items():
        for name, shapes in SHAPES.items():
            names = "abcd"[:len(shapes)]
            total = sum(int(np.prod(shape)) for shape in shapes)
            pool = distinct(generator, (total,))
            ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
            inputs = {key: part.reshape(shape) for key, part, shape in zip(names, np.split(pool, ends), shapes)}
            suite.add(f"{operator.lower()}_{name}", operator, node(operator, " ".join(names)), inputs, function)
        values = eighths(generator, (2, 4))
        suite.add(f"{operator.lower()}_same_value", operator, node(operator, "x x"), {"x": values}, lambda x: function(x, x))
    clamp = {"Max": torch.maximum, "Min": torch.minimum}
    for operator, function in clamp.items():
        for name, order in {"right": "x c", "left": "c x"}.items():
            suite.add(f"{operator.lower()}_constant_{name}", operator, node(operator, order),
                      {"x": np.float32([[-1, 0.5, 2], [0.25, 1, 0]])}, lambda x: function(x, torch.tensor(0.5, dtype=x.dtype)),
                      {"c": np.float32(0.5)})
        ties = {"a": np.float32([1, 2, 3, 0]), "b": np.float32([1, 3, 2, 0])}
        suite.add(f"{operator.lower()}_ties", operator, node(operator, "a b"), ties, function)
        thirds = {"a": np.float32([1, 2, 0]), "b": np.float32([1, 3, 0]), "c": np.float32([1, 3, -1])}
        suite.add(f"{operator.lower()}_ties_of_three", operator, node(operator, "a b c"), thirds, functions[operator])


def add_where(suite):
    generator = np.random.default_rng(62)
    cases = {
        "same_shape": ((2, 3), (2, 3), (2, 3)), "scalars": ((2, 3), (), ()), "broadcast": ((2, 1, 1), (3, 1), (1, 4)),
        "condition_scalar": ((), (2, 2), (2, 2)),
    }
    for name, (condition, x, other) in cases.items():
        mask = generator.integers(0, 2, size=condition).astype(bool)
        suite.add(f"where_{name}", "Where", node("Where", "m a b"), {"a": eighths(generator, x), "b": eighths(generator, other)},
                  lambda a, b: torch.where(torch.as_tensor(mask), a, b), {"m": mask})
    computed = [node("Greater", "a b", "m"), node("Where", "m a b")]
    suite.add("where_computed", "Where+Greater", computed, {"a": eighths(generator, (2, 3)), "b": eighths(generator, (2, 3))},
              lambda a, b: torch.where(a > b, a, b))
    masked = [node("Where", "m low x", "s"), node("Softmax", "s", axis=-1)]
    hidden = np.array([[True, False, False], [False, False, True]])
    suite.add("where_masked_softmax", "Where+Softmax", masked, {"x": eighths(generator, (2, 3))},
              lambda x: x.masked_fill(torch.as_tensor(hidden), -torch.inf).softmax(-1), {"m": hidden, "low": np.float32(-np.inf)})


def add_bounds(suite):
    x = np.float32([[-3, -1.5, -0.25], [0.25, 1.75, 4]])
    clamp = lambda x, low, high: torch.minimum(torch.maximum(x, low), high)
    bounds = {"low": np.float32(-1), "high": np.float32(2)}
    suite.add("clip_of_bounds", "Clip", node("Clip", "x low high"), {"x": x, **bounds}, clamp)
    suite.add("clip_of_lower", "Clip", node("Clip", "x low"), {"x": x, "low": np.float32(-1)}, torch.maximum)
    suite.add("clip_of_upper", "Clip", node("Clip", "x - high"), {"x": x, "high": np.float32(2)}, torch.minimum)
    suite.add("clip_of_upper_above_constant", "Clip", node("Clip", "x low high"), {"x": x, "high": np.float32(2)},
              lambda x, high: clamp(x, torch.tensor(-1, dtype=x.dtype), high), {"low": np.float32(-1)})
    suite.add("clip_of_crossed_bounds", "Clip", node("Clip", "x low high"),
              {"x": x, "low": np.float32(2), "high": np.float32(-1)}, clamp)
    suite.add("clip_of_bounds_only", "Clip", node("Clip", "c low high"), bounds,
              lambda low, high: clamp(torch.as_tensor(x).to(low.dtype), low, high), {"c": x})


def add_remainders(suite):
    generator = np.random.default_rng(63)
    for name, (a, b) in {"same_shape": ((2, 4), (2, 4)), "broadcast": ((2, 3), (3,)), "scalar": ((5,), ())}.items():
        inputs = {"a": eighths(generator, a, 6), "b": eighths(generator, b) + np.float32(1 / 16)}
        suite.add(f"mod_{name}", "Mod", node("Mod", "a b", fmod=1), inputs, torch.fmod)


def add_cast_like(suite):
    generator = np.random.default_rng(64)
    values = eighths(generator, (2, 3))
    suite.add("cast_like_to_double", "CastLike", node("CastLike", "x t"), {"x": values}, lambda x: x.clone(),
              {"t": np.float64(0)}, output_type=np.float64)
    nodes = [node("CastLike", "x t", "d"), node("Mul", "d d", "s"), node("CastLike", "s x")]
    suite.add("cast_like_square_in_double", "CastLike", nodes, {"x": values}, lambda x: x * x, {"t": np.float64([1, 2])})
