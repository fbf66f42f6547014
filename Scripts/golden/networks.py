"""Writes Tests/ExplanationsTests/Golden/networks: seven tiny classifiers by both exporters, with PyTorch's float64 explanations.

Run `.peers/bin/python Scripts/golden/networks.py` from the root of the project.
"""
import argparse
import copy
import json
import pathlib
import tempfile

import numpy as np
import onnx
import onnxruntime
import torch

import architectures
from compact import publish, shortened, strip_metadata
from exporters import EXPORTERS, export
from onnx_values import all_values, name_of

DESTINATION = pathlib.Path(__file__).resolve().parents[2] / "Tests/ExplanationsTests/Golden/networks"
SIZE = (48, 40)
SIZES = {"densenet121": (64, 64), "googlenet": (48, 48)}  # their last map would have a single row or column
BATCH = {"resnet18": 2}
EXTERNAL_DATA = "squeezenet1_1"
# The module path of a node. The rest of the exporter's metadata (source lines, paths of the exporting machine) is always dropped, and
# in the other networks the path too, for size.
MODULE_PATHS = {"namespace", "pkg.torch.onnx.name_scopes"}
WITH_MODULE_PATHS = {"resnet18", "squeezenet1_1"}
TOLERANCE = 1e-3


def stable(name, model, x, targets):
    """Whether the float64 gradient survives relative noise of 2e-6 on weights and input: no kink is within float32 rounding."""
    generator = torch.Generator().manual_seed(0)

    def noisy(tensor):
        return tensor * (1 + 2e-6 * torch.randn(tensor.shape, generator=generator, dtype=tensor.dtype))

    double = copy.deepcopy(model).double()
    expected = [architectures.attribution(name, double, x, target)[1] for target in targets]
    for _ in range(6):
        other = copy.deepcopy(double)
        other.load_state_dict({key: noisy(value) if value.is_floating_point() else value for key, value in other.state_dict().items()})
        for target, gradient in zip(targets, expected):
            found = architectures.attribution(name, other, noisy(x.double()), target)[1]
            if (found - gradient).abs().max() > 2e-4 * gradient.abs().max():
                return False
    return True


def seeded(name):
    """The first seed whose random network has live logits and no gradient that hangs on a float32 rounding."""
    height, width = SIZES.get(name, SIZE)
    for seed in range(100):
        torch.manual_seed(seed)
        generator = torch.Generator().manual_seed(seed)
        model = architectures.tiny(name)
        model = architectures.calibrate(model, torch.randn(16, 3, height, width, generator=generator), generator)
        x = torch.round(torch.randn(BATCH.get(name, 1), 3, height, width, generator=generator) * 8) / 8
        with torch.no_grad():
            order = model(x)[0].argsort(descending=True)
        targets = [int(order[0]), int(order[1])]
        attributions = [architectures.attribution(name, model, x, target) for target in targets]
        alive = all((result[1].abs().amax((1, 2, 3)) > 1e-4).all() for result in attributions)
        if alive and stable(name, model, x, targets):
            return seed, model, x, targets
    raise ValueError(f"no seed gives a stable {name}")


def write(name, folder):
    seed, model, x, targets = seeded(name)
    double = copy.deepcopy(model).double()
    arrays = {"input": x.numpy()}
    for target in targets:
        logits, gradient, activation, layer_gradient, map = architectures.attribution(name, double, x, target)
        arrays |= {"logits": logits, "activation": activation, f"gradient.{target}": gradient,
                   f"layer-gradient.{target}": layer_gradient, f"gradcam.{target}": map}
        assert torch.allclose(logits, double(x.double())), "trunk and head are not the model"
    np.savez_compressed(folder / f"{name}.npz", **{key: shortened(value) for key, value in arrays.items()})
    files = []
    for exporter in EXPORTERS:
        path = folder / f"{name}.{exporter}.onnx"
        export(model, [x], path, exporter, ["input"], ["logits"], external_data=name == EXTERNAL_DATA)
        strip_metadata(path, MODULE_PATHS if name in WITH_MODULE_PATHS else set())
        batch = 1 if exporter == "dynamo" else len(x)
        values = all_values(path, x[:batch].numpy())
        layer = name_of(values, np.asarray(arrays["activation"])[:batch])
        logits = np.asarray(arrays["logits"])[:batch]
        error = np.abs(values["logits"] - logits).max() / np.abs(logits).max()
        assert error < 1e-4, f"{path.name}: logits of ONNX Runtime are off by {error}"
        files.append({"exporter": exporter, "file": path.name, "layer": layer, "batch": batch})
    return {"name": name, "seed": seed, "targets": targets, "arrays": f"{name}.npz", "batch": len(x), "files": files}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--destination", type=pathlib.Path, default=DESTINATION)
    parser.add_argument("--networks", nargs="+", default=architectures.NAMES)
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        records = [write(name, folder) for name in arguments.networks]
        index = {
            "made_by": "Scripts/golden/networks.py",
            "versions": {module.__name__: module.__version__ for module in (torch, architectures.torchvision, onnx, onnxruntime, np)},
            "tolerance": TOLERANCE,
            "comparison": "largest |found - expected| <= tolerance * largest |expected|, for every array",
            "tolerance_reason": "values are rounded by 2^-13; the seeds are such that relative noise of 2e-6 on all weights moves no "
                                "gradient by more than 2e-4 of its maximum",
            "networks": records,
        }
        (folder / "networks.json").write_text(json.dumps(index, indent=1) + "\n")
        publish(folder, arguments.destination)


if __name__ == "__main__":
    main()
