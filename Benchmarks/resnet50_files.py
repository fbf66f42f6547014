"""Writes what the benchmarks need into a folder: ResNet-50 with seeded random weights as ONNX file and as state dict, and an input.

Run by the benchmarks in a process of its own, so that their own memory stays small.
"""
import argparse
import json
import pathlib
import sys
import warnings

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Scripts/golden"))
import architectures
from exporters import EXPORTERS, export
from onnx_values import all_values, name_of

SIDE = 224


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--exporter", choices=EXPORTERS, default="torchscript")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    model = architectures.calibrate(architectures.full("resnet50"), torch.randn(4, 3, SIDE, SIDE, generator=generator), generator)
    x = torch.randn(1, 3, SIDE, SIDE, generator=generator)
    path = arguments.folder / "resnet50.onnx"
    export(model, [x], path, arguments.exporter, ["input"], ["logits"], external_data=False)
    with torch.no_grad():
        values = all_values(path, x.numpy())
        layers = {"layer": name_of(values, architectures.trunk("resnet50", model, x).numpy()),
                  "stem": name_of(values, model.maxpool(model.relu(model.bn1(model.conv1(x)))).numpy())}
    torch.save(model.state_dict(), arguments.folder / "resnet50.pt")
    np.save(arguments.folder / "x.npy", x.numpy())
    (arguments.folder / "resnet50.json").write_text(json.dumps(layers))


if __name__ == "__main__":
    main()
