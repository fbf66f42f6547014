"""Elementary functions of one operand, and powers."""
import numpy as np
import torch

from rules.case import eighths, node
from rules.elementwise import BROADCASTS, add_unary, line


def inside(generator, shape):
    """Odd multiples of 1/16 between -1 and 1."""
    return np.asarray((2 * generator.integers(-7, 7, size=shape) + 1) / 16, dtype=np.float32)


def positive(generator, shape):
    return np.abs(eighths(generator, shape)) + np.float32(0.125)


def beyond(generator, shape):
    return np.abs(eighths(generator, shape)) + np.float32(1.125)


def add_elementary(suite):
    functions = {
        "Abs": (torch.abs, eighths), "Neg": (torch.neg, eighths), "Reciprocal": (torch.reciprocal, eighths),
        "Sqrt": (torch.sqrt, positive), "Exp": (torch.exp, eighths), "Log": (torch.log, positive), "Sin": (torch.sin, eighths),
        "Cos": (torch.cos, eighths), "Tan": (torch.tan, inside), "Asin": (torch.asin, inside), "Acos": (torch.acos, inside),
        "Atan": (torch.atan, eighths), "Sinh": (torch.sinh, eighths), "Cosh": (torch.cosh, eighths), "Asinh": (torch.asinh, eighths),
        "Acosh": (torch.acosh, beyond), "Atanh": (torch.atanh, inside),
    }
    for operator, (function, values) in functions.items():
        add_unary(suite, operator.lower(), operator, function, [(), (7,), (2, 1, 3)], values=values)
    add_unary(suite, "abs_at_zero", "Abs", torch.abs, [(5,)], values=line(-1, 0, 1, 0, 2))
    add_unary(suite, "abs_tiny", "Abs", torch.abs, [(5,)], values=line(-1e-30, 1e-30, 1e-37, -1e30, 1e30))
    add_unary(suite, "exp_vanishing", "Exp", torch.exp, [(4,)], values=line(-200, -80, -1, 0))
    # Two ways of the same operand.
    square = [node("Exp", "x", "e"), node("Log", "e", "l"), node("Mul", "e l")]
    suite.add("exp_log_composition", "Exp+Log", square, {"x": np.float32([0.5, -1, 0.25])}, lambda x: x.exp() * x)


def add_powers(suite):
    generator = np.random.default_rng(51)
    for name, (a, b) in BROADCASTS.items():
        suite.add(f"pow_{name}", "Pow", node("Pow", "a b"), {"a": positive(generator, a), "b": eighths(generator, b)}, torch.pow)
    for exponent in (2.0, 3.0, 1.0, 0.0, 0.5, -1.0, -0.5, 4.0, 1.5, -2.0):
        values = eighths if exponent == int(exponent) else positive
        for kind, constant in {"": np.float32(exponent), "_vector": np.float32([exponent])}.items():
            suite.add(f"pow_of_{exponent}{kind}", "Pow", node("Pow", "x e"), {"x": values(generator, (2, 3))},
                      lambda x: x ** exponent, {"e": constant})
    suite.add("pow_several_constants", "Pow", node("Pow", "x e"), {"x": np.float32([-1.5, 0, 2, 0, 0.5])},
              lambda x: x ** torch.tensor([2, 0, -1, 1, 0.5], dtype=x.dtype), {"e": np.float32([2, 0, -1, 1, 0.5])})
    suite.add("pow_integer_exponent", "Pow", node("Pow", "x e"), {"x": eighths(generator, (2, 3))}, lambda x: x ** 3,
              {"e": np.int64(3)})
    suite.add("pow_integer_exponents", "Pow", node("Pow", "x e"), {"x": eighths(generator, (2, 3))},
              lambda x: x ** torch.tensor([0, 2, 5], dtype=x.dtype), {"e": np.int32([0, 2, 5])})
    suite.add("pow_of_constant_base", "Pow", node("Pow", "b x"), {"x": eighths(generator, (2, 3))}, lambda x: 2 ** x,
              {"b": np.float32(2)})
    zeros = {"a": np.float32([0, 0, 0, 2]), "b": np.float32([2, 0, 1, 3])}
    suite.add("pow_of_zero", "Pow", node("Pow", "a b"), zeros, torch.pow)
    suite.add("pow_square_of_zero", "Pow", node("Pow", "x e"), {"x": np.float32([0, -1, 2])}, lambda x: x ** 2, {"e": np.float32(2)})
    suite.add("pow_same_value", "Pow", node("Pow", "x x"), {"x": positive(generator, (5,))}, lambda x: x ** x)
