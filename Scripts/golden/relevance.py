"""Writes Tests/DifferentiationTests/Golden/relevance/*.json: relevance in tiny networks, from the papers' formulas in float64.

Linear layers are written out as matrices, so that every rule divides explicit contributions `x_i W_ji`; relevance is carried from
layer to layer by hand. Attention is the gradient times the input of a network whose deviations, activations' slopes and one factor of
every product are constants, which is AttnLRP for a vanishing epsilon. captum's own LRP stands beside it where it is comparable.

Run `.peers/bin/python Scripts/golden/relevance.py` from the root of the project.
"""
import argparse
import base64
import json
import pathlib

import captum
import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from captum.attr import LRP
from captum.attr._utils import lrp_rules
from onnx import TensorProto, helper, numpy_helper
from torch import nn

DESTINATION = pathlib.Path(__file__).resolve().parents[2] / "Tests/DifferentiationTests/Golden/relevance"
EPSILON = 1e-6
GAMMA = 0.25


def eighths(generator, *shape, span=1.5):
    magnitude = generator.integers(1, int(8 * span) + 1, size=shape)
    return magnitude * generator.choice([-1.0, 1.0], size=shape) / 8


# Linear layers as matrices.

class Linear:
    """`z = f(x) + b` for one sample, `f` linear; the matrix is f of the unit vectors."""

    def __init__(self, f, shape, bias):
        self.shape = tuple(shape)
        count = int(np.prod(shape))
        units = torch.eye(count, dtype=torch.float64).reshape(count, *shape)
        images = torch.stack([f(unit[None])[0] for unit in units])
        self.out = images.shape[1:]
        self.matrix = images.reshape(count, -1).T
        self.bias = torch.broadcast_to(bias, self.out).reshape(-1) if bias is not None else torch.zeros(self.matrix.shape[0], dtype=torch.float64)

    def __call__(self, x):
        return (self.matrix @ x.reshape(-1) + self.bias).reshape(self.out)


def stable(z, epsilon):
    """What contributions are divided by; without epsilon nothing is handed on where it is 0."""
    return z + epsilon * torch.where(z >= 0, 1.0, -1.0) if epsilon > 0 else torch.where(z == 0, torch.inf, z)


def positive(value):
    return value.clamp(min=0)


def negative(value):
    return value.clamp(max=0)


def share(contributions, bias, relevance, epsilon):
    """Each contribution's part of its row's sum, times the row's relevance."""
    return (contributions / stable(contributions.sum(1) + bias, epsilon)[:, None] * relevance[:, None]).sum(0)


def divided(layer, x, relevance, rule, epsilon, low=None, high=None):
    """The relevance of a linear layer's operand."""
    w, b, flat, r = layer.matrix, layer.bias, x.reshape(-1), relevance.reshape(-1)
    c = w * flat
    if rule == "epsilon":
        result = share(c, b, r, epsilon)
    elif rule == "gamma":
        result = share((w + GAMMA * positive(w)) * flat, b + GAMMA * positive(b), r, epsilon)
    elif rule == "generalised-gamma":
        z = c.sum(1) + b
        up, down = c + GAMMA * positive(c), c + GAMMA * negative(c)
        zero = torch.zeros_like(r)
        result = (share(up, b + GAMMA * positive(b), torch.where(z > 0, r, zero), epsilon)
                  + share(down, b + GAMMA * negative(b), torch.where(z < 0, r, zero), epsilon))
    elif rule == "alpha1beta0":
        result = share(positive(c), positive(b), r, epsilon)
    elif rule == "alpha2beta1":
        result = 2 * share(positive(c), positive(b), r, epsilon) - share(negative(c), negative(b), r, epsilon)
    elif rule == "flat":
        # The matrix does not tell a weight that happens to be zero from an element that is not read; no weight is zero here.
        result = share((w != 0).double(), 0 * b, r, epsilon)
    elif rule == "w2":
        result = share(w ** 2, 0 * b, r, epsilon)
    elif rule == "box":
        lower, upper = low.reshape(-1), high.reshape(-1)
        result = share(c - lower * positive(w) - upper * negative(w), 0 * b, r, epsilon)
    elif rule == "excitation":
        result = share(positive(w) * positive(flat), 0 * b, r, epsilon)
    elif rule == "dual":
        result = share(positive(-w) * positive(flat), 0 * b, r, epsilon)
    else:
        raise ValueError(rule)
    return result.reshape(layer.shape)


# Networks.

def model(name, nodes, x, output_shape, weights):
    graph = helper.make_graph(
        nodes, name, [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, output_shape)],
        [numpy_helper.from_array(np.asarray(value, dtype=np.int64 if value.dtype == np.int64 else np.float32), key)
         for key, value in weights.items()])
    result = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.checker.check_model(result, full_check=True)
    return result


def tensors(weights):
    return {key: torch.tensor(value) for key, value in weights.items()}


def node(operator, inputs, output, **attributes):
    return helper.make_node(operator, inputs.split(), output.split(), **attributes)


class Dense:
    """Gemm, ReLU, then a matrix product with the bias as a node of its own."""
    name = "dense"

    def __init__(self, generator, has_bias=True, is_positive=False):
        self.x = eighths(generator, 1, 5)
        self.weights = {"w1": eighths(generator, 6, 5), "w2": eighths(generator, 6, 3)}
        self.has_bias = has_bias
        if has_bias:
            self.weights |= {"b1": eighths(generator, 6), "b2": eighths(generator, 3)}
        if is_positive:
            self.x = np.abs(self.x)
            self.weights |= {key: np.abs(self.weights[key]) for key in ("b1", "b2")}
        bias = " b1" if has_bias else ""
        nodes = [node("Gemm", "x w1" + bias, "z1", transB=1), node("Relu", "z1", "a1")]
        nodes += [node("MatMul", "a1 w2", "p"), node("Add", "p b2", "y")] if has_bias else [node("MatMul", "a1 w2", "y")]
        self.model = model(self.name, nodes, self.x, [1, 3], self.weights)

    def layers(self):
        w = tensors(self.weights)
        first = Linear(lambda x: x @ w["w1"].T, [5], w.get("b1"))
        last = Linear(lambda x: x @ w["w2"], [6], w.get("b2"))
        return first, last

    def output(self):
        first, last = self.layers()
        return last(F.relu(first(torch.tensor(self.x[0]))))

    def relevance(self, start, rules, epsilon, contrast=False):
        first, last = self.layers()
        x = torch.tensor(self.x[0])
        a = F.relu(first(x))
        r = divided(last, a, start, rules["dense"], epsilon)
        if contrast:
            r = r - divided(last, a, start, "dual", epsilon)
        return divided(first, x, r, rules.get("first", rules["dense"]), epsilon)


class Residual:
    """Convolution, max pooling, a branch with batch normalisation behind its grouped convolution, a sum, average pooling."""
    name = "residual"

    def __init__(self, generator, has_bias=True):
        self.x = eighths(generator, 1, 2, 6, 4)
        self.has_bias = has_bias
        self.weights = {
            "w1": eighths(generator, 4, 2, 3, 3, span=1), "w2": eighths(generator, 4, 2, 3, 3, span=1),
            "w3": eighths(generator, 3, 4), "scale": np.abs(eighths(generator, 4)) * [1, -1, 1, 1],
            "variance": np.abs(eighths(generator, 4)) + 0.25,
            "shift": eighths(generator, 4) if has_bias else np.zeros(4), "mean": eighths(generator, 4) if has_bias else np.zeros(4),
        }
        if has_bias:
            self.weights |= {"b1": eighths(generator, 4), "b3": eighths(generator, 3)}
        self.model = model(self.name, [
            node("Conv", "x w1 b1" if has_bias else "x w1", "z1", pads=[1, 1, 1, 1]), node("Relu", "z1", "a1"),
            node("MaxPool", "a1", "p1", kernel_shape=[2, 2], strides=[2, 2]),
            node("Conv", "p1 w2", "c2", pads=[1, 1, 1, 1], group=2),
            node("BatchNormalization", "c2 scale shift mean variance", "z2"), node("Add", "z2 p1", "s"),
            node("Relu", "s", "a2"), node("GlobalAveragePool", "a2", "g"), node("Flatten", "g", "f"),
            node("Gemm", "f w3 b3" if has_bias else "f w3", "y", transB=1)], self.x, [1, 3], self.weights)

    def layers(self):
        w = tensors(self.weights)
        factor = w["scale"] / torch.sqrt(w["variance"] + 1e-5)
        shift = (w["shift"] - w["mean"] * factor)[:, None, None]

        def second(x):
            return F.conv2d(x, w["w2"], padding=1, groups=2) * factor[:, None, None]
        first = Linear(lambda x: F.conv2d(x, w["w1"], padding=1), [2, 6, 4], w["b1"][:, None, None] if self.has_bias else None)
        return first, Linear(second, [4, 3, 2], shift), Linear(lambda x: x @ w["w3"].T, [4], w.get("b3"))

    def forward(self):
        first, second, last = self.layers()
        x = torch.tensor(self.x[0])
        a1 = F.relu(first(x))
        p1, places = F.max_pool2d(a1[None], 2, return_indices=True)
        z2 = second(p1[0])
        a2 = F.relu(z2 + p1[0])
        return x, a1, p1[0], places[0], z2, a2, a2.mean((1, 2)), last(a2.mean((1, 2)))

    def output(self):
        return self.forward()[-1]

    def relevance(self, start, rules, epsilon, contrast=False):
        first, second, last = self.layers()
        x, a1, p1, places, z2, a2, g, _ = self.forward()
        r = divided(last, g, start, rules["dense"], epsilon)
        if contrast:
            r = r - divided(last, g, start, "dual", epsilon)
        # What has no weights divides in proportion.
        r = a2 / 6 * (r / stable(g, 0))[:, None, None]
        terms = [positive(z2), positive(p1)] if rules["dense"] == "excitation" else [z2, p1]
        factor = r / stable(terms[0] + terms[1], 0)
        r = terms[1] * factor + divided(second, p1, terms[0] * factor, rules["convolution"], epsilon)
        r = F.max_unpool2d(r[None], places[None], 2)[0]
        bounds = {"low": x.amin((1, 2), keepdim=True).expand_as(x), "high": x.amax((1, 2), keepdim=True).expand_as(x)}
        return divided(first, x, r, rules.get("first", rules["convolution"]), epsilon, **bounds)


class Gated:
    """x sigmoid(x) as two nodes, and a squeeze-and-excitation gate: activation passes, gate is a weight."""
    name = "gated"

    def __init__(self, generator):
        self.x = eighths(generator, 1, 2, 4, 3)
        self.weights = {
            "w1": eighths(generator, 4, 2, 3, 3, span=1), "b1": eighths(generator, 4), "w2": eighths(generator, 4, 4, 1, 1),
            "b2": eighths(generator, 4), "w3": eighths(generator, 3, 4), "b3": eighths(generator, 3),
        }
        self.model = model(self.name, [
            node("Conv", "x w1 b1", "z1", pads=[1, 1, 1, 1]), node("Sigmoid", "z1", "q"), node("Mul", "z1 q", "a1"),
            node("GlobalAveragePool", "a1", "s"), node("Conv", "s w2 b2", "e"), node("HardSigmoid", "e", "h"),
            node("Mul", "h a1", "m"), node("GlobalAveragePool", "m", "g"), node("Flatten", "g", "f"),
            node("Gemm", "f w3 b3", "y", transB=1)], self.x, [1, 3], self.weights)

    def forward(self):
        w = tensors(self.weights)
        first = Linear(lambda x: F.conv2d(x, w["w1"], padding=1), [2, 4, 3], w["b1"][:, None, None])
        last = Linear(lambda x: x @ w["w3"].T, [4], w["b3"])
        x = torch.tensor(self.x[0])
        a1 = F.silu(first(x))
        gate = (0.2 * (w["w2"][:, :, 0, 0] @ a1.mean((1, 2)) + w["b2"]) + 0.5).clamp(0, 1)
        m = a1 * gate[:, None, None]
        return first, last, x, m, m.mean((1, 2)), last(m.mean((1, 2)))

    def output(self):
        return self.forward()[-1]

    def relevance(self, start, rules, epsilon, contrast=False):
        first, last, x, m, g, _ = self.forward()
        r = divided(last, g, start, rules["dense"], epsilon)
        r = m / m[0].numel() * (r / stable(g, 0))[:, None, None]
        return divided(first, x, r, rules["convolution"], epsilon)


class Weightless:
    """Everything without weights that sums, between two convolutions: overlapping average pooling, interpolation, a difference, a mean, a
    sum, a joined branch, a product of two values; and weights by themselves: batch normalisation and a bias behind a rectifier."""
    name = "weightless"

    def __init__(self, generator):
        self.x = eighths(generator, 1, 2, 6, 6)
        self.weights = {
            "w1": eighths(generator, 4, 2, 3, 3, span=1), "b1": eighths(generator, 4), "scale": np.abs(eighths(generator, 4)),
            "shift": eighths(generator, 4), "mean": eighths(generator, 4), "variance": np.abs(eighths(generator, 4)) + 0.25,
            "bias": eighths(generator, 4, 1, 1), "w2": eighths(generator, 5, 8, 1, 1, span=1), "b2": eighths(generator, 5),
            "w3": eighths(generator, 3, 5), "b3": eighths(generator, 3), "sizes": np.array([1, 4, 5, 5]), "rows": np.array([1, 5, 25]), "columns": np.array([1, 4, 25]),
            "axes": np.array([1]), "last": np.array([2]),
        }
        self.model = model(self.name, [
            node("Conv", "x w1 b1", "z1"), node("Relu", "z1", "a1"),
            node("BatchNormalization", "a1 scale shift mean variance", "n"), node("Add", "n bias", "m"),
            node("AveragePool", "m", "p", kernel_shape=[3, 2], pads=[1, 0, 1, 1], strides=[1, 1]),
            helper.make_node("Resize", ["p", "", "", "sizes"], ["u"], mode="linear"),
            helper.make_node("Resize", ["a1", "", "", "sizes"], ["v"], mode="linear", coordinate_transformation_mode="align_corners"),
            node("Sub", "u v", "d"), node("Concat", "d v", "j", axis=1), node("Conv", "j w2 b2", "z2"), node("Relu", "z2", "a2"),
            node("Reshape", "a2 rows", "k"), node("Reshape", "v columns", "q"), node("Transpose", "q", "t", perm=[0, 2, 1]),
            node("MatMul", "k t", "g"),
            node("ReduceSum", "g last", "s", keepdims=0), node("Gemm", "s w3 b3", "y", transB=1)], self.x, [1, 3], self.weights)

    def forward(self):
        w = tensors(self.weights)
        first = Linear(lambda x: F.conv2d(x, w["w1"]), [2, 6, 6], w["b1"][:, None, None])
        slope = (w["scale"] / torch.sqrt(w["variance"] + 1e-5))[:, None, None]
        norm = Linear(lambda x: x * slope, [4, 4, 4], (w["shift"][:, None, None] - w["mean"][:, None, None] * slope))
        bias = Linear(lambda x: x, [4, 4, 4], w["bias"])
        # Padded elements count not at all in ONNX's default.
        ones = F.avg_pool2d(F.pad(torch.ones(1, 1, 4, 4), (0, 1, 1, 1)), (3, 2), 1)
        pool = Linear(lambda x: F.avg_pool2d(F.pad(x, (0, 1, 1, 1)), (3, 2), 1) / ones, [4, 4, 4], None)
        up = Linear(lambda x: F.interpolate(x, size=(5, 5), mode="bilinear", align_corners=False), [4, 4, 4], None)
        other = Linear(lambda x: F.interpolate(x, size=(5, 5), mode="bilinear", align_corners=True), [4, 4, 4], None)
        second = Linear(lambda x: F.conv2d(x, w["w2"]), [8, 5, 5], w["b2"][:, None, None])
        last = Linear(lambda x: x @ w["w3"].T, [5], w["b3"])
        layers = first, norm, bias, pool, up, other, second, last
        x = torch.tensor(self.x[0])
        a1 = F.relu(first(x))
        n, v = norm(a1), other(a1)
        m = bias(n)
        p = pool(m)
        u = up(p)
        j = torch.cat([u - v, v])
        a2 = F.relu(second(j))
        k, q = a2.reshape(5, 25), v.reshape(4, 25)
        g = k @ q.T
        return layers, x, a1, n, m, p, u, v, j, a2, k, q, g, last(g.sum(1))

    def output(self):
        return self.forward()[-1]

    def relevance(self, start, rules, epsilon, contrast=False):
        (first, norm, bias, pool, up, other, second, last), x, a1, n, m, p, u, v, j, a2, k, q, g, _ = self.forward()
        r = divided(last, g.sum(1), start, rules["dense"], epsilon)
        r = g * (r / stable(g.sum(1), 0))[:, None]
        # Half to each factor.
        ratio = r / stable(g, 0) / 2
        rq = (q * (ratio.T @ k)).reshape(v.shape)
        r = divided(second, j, (k * (ratio @ q)).reshape(a2.shape), rules["convolution"], epsilon)
        down, branch = r[:4], r[4:]
        factor = down / stable(u - v, 0)
        rv = branch - v * factor + rq
        rm = divided(pool, m, divided(up, p, u * factor, "epsilon", 0), "epsilon", 0)
        ra = divided(norm, a1, divided(bias, n, rm, "epsilon", epsilon), "epsilon", epsilon)
        ra = ra + divided(other, a1, rv, "epsilon", 0)
        return divided(first, x, ra, rules.get("first", rules["convolution"]), epsilon)


class Pooled:
    """Two convolutions around an average pooling: what captum has every rule for."""
    name = "pooled"

    def __init__(self, generator):
        self.x = eighths(generator, 1, 2, 6, 6)
        self.weights = {"w1": eighths(generator, 4, 2, 3, 3, span=1), "b1": eighths(generator, 4), "w2": eighths(generator, 3, 4, 2, 2, span=1),
                        "b2": eighths(generator, 3), "flat": np.array([1, 3])}
        self.model = model(self.name, [
            node("Conv", "x w1 b1", "z1"), node("Relu", "z1", "a1"), node("AveragePool", "a1", "p", kernel_shape=[2, 2], strides=[2, 2]),
            node("Conv", "p w2 b2", "z2"), node("Reshape", "z2 flat", "y")], self.x, [1, 3], self.weights)

    def forward(self):
        w = tensors(self.weights)
        first = Linear(lambda x: F.conv2d(x, w["w1"]), [2, 6, 6], w["b1"][:, None, None])
        pool = Linear(lambda x: F.avg_pool2d(x, 2), [4, 4, 4], None)
        last = Linear(lambda x: F.conv2d(x, w["w2"]), [4, 2, 2], w["b2"][:, None, None])
        x = torch.tensor(self.x[0])
        a1 = F.relu(first(x))
        return first, pool, last, x, a1, last(pool(a1)).reshape(-1)

    def output(self):
        return self.forward()[-1]

    def relevance(self, start, rules, epsilon, contrast=False):
        first, pool, last, x, a1, _ = self.forward()
        r = divided(last, pool(a1), start, rules["dense"], epsilon)
        return divided(first, x, divided(pool, a1, r, "epsilon", 0), rules["convolution"], epsilon)

    def by_captum(self, epsilon):
        w = tensors(self.weights)
        peer = nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(4, 3, 2)).double()
        with torch.no_grad():
            for parameter, value in zip(peer.parameters(), (w["w1"], w["b1"], w["w2"], w["b2"])):
                parameter.copy_(value)
        for layer in (peer[0], peer[3]):
            layer.rule = lrp_rules.EpsilonRule(epsilon)
        return LRP(peer).attribute(torch.tensor(self.x), target=(0, 0, 0)).detach()[0]


class Recurrent:
    """A recurrent layer over four steps and a linear layer: LRP-all (Arras et al. 2017), gates are weights."""

    def __init__(self, generator, kind, has_bias=True, **attributes):
        self.kind, self.attributes = kind, attributes
        self.name = " ".join([kind, *attributes])
        count, size = {"LSTM": 4, "GRU": 3, "RNN": 1}[kind], 3
        self.x = eighths(generator, 4, 1, 2)
        self.weights = {
            "w": eighths(generator, 1, count * size, 2, span=1), "r": eighths(generator, 1, count * size, size, span=1),
            "b": eighths(generator, 1, 2 * count * size, span=0.5), "h": eighths(generator, 1, 1, size, span=1),
            "w3": eighths(generator, 3, size), "b3": eighths(generator, 3), "flat": np.array([1, size]),
        }
        given, results = ["x", "w", "r", "b", "", "h"], ["", "last"]
        if kind == "LSTM":
            self.weights |= {"c": eighths(generator, 1, 1, size, span=1)}
            given.append("c")
        if not has_bias:
            # The model has neither biases nor states to begin with.
            given = given[:3]
            self.weights |= {key: 0 * value for key, value in self.weights.items() if key in ("b", "h", "c", "b3")}
        self.model = model(kind, [
            helper.make_node(kind, given, results, hidden_size=size, **attributes), node("Reshape", "last flat", "f"),
            node("Gemm", "f w3 b3", "y", transB=1)], self.x, [1, 3], self.weights)

    def run(self):
        """The states and everything that relevance needs of every step."""
        w = {key: value.reshape(value.shape[1:]) if key in "wrb" else value for key, value in tensors(self.weights).items()}
        h, c = w["h"].reshape(-1), w["c"].reshape(-1) if self.kind == "LSTM" else None
        size = len(h)
        own, state = w["b"].split(len(w["b"]) // 2)
        part = slice((len(own) // size - 1) * size, None)
        joint = Linear(lambda x: x @ torch.cat([w["w"][part], w["r"][part]], 1).T, [2 + size], own[part] + state[part])
        steps = []
        for x in torch.tensor(self.x)[:, 0]:
            z = w["w"] @ x + own
            q = w["r"] @ h + state
            if self.kind == "RNN":
                operand = torch.cat([x, h])
                new = {"operand": operand, "h": torch.tanh(joint(operand))}
            elif self.kind == "GRU":
                update, reset = torch.sigmoid(z + q)[:2 * size].split(size)
                operand = torch.cat([x, reset * h])
                after = self.attributes.get("linear_before_reset")
                parts = z[part], reset * q[part]
                n = torch.tanh(sum(parts) if after else joint(operand))
                new = {"operand": operand, "old": h, "parts": parts, "kept": update * h, "new": (1 - update) * n,
                       "h": (1 - update) * n + update * h}
            else:
                i, o, f = torch.sigmoid(z + q)[:3 * size].split(size)
                operand = torch.cat([x, h])
                new = {"operand": operand, "kept": f * c, "new": i * torch.tanh(joint(operand))}
                c = new["kept"] + new["new"]
                new |= {"c": c, "h": o * torch.tanh(c)}
            h = new["h"]
            steps.append(new)
        separate = (Linear(lambda x: x @ w["w"][part].T, [2], own[part]), Linear(lambda h: h @ w["r"][part].T, [size], state[part]))
        head = Linear(lambda x: x @ w["w3"].T, [size], w["b3"])
        return steps, joint, separate, head

    def output(self):
        steps, _, _, head = self.run()
        return head(steps[-1]["h"])

    def relevance(self, start, rules, epsilon, contrast=False):
        steps, joint, separate, head = self.run()
        hidden = divided(head, steps[-1]["h"], start, rules["dense"], epsilon)
        cell, found = 0, []
        for step in reversed(steps):
            if self.kind == "LSTM":
                cell = cell + hidden
                ratio = cell / stable(step["c"], 0)
                cell, r, through = step["kept"] * ratio, step["new"] * ratio, 0
            elif self.kind == "GRU":
                ratio = hidden / stable(step["h"], 0)
                through, r = step["kept"] * ratio, step["new"] * ratio
            else:
                r, through = hidden, 0
            if self.attributes.get("linear_before_reset"):
                ratio = r / stable(sum(step["parts"]), 0)
                x = divided(separate[0], step["operand"][:2], step["parts"][0] * ratio, rules["dense"], epsilon)
                back = divided(separate[1], step["old"], step["parts"][1] * ratio, rules["dense"], epsilon)
            else:
                x, back = divided(joint, step["operand"], r, rules["dense"], epsilon).split([2, len(hidden)])
            found.append(x)
            hidden = back + through
        return torch.stack(found[::-1])[:, None]


class Tokens:
    """A transformer block: decomposed RMS norm, LayerNormalization, two heads, GELU written out, a mean over tokens."""
    name = "tokens"
    heads = 2

    def __init__(self, generator):
        width = 4
        self.x = eighths(generator, 1, 3, width)
        self.weights = {key: eighths(generator, width, width) for key in ("wq", "wk", "wv", "wo")}
        self.weights |= {
            "bq": eighths(generator, width), "bv": eighths(generator, width), "n1": eighths(generator, width),
            "n2": eighths(generator, width), "m2": eighths(generator, width), "w1": eighths(generator, width, 6), "b1": eighths(generator, 6),
            "w2": eighths(generator, 6, width), "wy": eighths(generator, width, 3), "by": eighths(generator, 3),
            "half": np.array(0.5), "one": np.array(1.0), "root": np.array(2 ** 0.5), "two": np.array(2.0), "small": np.array(1e-5),
            "split": np.array([1, 3, self.heads, width // self.heads]), "join": np.array([1, 3, width]), "axis": np.array([1]),
            "last": np.array([-1]),
        }
        nodes = [
            node("Pow", "x two", "x2"), node("ReduceMean", "x2 last", "square", keepdims=1), node("Add", "square small", "variance"),
            node("Sqrt", "variance", "deviation"), node("Reciprocal", "deviation", "inverse"), node("Mul", "x inverse", "normed"),
            node("Mul", "normed n1", "h"),
            node("MatMul", "h wq", "q0"), node("Add", "bq q0", "q1"), node("Mul", "q1 half", "q2"),
            node("MatMul", "h wk", "k1"), node("MatMul", "h wv", "v0"), node("Add", "v0 bv", "v1"),
        ]
        for part, source in (("q", "q2"), ("k", "k1"), ("v", "v1")):
            nodes += [node("Reshape", f"{source} split", f"{part}s"),
                      node("Transpose", f"{part}s", f"{part}t", perm=[0, 2, 3, 1] if part == "k" else [0, 2, 1, 3])]
        nodes += [
            node("MatMul", "qt kt", "scores"), node("Softmax", "scores", "attention", axis=-1), node("MatMul", "attention vt", "mixed"),
            node("Transpose", "mixed", "back", perm=[0, 2, 1, 3]), node("Reshape", "back join", "joined"),
            node("MatMul", "joined wo", "o"), node("Add", "x o", "s"),
            node("LayerNormalization", "s n2 m2", "l", axis=-1), node("MatMul", "l w1", "f0"), node("Add", "f0 b1", "f1"),
            node("Div", "f1 root", "scaled"), node("Erf", "scaled", "erf"), node("Add", "erf one", "above"), node("Mul", "f1 above", "twice"),
            node("Mul", "twice half", "gelu"), node("MatMul", "gelu w2", "f2"), node("Add", "s f2", "t"),
            node("ReduceMean", "t axis", "mean", keepdims=0), node("MatMul", "mean wy", "y0"), node("Add", "y0 by", "y"),
        ]
        self.model = model(self.name, nodes, self.x, [1, 3], self.weights)

    def forward(self, x, frozen, attention_is_weight=False):
        """The network; where `frozen`, one whose gradient times its input is the relevance."""
        w = tensors(self.weights)

        def constant(value):
            return value.detach() if frozen else value

        def product(left, right):
            if not frozen:
                return left @ right
            if attention_is_weight:
                return left.detach() @ right
            return (left @ right.detach() + left.detach() @ right) / 2

        h = x * constant(1 / torch.sqrt((x ** 2).mean(-1, keepdim=True) + 1e-5)) * w["n1"]
        q, k, v = ((h @ w[f"w{part}"] + w.get(f"b{part}", 0)).reshape(1, 3, self.heads, -1).transpose(1, 2) for part in "qkv")
        scores = product(q / 2, k.transpose(2, 3))
        mixed = product(torch.softmax(scores, -1), v)
        s = x + mixed.transpose(1, 2).reshape(1, 3, -1) @ w["wo"]
        centred = s - s.mean(-1, keepdim=True)
        l = centred / constant(torch.sqrt((centred ** 2).mean(-1, keepdim=True) + 1e-5)) * w["n2"] + w["m2"]
        f = l @ w["w1"] + w["b1"]
        gelu = f * constant(F.gelu(f) / f)
        t = s + gelu @ w["w2"]
        return t.mean(1) @ w["wy"] + w["by"]

    def output(self):
        return self.forward(torch.tensor(self.x), False)[0]

    def relevance(self, start, rules, epsilon, contrast=False):
        x = torch.tensor(self.x, requires_grad=True)
        y = self.forward(x, True, attention_is_weight=rules["attention"] == "weight")
        weights = start / y.detach()[0]
        (gradient,) = torch.autograd.grad((y[0] * weights).sum(), x)
        return (x * gradient).detach()[0]


# Cases.

def numbers(value):
    return [float(f"{float(one):.9g}") for one in np.asarray(value).reshape(-1)]


def case(network, name, rules, start="value", epsilon=EPSILON, contrast=False, tolerance=2e-5):
    """`rules` by kind of layer; a walk starts from the target's value, or from its weights alone."""
    y = network.output()
    session = onnxruntime.InferenceSession(network.model.SerializeToString(), providers=["CPUExecutionProvider"])
    (engine,) = session.run(["y"], {"x": network.x.astype(np.float32)})
    assert np.abs(engine[0] - y.detach().numpy()).max() < 1e-5 * y.abs().max(), network.name
    weights = torch.tensor([1.0, 0.0, -0.5], dtype=torch.float64)
    begin = weights * y.detach() if start == "value" else weights
    relevance = network.relevance(begin, rules, epsilon, contrast)
    return {
        "name": f"{network.name} {name}", "model": base64.b64encode(network.model.SerializeToString()).decode(),
        "shape": list(network.x.shape), "x": numbers(network.x), "weights": numbers(weights), "start": start, "epsilon": epsilon,
        "rules": rules, "contrast": contrast, "relevance": numbers(relevance), "sum": float(begin.sum()), "tolerance": tolerance,
    }


def uniform(rule):
    return {"dense": rule, "convolution": rule}


LARGE = 0.25
UNIFORM = ["epsilon", "gamma", "generalised-gamma", "alpha1beta0", "alpha2beta1"]


def cases():
    generator = np.random.default_rng(2015)
    dense, residual, gated, tokens = Dense(generator), Residual(generator), Gated(generator), Tokens(generator)
    records = [case(network, rule, uniform(rule)) for network in (dense, residual, gated) for rule in UNIFORM]
    for first in ("flat", "w2"):
        records.append(case(dense, f"epsilon, first {first}", uniform("epsilon") | {"first": first}))
    for first in ("flat", "w2", "box"):
        records.append(case(residual, f"epsilon, first {first}", uniform("epsilon") | {"first": first}))
    records += [
        case(residual, "epsilon-gamma-box", {"dense": "epsilon", "convolution": "generalised-gamma", "first": "box"}),
        case(residual, "epsilon-plus-flat", {"dense": "epsilon", "convolution": "alpha1beta0", "first": "flat"}),
        case(residual, "excitation", uniform("excitation"), start="weights"),
        case(residual, "contrastive excitation", uniform("excitation"), start="weights", contrast=True),
        case(dense, "contrastive excitation", uniform("excitation"), start="weights", contrast=True),
        # The formula of a vanishing epsilon.
        case(tokens, "attention as a weight", {"dense": "epsilon", "convolution": "epsilon", "attention": "weight"}, epsilon=1e-12),
        case(tokens, "AttnLRP", {"dense": "epsilon", "convolution": "epsilon", "attention": "half"}, epsilon=1e-12),
    ]
    weightless = Weightless(generator)
    for network in (dense, residual, gated, weightless):
        records += [case(network, f"{rule}, large epsilon", uniform(rule), epsilon=LARGE) for rule in UNIFORM]
    for options in (("LSTM", {}), ("GRU", {}), ("GRU", {"linear_before_reset": 1}), ("RNN", {})):
        network = Recurrent(generator, options[0], **options[1])
        records += [case(network, rule, uniform(rule), epsilon=LARGE if rule == "epsilon" else EPSILON) for rule in UNIFORM]
    return records


def conserving():
    """Networks without bias: what starts arrives."""
    generator = np.random.default_rng(7)
    records = []
    for network in (Dense(generator, has_bias=False), Residual(generator, has_bias=False)):
        for rule in UNIFORM:
            # Its sums have results without any negative contribution, where alpha - beta is not 1.
            if (network.name, rule) == ("dense", "alpha2beta1"):
                continue
            records.append(case(network, f"without bias, {rule}", uniform(rule), epsilon=1e-9))
    for kind, options in (("LSTM", {}), ("GRU", {}), ("GRU", {"linear_before_reset": 1}), ("RNN", {})):
        cells = Recurrent(generator, kind, has_bias=False, **options)
        records.append(case(cells, "without bias", uniform("epsilon"), epsilon=1e-9))
    for first in ("flat", "w2", "box"):
        records.append(case(network, f"without bias, alpha1beta0, first {first}", uniform("alpha1beta0") | {"first": first}, epsilon=1e-9))
    return records


def by_captum():
    """captum's LRP on dense networks; `agrees` says whether its rule is the definition."""
    generator = np.random.default_rng(11)
    records = []
    for is_positive in (True, False):
        network = Dense(generator, is_positive=is_positive)
        kinds = {"epsilon": lrp_rules.EpsilonRule, "gamma": lrp_rules.GammaRule, "alpha1beta0": lrp_rules.Alpha1_Beta0_Rule}
        for rule, kind in kinds.items():
            w = tensors(network.weights)
            peer = nn.Sequential(nn.Linear(5, 6), nn.ReLU(), nn.Linear(6, 3)).double()
            with torch.no_grad():
                for parameter, value in zip(peer.parameters(), (w["w1"], w["b1"], w["w2"].T, w["b2"])):
                    parameter.copy_(value)
            for layer in (peer[0], peer[2]):
                layer.rule = kind()
            found = LRP(peer).attribute(torch.tensor(network.x), target=0).detach()[0]
            record = case(network, rule, uniform(rule), epsilon=1e-9)
            own = network.relevance(torch.tensor([1.0, 0, 0], dtype=torch.float64) * network.output(), uniform(rule), 1e-9)
            difference = float((found - own).abs().max() / own.abs().max())
            agrees = difference < 1e-6
            expected = rule == "epsilon" or (rule == "alpha1beta0" and is_positive)
            assert agrees == expected, (rule, is_positive, difference)
            signs = "non-negative" if is_positive else "any sign"
            records.append(record | {
                "name": f"captum {rule}, {signs}", "weights": [1, 0, 0], "sum": float(network.output()[0]),
                "relevance": numbers(found), "agrees": agrees, "difference": difference})
    # captum's pooling keeps its own tiny epsilon.
    pooled = Pooled(generator)
    found = pooled.by_captum(LARGE)
    own = pooled.relevance(torch.tensor([1.0, 0, 0]) * pooled.output(), uniform("epsilon"), LARGE)
    difference = float((found - own).abs().max() / own.abs().max())
    assert difference < 1e-6, difference
    records.append(case(pooled, "epsilon", uniform("epsilon"), epsilon=LARGE) | {
        "name": "captum epsilon, average pooling, large epsilon", "weights": [1, 0, 0], "sum": float(pooled.output()[0]),
        "relevance": numbers(found), "agrees": True, "difference": difference})
    return records


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--destination", type=pathlib.Path, default=DESTINATION)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    arguments.destination.mkdir(parents=True, exist_ok=True)
    for name, records in (("formulas", cases()), ("conservation", conserving()), ("captum", by_captum())):
        heading = {
            "made_by": "Scripts/golden/relevance.py",
            "versions": {module.__name__: module.__version__ for module in (torch, captum, onnx, onnxruntime, np)},
            "comparison": "largest |found - expected| <= tolerance * largest |expected|",
            "tolerance_reason": "float32 rounding of denominators down to a hundredth of the terms that they sum",
        }
        lines = ",\n".join(json.dumps(record, separators=(",", ":")) for record in records)
        text = json.dumps(heading, indent=1)[:-2] + ',\n "cases": [\n' + lines + "\n]}\n"
        (arguments.destination / f"{name}.json").write_text(text)
        print(f"{name}: {len(records)} cases, {len(text)} bytes")
        for record in records:
            print("  ", record["name"], f"{sum(record['relevance']):.6g} of {record['sum']:.6g}")


if __name__ == "__main__":
    main()
