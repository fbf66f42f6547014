"""Writes Tests/ExplanationsTests/Golden/perturbation: a tiny classifier with its perturbation maps, each formula computed directly in float64.

Nothing here is taken from the Swift code but its random generator (SplitMix64, from the paper), so that both draw the same masks and
coalitions. Where captum has a method and is right, the direct formula is asserted against it before it is written.

Run `.peers/bin/python Scripts/golden/perturbation.py` from the root of the project.
"""
import itertools
import json
import math
import pathlib
import tempfile

import captum
import captum.attr
import numpy as np
import onnx
import scipy
import skimage
import skimage.color
import torch
import torch.nn.functional as F
from torch import nn

from compact import publish, strip_metadata
from exporters import export

DESTINATION = pathlib.Path(__file__).resolve().parents[2] / "Tests/ExplanationsTests/Golden/perturbation"
HEIGHT, WIDTH, BATCH, TARGET = 14, 11, 2, 1
TOLERANCE = 2e-4


class Tiny(nn.Module):
    """Places matter, and evidence interacts."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 5, 3), nn.Conv2d(5, 4, 3, stride=2)
        self.head = nn.Linear(4 * 5 * 4, 3)

    def forward(self, x):
        return self.head(torch.relu(self.second(torch.relu(self.first(x)))).flatten(1))


class SplitMix64:
    """Steele, Lea, Flood 2014."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        mask = (1 << 64) - 1
        self.state = (self.state + 0x9E3779B97F4A7C15) & mask
        mixed = self.state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & mask
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & mask
        return mixed ^ (mixed >> 31)

    def uniform(self):
        return (self.next() >> 11) * 2.0**-53


def score(model, x):
    with torch.no_grad():
        return model(x)[:, TARGET]


def occlusion(model, x, baseline, window, stride):
    starts = [range(0, math.ceil(max(size - win, 0) / step) * step + 1, step) for size, win, step in zip(x.shape[2:], window, stride)]
    total, cover = torch.zeros_like(x[:, :1]), torch.zeros_like(x[:1, :1])
    for top, left in itertools.product(*starts):
        changed = x.clone()
        area = (..., slice(top, top + window[0]), slice(left, left + window[1]))
        changed[area] = baseline.expand_as(x)[area]
        total[area] += (score(model, x) - score(model, changed)).view(-1, 1, 1, 1)
        cover[area] += 1
    assert (cover > 0).all() or max(stride[0] - window[0], stride[1] - window[1]) > 0
    return total / cover.clamp(min=1)


def feature_ablation(model, x, baseline, segments):
    result = torch.zeros_like(x[:, :1])
    segments = segments.view(-1, 1, HEIGHT, WIDTH).expand(len(x), 1, HEIGHT, WIDTH)
    for label in segments.unique():
        hit = segments == label
        changed = torch.where(hit, baseline, x)
        result += hit * (score(model, x) - score(model, changed)).view(-1, 1, 1, 1)
    return result


def rise(model, x, masks, p, centre=False):
    scores = torch.stack([score(model, x * mask) for mask in masks])
    if centre:
        scores = scores - scores.mean(0)
    terms = torch.stack([row.view(-1, 1, 1, 1) * mask for row, mask in zip(scores, masks)]) / p
    return terms.mean(0), terms.var(0, unbiased=True).sqrt() / math.sqrt(len(masks))


def grid_masks(count, grid, p, seed):
    generator = SplitMix64(seed)
    cell = [math.ceil(size / grid) for size in (HEIGHT, WIDTH)]
    masks = []
    for _ in range(count):
        cells = torch.tensor([float(generator.uniform() < p) for _ in range(grid * grid)], dtype=torch.float64).view(1, 1, grid, grid)
        top, left = (int(generator.uniform() * size) for size in cell)
        up = F.interpolate(cells, size=[(grid + 1) * size for size in cell], mode="bilinear", align_corners=False)
        masks.append(up[0, 0, top:top + HEIGHT, left:left + WIDTH])
    return torch.stack(masks)


def seen_picture(x, baseline, segments, seen):
    return torch.where(torch.as_tensor(seen)[segments], x, baseline)


def lime(model, x, baseline, segments, samples, width, ridge, seed):
    generator, count = SplitMix64(seed), int(segments.max()) + 1
    rows = np.array([[generator.next() >> 63 for _ in range(count)] for _ in range(samples)])
    rows[0] = 1
    scores = np.array([[float(score(model, seen_picture(one[None], baseline, segments, row == 1))) for row in rows] for one in x])
    norms = np.linalg.norm(rows, axis=1) * math.sqrt(count)
    distance = 1 - np.where(norms > 0, rows.sum(1) / np.where(norms > 0, norms, 1), 0)
    weights = np.sqrt(np.exp(-(distance**2) / width**2))
    maps = []
    for y in scores:
        # The intercept is the last column and is not penalised.
        design = np.hstack([rows, np.ones((samples, 1))])
        penalty = np.diag([ridge] * count + [0])
        solution = np.linalg.solve(design.T @ (weights[:, None] * design) + penalty, design.T @ (weights * y))
        maps.append(torch.tensor(solution[:-1])[segments][None])
    return torch.stack(maps)


def shapley(model, x, baseline, segments):
    """By the definition: the mean contribution over all orders."""
    count = int(segments.max()) + 1
    maps = []
    for one in x:
        value = {seen: float(score(model, seen_picture(one[None], baseline, segments, np.array(seen, dtype=bool))))
                 for seen in itertools.product([0, 1], repeat=count)}
        result = np.zeros(count)
        for order in itertools.permutations(range(count)):
            seen = [0] * count
            for player in order:
                before = value[tuple(seen)]
                seen[player] = 1
                result[player] += value[tuple(seen)] - before
        maps.append(torch.tensor(result / math.factorial(count))[segments][None])
    return torch.stack(maps)


def scaled(model, x, background):
    """The score on a scale from 0, the background's, to 1, the picture's."""
    low, high = score(model, background), score(model, x)
    return lambda e: (model(e)[:, TARGET] - low) / (high - low)


def enlarged(cells):
    return F.interpolate(cells[None, None], size=(HEIGHT, WIDTH), mode="bilinear", align_corners=False)


def descend(cells, loss, iterations, rate):
    """torch's Adam with cells that stay in [0, 1]; all cells on the way with their losses."""
    cells = cells.clone().requires_grad_()
    optimiser, way = torch.optim.Adam([cells], lr=rate), []
    for iteration in range(iterations):
        optimiser.zero_grad()
        value = loss(cells, iteration)
        way.append((float(value.detach()), cells.detach().clone()))
        value.backward()
        optimiser.step()
        cells.data.clamp_(0, 1)
    return way


def meaningful_perturbation(model, x, background, grid, iterations, l1, tv):
    maps = []
    for one in x.split(1):
        s = scaled(model, one, background)

        def loss(m, _):
            rough = (m[1:] - m[:-1]).abs().pow(3).mean() + (m[:, 1:] - m[:, :-1]).abs().pow(3).mean()
            up = enlarged(m)
            return s(up * one + (1 - up) * background).sum().clamp(min=0) + l1 * (1 - m).mean() + tv * rough
        way = descend(torch.ones(grid, grid, dtype=torch.float64), loss, iterations, 0.1)
        maps.append(1 - enlarged(min(way, key=lambda pair: pair[0])[1])[0])
    return torch.stack(maps)


def discs(cells, radius):
    height, width = cells.shape
    row, column = (torch.arange(size, dtype=torch.float64) for size in (height, width))
    dy = (row[:, None, None, None] - row[None, None, :, None]).expand(height, width, height, width)
    dx = (column[None, :, None, None] - column[None, None, None, :]).expand(height, width, height, width)
    kernel = torch.exp(-2 * ((dy**2 + dx**2).sqrt() / radius - 0.5).clamp(min=0) ** 2)
    reach = int(2.5 * radius)
    a = (kernel * cells).masked_fill((dy.abs() > reach) | (dx.abs() > reach), -math.inf).flatten(2)
    return (torch.softmax(20 * a, -1) * a.masked_fill(a.isinf(), 0)).sum(-1)


def extremal_perturbation(model, x, background, grid, radius, area, iterations):
    maps = []
    height, width = grid, round(grid * WIDTH / HEIGHT)
    reference = torch.zeros(height * width, dtype=torch.float64)
    reference[len(reference) - round(area * len(reference)):] = 1
    for one in x.split(1):
        s = scaled(model, one, background)

        def loss(cells, iteration):
            m = discs(cells, radius * grid)
            up = enlarged(m)
            penalty = (m.flatten().sort().values - reference).pow(2).mean()
            return 20 * 16 ** (iteration / iterations) * penalty - s(up * one + (1 - up) * background).sum()
        uniform = torch.full((height, width), 0.5, dtype=torch.float64, requires_grad=True)
        up = enlarged(discs(uniform, radius * grid))
        slope, = torch.autograd.grad(s(up * one + (1 - up) * background).sum(), uniform)
        way = descend(0.5 + 0.25 * slope / slope.abs().max(), loss, iterations, 0.05)
        maps.append(enlarged(discs(way[-1][1], radius * grid))[0])
    return torch.stack(maps)


class HullReLU(torch.autograd.Function):
    """ReLU whose gradient passes only where the activation lies between 0 and what it is for the original picture."""

    @staticmethod
    def forward(context, value, bound):
        result = value.clamp(min=0)
        context.save_for_backward(result, bound)
        return result

    @staticmethod
    def backward(context, gradient):
        result, bound = context.saved_tensors
        return gradient * (result > 0) * (result <= bound * (1 + 1e-5)), None


def fgvis(model, x, background, game, iterations, weight, gate):
    maps = []
    for one in x.split(1):
        with torch.no_grad():
            first = torch.relu(model.first(one))
            second = torch.relu(model.second(first))

        def gated(e):
            hidden = HullReLU.apply(model.first(e), first)
            return model.head(HullReLU.apply(model.second(hidden), second).flatten(1))
        low, high = score(model, background), score(model, one)
        mask = torch.full_like(one, 1 if game in ("deletion", "preservation") else 0).requires_grad_()
        for _ in range(iterations):
            s = ((gated if gate else model)(mask * one + (1 - mask) * background)[:, TARGET] - low) / (high - low)
            is_low = game in ("deletion", "repression")
            loss = s.sum() + weight * (1 - mask).mean() if is_low else weight * mask.mean() - s.sum()
            gradient, = torch.autograd.grad(loss, mask)
            mask = (mask - 0.1 * gradient / gradient.abs().max()).clamp(0, 1).detach().requires_grad_()
        maps.append((1 - mask if is_low else mask).detach()[0])
    return torch.stack(maps)


def check_against_captum(model, x, baseline, segments, ours):
    def close(name, found):
        # captum counts and averages in float32.
        error = float((ours[name] - found.detach()).abs().max() / ours[name].abs().max())
        assert error < 1e-5, f"captum's {name} differs by {error}"

    # captum hides one window over all channels and repeats the result in each.
    found = captum.attr.Occlusion(model).attribute(x, (3, 5, 4), strides=(3, 3, 2), target=TARGET, baselines=0)
    close("occlusion.0", found[:, :1])
    found = captum.attr.Occlusion(model).attribute(x, (3, 5, 4), strides=(3, 3, 2), target=TARGET, baselines=baseline)
    close("occlusion.file", found[:, :1])
    found = captum.attr.FeatureAblation(model).attribute(x, target=TARGET, baselines=baseline, feature_mask=segments[None, None])
    close("feature-ablation", found[:, :1])
    found = torch.cat([captum.attr.ShapleyValues(model).attribute(
        x[i:i + 1], target=TARGET, baselines=baseline, feature_mask=segments[None, None]) for i in range(len(x))])
    close("kernelshap", found[:, :1])


def main():
    torch.set_num_threads(1)
    torch.manual_seed(3)
    model = Tiny().double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.round(parameter * 256) / 256)
    x = torch.round(torch.randn(BATCH, 3, HEIGHT, WIDTH, dtype=torch.float64) * 16) / 16
    baseline = torch.round(torch.randn(1, 3, HEIGHT, WIDTH, dtype=torch.float64) * 8) / 16
    zero = torch.zeros_like(baseline)
    labels = torch.arange(HEIGHT)[:, None] // 5 * 2 + torch.arange(WIDTH)[None] // 6
    scattered = torch.tensor([-7, 0, 3, 12, 40, 41])[torch.randint(0, 6, (BATCH, HEIGHT, WIDTH))]
    masks = torch.round(torch.rand(9, HEIGHT, WIDTH, dtype=torch.float64) * 16) / 16
    file_map, file_error = rise(model, x, masks, 0.5)
    centred_map, centred_error = rise(model, x, masks, 0.5, centre=True)
    drawn_map, drawn_error = rise(model, x, grid_masks(40, 3, 0.4, 5), 0.4)
    results = {
        "occlusion.0": occlusion(model, x, zero, (5, 4), (3, 2)),
        "occlusion.file": occlusion(model, x, baseline, (5, 4), (3, 2)),
        "occlusion.default": occlusion(model, x, zero, (15, 15), (8, 8)),
        "occlusion.gaps": occlusion(model, x, zero, (2, 2), (4, 3)),
        "feature-ablation": feature_ablation(model, x, baseline, labels),
        "feature-ablation.own": feature_ablation(model, x, zero, scattered),
        "rise.file": file_map, "rise.file.error": file_error,
        "rise.centred": centred_map, "rise.centred.error": centred_error, "rise.drawn": drawn_map, "rise.drawn.error": drawn_error,
        "lime": lime(model, x, baseline, labels, 64, 0.25, 1, 11),
        "kernelshap": shapley(model, x, baseline, labels),
        "meaningful-perturbation": meaningful_perturbation(model, x, baseline, 5, 12, 1, 0.2),
        "extremal-perturbation": extremal_perturbation(model, x, baseline, 8, 0.15, 0.2, 12),
    } | {
        f"fgvis.{game}.{str(gate).lower()}": fgvis(model, x, zero, game, 6, 1, gate)
        for game in ("deletion", "preservation", "generation", "repression") for gate in (True, False)
    }
    check_against_captum(model, x, baseline, labels, results)
    colours = np.array([[r, g, b] for r in (0, 0.03, 0.4, 1) for g in (0, 0.2, 1) for b in (0, 0.6, 1)])
    arrays = {
        "input": x.numpy().astype(np.float32), "baseline": baseline.numpy().astype(np.float32),
        "segments": labels.numpy().astype(np.int32), "segments.own": scattered.numpy().astype(np.int64),
        "masks": masks.numpy().astype(np.float32), "scores": score(model, x).numpy().astype(np.float32),
        "colours": colours.astype(np.float32), "lab": skimage.color.rgb2lab(colours[None], illuminant="D65")[0].astype(np.float32),
    } | {name: value.detach().numpy().astype(np.float32) for name, value in results.items()}
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        export(model.float(), [x.float()], folder / "tiny.onnx", "torchscript", ["input"], ["logits"])
        strip_metadata(folder / "tiny.onnx", set())
        np.savez_compressed(folder / "perturbation.npz", **arrays)
        index = {
            "made_by": "Scripts/golden/perturbation.py", "seed": 3, "target": TARGET,
            "versions": {module.__name__: module.__version__ for module in (torch, captum, onnx, np, scipy, skimage)},
            "tolerance": TOLERANCE,
            "tolerance_reason": "scores are float32 (1e-6 of about 1), and maps are differences of scores that are smaller by up to 20",
        }
        (folder / "perturbation.json").write_text(json.dumps(index, indent=1) + "\n")
        publish(folder, DESTINATION)


if __name__ == "__main__":
    main()
