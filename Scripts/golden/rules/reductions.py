"""Reductions that are not linear (maxima, norms, products, logarithms of sums), and Einsum."""
import numpy as np
import torch

from rules.case import distinct, eighths, integers, node

# The function over axes, and what its operand must be for a derivative.
REDUCTIONS = {
    "ReduceMax": (lambda x, axes, keep: x.amax(axes, keep), "any"),
    "ReduceMin": (lambda x, axes, keep: x.amin(axes, keep), "any"),
    "ReduceL1": (lambda x, axes, keep: x.abs().sum(axes, keep), "any"),
    "ReduceL2": (lambda x, axes, keep: torch.linalg.vector_norm(x, 2, axes, keep), "any"),
    "ReduceSumSquare": (lambda x, axes, keep: x.square().sum(axes, keep), "any"),
    "ReduceLogSum": (lambda x, axes, keep: x.sum(axes, keep).log(), "positive"),
    "ReduceLogSumExp": (lambda x, axes, keep: x.logsumexp(axes, keep), "any"),
    "ReduceProd": (lambda x, axes, keep: product(x, axes, keep), "any"),
}


def product(x, axes, keep):
    for axis in sorted((axis % x.ndim for axis in axes), reverse=True):
        x = x.prod(axis, keep)
    return x


def add_reductions(suite):
    generator = np.random.default_rng(40)
    cases = {
        "spatial": ((1, 2, 2, 3), (2, 3), {}, (2, 3)),
        "spatial_dropped": ((1, 2, 2, 3), (-1, -2), {"keepdims": 0}, (2, 3)),
        "channel_dropped": ((2, 3, 2), (1,), {"keepdims": 0}, (1,)),
        "no_axes_dropped": ((2, 3), None, {"keepdims": 0}, (0, 1)),
        "unordered_axes": ((2, 3, 2), (2, 0), {}, (0, 2)),
        "vector": ((5,), (0,), {"keepdims": 0}, (0,)),
    }
    for operator, (function, domain) in REDUCTIONS.items():
        for name, (shape, axes, attributes, reduced) in cases.items():
            values = distinct(generator, shape)
            values = np.abs(values) if domain == "positive" else values
            add(suite, operator, name, values, axes, attributes, lambda x: function(x, reduced, bool(attributes.get("keepdims", 1))))


def add(suite, operator, name, values, axes, attributes, function):
    initializers = {} if axes is None else {"axes": integers(*axes)}
    suite.add(f"{operator.lower()}_{name}", operator, node(operator, " ".join(["x", *initializers]), **attributes), {"x": values}, function,
              initializers)


def add_kinks(suite):
    """Ties share evenly, norms of nothing are flat, products with zeros stay numbers: as PyTorch has it."""
    ties = np.float32([[1, 2, 2, 0], [3, 3, 3, 3], [-1, -1, 0, -1]])
    zeros = np.float32([[0, 0, 0], [3, -4, 0], [0, 0, 1]])
    factors = np.float32([[2, 0, 3], [0, 0, 5], [2, -1, 4], [0, 0, 0]])
    for operator, values in [("ReduceMax", ties), ("ReduceMin", ties), ("ReduceL1", zeros), ("ReduceL2", zeros), ("ReduceSumSquare", zeros),
                             ("ReduceProd", factors), ("ReduceLogSumExp", ties), ("ReduceLogSumExp", 100 * ties)]:
        function, _ = REDUCTIONS[operator]
        add(suite, operator, f"kinks_{float(values.max()):g}", values, (1,), {}, lambda x: function(x, (1,), True))
    unchanged = eighths(np.random.default_rng(41), (2, 3))
    noop = {"noop_with_empty_axes": 1}
    for operator, function in [("ReduceMax", lambda x: x.clone()), ("ReduceProd", lambda x: x.clone()), ("ReduceL1", torch.abs),
                               ("ReduceL2", torch.abs), ("ReduceSumSquare", torch.square)]:
        add(suite, operator, "no_axes_noop", unchanged, None, noop, function)


EQUATIONS = [
    # equation, shapes
    ("ij,jk->ik", [(2, 3), (3, 4)]),
    ("bij,bjk->bik", [(2, 2, 3), (2, 3, 2)]),
    ("bhid,bhjd->bhij", [(1, 2, 3, 2), (1, 2, 4, 2)]),
    ("bhij,bhjd->bihd", [(1, 2, 3, 4), (1, 2, 4, 2)]),
    ("bhwc,hkc->bhwk", [(1, 2, 3, 2), (2, 4, 2)]),
    ("bchw,c->bhw", [(1, 3, 2, 2), (3,)]),
    ("nchw,nkhw->nck", [(1, 2, 2, 3), (1, 3, 2, 3)]),
    ("ij,ij->", [(2, 3), (2, 3)]),
    ("i,j->ij", [(3,), (2,)]),
    ("ij->ji", [(2, 3)]),
    ("ij->", [(2, 3)]),
    ("ijk->j", [(2, 3, 2)]),
    ("ii->i", [(3, 3)]),
    ("ii", [(3, 3)]),
    ("bii->b", [(2, 3, 3)]),
    ("iji,j->i", [(2, 3, 2), (3,)]),
    ("ij,jk", [(2, 3), (3, 2)]),
    ("kj,ik", [(3, 2), (2, 3)]),
    ("...ij,...jk->...ik", [(2, 2, 3), (2, 3, 2)]),
    ("...ij,jk->...ik", [(2, 2, 3), (3, 2)]),
    ("...i,...i->...", [(2, 1, 3), (1, 4, 3)]),
    ("b...,b->...", [(2, 3, 2), (2,)]),
    ("i...->...", [(2, 3, 2)]),
    ("a...b,b...->a...", [(2, 3, 2), (2, 3)]),
    ("ij,jk,kl->il", [(2, 3), (3, 2), (2, 3)]),
    ("bi,bj,bk->bijk", [(2, 2), (2, 3), (2, 2)]),
    ("ij,kl->", [(2, 2), (2, 3)]),
    ("ij,jk->k", [(2, 3), (3, 2)]),
    ("Bij , Bj -> Bi", [(2, 2, 3), (2, 3)]),
]


def add_einsum(suite):
    generator = np.random.default_rng(42)
    for equation, shapes in EQUATIONS:
        inputs = {letter: eighths(generator, shape, 1) for letter, shape in zip("xuv", shapes)}
        suite.add(f"einsum_{equation}", "Einsum", node("Einsum", " ".join(inputs), equation=equation), inputs,
                  lambda *operands: torch.einsum(equation, *operands))
    same = {"x": eighths(generator, (3, 3), 1)}
    suite.add("einsum_same_operand", "Einsum", node("Einsum", "x x", equation="ij,ji->i"), same, lambda x: torch.einsum("ij,ji->i", x, x))
