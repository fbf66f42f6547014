"""Gemm and MatMul against torch.matmul."""
import numpy as np
import torch

from rules.case import eighths, node

GEMM_CASES = [
    # name, a, b, c, attributes
    ("plain", (3, 4), (4, 2), None, {}),
    ("bias_row", (3, 4), (4, 2), (2,), {}),
    ("bias_row_2d", (3, 4), (4, 2), (1, 2), {}),
    ("bias_column", (3, 4), (4, 2), (3, 1), {}),
    ("bias_full", (3, 4), (4, 2), (3, 2), {}),
    ("bias_scalar", (3, 4), (4, 2), (), {}),
    ("bias_one", (2, 3), (3, 2), (1,), {}),
    ("transposed_b", (3, 4), (2, 4), (2,), {"transB": 1}),
    ("transposed_a", (4, 3), (4, 2), (2,), {"transA": 1}),
    ("transposed_both", (4, 3), (2, 4), (2,), {"transA": 1, "transB": 1}),
    ("alpha", (2, 3), (3, 4), (4,), {"alpha": 0.5}),
    ("beta", (2, 3), (3, 4), (4,), {"beta": 0.25}),
    ("alpha_beta_transposed", (4, 2), (3, 4), (2, 1), {"alpha": -1.5, "beta": 2.0, "transA": 1, "transB": 1}),
    ("alpha_no_c_transposed_a", (4, 2), (4, 3), None, {"alpha": 0.75, "transA": 1}),
    ("classifier_row", (1, 6), (5, 6), (5,), {"transB": 1}),
]

MATMUL_CASES = [
    ("2d", (3, 4), (4, 2)),
    ("batched", (2, 3, 4), (2, 4, 2)),
    ("4d", (2, 2, 3, 2), (2, 2, 2, 3)),
    ("matrix_on_the_right", (2, 3, 4), (4, 2)),
    ("matrix_on_the_left", (3, 4), (2, 4, 2)),
    ("broadcast_left", (1, 3, 4), (3, 4, 2)),
    ("broadcast_right", (3, 2, 4), (1, 4, 2)),
    ("broadcast_both", (2, 1, 2, 3), (1, 3, 3, 2)),
    ("broadcast_rank", (3, 2, 3), (2, 1, 3, 2)),
    ("vector_on_the_left", (4,), (4, 3)),
    ("vector_on_the_right", (3, 4), (4,)),
    ("two_vectors", (5,), (5,)),
    ("vector_on_the_left_batched", (4,), (2, 4, 3)),
    ("vector_on_the_right_batched", (2, 3, 4), (4,)),
    ("row_times_column", (1, 4), (4, 1)),
]


def gemm(attributes):
    def function(a, b, c=None):
        a = a.T if attributes.get("transA") else a
        b = b.T if attributes.get("transB") else b
        product = attributes.get("alpha", 1.0) * torch.matmul(a, b)
        return product if c is None else product + attributes.get("beta", 1.0) * c

    return function


def add_linear(suite):
    generator = np.random.default_rng(5)
    for name, a, b, c, attributes in GEMM_CASES:
        tensors = {"a": eighths(generator, a), "b": eighths(generator, b)}
        if c is not None:
            tensors["c"] = eighths(generator, c)
        operation = node("Gemm", " ".join(tensors), **attributes)
        suite.add(f"gemm_{name}", "Gemm", operation, tensors, gemm(attributes))
    for name in ("bias_row", "transposed_b", "alpha_beta_transposed"):
        _, a, b, c, attributes = next(case for case in GEMM_CASES if case[0] == name)
        weights = {"b": eighths(generator, b), "c": eighths(generator, c)}
        constants = {key: torch.tensor(value, dtype=torch.float64) for key, value in weights.items()}
        suite.add(f"gemm_{name}_of_input", "Gemm", node("Gemm", "a b c", **attributes), {"a": eighths(generator, a)},
                  lambda a: gemm(attributes)(a, **{key: value.to(a.dtype) for key, value in constants.items()}), weights)
    for name, a, b in MATMUL_CASES:
        suite.add(f"matmul_{name}", "MatMul", node("MatMul", "a b"),
                  {"a": eighths(generator, a), "b": eighths(generator, b)}, lambda a, b: a @ b)
    suite.add("matmul_same_value", "MatMul", node("MatMul", "a a"), {"a": eighths(generator, (3, 3))}, lambda a: a @ a)
