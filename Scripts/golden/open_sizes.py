"""Writes Tests/GazeTests/Golden/open-*.onnx: networks that declare pictures of any size and run with one only, with onnxruntime's scores there.

Run `.peers/bin/python Scripts/golden/open_sizes.py` from the root of the project.
"""
import contextlib
import io
import json
import pathlib
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

DESTINATION = pathlib.Path(__file__).resolve().parents[2] / "Tests/GazeTests/Golden"
SEED = 20261201
warnings.filterwarnings("ignore")


class Attention(nn.Module):
    """Tokens whose number the older exporter folds into the reshapes of the attention; any embedding would do."""
    def __init__(self, width=8):
        super().__init__()
        self.patches, self.attention, self.head = nn.Conv2d(3, width, 8, 8), nn.MultiheadAttention(width, 2, batch_first=True), nn.Linear(width, 4)

    def forward(self, x):
        t = self.patches(x).flatten(2).transpose(1, 2)
        return self.head((t + self.attention(t, t, t)[0]).mean(1))


class Embedding(nn.Module):
    """A class token and an embedding for every token."""
    def __init__(self, width=8, tokens=26):
        super().__init__()
        self.patches, self.head = nn.Conv2d(3, width, 16, 16), nn.Linear(width, 4)
        self.token, self.positions = nn.Parameter(torch.randn(1, 1, width)), nn.Parameter(torch.randn(1, tokens, width))
        self.mix = nn.Linear(tokens, tokens)

    def forward(self, x):
        t = self.patches(x).flatten(2).transpose(1, 2)
        t = torch.cat([self.token.expand(x.shape[0], -1, -1), t], 1) + self.positions
        return self.head(self.mix(t.transpose(1, 2)).transpose(1, 2)[:, 0])


class Flattened(nn.Module):
    """A classifier over all cells of a map."""
    def __init__(self, width=6):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.ReLU(), nn.Conv2d(4, 5, 3, 2, 1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(5, width, 1), nn.ReLU())
        self.head = nn.Linear(width * 81, 4)

    def forward(self, x):
        return self.head(self.body(x).flatten(1))


class Oblong(nn.Module):
    """An embedding over a grid that is wider than high."""
    def __init__(self, width=8):
        super().__init__()
        self.patches, self.positions, self.head = nn.Conv2d(3, width, 8, 8), nn.Parameter(torch.randn(1, width, 6, 10)), nn.Linear(width, 4)

    def forward(self, x):
        return self.head(torch.relu(self.patches(x) + self.positions).mean((2, 3)))


def picture(height, width):
    """0...255, as the tests make it again."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    return ((x * 7 + y * 13 + c * 71) % 256).astype(np.float32)


def main():
    records = []
    for name, make, (height, width) in (("open-attention", Attention, (88, 88)), ("open-embedding", Embedding, (80, 80)),
                                        ("open-flattened", Flattened, (72, 72)), ("open-oblong", Oblong, (48, 80))):
        torch.manual_seed(SEED)
        path = DESTINATION / f"{name}.onnx"
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            torch.onnx.export(make().eval(), torch.rand(1, 3, height, width), path, dynamo=False, opset_version=17, input_names=["x"], output_names=["y"],
                              dynamic_axes={"x": {0: "n", 2: "h", 3: "w"}})
        values = ((picture(height, width) / 255 - [.485, .456, .406]) / [.229, .224, .225]).astype(np.float32)
        scores = onnxruntime.InferenceSession(path).run(None, {"x": np.ascontiguousarray(values.transpose(2, 0, 1)[None])})[0][0]
        records.append({"file": path.name, "height": height, "width": width, "scores": scores.tolist()})
    index = {"made_by": "Scripts/golden/open_sizes.py", "versions": {m.__name__: m.__version__ for m in (torch, onnx, onnxruntime, np)}, "seed": SEED,
             "tolerance": 1e-4, "tolerance_reason": "float32 sums of a few thousand terms; relative to the largest score", "models": records}
    (DESTINATION / "open-sizes.json").write_text(json.dumps(index, indent=1) + "\n")


if __name__ == "__main__":
    main()
