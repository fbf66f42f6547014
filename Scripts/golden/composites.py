"""Writes Tests/DifferentiationTests/Golden/composites/*.json: modified backward passes of tiny networks in float64.

Guided backpropagation, the deconvolutional network, DeepLIFT's rescale rule and FGVis' activation hull, each written from its paper
as an autograd function of both runs ([x; reference] along the batch), beside captum where it is right.
Run `.peers/bin/python Scripts/golden/composites.py` from the root of the project.
"""
import argparse
import base64
import io
import json
import pathlib
import tempfile

import captum
import captum.attr
import numpy as np
import onnx
import torch
import torch.nn.functional as F
from torch import nn

from compact import publish, shortened
from rules.case import tensor_record

DESTINATION = pathlib.Path(__file__).resolve().parents[2] / "Tests/DifferentiationTests/Golden/composites"
TOLERANCE = 1e-4
BATCH = 2


def halves(tensor):
    return tensor.chunk(2)


class Activation(torch.autograd.Function):
    """An elementwise function whose backward pass is a rule of both halves."""

    @staticmethod
    def forward(context, x, function, rule):
        with torch.enable_grad():
            inner = x.detach().requires_grad_()
            y = function(inner)
            (slope,) = torch.autograd.grad(y.sum(), inner)
        context.save_for_backward(x, y.detach(), slope)
        context.rule = rule
        return y.detach()

    @staticmethod
    def backward(context, gradient):
        x, y, slope = context.saved_tensors
        return context.rule(gradient, x, y, slope), None, None


def derivative(gradient, x, y, slope):
    return gradient * slope


def guided(gradient, x, y, slope):
    return gradient * slope * (gradient > 0)


def deconvolution(gradient, x, y, slope):
    return gradient.clamp(min=0)


def hull(gradient, x, y, slope):
    (now, reference) = halves(y)
    inside = (now >= reference.clamp(max=0)) & (now <= reference.clamp(min=0))
    return gradient * slope * torch.cat([inside, torch.ones_like(inside)])


def rescale(gradient, x, y, slope):
    dx, dy = (first - second for first, second in (halves(x), halves(y)))
    multiplier = torch.where(dx.abs() < 1e-9, halves(slope)[0], dy / dx)
    return torch.cat([halves(gradient)[0] * multiplier, torch.zeros_like(dx)])


class MidpointProduct(torch.autograd.Function):
    @staticmethod
    def forward(context, a, b):
        context.save_for_backward(a, b)
        return a * b

    @staticmethod
    def backward(context, gradient):
        a, b = context.saved_tensors
        zeros = torch.zeros_like(halves(gradient)[0])
        first = halves(gradient)[0]
        return (torch.cat([first * sum(halves(b)) / 2, zeros]).expand_as(gradient).sum_to_size(a.shape),
                torch.cat([first * sum(halves(a)) / 2, zeros]).sum_to_size(b.shape))


class CreditedMaximum(torch.autograd.Function):
    """Max pooling whose rise is credited to the present maximum and whose fall to the reference's."""

    @staticmethod
    def forward(context, x, options):
        y, indices = F.max_pool2d(x, return_indices=True, **options)
        context.save_for_backward(x, y, indices)
        return y

    @staticmethod
    def backward(context, gradient):
        x, y, indices = context.saved_tensors
        (now, before), (y, earlier) = halves(x), halves(y)
        difference = (now - before).flatten(2)
        result = torch.zeros_like(difference)
        for change, places in zip(((y - earlier).clamp(min=0), (y - earlier).clamp(max=0)), halves(indices)):
            picked = difference.gather(2, places.flatten(2))
            credit = torch.where(change.flatten(2) == 0, 0, (halves(gradient)[0] * change).flatten(2) / picked)
            result.scatter_add_(2, places.flatten(2), credit)
        return torch.cat([result.reshape(now.shape), torch.zeros_like(now)]), None


class Operators:
    """What a network is written in: the nonlinear operators, with their rules."""

    def __init__(self, rectifier=derivative, clip=derivative, other=derivative, credited=False):
        self.rules = {"relu": rectifier, "clip": clip, "other": other}
        self.credited = credited

    def relu(self, x):
        return Activation.apply(x, F.relu, self.rules["relu"])

    def relu6(self, x):
        return Activation.apply(x, F.relu6, self.rules["clip"])

    def sigmoid(self, x):
        return Activation.apply(x, torch.sigmoid, self.rules["other"])

    def tanh(self, x):
        return Activation.apply(x, torch.tanh, self.rules["other"])

    def max_pool(self, x, **options):
        return CreditedMaximum.apply(x, options) if self.credited else F.max_pool2d(x, **options)

    def product(self, a, b):
        return MidpointProduct.apply(a, b) if self.credited else a * b


class Plain:
    """The same operators as the exporters see them."""
    relu, relu6, sigmoid, tanh = staticmethod(F.relu), staticmethod(F.relu6), staticmethod(torch.sigmoid), staticmethod(torch.tanh)
    max_pool = staticmethod(F.max_pool2d)
    product = staticmethod(torch.mul)


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.operators = Plain()


class Chain(Network):
    """Convolutions, rectifiers, an average pooling and two linear layers: what captum's DeepLift gets right.

    With nn.MaxPool2d behind nn.ReLU captum 0.9.0 misses S(x) - S(reference) by half of it (either alone is right).
    """

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(2, 4, 3, padding=1), nn.Conv2d(4, 5, 3)
        self.hidden, self.head = nn.Linear(20, 6), nn.Linear(6, 3)

    def forward(self, x):
        y = F.avg_pool2d(self.operators.relu(self.first(x)), 2)
        y = self.operators.relu(self.second(y)).flatten(1)
        return self.head(self.operators.relu(self.hidden(y)))

    def modules_only(self):
        return nn.Sequential(self.first, nn.ReLU(), nn.AvgPool2d(2), self.second, nn.ReLU(), nn.Flatten(), self.hidden, nn.ReLU(),
                             self.head)


class Residual(Network):
    """A rectifier behind a sum, one whose result is read twice, a convolution used twice, and an overlapping max pooling."""

    def __init__(self):
        super().__init__()
        self.stem, self.inner, self.outer = nn.Conv2d(2, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        # The exporter merges equal nodes, and one gate for two paths is another rule than two gates.
        stem = self.operators.relu(self.stem(x))
        y = self.operators.max_pool(stem, kernel_size=3, stride=2, padding=1)
        inner = self.operators.relu(self.inner(y))
        y = self.operators.relu(self.outer(inner) + y)
        y = self.operators.relu(self.outer(y) - 0.5 * inner)
        return self.head(y.mean((2, 3)) - 0.25 * self.operators.max_pool(stem, kernel_size=8).flatten(1))


class Clipped(Network):
    """ReLU6 with a strided and a depthwise convolution, beside one rectifier."""

    def __init__(self):
        super().__init__()
        self.stem, self.depthwise, self.point = nn.Conv2d(2, 4, 3, 2, 1), nn.Conv2d(4, 4, 3, 1, 1, groups=4), nn.Conv2d(4, 6, 1)
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        y = self.operators.relu6(4 * self.stem(x))
        y = self.operators.relu6(3 * self.depthwise(y)) + y
        return self.head(self.operators.relu(self.point(y)).mean((2, 3)))


class Gated(Network):
    """A squeeze-and-excitation gate, a product of two values, and smooth functions."""

    def __init__(self):
        super().__init__()
        self.stem, self.squeeze, self.excite = nn.Conv2d(2, 4, 3, padding=1), nn.Linear(4, 2), nn.Linear(2, 4)
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        y = self.stem(x)
        y = self.operators.product(y, self.operators.sigmoid(y))
        gate = self.operators.sigmoid(self.excite(self.operators.relu(self.squeeze(y.mean((2, 3))))))
        y = self.operators.product(y, gate[:, :, None, None])
        return self.head(self.operators.tanh(y).mean((2, 3)))


class Recurrent(Network):
    """Layers of cells with rectifiers, of LSTM and of GRU cells over the rows of a picture; written out where rules are asked for."""

    def __init__(self):
        super().__init__()
        self.plain, self.memory = nn.RNN(16, 5, nonlinearity="relu", batch_first=True), nn.LSTM(5, 4, batch_first=True)
        self.gated, self.head = nn.GRU(4, 4, batch_first=True), nn.Linear(4, 3)

    def forward(self, x):
        y = 2 * x.permute(0, 2, 1, 3).flatten(2)
        for layer in (self.plain, self.memory, self.gated):
            y = layer(y)[0] if isinstance(self.operators, Plain) else self.written_out(layer, y)
        return self.head(y[:, -1])

    def written_out(self, layer, x):
        size, operators = layer.hidden_size, self.operators
        h = c = torch.zeros(len(x), size, dtype=x.dtype)
        results = []
        for step in x.unbind(1):
            own, state = F.linear(step, layer.weight_ih_l0, layer.bias_ih_l0), F.linear(h, layer.weight_hh_l0, layer.bias_hh_l0)
            if isinstance(layer, nn.RNN):
                h = operators.relu(own + state)
            elif isinstance(layer, nn.LSTM):
                i, f, g, o = (own + state).split(size, 1)
                i, f, o = (operators.sigmoid(gate) for gate in (i, f, o))
                c = operators.product(f, c) + operators.product(i, operators.tanh(g))
                h = operators.product(o, operators.tanh(c))
            else:
                (r, z, n), (hr, hz, hn) = own.split(size, 1), state.split(size, 1)
                r, z = operators.sigmoid(r + hr), operators.sigmoid(z + hz)
                n = operators.tanh(n + operators.product(r, hn))
                h = operators.product(1 - z, n) + operators.product(z, h)
            results.append(h)
        return torch.stack(results, 1)


COMPOSITES = {
    "guided": Operators(guided),
    "guided-relu6": Operators(guided, guided),
    "deconvolution": Operators(deconvolution),
    "deconvolution-relu6": Operators(deconvolution, deconvolution),
    "deeplift": Operators(rescale, rescale, rescale, credited=True),
    "hull": Operators(hull, hull),
}
NETWORKS = {"chain": Chain, "residual": Residual, "clipped": Clipped, "gated": Gated, "recurrent": Recurrent}


def backward(model, operators, x, reference, seed, precision):
    both = torch.cat([x, reference]).to(precision).requires_grad_()
    model = model.to(precision)
    model.operators = operators
    weights = torch.cat([seed, torch.zeros_like(seed)]).to(precision)
    (gradient,) = torch.autograd.grad((model(both) * weights).sum(), both)
    return gradient[:len(x)].double().numpy()


def case(name, seed):
    """None where a float32 rounding decides a gate, or a rule stops nearly everything."""
    torch.manual_seed(seed)
    model = NETWORKS[name]()
    for parameter in model.parameters():
        parameter.data = torch.from_numpy(shortened(1.5 * parameter.data.numpy()))
    draw = torch.Generator().manual_seed(seed)
    x, reference = (torch.round(8 * torch.randn(BATCH, 2, 8, 8, generator=draw)) / 8 for _ in range(2))
    weights = torch.round(4 * torch.randn(BATCH, 3, generator=draw)) / 4
    expected = {}
    for composite, operators in COMPOSITES.items():
        double, single = (backward(model, operators, x, reference, weights, precision) for precision in (torch.float64, torch.float32))
        if np.abs(double - single).max() > TOLERANCE / 4 * np.abs(double).max() or (double != 0).mean() < 0.2:
            return None
        expected[composite] = double
    model.double()
    model.operators = Plain()
    scores = [(model(value.double()) * weights).sum().item() for value in (x, reference)]
    explained = (expected["deeplift"] * (x - reference).numpy()).sum()
    assert abs(explained - (scores[0] - scores[1])) < 1e-9, f"{name}: DeepLIFT sums to {explained}, not {scores[0] - scores[1]}"
    if hasattr(model, "modules_only"):
        differ = captum.attr.DeepLift(Weighted(model.modules_only(), weights.double()), multiply_by_inputs=False)
        peer = differ.attribute(x.double(), reference.double()).detach().numpy()
        assert np.abs(peer - expected["deeplift"]).max() < 1e-9, f"{name}: captum's DeepLift differs"
    return {"model": exported(model.float(), x), "x": x.numpy(), "reference": reference.numpy(), "seed": weights.numpy(),
            "scores": scores, "expected": expected}


class Weighted(nn.Module):
    """One score a sample; captum runs [x; reference] as one batch."""

    def __init__(self, model, weights):
        super().__init__()
        self.model, self.weights = model, weights

    def forward(self, x):
        return (self.model(x) * self.weights.repeat(len(x) // len(self.weights), 1)).sum(1)


def exported(model, x):
    buffer = io.BytesIO()
    torch.onnx.export(model, (x,), buffer, dynamo=False, input_names=["x"], output_names=["y"], opset_version=17)
    onnx.checker.check_model(onnx.load_from_string(buffer.getvalue()), full_check=True)
    return buffer.getvalue()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--destination", type=pathlib.Path, default=DESTINATION)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        for name in NETWORKS:
            seed, found = next((seed, found) for seed in range(100) if (found := case(name, seed)) is not None)
            record = {
                "made_by": "Scripts/golden/composites.py",
                "versions": {module.__name__: module.__version__ for module in (torch, captum, onnx, np)},
                "seed": seed,
                "tolerance": TOLERANCE,
                "tolerance_reason": "relative to the largest magnitude; PyTorch's own float32 differs by less than a quarter of it",
                "model": base64.b64encode(found["model"]).decode(),
                "scores": found["scores"],
                "x": tensor_record(found["x"]), "reference": tensor_record(found["reference"]), "weights": tensor_record(found["seed"]),
                "expected": {key: tensor_record(value.astype(np.float32)) for key, value in found["expected"].items()},
            }
            (pathlib.Path(folder) / f"{name}.json").write_text(json.dumps(record, separators=(",", ":")) + "\n")
        publish(pathlib.Path(folder), arguments.destination)


if __name__ == "__main__":
    main()
