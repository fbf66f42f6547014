"""Writes Tests/GazeTests/Golden: models with more inputs than the photograph, with PyTorch's Grad-CAM in float64.

`pair` takes two pictures of any size and scores what changed; `table` takes a picture, four numbers a sample, and a temperature.

Run `.peers/bin/python Scripts/golden/several_inputs.py` from the root of the project.
"""
import json
import pathlib
import warnings

import numpy as np
import onnx
import torch
from torch import nn

DESTINATION = pathlib.Path(__file__).resolve().parents[2] / "Tests/GazeTests/Golden"
SIDE = 16


def picture(seed, side=SIDE):
    """[side, side, 3] of bytes that the tests make by the same rule"""
    y, x, c = np.mgrid[:side, :side, :3]
    return ((x * (7 + seed) + y * 13 + c * 50 + seed * 31 + x * y) % 256).astype(np.uint8)


def tensor(seed):
    return torch.from_numpy(picture(seed).transpose(2, 0, 1)[None] / 255.0)


class Trunk(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 4, 3, 2, 1), nn.Conv2d(4, 6, 3, 2, 1)

    def forward(self, x):
        return torch.relu(self.second(torch.relu(self.first(x))))


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk, self.head = Trunk(), nn.Linear(6, 3)

    def forward(self, before, after):
        self.maps = {"before": self.trunk(before), "after": self.trunk(after)}
        return self.head((self.maps["before"] * 2 - self.maps["after"]).mean((2, 3)))


class Table(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk, self.head = Trunk(), nn.Linear(10, 3)

    def forward(self, photo, features, temperature):
        self.maps = {"photo": self.trunk(photo)}
        # The numbers weigh the picture, so that they move its gradient.
        pooled = self.maps["photo"].mean((2, 3)) * features.sum(1, keepdim=True)
        return self.head(torch.cat([pooled, features], 1)) / temperature


def gradcam(model, inputs, explained, target):
    scores = model(*inputs)
    maps = model.maps[explained]
    gradient, = torch.autograd.grad(scores[0, target], maps)
    values = ((gradient.mean((2, 3), keepdim=True) * maps).sum(1))[0]
    return {"explained": explained, "target": target, "scores": scores[0].tolist(), "map": values.flatten().tolist(), "shape": list(values.shape)}


def main():
    warnings.filterwarnings("ignore")
    torch.manual_seed(5)
    pair, table = Pair().double().eval(), Table().double().eval()
    pictures = tensor(1), tensor(2)
    features, temperature = torch.tensor([[0.5, -1.25, 2.0, 0.75]], dtype=torch.float64), torch.tensor(0.5, dtype=torch.float64)
    inputs = {"pair": pictures, "table": (tensor(3), features, temperature)}
    cases = {
        "pair": [gradcam(pair, pictures, name, 1) for name in ("before", "after")],
        "table": [gradcam(table, inputs["table"], "photo", 2)],
    }
    names = {"pair": ["before", "after"], "table": ["photo", "features", "temperature"]}
    for name, model in (("pair", pair), ("table", table)):
        free = {0: "batch", 2: "height", 3: "width"} if name == "pair" else {0: "batch"}
        torch.onnx.export(
            model.float(), tuple(t.float() for t in inputs[name]), DESTINATION / f"several-inputs-{name}.onnx", dynamo=False, opset_version=17,
            input_names=names[name], output_names=["scores"],
            dynamic_axes={port: free if port != "features" else {0: "batch"} for port in names[name] if port != "temperature"} | {"scores": {0: "batch"}})
        relus = [node.output[0] for node in onnx.load(DESTINATION / f"several-inputs-{name}.onnx").graph.node if node.op_type == "Relu"]
        for case, layer in zip(cases[name], relus[1::2]):
            case["layer"] = layer
    (DESTINATION / "several-inputs.json").write_text(
        json.dumps({"versions": {"torch": torch.__version__, "onnx": onnx.__version__}, "tolerance": 1e-5, **cases}) + "\n")


if __name__ == "__main__":
    main()
