"""Writes Tests/ExplanationsTests/Golden/paths: path and sampling methods in float64 from their papers, and captum's values.

Run `.peers/bin/python Scripts/golden/path_methods.py` from the root of the project.
"""
import argparse
import json
import pathlib
import tempfile

import captum
import captum.attr
import numpy as np
import onnx
import scipy
import scipy.ndimage
import torch

from compact import publish, strip_metadata
from exporters import export

DESTINATION = pathlib.Path(__file__).resolve().parents[2] / "Tests/ExplanationsTests/Golden/paths"
SHAPE = (2, 3, 12, 10)
TARGET = 1
TOLERANCE = 2e-4


class Network(torch.nn.Module):
    """Smooth, so that no value hangs on which side of a kink float32 falls."""

    def __init__(self):
        super().__init__()
        self.first = torch.nn.Conv2d(3, 5, 3, padding=1)
        self.second = torch.nn.Conv2d(5, 6, 3, stride=2)
        self.head = torch.nn.Linear(6, 3)

    def forward(self, x):
        x = torch.nn.functional.silu(2 * self.first(x))
        x = torch.tanh(2 * self.second(x))
        return self.head(x.mean((2, 3)))


def gradient(model, x):
    x = torch.as_tensor(x).clone().requires_grad_()
    return torch.autograd.grad(model(x)[:, TARGET].sum(), x)[0].numpy()


def score(model, x):
    with torch.no_grad():
        return model(torch.as_tensor(x))[:, TARGET].numpy()


def quadrature(rule, steps):
    if rule == "gauss-legendre":
        nodes, weights = np.polynomial.legendre.leggauss(steps)
        return (nodes + 1) / 2, weights / 2
    if rule == "trapezoid":
        weights = np.full(steps + 1, 1 / steps)
        weights[[0, -1]] /= 2
        return np.linspace(0, 1, steps + 1), weights
    offset = {"left": 0, "midpoint": 0.5, "right": 1}[rule]
    return (np.arange(steps) + offset) / steps, np.full(steps, 1 / steps)


def integrated_gradients(model, x, baseline, rule="gauss-legendre", steps=50):
    total = sum(w * gradient(model, baseline + a * (x - baseline)) for a, w in zip(*quadrature(rule, steps)))
    return (x - baseline) * total


def blurred(x, sigma, mode):
    return scipy.ndimage.gaussian_filter(x, (0, 0, sigma, sigma), mode=mode)


def blur_integrated_gradients(model, x, largest, steps, mode):
    """Xu, Venugopalan, Sundararajan 2020, equation 5: the path of images blurred by 0 ... largest; the gradients at both ends of a
    step are averaged and multiplied with the exact difference of its images. Steps grow with the blur; the integral does not depend on that."""
    images = [blurred(x, largest * (step / steps) ** 2, mode) for step in range(steps + 1)]
    slopes = [gradient(model, image) for image in images]
    return sum((slopes[k] + slopes[k + 1]) / 2 * (images[k] - images[k + 1]) for k in range(steps))


def guided_integrated_gradients(model, x, baseline, steps, fraction, distance):
    """Kapishnikov et al. 2021, algorithm 1 with anchors as bounds on every feature's progress."""
    attribution = np.zeros_like(x)
    way = x - baseline
    total = np.abs(way).sum()
    point = baseline.copy()
    for step in range(1, steps + 1):
        slope = gradient(model, point[None])[0]
        progress = step / steps
        lowest, highest = baseline + way * max(progress - distance, 0), baseline + way * min(progress + distance, 1)
        goal = total * (1 - progress)
        # Features that are behind catch up first.
        with np.errstate(all="ignore"):
            done = np.where(way != 0, (point - baseline) / way, 1)
        behind = done < max(progress - distance, 0)
        attribution[behind] += (slope * (lowest - point))[behind]
        point = np.where(behind, lowest, point)
        free = np.abs(highest - point) > 0
        free &= way != 0
        while True:
            missing = np.abs(x - point).sum() - goal
            if missing <= 1e-9 * max(total, 1) or not free.any():
                break
            # The smallest slopes among all features; those that are at their bound count as infinite.
            sizes = np.where(free, np.abs(slope), np.inf)
            threshold = np.sort(sizes, axis=None)[int(np.floor(fraction * (sizes.size - 1)))]
            chosen = free & (sizes <= threshold)
            if not chosen.any():
                chosen = free & (sizes <= sizes.min())
            reach = np.abs(highest - point)[chosen].sum()
            share = min(missing / reach, 1)
            move = np.where(chosen, share * (highest - point), 0)
            attribution += slope * move
            point = np.where(chosen & (share == 1), highest, point + move)
            if share < 1:
                break
            free &= ~chosen
    return attribution


def published_guided_integrated_gradients(model, x, baseline, steps, fraction, distance):
    """The same as PAIR's `saliency` describes it: an independent statement, against which the one above is held."""
    point, attribution, way = baseline.copy(), np.zeros_like(x), x - baseline
    for step in range(steps):
        slope = gradient(model, point[None])[0]
        sizes = np.abs(slope)
        alpha = (step + 1) / steps
        bounds = [baseline + way * np.clip(alpha + side * distance, 0, 1) for side in (-1, 1)]
        goal, ratio = np.abs(way).sum() * (1 - alpha), np.inf
        while ratio > 1:
            before = point.copy()
            late = (point - baseline) / way < max(alpha - distance, 0)
            point[late] = bounds[0][late]
            left = np.abs(x - point).sum()
            if np.isclose(left, goal, rtol=1e-9, atol=1e-9):
                attribution += (point - before) * slope
                break
            sizes[point == bounds[1]] = np.inf
            limit = np.quantile(sizes, fraction, method="lower")
            chosen = (sizes <= limit) & (sizes < np.inf)
            reach = np.abs((point - bounds[1])[chosen]).sum()
            ratio = (left - goal) / reach if reach > 0 else np.inf
            point[chosen] = bounds[1][chosen] if ratio > 1 else (point + ratio * (bounds[1] - point))[chosen]
            attribution += (point - before) * slope
    return attribution


def seeded():
    """The first network whose guided path does not depend on float32 rounding."""
    for seed in range(50):
        torch.manual_seed(seed)
        model = Network().eval()
        x = (torch.round(torch.randn(SHAPE) * 64) / 64).double().numpy()
        double = Network().double().eval()
        double.load_state_dict(model.state_dict())
        results = []
        for trial in range(4):
            noisy = Network().double().eval()
            generator = torch.Generator().manual_seed(trial)
            noisy.load_state_dict({
                key: value.double() * (1 + (1e-6 if trial else 0) * torch.randn(value.shape, generator=generator, dtype=torch.float64))
                for key, value in model.state_dict().items()})
            results.append([guided_integrated_gradients(noisy, one, np.zeros_like(one), 20, 0.25, distance)
                            for one in x for distance in (0.02, 0.2)])
        if all(np.abs(a - b).max() < 2e-5 * np.abs(b).max() for result in results[1:] for a, b in zip(result, results[0])):
            return seed, model, double, x
    raise ValueError("no seed is stable")


def attributions(model, x, baseline, noise):
    zero = np.zeros_like(x)
    copies = [x + one for one in noise]
    gradients = np.stack([gradient(model, copy) for copy in copies])
    paths = np.stack([integrated_gradients(model, copy, zero, steps=10) for copy in copies])
    arrays = {
        "score": score(model, x),
        "gradient": gradient(model, x),
        "ig-gauss-legendre-50": integrated_gradients(model, x, zero),
        "ig-trapezoid-50": integrated_gradients(model, x, zero, "trapezoid"),
        "ig-baseline-file-20": integrated_gradients(model, x, baseline, steps=20),
        "ig-two-baselines-20": (integrated_gradients(model, x, zero + 0.5, steps=20) + integrated_gradients(model, x, zero - 0.25, steps=20)) / 2,
        "smoothgrad": gradients.mean(0), "smoothgrad-squared": (gradients**2).mean(0), "vargrad": gradients.var(0),
        "standard-error": gradients.std(0, ddof=1) / np.sqrt(len(gradients)),
        "ig-smoothgrad": paths.mean(0), "ig-smoothgrad-squared": (paths**2).mean(0),
    }
    for rule in ("midpoint", "left", "right"):
        arrays[f"ig-{rule}-7"] = integrated_gradients(model, x, zero, rule, 7)
    for border, mode in {"reflect": "reflect", "zero": "constant"}.items():
        arrays[f"blur-ig-{border}"] = blur_integrated_gradients(model, x, 3, 25, mode)
        limit = blur_integrated_gradients(model, x, 3, 800, mode)
        error = np.abs(arrays[f"blur-ig-{border}"] - limit).max() / np.abs(limit).max()
        print(f"blur-ig-{border}: 25 steps differ from 800 by {error:.1e} of the maximum")
    for distance in (0.02, 0.2):
        ours = np.stack([guided_integrated_gradients(model, one, np.zeros_like(one), 20, 0.25, distance) for one in x])
        published = np.stack([published_guided_integrated_gradients(model, one, np.zeros_like(one), 20, 0.25, distance) for one in x])
        difference = np.abs(ours - published).max() / np.abs(published).max()
        print(f"guided-ig {distance}: differs from the published statement by {difference:.1e} of the maximum")
        arrays[f"guided-ig-{distance}"] = published
    with torch.enable_grad():
        peer = captum.attr.IntegratedGradients(model)
        tensor = torch.as_tensor(x)
        for name, method, steps in (("captum-gauss-legendre-50", "gausslegendre", 50), ("captum-trapezoid-51", "riemann_trapezoid", 51)):
            arrays[name] = peer.attribute(tensor, target=TARGET, n_steps=steps, method=method).detach().numpy()
    return arrays


def blurs():
    plane = np.round(np.random.default_rng(3).normal(size=(7, 9)) * 16) / 16
    cases = [{"sigma": sigma, "border": border,
              "values": scipy.ndimage.gaussian_filter(plane, sigma, mode="constant" if border == "zero" else border).flatten().tolist()}
             for sigma in (0.5, 1.3, 9) for border in ("reflect", "zero")]
    return {"shape": list(plane.shape), "plane": plane.flatten().tolist(), "cases": cases}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--destination", type=pathlib.Path, default=DESTINATION)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    seed, model, double, x = seeded()
    generator = np.random.default_rng(seed)
    noise = (generator.normal(size=(5, *SHAPE)) * 0.3).astype(np.float32)
    baseline = (generator.normal(size=SHAPE) * 0.5).astype(np.float32)
    arrays = attributions(double, x, baseline.astype(np.float64), noise.astype(np.float64))
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        export(model, [torch.as_tensor(x).float()], folder / "smooth.onnx", "torchscript", ["input"], ["logits"])
        strip_metadata(folder / "smooth.onnx", set())
        np.savez_compressed(folder / "smooth.npz", input=x.astype(np.float32), noise=noise, baseline=baseline,
                            **{key: value.astype(np.float32) for key, value in arrays.items()})
        rules = [{"rule": rule, "steps": steps, "nodes": nodes.tolist(), "weights": weights.tolist()}
                 for rule in ("gauss-legendre", "trapezoid", "midpoint", "left", "right")
                 for steps in (1, 2, 3, 7, 50, 201) for nodes, weights in [quadrature(rule, steps)]
                 if rule == "gauss-legendre" or steps < 50]
        record = {
            "made_by": "Scripts/golden/path_methods.py",
            "versions": {module.__name__: module.__version__ for module in (torch, captum, onnx, np, scipy)},
            "seed": seed, "target": TARGET, "tolerance": TOLERANCE,
            "comparison": "largest |found - expected| <= tolerance * largest |expected|, for every array",
            "tolerance_reason": "the reference is in float64; relative noise of 1e-6 on all weights moves guided paths, the most sensitive, by "
                                "less than 2e-5 of their maximum, and float32 convolutions are wrong by up to ten times that noise",
            "quadrature": rules, "blur": blurs(),
        }
        (folder / "paths.json").write_text(json.dumps(record, separators=(",", ":")) + "\n")
        publish(folder, arguments.destination)


if __name__ == "__main__":
    main()
