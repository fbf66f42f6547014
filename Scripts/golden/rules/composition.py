"""Small graphs of several operators: fan-out, residual and squeeze-excite blocks, shared weights, classifier heads."""
import numpy as np
import torch
import torch.nn.functional as F

from rules.case import distinct, eighths, integers, node


def constant(x, value):
    return torch.tensor(value, dtype=x.dtype)


def add_compositions(suite):
    add_fan_outs(suite)
    add_blocks(suite)
    add_shared_weights(suite)
    add_heads(suite)


def add_fan_outs(suite):
    generator = np.random.default_rng(16)
    x = eighths(generator, (2, 3))
    two = [node("Relu", "x", "r"), node("Sigmoid", "x", "s"), node("Add", "r s")]
    suite.add("composition_two_consumers", "Relu+Sigmoid+Add", two, {"x": x}, lambda x: F.relu(x) + torch.sigmoid(x))
    inner = [node("Mul", "x x", "q"), node("Relu", "q", "r"), node("Sub", "q x", "d"), node("Mul", "r d", "m"), node("Add", "m q")]
    suite.add("composition_three_consumers", "Mul+Relu+Sub+Add", inner, {"x": x},
              lambda x: F.relu(x * x) * (x * x - x) + x * x)
    dead = [node("Sigmoid", "x", "unused"), node("Mul", "x x")]
    suite.add("composition_dead_branch", "Mul", dead, {"x": x}, lambda x: x * x)
    late = [node("Relu", "x", "a"), node("Relu", "a", "b"), node("Mul", "b a", "c"), node("Add", "c x")]
    suite.add("composition_late_consumer", "Relu+Mul+Add", late, {"x": x}, lambda x: F.relu(x) ** 2 + x)
    constants = [node("Relu", "c", "k"), node("Mul", "x k")]
    suite.add("composition_constant_branch", "Relu+Mul", constants, {"x": x}, lambda x: x * F.relu(constant(x, [1.0, -1.0, 2.0])),
              {"c": np.float32([1, -1, 2])})
    unused = [node("Relu", "a", "y")]
    suite.add("composition_unused_input", "Relu", unused, {"a": x, "b": eighths(generator, (2,))}, lambda a, b: F.relu(a))


def add_blocks(suite):
    generator = np.random.default_rng(17)
    x = eighths(generator, (1, 3, 5, 4))
    w1, w2 = eighths(generator, (3, 3, 3, 3), 1), eighths(generator, (3, 3, 3, 3), 1)
    pads = [1, 1, 1, 1]
    residual = [node("Conv", "x w1", "c1", pads=pads), node("Relu", "c1", "r1"), node("Conv", "r1 w2", "c2", pads=pads),
                node("Add", "c2 x", "s"), node("Relu", "s")]
    suite.add("composition_residual_block", "Conv+Relu+Add", residual, {"x": x}, lambda x: F.relu(
        F.conv2d(F.relu(F.conv2d(x, constant(x, w1), padding=1)), constant(x, w2), padding=1) + x), {"w1": w1, "w2": w2})
    down = eighths(generator, (4, 3, 1, 1), 1)
    w3 = eighths(generator, (4, 3, 3, 3), 1)
    strided = [node("Conv", "x w3", "c1", pads=pads, strides=[2, 2]), node("Conv", "x down", "c2", strides=[2, 2]),
               node("Add", "c1 c2", "s"), node("Relu", "s")]
    suite.add("composition_residual_block_stride_2", "Conv+Relu+Add", strided, {"x": x}, lambda x: F.relu(
        F.conv2d(x, constant(x, w3), padding=1, stride=2) + F.conv2d(x, constant(x, down), stride=2)), {"w3": w3, "down": down})
    squeeze, excite = eighths(generator, (2, 3, 1, 1), 1), eighths(generator, (3, 2, 1, 1), 1)
    block = [node("GlobalAveragePool", "x", "p"), node("Conv", "p squeeze", "a"), node("Relu", "a", "r"),
             node("Conv", "r excite", "b"), node("Sigmoid", "b", "g"), node("Mul", "g x")]

    def squeeze_excite(x):
        pooled = F.relu(F.conv2d(x.mean((2, 3), keepdim=True), constant(x, squeeze)))
        return torch.sigmoid(F.conv2d(pooled, constant(x, excite))) * x

    suite.add("composition_squeeze_excite", "GlobalAveragePool+Conv+Sigmoid+Mul", block, {"x": x}, squeeze_excite,
              {"squeeze": squeeze, "excite": excite})
    dense = [node("Conv", "x w1", "c1", pads=pads), node("Relu", "c1", "r1"), node("Concat", "x r1", "k", axis=1),
             node("MaxPool", "k", kernel_shape=[2, 2], strides=[2, 2])]
    suite.add("composition_dense_block", "Conv+Relu+Concat+MaxPool", dense, {"x": distinct(generator, (1, 3, 4, 4))}, lambda x: F.max_pool2d(
        torch.cat([x, F.relu(F.conv2d(x, constant(x, w1), padding=1))], 1), 2), {"w1": w1})
    swish = [node("Sigmoid", "x", "s"), node("Mul", "x s")]
    suite.add("composition_swish", "Sigmoid+Mul", swish, {"x": x}, F.silu)


def add_shared_weights(suite):
    generator = np.random.default_rng(18)
    w = eighths(generator, (2, 2, 3, 3), 1)
    twice = [node("Conv", "x w", "c", pads=[1, 1, 1, 1]), node("Relu", "c", "r"), node("Conv", "r w", pads=[1, 1, 1, 1])]

    def stacked(x, w):
        return F.conv2d(F.relu(F.conv2d(x, w, padding=1)), w, padding=1)

    x = eighths(generator, (1, 2, 4, 4))
    suite.add("composition_shared_weight", "Conv", twice, {"x": x}, lambda x: stacked(x, constant(x, w)), {"w": w})
    suite.add("composition_shared_weight_of_weight", "Conv", twice, {"x": x, "w": w}, stacked)
    siamese = [node("Gemm", "a w", "p", transB=1), node("Gemm", "b w", "q", transB=1), node("Sub", "p q", "d"), node("Mul", "d d", "s"),
               node("ReduceSum", "s axes", keepdims=0)]
    suite.add("composition_siamese_distance", "Gemm+Sub+Mul+ReduceSum", siamese,
              {"a": eighths(generator, (2, 3)), "b": eighths(generator, (2, 3)), "w": eighths(generator, (4, 3), 1)},
              lambda a, b, w: ((a @ w.T - b @ w.T) ** 2).sum(1), {"axes": integers(1)})


def add_heads(suite):
    generator = np.random.default_rng(19)
    x, w, b = eighths(generator, (2, 3, 3, 2)), eighths(generator, (4, 3)), eighths(generator, (4,))
    weights = {"w": w, "b": b}

    def head(x):
        return F.linear(x.mean((2, 3)), constant(x, w), constant(x, b))

    pooled = [node("GlobalAveragePool", "x", "p"), node("Flatten", "p", "f"), node("Gemm", "f w b", transB=1)]
    suite.add("composition_cam_head", "GlobalAveragePool+Flatten+Gemm", pooled, {"x": x}, head, weights)
    reduced = [node("ReduceMean", "x axes", "p", keepdims=0), node("Transpose", "w", "wt", perm=[1, 0]), node("MatMul", "p wt", "m"),
               node("Add", "m b")]
    suite.add("composition_cam_head_matmul", "ReduceMean+MatMul+Add", reduced, {"x": x}, head, weights | {"axes": integers(2, 3)})
    probable = pooled[:2] + [node("Gemm", "f w b", "g", transB=1), node("Softmax", "g", axis=1)]
    suite.add("composition_cam_head_softmax", "GlobalAveragePool+Flatten+Gemm+Softmax", probable, {"x": x},
              lambda x: F.softmax(head(x), 1), weights)
    tokens = [node("Reshape", "x shape", "t"), node("Transpose", "t", "u", perm=[0, 2, 1]), node("MatMul", "u w3", "m"), node("Relu", "m", "r"),
              node("ReduceMean", "r axes", keepdims=0)]
    suite.add("composition_tokens", "Reshape+Transpose+MatMul+Relu+ReduceMean", tokens, {"x": x},
              lambda x: F.relu(x.reshape(2, 3, 6).permute(0, 2, 1) @ constant(x, w.T)).mean(1),
              {"shape": integers(0, 0, -1), "w3": np.ascontiguousarray(w.T), "axes": integers(1)})
