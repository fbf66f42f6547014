"""Writes Tests/ExplanationsTests/Golden/class_activation: tiny networks, and the class activation maps of PyTorch and NumPy in float64.

Every method is written down here from its paper, on the activation A and the gradient G that autograd gives at the layer. Where a
package computes the same, that is asserted; where one differs, its values are stored under its name. The noise of SS-CAM comes from
the generator that the product documents (SplitMix64, Box and Muller), so that both draw the same numbers.

Run `.peers/bin/python Scripts/golden/class_activation.py` from the root of the project.
"""
import copy
import json
import math
import pathlib
import tempfile

import numpy as np
import onnx
import onnxruntime
import tvshim  # noqa: F401
import torch
from torch import nn
from torch.nn import functional

from compact import publish, strip_metadata
from onnx_values import all_values, layer_name

DESTINATION = pathlib.Path(__file__).resolve().parents[2] / "Tests/ExplanationsTests/Golden/class_activation"
SIZE = (20, 28)
TOLERANCE = 2e-4  # float32 runs of some hundred terms, and quotients of them, against float64
NOISY_COPIES = 4


class Convolutions(nn.Module):
    """A trunk of two convolutions with a map of 5 x 7 cells."""

    def __init__(self, channels, activation):
        super().__init__()
        self.first = nn.Conv2d(3, 6, 3, stride=2, padding=1)
        self.second = nn.Conv2d(6, channels, 3, stride=2, padding=1)
        self.activation = activation

    def forward(self, x):
        return self.activation(self.second(functional.relu(self.first(x))))


class Averaging(nn.Module):
    """Behind the layer: average pooling and a linear layer."""

    def __init__(self, channels, classes):
        super().__init__()
        self.linear = nn.Linear(channels, classes)

    def forward(self, a):
        return self.linear(a.mean((2, 3)))


class Curved(nn.Module):
    """Behind the layer: a convolution, a smooth bend and a linear layer over all cells, so that gradients differ from cell to cell."""

    def __init__(self, channels, classes):
        super().__init__()
        self.convolution = nn.Conv2d(channels, 5, 3, padding=1)
        self.linear = nn.Linear(5 * 35, classes)

    def forward(self, a):
        return self.linear(torch.tanh(self.convolution(a)).flatten(1))


class ChannelsLast(nn.Module):
    """A trunk whose map is [B, H, W, C]."""

    def __init__(self, channels):
        super().__init__()
        self.trunk = Convolutions(channels, functional.relu)
        self.norm = nn.LayerNorm(channels)

    def forward(self, x):
        return functional.gelu(self.norm(self.trunk(x).permute(0, 2, 3, 1)))


class ChannelsLastHead(nn.Module):
    def __init__(self, channels, classes):
        super().__init__()
        self.mix = nn.Linear(channels, channels)
        self.linear = nn.Linear(channels, classes)

    def forward(self, a):
        return self.linear(torch.sigmoid(self.mix(a)).mean((1, 2)))


class Tokens(nn.Module):
    """A class token and the tokens of 5 x 7 patches: [B, 1 + 35, C]."""

    def __init__(self, width):
        super().__init__()
        self.patches = nn.Conv2d(3, width, 4, stride=4)
        self.classes = nn.Parameter(torch.randn(1, 1, width))
        self.position = nn.Parameter(0.2 * torch.randn(1, 36, width))
        self.norm = nn.LayerNorm(width)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.classes.expand(x.shape[0], -1, -1), x], dim=1)
        return self.norm(x + self.position)


class TokenHead(nn.Module):
    """The class token looks at all tokens once."""

    def __init__(self, width, classes):
        super().__init__()
        self.query, self.key, self.value = nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, width)
        self.linear = nn.Linear(width, classes)

    def forward(self, a):
        weights = (self.query(a[:, :1]) @ self.key(a).transpose(1, 2) / a.shape[-1] ** 0.5).softmax(-1)
        return self.linear((weights @ self.value(a))[:, 0] + a[:, 0])


class Network(nn.Module):
    def __init__(self, trunk, head, softmax=False):
        super().__init__()
        self.trunk, self.head, self.softmax = trunk, head, softmax

    def forward(self, x):
        logits = self.head(self.trunk(x))
        return logits.softmax(1) if self.softmax else logits


def networks():
    """Name, network, how its layer becomes [B, C, H, W], and back."""
    def same(a, like=None):
        return a

    def first(a):
        return a.movedim(-1, 1)

    def last(a, like):
        return a.movedim(1, -1)

    def grid(a):
        return a[:, 1:].unflatten(1, (5, 7)).movedim(-1, 1)

    def ungrid(a, like):
        return torch.cat([like[:, :1].expand(a.shape[0], -1, -1), a.flatten(2).transpose(1, 2)], 1)

    def dead(network):
        """One channel that never fires and one that is the same everywhere."""
        with torch.no_grad():
            network.trunk.second.weight[1:3] = 0
            network.trunk.second.bias[1] = -1
            network.trunk.second.bias[2] = 0.5
        return network

    yield "averaging", dead(Network(Convolutions(8, functional.relu), Averaging(8, 6))), same, same
    yield "curved", dead(Network(Convolutions(40, functional.relu), Curved(40, 6))), same, same
    yield "signed", Network(Convolutions(7, torch.tanh), Curved(7, 6)), same, same
    yield "probabilities", dead(Network(Convolutions(8, functional.relu), Averaging(8, 6), softmax=True)), same, same
    yield "channels_last", Network(ChannelsLast(6), ChannelsLastHead(6, 6)), first, last
    yield "tokens", Network(Tokens(8), TokenHead(8, 6)), grid, ungrid


# MARK: Maps from A and G


def weighted(weights, a):
    return (weights[:, :, None, None] * a).sum(1)


def safe(numerator, denominator):
    return torch.where(denominator == 0, 0.0, numerator / torch.where(denominator == 0, 1.0, denominator))


def plus_plus(a, g, eps=0.0):
    alpha = safe(g ** 2, 2 * g ** 2 + a.sum((2, 3), keepdim=True) * g ** 3 + eps)
    return weighted((alpha * g.relu()).sum((2, 3)), a)


def plus_plus_official(a, g):
    """The authors' TensorFlow code without its factor exp(S)."""
    denominator = 2 * g ** 2 + a.sum((2, 3), keepdim=True) * g ** 3
    alpha = g ** 2 / torch.where(denominator != 0, denominator, 1.0)
    kept = torch.where(g.relu() > 0, alpha, 0.0).sum((2, 3), keepdim=True)
    alpha = alpha / torch.where(kept != 0, kept, 1.0)
    return weighted((alpha * g.relu()).sum((2, 3)), a)


def plus_plus_tf_keras_vis(a, g):
    denominator = 2 * g ** 2 + g ** 3 * a.sum((2, 3), keepdim=True) + (g ** 2 == 0)
    alpha = g ** 2 / denominator
    total = alpha.sum((2, 3), keepdim=True)
    alpha = alpha / (total + (total == 0))
    return weighted((alpha * g.relu()).sum((2, 3)), a)


def plus_plus_xplique(a, g):
    denominator = 2 * g ** 2 + g ** 3 * a.mean((2, 3), keepdim=True)
    denominator = denominator + (denominator == 0) * 1e-4
    return weighted((g ** 2 / denominator * g.relu()).mean((2, 3)), a)


def first_component(m, centred, agreeing=False):
    """Of one sample's map [C, H, W], by NumPy's singular value decomposition."""
    matrix = m.reshape(m.shape[0], -1).T.numpy()
    matrix = matrix - matrix.mean(0) if centred else matrix
    result = matrix @ np.linalg.svd(matrix)[2][0]
    sign = np.sign(result @ matrix.sum(1)) if agreeing else np.sign(result[np.abs(result).argmax()])
    return torch.tensor(result * sign).reshape(m.shape[1:])


def components(m, centred, agreeing=False):
    return torch.stack([first_component(one, centred, agreeing) for one in m])


def feature_explanation(a, k, weights="mean"):
    mean, deviation = a.mean((2, 3), keepdim=True), a.std((2, 3), keepdim=True, unbiased=False)
    strong = (a > mean + k * deviation).double()
    return (mean * strong).sum(1) if weights == "mean" else (strong.mean((2, 3), keepdim=True) * a).sum(1)


def from_gradient(a, g):
    return {
        "gradcam": weighted(g.mean((2, 3)), a),
        "gradcam++": plus_plus(a, g),
        "gradcam++:eps=1e-6": plus_plus(a, g, 1e-6),
        "gradcam++:variant=official": plus_plus_official(a, g),
        "gradcam++:variant=tf-keras-vis": plus_plus_tf_keras_vis(a, g),
        "gradcam++:variant=xplique": plus_plus_xplique(a, g),
        "gradcam++:variant=torchcam": weighted((g ** 2 * g.relu()).sum((2, 3)), a),
        "xgradcam": weighted(safe((g * a).sum((2, 3)), a.sum((2, 3))), a),
        "layercam": (g.relu() * a).sum(1),
        "hirescam": (g * a).sum(1),
        "gradcam-elementwise": (g * a).relu().sum(1),
        "eigencam": components(a, False),
        "eigencam:center=true": components(a, True),
        "eigengradcam": components(g * a, True, agreeing=True),
        "eigengradcam:center=false": components(g * a, False, agreeing=True),
        "fem": feature_explanation(a, 2),
        "fem:k=1": feature_explanation(a, 1),
        "fem:k=1,variant=pytorch-grad-cam": feature_explanation(a, 1, "mask"),
    }


# MARK: Maps from scores


def unit(m):
    """Every channel of [C, H, W] to 0...1; zeros where it is constant."""
    low, high = m.amin((1, 2), keepdim=True), m.amax((1, 2), keepdim=True)
    return torch.where(high > low, (m - low) / torch.where(high > low, high - low, 1.0), 0.0)


def masks_of(a, aligned=False):
    """Enlarged channels brought to 0...1; interpolation makes noise of a constant channel, which is no mask."""
    return unit(enlarged(a, aligned)) * (a.amax((1, 2)) > a.amin((1, 2)))[:, None, None]


def enlarged(m, aligned=False):
    return functional.interpolate(m[None], SIZE, mode="bilinear", align_corners=aligned)[0]


def score_maps(score, probability, a, x):
    """Score-CAM and kin of one sample; `score` and `probability` take a batch of inputs."""
    masks = masks_of(a)
    scores = score(masks[:, None] * x)
    probabilities = probability(masks[:, None] * x)
    nothing = score(torch.zeros_like(x)[None])

    def summed(weights):
        return (weights[:, None, None] * a).sum(0)

    varying = a.amax((1, 2)) > a.amin((1, 2))
    strongest = torch.zeros(len(a), dtype=torch.bool)
    strongest[a.std((1, 2)).argsort(descending=True)[:3]] = True
    generator = Generator(5)
    order = [k for k in a.var((1, 2), unbiased=False).argsort(descending=True, stable=True).tolist() if varying[k]]
    order += [k for k in range(len(a)) if not varying[k]]
    noisy = torch.zeros(len(a), dtype=torch.float64)
    for k in order:
        inputs = [(masks[k] + 0.3 * torch.tensor(generator.normals(masks[k].numel())).reshape(SIZE)) * x for _ in range(2)]
        noisy[k] = score(torch.stack(inputs)).mean()
    shares = {"linear": [i / 4 for i in range(1, 5)], "cumulative": [i * (i + 1) / 8 for i in range(1, 5)]}
    integrated = {name: torch.stack([score(share * masks[:, None] * x) for share in list]).mean(0) for name, list in shares.items()}
    return {
        "scorecam": summed(scores.softmax(0)),
        "scorecam.scores": scores,
        "scorecam:variant=align-corners": summed(score(masks_of(a, True)[:, None] * x).softmax(0)),
        "scorecam:variant=normalise-first": summed(score(enlarged(unit(a))[:, None] * x).softmax(0)),
        "scorecam:variant=official": ((probabilities * varying)[:, None, None] * enlarged(a)).sum(0),
        "scorecam:score=prob": summed(probabilities.softmax(0)),
        "scorecam:weights=linear": summed(scores - nothing),
        "scorecam:weights=relu": summed((scores - nothing).relu()),
        "faster-scorecam:channels=3": summed(probabilities * strongest * varying),
        "sscam:samples=2,sigma=0.3,seed=5": summed(noisy.softmax(0)),
        "iscam:steps=4": summed(integrated["linear"].softmax(0)),
        "iscam:steps=4,path=cumulative": summed(integrated["cumulative"].softmax(0)),
    }


class Generator:
    """SplitMix64 with Box and Muller's transform: the product's documented generator."""

    def __init__(self, seed):
        self.state, self.spare = seed, None

    def uniform(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) % 2 ** 64
        mixed = self.state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) % 2 ** 64
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) % 2 ** 64
        return ((mixed ^ (mixed >> 31)) >> 11) * 2.0 ** -53

    def normal(self):
        if self.spare is not None:
            value, self.spare = self.spare, None
            return value
        radius, angle = math.sqrt(-2 * math.log(1 - self.uniform())), 2 * math.pi * self.uniform()
        self.spare = radius * math.sin(angle)
        return radius * math.cos(angle)

    def normals(self, count):
        return [self.normal() for _ in range(count)]


def layer_maps(head, a, cells, ablated):
    """Ablation-CAM and Recipro-CAM of one sample; `head` gives the score of a batch of maps [B, C, H, W].

    `ablated` holds the scores without each channel, which is taken out of the whole layer: of class tokens as well.
    """
    whole = head(a[None])[0]
    nothing = head(torch.zeros_like(a)[None])[0]
    height, width = cells
    alone, around = torch.zeros(height * width, height, width), torch.zeros(height * width, height + 2, width + 2)
    kernel = torch.tensor([1.0, 2, 1])[:, None] * torch.tensor([1.0, 2, 1]) / 16
    for i in range(height):
        for j in range(width):
            alone[i * width + j, i, j] = 1
            around[i * width + j, i:i + 3, j:j + 3] = kernel
    around = around[:, 1:-1, 1:-1]
    return {
        "ablationcam": (((whole - ablated) / whole)[:, None, None] * a).sum(0),
        "reciprocam": (head(a * alone[:, None]) - nothing).reshape(cells),
        "reciprocam:mask=gaussian": (head(a * around[:, None]) - nothing).reshape(cells),
    }


def smooth(g, a):
    d1, d2, d3 = g.mean(0), (g ** 2).mean(0), (g ** 3).mean(0)
    total = a.sum((1, 2), keepdim=True)
    denominator = 2 * d2 + total * d3
    alpha = safe(d2, denominator)
    paper = safe(d1, denominator)
    return [((one * d1.relu()).sum((1, 2))[:, None, None] * a).sum(0) for one in (alpha, paper)]


def refined(network, x, target):
    """RefineCAM of Grad-CAM++ at both convolutions, and the first one's activation."""
    first = functional.relu(network.trunk.first(x)).requires_grad_()
    second = network.trunk.activation(network.trunk.second(first))
    product = 1
    for layer in (first, second):
        (g,) = torch.autograd.grad(network.head(second)[:, target].sum(), layer, retain_graph=True)
        product = product * enlarged(unit(plus_plus(layer, g).relu()))
    return product.detach(), first.detach()


# MARK: Putting together


def arrays_of(network, to_map, from_map, x, target):
    """Every map of a batch, by the method's specification."""
    def logit(x):
        return network.head(network.trunk(x))[:, target]

    def probability(x):
        return network.head(network.trunk(x)).softmax(1)[:, target]

    def gradients(x):
        layer = network.trunk(x).detach().requires_grad_()
        (g,) = torch.autograd.grad(network.head(layer)[:, target].sum(), layer)
        return layer.detach(), to_map(layer.detach()), to_map(g)

    layer, a, g = gradients(x)
    arrays = from_gradient(a, g)
    noise = torch.round(torch.randn(NOISY_COPIES, *x.shape, generator=torch.Generator().manual_seed(7)) * 8) / 32
    samples = []
    with torch.no_grad():
        for sample in range(len(x)):
            def head(maps, sample=sample):
                return network.head(from_map(maps, layer[sample:sample + 1]))[:, target]

            own = layer[sample:sample + 1]
            axis = 1 if own.shape[1:] == a.shape[1:] else own.ndim - 1
            ablated = torch.cat([
                network.head(own.index_fill(axis, torch.tensor([k]), 0))[:, target] for k in range(a.shape[1])])
            maps = score_maps(logit, probability, a[sample], x[sample]) | layer_maps(
                head, a[sample], a.shape[2:], ablated)
            logits = network.head(layer[sample:sample + 1])[0]
            nearest = [int(c) for c in (logits - logits[target]).abs().argsort() if c != target]
            maps["references"] = nearest
            samples.append(maps)
    for sample, maps in enumerate(samples):
        noisy = [gradients(x[sample:sample + 1] + one[sample]) for one in noise]
        maps["smooth-gradcam++"], maps["smooth-gradcam++:variant=paper"] = smooth(torch.cat([one[2] for one in noisy]), a[sample])
        nearest = maps.pop("references")
        for label, count, gamma in [("finercam", 3, 0.6), ("finercam:references=1,gamma=1", 1, 1.0)]:
            single = layer[sample:sample + 1].clone().requires_grad_()
            y = network.head(single)[0]
            (g,) = torch.autograd.grad(y[target] - gamma * y[nearest[:count]].mean(), single)
            maps[label] = weighted(to_map(g).mean((2, 3)), a[sample:sample + 1])[0]
    arrays |= {key: torch.stack([maps[key] for maps in samples]) for key in samples[0]}
    return arrays, layer, noise


def packages(network, x, noise, target, arrays):
    """Checks what the packages compute against the above; returns theirs where they differ by design."""
    import os
    os.environ["TQDM_DISABLE"] = "1"
    import pytorch_grad_cam as pgc
    import torchcam.methods as tc
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    targets = [ClassifierOutputTarget(target)] * len(x)

    def raw(cls, **options):
        """The package's map before ReLU, scaling and enlarging."""
        kept = []

        class Raw(cls):
            def get_cam_image(self, *arguments, **keywords):
                kept.append(super().get_cam_image(*arguments, **keywords))
                return kept[-1]

        with Raw(network, [network.trunk], **options) as method:
            method(x.clone(), targets=targets)
        return np.asarray(kept[0])

    def close(name, found, tolerance=1e-3):
        expected = arrays[name].numpy()
        error = np.abs(found - expected).max() / np.abs(expected).max()
        assert error < tolerance, f"{name}: {error}"
        return float(error)

    agreements = {
        "gradcam": raw(pgc.GradCAM), "gradcam++:eps=1e-6": raw(pgc.GradCAMPlusPlus), "xgradcam": raw(pgc.XGradCAM),
        "layercam": raw(pgc.LayerCAM), "hirescam": raw(pgc.HiResCAM), "gradcam-elementwise": raw(pgc.GradCAMElementWise),
        "scorecam:variant=align-corners": raw(pgc.ScoreCAM), "fem:k=1,variant=pytorch-grad-cam": raw(pgc.FEM, k=1),
    }
    errors = {name: close(name, found) for name, found in agreements.items()}
    for name, found in [("eigencam:center=true", raw(pgc.EigenCAM)), ("eigengradcam", raw(pgc.EigenGradCAM))]:
        signs = np.sign([(one * ours).sum() for one, ours in zip(found, arrays[name].numpy())])
        errors[name] = close(name, found * signs[:, None, None])
    ablation = raw(pgc.AblationCAM)
    theirs = {"pytorch-grad-cam.ablationcam": ablation}
    if network.trunk(x).min() == 0:
        # The package ablates by min(A) - 1e7 wherever the smallest activation is not 0.
        errors["ablationcam"] = close("ablationcam", ablation)

    def torch_map(cls, noise=None):
        """torchcam's weights times the activation that it kept: after noisy runs, that of the last."""
        with cls(network, network.trunk, input_shape=x.shape[1:]) as method:
            if noise is not None:
                draws = iter(noise)
                method.num_samples, method._distrib.sample = len(noise), lambda shape: next(draws)
            scores = network(x)
            keywords = {} if cls in (tc.ScoreCAM, tc.SmoothGradCAMpp) else {"scores": scores}
            weights = method._get_weights(target, **keywords)[0]
            return (weights[:, :, None, None] * method.hook_a[0]).sum(1).detach().numpy()

    theirs["smooth-gradcam++:variant=torchcam"] = torch_map(tc.SmoothGradCAMpp, noise)
    errors["torchcam gradcam++:variant=torchcam"] = close("gradcam++:variant=torchcam", torch_map(tc.GradCAMpp))
    errors["torchcam scorecam:variant=normalise-first"] = close("scorecam:variant=normalise-first", torch_map(tc.ScoreCAM))
    return theirs, errors


def main():
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float32)
    records = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        for seed, (name, build) in enumerate(seeded()):
            torch.manual_seed(seed)
            _, network, to_map, from_map = build()
            network.eval()
            for parameter in network.parameters():
                parameter.requires_grad_(False)
            x = torch.round(torch.randn(2, 3, *SIZE, generator=torch.Generator().manual_seed(seed + 100)) * 8) / 8
            double = copy.deepcopy(network).double()
            logits = double.head(double.trunk(x.double()))
            # Where there is no softmax, a score below 0: Ablation-CAM divides by it.
            target = int(logits.sum(0).argmax() if network.softmax else logits.sum(0).argmin())
            arrays, layer, noise = arrays_of(double, to_map, from_map, x.double(), target)
            theirs, errors = {}, {}
            if name in ("averaging", "curved", "signed"):
                trained = copy.deepcopy(double)
                for parameter in trained.parameters():
                    parameter.requires_grad_(True)
                theirs, errors = packages(trained, x.double(), noise, target, arrays)
            path = folder / f"{name}.onnx"
            torch.onnx.export(network, (x,), path, dynamo=False, input_names=["input"], output_names=["y"],
                              dynamic_axes={"input": {0: "batch"}, "y": {0: "batch"}})
            strip_metadata(path, set())
            tensor = layer_name(path, all_values(path, x.numpy()), layer.float().numpy())
            if isinstance(network.trunk, Convolutions):
                product, first = refined(double, x.double(), target)
                early = layer_name(path, all_values(path, x.numpy()), first.float().numpy())
                arrays[f"refinecam:layers={early}+{tensor}"] = product
            stored = {key: np.float32(value) for key, value in arrays.items()}
            np.savez_compressed(folder / f"{name}.npz", input=x.numpy(), **stored, **{k: np.float32(v) for k, v in theirs.items()})
            np.save(folder / "noise.npy", np.float32(noise.numpy()))
            records.append({
                "name": name, "target": target, "layer": tensor, "softmax": network.softmax, "packages": errors,
                "score": [float(v) for v in logits[:, target]], "methods": sorted(key for key in [*stored, *theirs] if not key.startswith("pytorch") and not key.endswith(".scores")),
            })
        import pytorch_grad_cam  # noqa: F401
        from importlib.metadata import version
        (folder / "class_activation.json").write_text(json.dumps({
            "made_by": "Scripts/golden/class_activation.py",
            "versions": {"torch": torch.__version__, "onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__, "numpy": np.__version__,
                         "grad-cam": version("grad-cam"), "torchcam": version("torchcam")},
            "tolerance": TOLERANCE, "comparison": "largest |found - expected| <= tolerance * largest |expected|, sample by sample",
            "tolerance_reason": "float32 runs and quotients of sums against float64; a wrong factor, sign or sum is off by 1e-2 and more",
            "networks": records}, indent=1) + "\n")
        publish(folder, DESTINATION)


def seeded():
    """Every network's name, and what builds it anew (from the seed that is set)."""
    names = ["averaging", "curved", "signed", "probabilities", "channels_last", "tokens"]
    return [(name, lambda name=name: next(one for one in networks() if one[0] == name)) for name in names]


if __name__ == "__main__":
    main()
