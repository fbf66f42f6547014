"""Writes Tests/ExplanationsTests/Golden/methods: six tiny networks and what every method gives on them, from the methods' formulas.

Run `.peers/bin/python Scripts/golden/methods.py` from the root of the project. The formulas are those of
Scripts/compare/method_reference.py, in PyTorch's float64.

methods.json holds `tolerance` with its reason, `versions`, and `networks`, each with
- `name`, `model` (the ONNX file), `arrays` (the .npz file), `target` and `layer` as `gaze attribute` takes them, `seed`,
- `inputs`: the names of the model's inputs; the .npz holds each as `input.NAME`,
- `files`: what SPECs name as NAME.npy, by that name; the .npz holds each under the value. A test puts them where it likes and replaces
  the names in the SPEC,
- `cases`: `label`, `method` (SPEC without a label), `shape` of the result; the .npz holds the expected result as `expected.LABEL`.
An error is the largest difference over the largest expected magnitude; eigencam's sign is that of the definition.
"""
import argparse
import importlib.metadata
import json
import pathlib
import shutil
import sys
import tempfile
import warnings

import numpy as np
import torch
from torch import nn

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "compare"))
from compact import publish, shortened, strip_metadata
from method_cases import INPUTS, TOLERANCE, exported, stable
from method_rows import ROWS
from odd_networks import (CLASSES, Embedding, FunctionalBlock, Gate, Head, OddNetwork, Segmentation, Tokens, class_means, separable)

DESTINATION = pathlib.Path(__file__).resolve().parents[2] / "Tests/ExplanationsTests/Golden/methods"
LIBRARIES = ["torch", "onnx", "onnxruntime", "numpy"]
SIZE = (12, 16)


def residual():
    return Head(FunctionalBlock(3, 6, 2), 6)


def gated():
    return Head(nn.Sequential(nn.Conv2d(3, 6, 3, 2, 1), nn.ReLU6(), separable(6, 8, 1), Gate(8)), 8)


class Chain(nn.Module):
    """Convolutions with bias, a max pool, linear layers."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 5, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(5, 6, 3, 1, 1), nn.ReLU())
        self.classifier = nn.Sequential(nn.Linear(6 * (SIZE[0] // 4) * (SIZE[1] // 4), 8), nn.ReLU(), nn.Linear(8, CLASSES))
        self.pool = nn.AvgPool2d(2)

    def forward(self, x):
        return self.classifier(self.pool(self.features(x)).flatten(1))


NETWORKS = [
    OddNetwork("residual", residual, "features", shapes=((3, *SIZE),), batch=2, lrp="epsilon", head="head"),
    OddNetwork("depthwise_gated", gated, "features.2", shapes=((3, *SIZE),)),
    OddNetwork("tokens", lambda: Tokens(True, 3, 8, 4, SIZE), "blocks.0", "tokens+1", shapes=((3, *SIZE),)),
    OddNetwork("segmentation", Segmentation, "trunk", shapes=((3, *SIZE),), target="mean(#0[{}])", scores=class_means,
               is_classifier=False),
    OddNetwork("chain", Chain, "features", shapes=((3, *SIZE),), lrp="all"),
    OddNetwork("embedding", Embedding, "features", shapes=((3, *SIZE),), batch=3, is_classifier=False, is_embedding=True),
]
# These stand for one family of methods; the others cover the rest.
ONLY = {"chain": ("score", "lrp", "guided-backprop", "deconvnet", "ablationcam", "gradcam++", "xgradcam"),
        "embedding": ("score", "triplet-gradcam", "triplet-weights")}


def write(network, folder):
    """One network's model and arrays, and its record."""
    case = stable(network)
    arrays = {f"input.{name}": one.numpy() for name, one in zip(INPUTS, case.inputs)}
    with tempfile.TemporaryDirectory() as temporary:
        layer, form = exported(case, pathlib.Path(temporary), "torchscript")
        model = folder / f"{network.name}.onnx"
        shutil.copy(pathlib.Path(temporary) / "model.onnx", model)
    strip_metadata(model, set())
    cases, used = [], set()
    for row in ROWS:
        if row.label not in case.expected or row.method not in ONLY.get(network.name, (row.method,)):
            continue
        expected = case.expected[row.label]
        expected = expected.transpose(form) if row.method in ("activation", "layer-gradient") else expected
        arrays[f"expected.{row.label}"] = shortened(expected)
        used |= {name for name in case.files if f"={name}.npy" in row.spec}
        cases.append({"label": row.label, "method": row.spec, "shape": list(expected.shape)})
    arrays |= {f"file.{name}": case.files[name] for name in sorted(used)}
    np.savez_compressed(folder / f"{network.name}.npz", **arrays)
    return {"name": network.name, "seed": case.seed, "model": model.name, "arrays": f"{network.name}.npz", "target": case.target,
            "layer": layer, "inputs": INPUTS[:len(case.inputs)], "files": {f"{name}.npy": f"file.{name}" for name in sorted(used)},
            "rounding": float(f"{max(case.rounding.values()):.1e}"), "cases": cases}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--destination", type=pathlib.Path, default=DESTINATION)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        index = {
            "made_by": "Scripts/golden/methods.py",
            "versions": {name: importlib.metadata.version(name) for name in LIBRARIES},
            "tolerance": TOLERANCE,
            "comparison": "largest |found - expected| <= tolerance * largest |expected|, for every array",
            "tolerance_reason": "values are rounded by 2^-13; the seeds are such that float32 and relative noise of 1e-6 on the input "
                                "move no result by more than `rounding` of its maximum",
            "networks": [write(network, folder) for network in NETWORKS],
        }
        # A line for every case.
        text = json.dumps(index).replace(', {"label"', ',\n {"label"').replace(', {"name"', ',\n{"name"')
        (folder / "methods.json").write_text(text + "\n")
        publish(folder, arguments.destination)


if __name__ == "__main__":
    main()
