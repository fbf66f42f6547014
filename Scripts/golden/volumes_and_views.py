"""Writes Tests/ExplanationsTests/Golden/volumes: tiny networks of volumes, video, views and tiles with maps of PyTorch in float64.

Run `.peers/bin/python Scripts/golden/volumes_and_views.py` from the root of the project.
"""
import argparse
import copy
import itertools
import json
import pathlib
import tempfile
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn
from torch.nn import functional

from compact import publish, shortened, strip_metadata
from exporters import EXPORTERS
from onnx_values import all_values, layer_name

DESTINATION = pathlib.Path(__file__).resolve().parents[2] / "Tests/ExplanationsTests/Golden/volumes"
TOLERANCE = 1e-3
REFERENCES, GAMMA, TOP, COPIES = 2, 0.5, 2, 3


class Network(nn.Module):
    """`front` makes the explained layer, `behind` the scores out of it; `whole` brings the layer to one map a picture."""

    def forward(self, x):
        self.layer = self.front(x)
        return self.behind(self.layer)

    def whole(self, layer):
        return layer


class Volume(Network):
    """Scans [B, 1, D, H, W], average pooling over three axes, a linear classifier."""
    shape, pictures, averaging = (1, 6, 12, 10), 1, True

    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Conv3d(1, 5, 3, padding=1), nn.Conv3d(5, 6, 3, padding=1)
        self.relu, self.fc = nn.ModuleList([nn.ReLU(), nn.ReLU()]), nn.Linear(6, 4)

    def front(self, x):
        return self.relu[1](self.two(functional.max_pool3d(self.relu[0](self.one(x)), 2)))

    def behind(self, a):
        return self.fc(a.mean((2, 3, 4)))


class Video(Network):
    """Clips [B, T, C, H, W] with other strides in time than in space; convolutions come behind the layer."""
    shape, pictures, averaging = (8, 3, 12, 16), 1, False

    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Conv3d(3, 5, (3, 5, 5), (1, 2, 2), (1, 2, 2)), nn.Conv3d(5, 6, 3, (2, 1, 1), 1)
        self.three = nn.Conv3d(6, 6, (1, 3, 3), 1, (0, 1, 1))
        self.relu, self.fc = nn.ModuleList([nn.ReLU(), nn.ReLU(), nn.ReLU()]), nn.Linear(6, 4)

    def front(self, x):
        return self.relu[1](self.two(self.relu[0](self.one(x.transpose(1, 2)))))

    def behind(self, a):
        return self.fc((a + self.relu[2](self.three(a))).amax((2, 3, 4)))


class Views(Network):
    """Views [B, V, C, H, W] that the batch takes in, and whose features a classifier reads side by side."""
    shape, pictures, averaging = (3, 3, 16, 12), 3, True

    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Conv2d(3, 5, 3, 2, 1), nn.Conv2d(5, 6, 3, 1, 1)
        self.relu, self.fc = nn.ModuleList([nn.ReLU(), nn.ReLU()]), nn.Linear(18, 4)

    def front(self, x):
        return self.relu[1](self.two(self.relu[0](self.one(x.flatten(0, 1)))))

    def behind(self, a):
        return self.fc(a.mean((2, 3)).reshape(-1, 18))


class GreyViews(Views):
    """Views [B, V, H, W] without channels of their own, joined by their maximum."""
    shape, pictures, averaging = (3, 16, 12), 3, False

    def __init__(self):
        super().__init__()
        self.one, self.fc = nn.Conv2d(1, 5, 3, 2, 1), nn.Linear(6, 4)

    def front(self, x):
        return super().front(x[:, :, None])

    def behind(self, a):
        return self.fc(a.reshape(-1, 3, *a.shape[1:]).amax(1).mean((2, 3)))


class JoinedViews(Network):
    """Views that are joined by their maximum before the last convolution: its map belongs to all of them."""
    shape, pictures, averaging = (3, 3, 16, 12), 1, True

    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Conv2d(3, 5, 3, 2, 1), nn.Conv2d(5, 6, 3, 1, 1)
        self.relu, self.fc = nn.ModuleList([nn.ReLU(), nn.ReLU()]), nn.Linear(6, 4)

    def front(self, x):
        a = self.relu[0](self.one(x.flatten(0, 1)))
        return self.relu[1](self.two(a.reshape(-1, 3, *a.shape[1:]).amax(1)))

    def behind(self, a):
        return self.fc(a.mean((2, 3)))


class Rows(Views):
    """Rows [V, C, H, W] that are views of one sample: the scores are [1, classes]."""
    shape, pictures, averaging = (3, 16, 12), 3, True

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 4)

    def front(self, x):
        return self.relu[1](self.two(self.relu[0](self.one(x))))

    def behind(self, a):
        return self.fc(a.mean((2, 3)).mean(0, keepdim=True))


class Tiles(Network):
    """Pictures that are cut into two rows of two tiles, which the batch takes in."""
    shape, pictures, averaging = (3, 16, 24), 1, False

    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Conv2d(3, 5, 3, 2, 1), nn.Conv2d(5, 6, 3, 1, 1)
        self.relu, self.fc = nn.ModuleList([nn.ReLU(), nn.ReLU()]), nn.Linear(24, 4)

    def front(self, x):
        b, c, h, w = x.shape
        tiles = x.reshape(b, c, 2, h // 2, 2, w // 2).permute(0, 2, 4, 1, 3, 5).reshape(-1, c, h // 2, w // 2)
        return self.relu[1](self.two(self.relu[0](self.one(tiles))))

    def behind(self, a):
        return self.fc(a.mean((2, 3)).reshape(-1, 24))

    def whole(self, a):
        _, c, h, w = a.shape
        return a.reshape(-1, 2, 2, c, h, w).permute(0, 3, 1, 4, 2, 5).reshape(-1, c, 2 * h, 2 * w)


NETWORKS = {"volume": Volume, "video": Video, "views": Views, "grey_views": GreyViews, "joined_views": JoinedViews, "rows": Rows,
            "tiles": Tiles}


def each(weights, maps):
    """One weight a channel of each picture over maps [P, C, places]."""
    return weights.reshape(*weights.shape, *[1] * (maps.ndim - 2))


def activation_gradient(net, x, weights):
    """The layer and the gradient of a weighted sum of every sample's scores there, one map a picture, and that at the input."""
    x = x.clone().requires_grad_()
    y = net(x)
    g, gx = torch.autograd.grad((y * weights).sum(), [net.layer, x])
    return net.whole(net.layer.detach()), net.whole(g), gx


def grad_cam(a, g):
    return (g.mean(tuple(range(2, a.ndim)), keepdim=True) * a).sum(1)


def principal(a):
    maps = []
    for one in a:
        matrix = one.flatten(1).T
        _, _, v = torch.linalg.svd(matrix, full_matrices=False)
        map = matrix @ v[0]
        maps.append((map * torch.sign(map[map.abs().argmax()])).reshape(one.shape[1:]))
    return torch.stack(maps)


def ablated(net, a, target, samples):
    """The score's relative fall without each channel, in all pictures of a sample at once."""
    with torch.no_grad():
        clean = net.behind(a)[:, target]
        falls = []
        for channel in range(a.shape[1]):
            keep = torch.ones(a.shape[1], dtype=a.dtype)
            keep[channel] = 0
            falls.append((clean - net.behind(a * each(keep[None], a))[:, target]) / clean)
    return torch.stack(falls, 1)


def reciprocal(net, a, target, samples):
    """The scores of single cells of single pictures against those of an empty layer."""
    with torch.no_grad():
        empty = net.behind(torch.zeros_like(a))[:, target]
        result = torch.zeros(a.shape[0], *a.shape[2:], dtype=a.dtype)
        rows = a.shape[0] // samples
        for row in range(rows):
            for cell in itertools.product(*map(range, a.shape[2:])):
                kept = torch.zeros_like(a)
                at = (slice(row, None, rows), slice(None), *cell)
                kept[at] = a[at]
                result[(slice(row, None, rows), *cell)] = net.behind(kept)[:, target] - empty
    return net.whole(result[:, None])[:, 0]


def smooth_plus_plus(net, x, weights, noise, a):
    gradients = [activation_gradient(net, x + one, weights)[1] for one in noise]
    first, second, third = (sum(g ** n for g in gradients) / len(gradients) for n in (1, 2, 3))
    axes = tuple(range(2, a.ndim))
    below = 2 * second + a.sum(axes, keepdim=True) * third
    alpha = torch.where(below == 0, 0, second / torch.where(below == 0, 1, below))
    return ((alpha * first.clamp(min=0)).sum(axes, keepdim=True) * a).sum(1)


def guided(net, x, weights):
    """The gradient with every rectifier's positive part on the way back."""
    handles = [relu.register_full_backward_hook(lambda _, incoming, outgoing: (incoming[0].clamp(min=0),)) for relu in net.relu]
    _, _, gradient = activation_gradient(net, x, weights)
    for handle in handles:
        handle.remove()
    return gradient


def reference(name, net, x, noise, target):
    scores = net(x).detach()
    samples, classes = scores.shape
    weights = functional.one_hot(torch.tensor(target), classes).to(x.dtype).expand(samples, -1)
    a, g, gx = activation_gradient(net, x, weights)
    raw = net.layer.detach()
    axes = tuple(range(2, a.ndim))
    positive = g.clamp(min=0)
    below = 2 + a.sum(axes, keepdim=True) * g
    sums = a.sum(axes, keepdim=True)
    cam = grad_cam(a, g)
    result = {
        "score": scores[:, target], "gradient": gx, "gradcam": cam, "hirescam": (g * a).sum(1), "layercam": (positive * a).sum(1),
        "gradcam-elementwise": (g * a).clamp(min=0).sum(1), "gradcam-weights": g.mean(axes),
        "xgradcam": (torch.where(sums == 0, 0, (g * a).sum(axes, keepdim=True) / torch.where(sums == 0, 1, sums)) * a).sum(1),
        "gradcam++": ((positive / below).sum(axes, keepdim=True) * a).sum(1), "eigencam": principal(a),
        "ablationcam": (each(ablated(net, raw, target, samples).repeat_interleave(a.shape[0] // samples, 0), a) * a).sum(1),
        "reciprocam": reciprocal(net, raw, target, samples),
        "smooth-gradcam++": smooth_plus_plus(net, x, weights, noise, a),
    }
    order = scores.argsort(1, descending=True)[:, :TOP]
    chances = scores.softmax(1)
    average = 0
    for place in range(TOP):
        one_hot = functional.one_hot(order[:, place], classes).to(x.dtype)
        chance = (chances * one_hot).sum(1) / chances.gather(1, order).sum(1)
        maps = grad_cam(*activation_gradient(net, x, one_hot)[:2])
        average = average + maps * chance.repeat_interleave(a.shape[0] // samples).reshape(-1, *[1] * (maps.ndim - 1))
    result["average-classes"] = average
    distance = (scores - scores[:, target:target + 1]).abs()
    distance[:, target] = np.inf
    similar = distance.argsort(1)[:, :REFERENCES]
    finer = weights - GAMMA / REFERENCES * functional.one_hot(similar, classes).sum(1)
    result["finercam"] = grad_cam(*activation_gradient(net, x, finer)[:2])
    if net.averaging:
        result["cam"] = cam * np.prod(a.shape[2:])
    if name in ("volume", "views", "rows"):
        size, mode = (x.shape[2:], "trilinear") if name == "volume" else (x.shape[-2:], "bilinear")
        large = functional.interpolate(cam.clamp(min=0)[:, None], size=size, mode=mode, align_corners=False)
        result["guided-gradcam"] = guided(net, x, weights) * (large.unflatten(0, (samples, -1)) if name == "views" else large)
    return {key: value.detach().numpy() for key, value in result.items()}


def seeded(name, samples):
    """The first seed whose results in float32 are those in float64: none of them hangs on a kink or a pole."""
    for seed in range(60):
        torch.manual_seed(seed)
        net = NETWORKS[name]().eval()
        for parameter in net.parameters():
            parameter.data = torch.from_numpy(shortened(parameter.detach().numpy() * 1.5))
        x = torch.round(torch.randn(samples, *net.shape) * 8) / 8
        noise = torch.round(torch.randn(COPIES, *net.shape) * 2) / 16
        shared = noise if name != "rows" else torch.round(torch.randn(COPIES, *x.shape) * 2) / 16
        double = copy.deepcopy(net).double()
        with torch.no_grad():
            target = int(net(x)[0].argmax())
        expected = reference(name, double, x.double(), shared.double(), target)
        found = reference(name, net, x, shared, target)
        if all(np.abs(value).max() > 1e-7 and np.abs(found[key] - value).max() <= 1e-4 * np.abs(value).max()
               for key, value in expected.items()):
            return seed, net, x, shared, target, expected
    raise ValueError(f"no seed gives a stable {name}")


def write(name, folder):
    samples = 3 if name == "rows" else 2
    seed, net, x, noise, target, expected = seeded(name, samples)
    arrays = {key: shortened(value) for key, value in expected.items()}
    if name == "volume":
        # As a figure lays it over the slices.
        cam = torch.from_numpy(expected["gradcam"])
        arrays["laid"] = shortened(functional.interpolate(cam[:, None], size=x.shape[2:], mode="trilinear", align_corners=False)[:, 0].numpy())
    np.savez_compressed(folder / f"{name}.npz", input=x.numpy(), **arrays)
    np.save(folder / f"{name}.noise.npy", noise.numpy())
    files = []
    for exporter in EXPORTERS:
        path = folder / f"{name}.{exporter}.onnx"
        names = {"input_names": ["input"], "output_names": ["scores"]}
        if exporter == "dynamo":
            torch.onnx.export(net, (x if name == "rows" else x[:1],), path, dynamo=True, external_data=False, verbose=False, **names)
        else:
            axes = {} if name == "rows" else {"input": {0: "batch"}, "scores": {0: "batch"}}
            torch.onnx.export(net, (x,), path, dynamo=False, dynamic_axes=axes, **names)
        strip_metadata(path, set())
        given = x if name == "rows" or exporter != "dynamo" else x[:1]
        values = all_values(path, {"input": given.numpy()})
        with torch.no_grad():
            scores = net(given).numpy()
        assert np.abs(values["scores"] - scores).max() < 1e-4 * np.abs(scores).max(), path.name
        files.append({"exporter": exporter, "file": path.name, "layer": layer_name(path, values, net.layer.numpy())})
    return {"name": name, "seed": seed, "target": target, "pictures": net.pictures, "arrays": f"{name}.npz",
            "noise": f"{name}.noise.npy", "methods": sorted(expected), "files": files}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--destination", type=pathlib.Path, default=DESTINATION)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        index = {
            "made_by": "Scripts/golden/volumes_and_views.py",
            "versions": {module.__name__: module.__version__ for module in (torch, onnx, onnxruntime, np)},
            "tolerance": TOLERANCE,
            "comparison": "largest |found - expected| <= tolerance * largest |expected|, for every array",
            "tolerance_reason": "values are rounded by 2^-13; the seeds are such that PyTorch's float32 results are within 1e-4",
            "parameters": {"average-classes": f"top={TOP}", "finercam": f"references={REFERENCES},gamma={GAMMA}"},
            "networks": [write(name, folder) for name in NETWORKS],
        }
        (folder / "volumes.json").write_text(json.dumps(index, indent=1) + "\n")
        publish(folder, arguments.destination)


if __name__ == "__main__":
    main()
