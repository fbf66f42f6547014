"""Writes Tests/ExplanationsTests/Golden/families: tiny networks of odd families, with PyTorch's float64 explanations.

Run `.peers/bin/python Scripts/golden/family_networks.py` from the root of the project.
"""
import argparse
import copy
import json
import pathlib
import tempfile
import warnings

import numpy as np
import onnx
import onnxruntime
import torch

import families
import named_layers
from compact import publish, shortened, strip_metadata
from exporters import export
from onnx_values import all_values, layer_name
from random_weights import calibrate, randomise

DESTINATION = pathlib.Path(__file__).resolve().parents[2] / "Tests/ExplanationsTests/Golden/families"
TOLERANCE = 1e-3


def winner_of(family, outputs):
    """The largest number of the first sample: an index, or one an axis."""
    ranked = family.ranked([torch.as_tensor(output) for output in outputs])
    position = np.unravel_index(int(ranked.argmax()), ranked.shape)
    return int(position[0]) if len(position) == 1 else tuple(int(one) for one in position)


def explained(family, model, inputs, winner):
    return named_layers.attribution(model, family.layer, family.layout, lambda outputs: family.score(outputs, winner), *inputs)


def stable(family, double, inputs, winner, expected):
    """Whether the float64 results survive relative noise of 2e-6 on weights and input: no kink is within float32 rounding."""
    generator = torch.Generator().manual_seed(0)

    def noisy(tensor):
        return tensor * (1 + 2e-6 * torch.randn(tensor.shape, generator=generator, dtype=torch.float64))

    for _ in range(4):
        other = copy.deepcopy(double)
        with torch.no_grad():
            for parameter in other.parameters():
                parameter.copy_(noisy(parameter))
        found, _, _ = explained(family, other, [noisy(one.double()) for one in inputs], winner)
        for key in ("gradient", "gradcam"):
            if np.abs(found[key] - expected[key]).max() > 3e-4 * np.abs(expected[key]).max():
                return False
    return True


def seeded(family):
    """The first seed whose random network answers, with no gradient that hangs on a float32 rounding."""
    for seed in range(60):
        torch.manual_seed(seed)
        generator = torch.Generator().manual_seed(seed)
        model = family.build().eval()
        randomise(model, generator)
        calibrate(model, *[torch.randn(16, *shape, generator=generator) for shape in family.shapes])
        inputs = [torch.round(torch.randn(1, *shape, generator=generator) * 8) / 8 for shape in family.shapes]
        double = copy.deepcopy(model).double()
        with torch.no_grad():
            outputs, _ = named_layers.layer_output(double, family.layer, *[one.double() for one in inputs])
        winner = winner_of(family, outputs)
        results, outputs, a = explained(family, double, inputs, winner)
        alive = all(np.abs(results[key]).max() > 1e-4 for key in ("gradient", "gradcam"))
        if alive and stable(family, double, inputs, winner, results):
            return seed, model, inputs, winner, results, outputs, a
    raise ValueError(f"no seed gives a stable {family.name}")


def write(family, folder):
    seed, model, inputs, winner, results, outputs, a = seeded(family)
    names = ["input", "facts"][:len(inputs)]
    feeds = {name: one.numpy() for name, one in zip(names, inputs)}
    arrays = {f"input.{name}": one for name, one in feeds.items()} | results
    np.savez_compressed(folder / f"{family.name}.npz", **{key: shortened(value) for key, value in arrays.items()})
    files = []
    for exporter in family.exporters:
        path = folder / f"{family.name}.{exporter}.onnx"
        export(model, inputs, path, exporter, names, [f"output{index}" for index in range(len(outputs))], external_data=False)
        strip_metadata(path, set())
        values = all_values(path, feeds)
        largest = max(np.abs(output).max() for output in outputs)
        error = max(np.abs(values[f"output{index}"] - output).max() for index, output in enumerate(outputs)) / largest
        assert error < 1e-4, f"{path.name}: outputs of ONNX Runtime are off by {error}"
        files.append({"exporter": exporter, "file": path.name, "layer": layer_name(path, values, a)})
    index = winner if isinstance(winner, tuple) else (winner,)
    return {"name": family.name, "seed": seed, "target": family.target.format(*index), "inputs": names, "layout": family.layout,
            "arrays": f"{family.name}.npz", "files": files}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--destination", type=pathlib.Path, default=DESTINATION)
    parser.add_argument("--families", nargs="+", default=[family.name for family in families.FAMILIES])
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        records = [write(family, folder) for family in families.FAMILIES if family.name in arguments.families]
        index = {
            "made_by": "Scripts/golden/family_networks.py",
            "versions": {module.__name__: module.__version__
                         for module in (torch, families.torchvision, families.timm, onnx, onnxruntime, np)},
            "tolerance": TOLERANCE,
            "comparison": "largest |found - expected| <= tolerance * largest |expected|, for every array",
            "tolerance_reason": "values are rounded by 2^-13; the seeds are such that relative noise of 2e-6 on all weights moves no "
                                "result by more than 3e-4 of its maximum",
            "networks": records,
        }
        (folder / "families.json").write_text(json.dumps(index, indent=1) + "\n")
        publish(folder, arguments.destination)


if __name__ == "__main__":
    main()
