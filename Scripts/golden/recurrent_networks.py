"""Writes Tests/ExplanationsTests/Golden/recurrent: tiny networks with LSTM, GRU and RNN layers by both exporters, gradients in float64.

Run `.peers/bin/python Scripts/golden/recurrent_networks.py` from the root of the project. recurrent.json holds the tolerance and, for every
network, its files; the .npz of a network holds `input`, `score` and `gradient` of the target.
"""
import argparse
import copy
import importlib.metadata
import json
import pathlib
import tempfile
import warnings

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from compact import publish, shortened, strip_metadata
from exporters import EXPORTERS, export

DESTINATION = pathlib.Path(__file__).resolve().parents[2] / "Tests/ExplanationsTests/Golden/recurrent"
TOLERANCE = 1e-3
TARGET = 2


class Frames(nn.Module):
    """Convolutions over every frame of a film, a recurrent layer over the frames, a linear layer."""
    shape = (4, 3, 12, 12)

    def __init__(self, kind, read, **options):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 6, 3, 2, 1), nn.ReLU(), nn.Conv2d(6, 6, 3, 2, 1), nn.ReLU())
        self.memory = getattr(nn, kind)(6, 5, batch_first=True, **options)
        self.read = read
        width = 5 * (2 if options.get("bidirectional") else 1)
        self.head = nn.Linear(width, 4)

    def forward(self, x):
        maps = self.features(x.flatten(0, 1))
        y, last = self.memory(3 * maps.mean((2, 3)).unflatten(0, x.shape[:2]))
        return self.head(self.read(y, last))


class Rows(nn.Module):
    """A picture read row by row, the rows first."""
    shape = (3, 10, 8)

    def __init__(self, kind, read, width=5, **options):
        super().__init__()
        self.memory = getattr(nn, kind)(24, 5, **options)
        self.read = read
        self.head = nn.Linear(width, 4)

    def forward(self, x):
        y, last = self.memory(x.permute(2, 0, 1, 3).flatten(2))
        return self.head(self.read(y, last))


NETWORKS = {
    "frames_lstm": lambda: Frames("LSTM", lambda y, last: y[:, -1]),
    "frames_gru_both": lambda: Frames("GRU", lambda y, last: y.mean(1), bidirectional=True),
    "frames_rnn": lambda: Frames("RNN", lambda y, last: last[0], nonlinearity="relu"),
    "rows_lstm_two_layers": lambda: Rows("LSTM", lambda y, last: torch.cat([*last[0][2:], last[1][0]], 1), 15, num_layers=2, bidirectional=True),
    "rows_lstm_cell": lambda: Rows("LSTM", lambda y, last: torch.tanh(last[1][0])),
    "rows_gru": lambda: Rows("GRU", lambda y, last: F.relu(y[-1]), bias=False),
}


def differentiated(model, x):
    leaf = x.clone().requires_grad_()
    score = model(leaf)[:, TARGET]
    return score.detach().numpy(), torch.autograd.grad(score.sum(), leaf)[0].numpy()


def write(name, folder):
    for seed in range(20):
        torch.manual_seed(seed)
        model = NETWORKS[name]().eval()
        generator = torch.Generator().manual_seed(seed)
        for parameter in model.parameters():
            parameter.data = torch.from_numpy(shortened(1.5 * parameter.data.numpy()))
        x = torch.round(torch.randn(1, *model.shape, generator=generator) * 16) / 16
        score, gradient = differentiated(copy.deepcopy(model).double(), x.double())
        _, single = differentiated(model, x)
        if np.abs(single - gradient).max() < TOLERANCE / 10 * np.abs(gradient).max():
            break
    np.savez_compressed(folder / f"{name}.npz", input=x.numpy(), score=score.astype(np.float32), gradient=shortened(gradient))
    files = []
    for exporter in EXPORTERS:
        path = folder / f"{name}.{exporter}.onnx"
        export(model, [x], path, exporter, ["x"], ["y"], external_data=False)
        strip_metadata(path, set())
        files.append(path.name)
    return {"name": name, "seed": seed, "arrays": f"{name}.npz", "target": str(TARGET), "files": files}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--destination", type=pathlib.Path, default=DESTINATION)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        index = {
            "made_by": "Scripts/golden/recurrent_networks.py",
            "versions": {name: importlib.metadata.version(name) for name in ("torch", "onnx", "numpy")},
            "tolerance": TOLERANCE,
            "tolerance_reason": "relative to the largest magnitude; values are rounded by 2^-13, and PyTorch's own float32 differs by less than a tenth",
            "networks": [write(name, folder) for name in NETWORKS],
        }
        (folder / "recurrent.json").write_text(json.dumps(index, indent=1) + "\n")
        publish(folder, arguments.destination)


if __name__ == "__main__":
    main()
