"""Writes Tests/ExplanationsTests/Golden/modified: guided Grad-CAM, FullGrad and attention methods in float64, from the papers.

Run `.peers/bin/python Scripts/golden/modified_backward.py` from the root of the project.
"""
import argparse
import copy
import json
import pathlib
import tempfile
import warnings

import numpy as np
import onnx
import tvshim  # noqa: F401
import timm
import torch
import torch.nn.functional as F
import torchvision
from timm.models.vision_transformer import VisionTransformer
from torch import nn
from torchvision.models.vision_transformer import VisionTransformer as TorchvisionTransformer

from compact import publish, shortened, strip_metadata
from exporters import export
from onnx_values import all_values, layer_name
from random_weights import calibrate, randomise

DESTINATION = pathlib.Path(__file__).resolve().parents[2] / "Tests/ExplanationsTests/Golden/modified"
TOLERANCE = 1e-3
CLASSES = 4
TARGET = 2


class GuidedRelu(torch.autograd.Function):
    @staticmethod
    def forward(context, x):
        context.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(context, gradient):
        (x,) = context.saved_tensors
        return gradient * (x > 0) * (gradient > 0)


class Residual(nn.Module):
    """Convolutions with and without bias, batch normalisation, a rectifier behind a sum, pooling, two linear layers."""

    relu = staticmethod(F.relu)

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3, 2, 1)
        self.convolutions = nn.ModuleList([nn.Conv2d(6, 6, 3, 1, 1, bias=False), nn.Conv2d(6, 6, 3, 1, 1, bias=False)])
        self.norms = nn.ModuleList([nn.BatchNorm2d(6), nn.BatchNorm2d(6)])
        self.last, self.hidden, self.head = nn.Conv2d(6, 8, 3, 1, 1), nn.Linear(8, 6), nn.Linear(6, CLASSES)

    def features(self, x):
        y = F.max_pool2d(self.relu(self.stem(x)), 3, 2, 1)
        inner = self.norms[1](self.convolutions[1](self.relu(self.norms[0](self.convolutions[0](y)))))
        return self.relu(self.last(self.relu(inner + y)))

    def forward(self, x):
        self.map = self.features(x)
        return self.head(self.relu(self.hidden(self.map.mean((2, 3)))))


def gradcam(model, x):
    score = model(x)[:, TARGET].sum()
    (gradient,) = torch.autograd.grad(score, model.map)
    return (gradient.mean((2, 3), keepdim=True) * model.map).sum(1).detach()


def guided_gradcam(model, x):
    cam = gradcam(model, x).clamp(min=0)[:, None]
    model.relu = GuidedRelu.apply
    leaf = x.clone().requires_grad_()
    (guided,) = torch.autograd.grad(model(leaf)[:, TARGET].sum(), leaf)
    model.relu = F.relu
    size = x.shape[2:]
    return {
        "guided-backprop": guided,
        "guided-gradcam": guided * F.interpolate(cam, size=size, mode="bilinear", align_corners=False),
        "guided-gradcam:upsample=nearest": guided * F.interpolate(cam, size=size, mode="nearest"),
    }


def fullgrad(model, x):
    """The biases of convolutions, of batch normalisation (b - mean weight / deviation) and of linear layers."""
    found = []

    def keep(module, _, output):
        if isinstance(module, nn.BatchNorm2d):
            bias = module.bias - module.running_mean * module.weight / torch.sqrt(module.running_var + module.eps)
        else:
            bias = module.bias
        if bias is not None:
            found.append((output, bias))

    hooks = [module.register_forward_hook(keep) for module in model.modules() if isinstance(module, (nn.Conv2d, nn.Linear, nn.BatchNorm2d))]
    leaf = x.clone().requires_grad_()
    score = model(leaf)[:, TARGET]
    for hook in hooks:
        hook.remove()
    gradients = torch.autograd.grad(score.sum(), [leaf, *[output for output, _ in found]])
    own = gradients[0] * x
    shares = [gradient * (bias[None, :, None, None] if gradient.dim() == 4 else bias)
              for gradient, (_, bias) in zip(gradients[1:], found)]
    total = own.flatten(1).sum(1) + sum(share.flatten(1).sum(1) for share in shares)
    assert (total - score).abs().max() < 1e-9, "the shares do not sum to the score"

    def rescaled(value):
        value = value.abs()
        value = value - value.amin((1, 2, 3), keepdim=True)
        return value / value.amax((1, 2, 3), keepdim=True)

    result = rescaled(own).sum(1)
    for share in shares:
        if share.dim() == 4:
            large = F.interpolate(rescaled(share), size=x.shape[2:], mode="bilinear", align_corners=True)
            result = result + large.sum(1)
    return {"fullgrad": result}


class Recording:
    """Lets attention blocks keep their weights, [B, heads, N, N], in the graph of autograd."""

    def __init__(self, model):
        self.weights = []
        for module in model.modules():
            if isinstance(module, timm.models.vision_transformer.Attention):
                module.fused_attn = False
                module.attn_drop = self.keeper()
            if isinstance(module, nn.MultiheadAttention):
                module.forward = self.exact(module)

    def keeper(self):
        outer = self

        class Keeper(nn.Module):
            def forward(self, x):
                outer.weights.append(x)
                return x

        return Keeper()

    def exact(self, module):
        """nn.MultiheadAttention with samples and heads in one axis; its own weights are a view beside the path."""

        def forward(query, key, value, need_weights=False):
            batch, tokens, width = query.shape
            parts = F.linear(query, module.in_proj_weight, module.in_proj_bias).chunk(3, -1)
            q, k, v = (part.reshape(batch, tokens, module.num_heads, -1).transpose(1, 2).flatten(0, 1) for part in parts)
            flat = (q @ k.transpose(1, 2) / q.shape[-1] ** 0.5).softmax(-1)
            weights = flat.reshape(batch, module.num_heads, tokens, tokens)
            self.weights.append(weights)
            y = (weights.flatten(0, 1) @ v).reshape(batch, module.num_heads, tokens, -1).transpose(1, 2).reshape(batch, tokens, width)
            return module.out_proj(y), None

        return forward


def attention(model, x, class_token, grid):
    """`class_token` is its index, None where the rows' mean is asked; `grid` the cells' shape, the last tokens."""
    double = copy.deepcopy(model).double()
    recording = Recording(double)
    score = double(x.double())[:, TARGET].sum()
    gradients = torch.autograd.grad(score, recording.weights)
    identity = torch.eye(recording.weights[0].shape[-1], dtype=torch.float64).expand(len(x), -1, -1)

    def shown(relevance):
        row = relevance.mean(1) if class_token is None else relevance[:, class_token]
        return row[:, -grid[0] * grid[1]:].reshape(len(x), *grid).detach()

    results = {}
    for heads, fused in (("mean", lambda a: a.mean(1)), ("max", lambda a: a.amax(1)), ("min", lambda a: a.amin(1))):
        flow = identity
        for weights in recording.weights:
            mixed = (fused(weights) + identity) / 2
            flow = mixed / mixed.sum(-1, keepdim=True) @ flow
        results["attention-rollout" + ("" if heads == "mean" else f":heads={heads}")] = shown(flow)
    relevance = identity
    for weights, gradient in zip(recording.weights, gradients):
        relevance = relevance + (gradient * weights).clamp(min=0).mean(1) @ relevance
    results["attention-gradient"] = shown(relevance)
    return results


def vit(**options):
    return VisionTransformer(img_size=(16, 24), patch_size=4, embed_dim=12, depth=3, num_heads=3, mlp_ratio=2, num_classes=CLASSES, **options)


def torchvision_vit():
    return TorchvisionTransformer(image_size=16, patch_size=4, num_layers=2, num_heads=2, hidden_dim=12, mlp_dim=24, num_classes=CLASSES)


def convolutional(model, x):
    double = copy.deepcopy(model).double()
    return guided_gradcam(double, x.double()) | fullgrad(double, x.double())


NETWORKS = {
    "residual": (Residual, (24, 32), 2, convolutional),
    "vit_class_token": (vit, (16, 24), 2, lambda model, x: attention(model, x, 0, (4, 6))),
    "vit_mean": (lambda: vit(class_token=False, global_pool="avg"), (16, 24), 1, lambda model, x: attention(model, x, None, (4, 6))),
    "vit_registers": (lambda: vit(reg_tokens=2), (16, 24), 1, lambda model, x: attention(model, x, 0, (4, 6))),
    "vit_torchvision": (torchvision_vit, (16, 16), 2, lambda model, x: attention(model, x, 0, (4, 4))),
}


def error(found, expected):
    return max((np.abs(found[key] - expected[key]).max() / np.abs(expected[key]).max() for key in expected), default=0)


@torch.no_grad()
def drawn(name, seed):
    build, size, batch, _ = NETWORKS[name]
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model = build().eval()
    randomise(model, generator)
    calibrate(model, torch.randn(16, 3, *size, generator=generator))
    return model, torch.round(torch.randn(batch, 3, *size, generator=generator) * 8) / 8


def case(name, seed):
    """None where a float32 rounding decides the result, or nothing is left of it."""
    model, x = drawn(name, seed)
    explain, generator = NETWORKS[name][3], torch.Generator().manual_seed(seed)
    results = {key: value.detach().numpy() for key, value in explain(model, x).items()}
    if min(np.abs(value).max() for value in results.values()) < 1e-4:
        return None
    for _ in range(3):
        other = copy.deepcopy(model).double()
        with torch.no_grad():
            for parameter in other.parameters():
                parameter.mul_(1 + 2e-6 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
        noisy = {key: value.detach().numpy() for key, value in explain(other, x.double()).items()}
        if error(noisy, results) > 3e-4:
            return None
    return model, x, results


def write(name, folder):
    seed, (model, x, results) = next((seed, found) for seed in range(60) if (found := case(name, seed)) is not None)
    path = folder / f"{name}.onnx"
    exported = copy.deepcopy(model)
    if name == "vit_torchvision":
        Recording(exported)
    export(exported, [x], path, "torchscript", ["input"], ["output"])
    strip_metadata(path, set())
    values = all_values(path, {"input": x.numpy()})
    with torch.no_grad():
        expected = model(x).numpy()
    assert np.abs(values["output"] - expected).max() < 1e-4 * np.abs(expected).max(), f"{name}: ONNX Runtime differs"
    layer = layer_name(path, values, model.map.numpy()) if name == "residual" else None
    np.savez_compressed(folder / f"{name}.npz", input=x.numpy(), **{key: shortened(value) for key, value in results.items()})
    return {"name": name, "seed": seed, "layer": layer, "methods": list(results)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--destination", type=pathlib.Path, default=DESTINATION)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        index = {
            "made_by": "Scripts/golden/modified_backward.py",
            "versions": {module.__name__: module.__version__ for module in (torch, torchvision, timm, onnx, np)},
            "target": str(TARGET),
            "tolerance": TOLERANCE,
            "tolerance_reason": "values are rounded by 2^-13; the seeds are such that relative noise of 2e-6 on all weights moves no "
                                "result by more than 3e-4 of its maximum",
            "networks": [write(name, folder) for name in NETWORKS],
        }
        (folder / "modified.json").write_text(json.dumps(index, indent=1) + "\n")
        publish(folder, arguments.destination)


if __name__ == "__main__":
    main()
