"""Writes Tests/ExplanationsTests/Golden/triplets: Grad-CAM of a triplet loss on two tiny embedding networks, by PyTorch's autograd.

The loss is written down as such and differentiated with respect to the anchors' map; float64. Run
`.peers/bin/python Scripts/golden/triplets.py` from the root of the project.
"""
import json
import pathlib
import tempfile

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from compact import publish, strip_metadata

DESTINATION = pathlib.Path(__file__).resolve().parents[2] / "Tests/ExplanationsTests/Golden/triplets"
TOLERANCE = 2e-5  # float32 against float64, relative to the largest value
TRIPLETS = 5


class Embedding(nn.Module):
    """Two convolutions, a mean over a quarter of the map each, a linear layer; perhaps scaled to length 1."""

    def __init__(self, normalised):
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.second = nn.Conv2d(4, 6, 3, padding=1)
        self.linear = nn.Linear(6 * 4, 5)
        self.normalised = normalised
        for module in (self.first, self.second, self.linear):
            module.weight.data *= 3  # so that embeddings differ

    def layer(self, x):
        return functional.relu(self.second(functional.relu(self.first(x))))

    def head(self, a):
        f = self.linear(functional.avg_pool2d(a, (2, 3)).flatten(1))
        return functional.normalize(f) if self.normalised else f

    def forward(self, x):
        return self.head(self.layer(x))


def distance(f, g):
    return ((f - g) ** 2).sum(1)


def answer(model, stacks, loss, margin, top):
    a = model.layer(stacks["anchor"]).detach().requires_grad_(True)
    with torch.no_grad():
        positive, negative = model(stacks["positive"]), model(stacks["negative"])
    f = model.head(a)
    difference = distance(f, positive) - distance(f, negative)
    losses = difference if loss == "distance" else (difference + margin).clamp(min=0)
    (gradient,) = torch.autograd.grad(losses.sum(), a)
    weights = gradient.mean((2, 3)).mean(0)
    if top != "all":
        kept = torch.zeros_like(weights)
        chosen = weights.argsort(descending=True, stable=True)[: int(top)]
        kept[chosen] = weights[chosen]
        weights = kept
    maps = (weights[None, :, None, None] * a).sum(1)
    return {
        "loss": loss, "margin": margin, "top": str(top), "losses": losses.tolist(), "weights": weights.tolist(),
        "maps": maps.flatten().tolist(), "inactive": int((losses <= 0).sum()) if loss == "hinge" else 0}


def main():
    torch.set_num_threads(1)
    index = {"tolerance": TOLERANCE, "versions": {"torch": torch.__version__}, "seed": 0, "cases": []}
    with tempfile.TemporaryDirectory() as work:
        folder = pathlib.Path(work)
        for name, normalised in (("plain", False), ("normalised", True)):
            torch.manual_seed(3)
            model = Embedding(normalised).eval()
            path = folder / f"{name}.onnx"
            torch.onnx.export(
                model, torch.zeros(1, 3, 8, 12), path, input_names=["image"], output_names=["embedding"],
                dynamic_axes={"image": {0: "n"}, "embedding": {0: "n"}}, dynamo=False)
            strip_metadata(path, [])
            random = np.random.default_rng(0)
            stacks = {}
            for role in ("anchor", "positive", "negative"):
                values = random.integers(-8, 9, (TRIPLETS, 3, 8, 12)).astype(np.float32) / 8
                # Positives are like their anchors, so that every hinge of margin 0 is inactive.
                values = np.load(folder / "anchor.npy") + values / 4 if role == "positive" else values
                np.save(folder / f"{role}.npy", values)
                stacks[role] = torch.from_numpy(values).double()
            model = model.double()
            with torch.no_grad():
                f = {role: model(stack) for role, stack in stacks.items()}
            difference = (distance(f["anchor"], f["positive"]) - distance(f["anchor"], f["negative"])).sort().values
            assert difference[-1] < 0
            # With this margin two triplets count nothing.
            some = round(-float((difference[1] + difference[2]) / 2), 6)
            asked = [("distance", 0.2, "all"), ("distance", 0.2, 2), ("hinge", some, "all"), ("hinge", some, 3), ("hinge", 0.0, "all")]
            index["cases"].append({
                "name": name, "shape": [TRIPLETS, 4, 6],
                "answers": [answer(model, stacks, loss, margin, top) for loss, margin, top in asked]})
        (folder / "triplets.json").write_text(json.dumps(index))
        publish(folder, DESTINATION)


main()
