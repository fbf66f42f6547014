"""Writes Tests/ExplanationsTests/Golden/joined: layers whose channels are joined with what has no place, or lie beside their cells.

Of every layer PyTorch's Grad-CAM, HiResCAM, Layer-CAM, Ablation-CAM and the weights of Grad-CAM in float64, from its value brought to [B, C, H, W]
by hand; class tokens are left out of maps and weights, and ablated with their channel.

Run `.peers/bin/python Scripts/golden/joined_layers.py` from the root of the project.
"""
import argparse
import json
import pathlib
import tempfile
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from torch import nn

from compact import publish, shortened, strip_metadata
from onnx_values import all_values, name_of

DESTINATION = pathlib.Path(__file__).resolve().parents[2] / "Tests/ExplanationsTests/Golden/joined"
TARGET = 1
TOLERANCE = 1e-3


class Trunk(nn.Module):
    """A stride of 4, and behind the layer a 1x1 convolution, a ReLU, a mean over all cells and a classifier."""

    def __init__(self, joined, trunk=6, inputs=3):
        super().__init__()
        self.trunk = nn.Sequential(nn.Conv2d(inputs, trunk, 3, 2, 1), nn.ReLU(), nn.Conv2d(trunk, trunk, 3, 2, 1), nn.ReLU())
        self.mix, self.classes = nn.Conv2d(joined, 5, 1), nn.Linear(5, 3)

    def rest(self, layer):
        return self.classes(F.relu(self.mix(layer)).mean((2, 3)))

    def forward(self, *inputs):
        self.layer = self.join(self.trunk(inputs[0]), *inputs[1:])
        return self.rest(self.layer)


class ImagePooling(Trunk):
    """What ASPP joins: the mean over the picture, enlarged."""

    def __init__(self):
        super().__init__(10)
        self.reduce = nn.Conv2d(6, 4, 1)

    def join(self, maps):
        pooled = self.reduce(F.adaptive_avg_pool2d(maps, 1))
        return torch.cat([pooled.expand(-1, -1, *maps.shape[2:]), maps], 1)


class Pyramid(Trunk):
    """Poolings to 1, 2 and 4 cells a side, enlarged corner on corner: every channel group lies on a grid of its own."""

    def __init__(self):
        super().__init__(12)
        self.reduce = nn.ModuleList([nn.Conv2d(6, 2, 1) for _ in range(3)])

    def join(self, maps):
        size = maps.shape[2:]
        parts = [F.avg_pool2d(maps, maps.shape[2] // cells) for cells in (1, 2, 4)]
        large = [F.interpolate(conv(part), size=size, mode="bilinear", align_corners=True) for conv, part in zip(self.reduce, parts)]
        return torch.cat([maps, *large], 1)


class Embedding(Trunk):
    """A vector of another input, at every cell."""

    def __init__(self):
        super().__init__(9)
        self.embed = nn.Linear(4, 3)

    def join(self, maps, vector):
        tiled = torch.tanh(self.embed(vector))[:, :, None, None].repeat(1, 1, *maps.shape[2:])
        return torch.cat([maps, tiled], 1)


class OtherPicture(Trunk):
    """The features of a picture of another size, without a place in the first."""

    def __init__(self):
        super().__init__(10)
        self.other = nn.Sequential(nn.Conv2d(1, 4, 3, 2, 1), nn.ReLU())

    def join(self, maps, other):
        features = F.interpolate(self.other(other), size=maps.shape[2:], mode="nearest")
        return torch.cat([maps, features], 1)


class Coordinates(Trunk):
    """CoordConv: constant maps of rows and columns."""

    def __init__(self):
        super().__init__(8)

    def join(self, maps):
        height, width = maps.shape[2:]
        rows = torch.linspace(-1, 1, height).to(maps)[None, None, :, None].expand(maps.shape[0], 1, height, width)
        columns = torch.linspace(-1, 1, width).to(maps)[None, None, None, :].expand(maps.shape[0], 1, height, width)
        return torch.cat([maps, rows, columns], 1)


class OptionA(Trunk):
    """A residual network's shortcut without weights: every second cell, and zeros for the further channels."""

    def __init__(self):
        super().__init__(10)

    def join(self, maps):
        small = maps[:, :, ::2, ::2]
        zeros = torch.zeros_like(small[:, :2])
        return F.pad(torch.cat([zeros, small], 1), (0, 0, 0, 0, 0, 2))


class Shift(Trunk):
    """Shifted channels with zeros at the edge, written as assignments: one group to the left, one downwards, the rest as it is."""

    def __init__(self):
        super().__init__(6)

    def join(self, maps):
        shifted = torch.zeros_like(maps)
        shifted[:, :2, :, :-1] = maps[:, :2, :, 1:]
        shifted[:, 2:3, 1:] = maps[:, 2:3, :-1]
        shifted[:, 3:] = maps[:, 3:]
        return shifted


class Spatial(Trunk):
    """Shifted channels in four equal groups, one to each side."""

    def __init__(self):
        super().__init__(8, trunk=8)

    def join(self, maps):
        parts = torch.chunk(maps, 4, 1)
        return torch.cat([part.roll(step, axis) for part, step, axis in zip(parts, (1, -1, 1, -1), (2, 2, 3, 3))], 1)


class ChannelsLast(Trunk):
    """[B, H, W, C], joined along the last axis."""

    def __init__(self):
        super().__init__(10)
        self.reduce = nn.Linear(6, 4)

    def join(self, maps):
        maps = maps.permute(0, 2, 3, 1)
        pooled = self.reduce(maps.mean((1, 2)))[:, None, None, :]
        return torch.cat([maps, pooled.expand(-1, *maps.shape[1:3], -1)], 3)

    def rest(self, layer):
        return super().rest(layer.permute(0, 3, 1, 2))


class Tokens(Trunk):
    """[B, 1 + N, C] with a class token in front; a pooled vector is joined along the channels of all tokens."""

    def __init__(self):
        super().__init__(10)
        self.reduce, self.token = nn.Linear(6, 4), nn.Parameter(torch.randn(1, 1, 6))
        self.attend, self.head = nn.Linear(10, 5), nn.Linear(5, 3)

    def join(self, maps):
        tokens = maps.flatten(2).transpose(1, 2)
        tokens = torch.cat([self.token.expand(tokens.shape[0], -1, -1), tokens], 1)
        pooled = self.reduce(tokens.mean(1, keepdim=True)).expand(-1, tokens.shape[1], -1)
        return torch.cat([tokens, pooled], 2)

    def rest(self, layer):
        return self.head(torch.tanh(self.attend(layer)).mean(1))


PICTURE, VECTOR, SMALL = (3, 32, 24), (4,), (1, 20, 20)
CASES = [
    # name, network, shapes of the inputs, exporter, how [B, ...] becomes [B, C, H, W]: None as it is
    ("image_pooling", ImagePooling, [PICTURE], "torchscript", None),
    ("pyramid", Pyramid, [(3, 32, 32)], "dynamo", None),
    ("embedding", Embedding, [PICTURE, VECTOR], "torchscript", None),
    ("other_picture", OtherPicture, [PICTURE, SMALL], "torchscript", None),
    ("coordinates", Coordinates, [PICTURE], "torchscript", None),
    ("option_a", OptionA, [PICTURE], "dynamo", None),
    ("shift", Shift, [PICTURE], "torchscript", None),
    ("shift_dynamo", Shift, [PICTURE], "dynamo", None),
    ("four_sides", Spatial, [PICTURE], "torchscript", None),
    ("channels_last", ChannelsLast, [PICTURE], "torchscript", "last"),
    ("tokens", Tokens, [PICTURE], "torchscript", "tokens"),
]


def as_map(value, form):
    if form == "last":
        return value.movedim(-1, 1)
    if form == "tokens":
        return value[:, 1:].transpose(1, 2).unflatten(2, (8, 6))
    return value


def references(model, inputs, form):
    """Maps of every sample by their formulas."""
    scores = model(*inputs)[:, TARGET]
    gradient, = torch.autograd.grad(scores.sum(), model.layer)
    layer = model.layer.detach()
    maps, slopes = as_map(layer, form), as_map(gradient, form)
    channel_axis = 1 if form is None else layer.ndim - 1
    ablated = torch.zeros_like(maps[:, 0])
    with torch.no_grad():
        for channel in range(layer.shape[channel_axis]):
            kept = (torch.arange(layer.shape[channel_axis]) != channel).to(layer)
            shape = [-1 if axis == channel_axis else 1 for axis in range(layer.ndim)]
            fallen = model.rest(layer * kept.reshape(shape))[:, TARGET]
            ablated += ((scores - fallen) / scores)[:, None, None] * maps[:, channel]
    weights = slopes.mean((2, 3))
    return {
        "gradcam": (weights[:, :, None, None] * maps).sum(1), "hirescam": (slopes * maps).sum(1),
        "layercam": (slopes.clamp(min=0) * maps).sum(1), "gradcam-weights": weights, "ablationcam": ablated.detach(),
    }


def write(case, folder):
    name, build, shapes, exporter, form = case
    torch.manual_seed(3)
    model = build().eval()
    batch = 2 if exporter == "torchscript" else 1
    inputs = [torch.round(torch.randn(batch, *shape) * 8) / 8 for shape in shapes]
    names = ["picture", "other"][:len(inputs)]
    path = folder / f"{name}.onnx"
    options = {"input_names": names, "output_names": ["logits"]}
    if exporter == "dynamo":
        torch.onnx.export(model, tuple(inputs), path, dynamo=True, external_data=False, verbose=False, **options)
    else:
        torch.onnx.export(model, tuple(inputs), path, dynamo=False, **options)
    strip_metadata(path, ())
    with torch.no_grad():
        model(*inputs)
    values = all_values(path, {key: x.numpy() for key, x in zip(names, inputs)})
    tensor = name_of(values, model.layer.detach().numpy())
    expected = references(model.double(), [x.double() for x in inputs], form)
    arrays = {f"input.{key}": x.numpy() for key, x in zip(names, inputs)}
    arrays |= {f"expected.{label}": shortened(value.numpy()) for label, value in expected.items()}
    np.savez_compressed(folder / f"{name}.npz", **arrays)
    return {"name": name, "model": path.name, "arrays": f"{name}.npz", "inputs": names, "layer": tensor,
            "channels": expected["gradcam-weights"].shape[1], "tokensWithoutPlace": 1 if form == "tokens" else 0,
            "methods": list(expected)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--destination", type=pathlib.Path, default=DESTINATION)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        records = [write(case, folder) for case in CASES]
        index = {
            "made_by": "Scripts/golden/joined_layers.py",
            "versions": {module.__name__: module.__version__ for module in (torch, onnx, onnxruntime, np)},
            "seed": 3,
            "target": TARGET,
            "tolerance": TOLERANCE,
            "tolerance_reason": "values are rounded by 2^-13, and the engine computes in float32; a channel left out changes maps by several per cent",
            "networks": records,
        }
        (folder / "joined.json").write_text(json.dumps(index, indent=1) + "\n")
        publish(folder, arguments.destination)


if __name__ == "__main__":
    main()
