"""Golden values of Tests/TrainingTests/CheckpointTests.swift: checkpoints that PyTorch wrote, with their contents.

Run: python Scripts/golden/checkpoints.py   (needs torch and safetensors; writes
Tests/TrainingTests/Golden/checkpoints.json)
"""

import base64
import collections
import io
import json
import os
import pathlib
import pickle

import safetensors
import safetensors.torch
import torch

SEED = 20240301
torch.manual_seed(SEED)

base = torch.randn(4, 6)
state = collections.OrderedDict(
    [
        ("plain.weight", torch.randn(2, 3)),
        ("plain.bias", torch.nn.Parameter(torch.randn(2))),
        # A convolution's weight as TensorFlow stores it, seen through PyTorch's order of axes.
        ("conv.weight", torch.randn(3, 3, 2, 5).permute(3, 2, 0, 1)),
        ("transposed", base.t()),
        ("sliced", base[1:3, 2:6:2]),
        ("whole", base),
        ("expanded", torch.tensor([[1.5], [-2.0]]).expand(2, 3)),
        ("half", torch.randn(3).half()),
        ("bfloat16", torch.randn(3).bfloat16()),
        ("double", torch.randn(2).double()),
        ("int64", torch.tensor([2**53, -1])),
        ("int32", torch.tensor([[2**31 - 1], [-(2**31)]], dtype=torch.int32)),
        ("int16", torch.tensor([-300, 300], dtype=torch.int16)),
        ("int8", torch.tensor([-128, 127], dtype=torch.int8)),
        ("uint8", torch.tensor([0, 255], dtype=torch.uint8)),
        ("bool", torch.tensor([True, False])),
        ("num_batches_tracked", torch.tensor(7)),
        ("empty", torch.zeros(0, 3)),
    ]
)
NAMES = {
    torch.float32: "f32", torch.float64: "f64", torch.float16: "f16", torch.bfloat16: "bf16", torch.int64: "i64",
    torch.int32: "i32", torch.int16: "i16", torch.int8: "i8", torch.uint8: "u8", torch.uint16: "u16", torch.bool: "bool",
}  # fmt: skip
files = []


def entries(tensors):
    return [
        {
            "name": name,
            "type": NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            # All values are exact in float64, so there is no tolerance.
            "values": tensor.detach().double().flatten().tolist(),
        }
        for name, tensor in tensors
    ]


def add(name, data, expected=None, refused=None):
    entry = {"name": name, "bytes": base64.b64encode(data).decode()}
    files.append(entry | ({"refused": refused} if refused else {"entries": entries(expected)}))


def saved(value, archived, protocol=2):
    stream = io.BytesIO()
    torch.save(value, stream, _use_new_zipfile_serialization=archived, pickle_protocol=protocol)
    return stream.getvalue()


class Attack:
    def __reduce__(self):
        return os.system, ("true",)


class Module(torch.nn.Linear):
    pass


nested = {
    "epoch": 3,
    "loss": 0.25,
    "name": "tiny",
    "big": 2**40,
    "negative": -(2**40),
    "state_dict": {"a.weight": state["half"], "b": {"c": [state["int8"], (state["bool"],)]}},
    "optimizer": {"state": {0: {"momentum": torch.zeros(1)}}},
}
unwrapped = [("a.weight", state["half"]), ("b.c.0", state["int8"]), ("b.c.1.0", state["bool"])]
for archived, label in [(False, "legacy"), (True, "zip")]:
    add(f"{label} state", saved(state, archived), state.items())
    add(f"{label} nested", saved(nested, archived), unwrapped)
    add(f"{label} protocol 4", saved({"x": state["sliced"]}, archived, 4), [("x", state["sliced"])])
    add(f"{label} list", saved([torch.ones(2)], archived), [("0", torch.ones(2))])
    add(f"{label} attack", saved({"x": torch.ones(1), "y": Attack()}, archived), refused="posix.system")
    add(f"{label} module", saved(Module(1, 1), archived), refused="__main__.Module")
    add(f"{label} empty", saved({}, archived), refused="holds no tensors")
    add(f"{label} complex", saved({"x": torch.ones(1, dtype=torch.complex64)}, archived), refused="ComplexFloatStorage")
wide = {"x": torch.tensor([0, 65535], dtype=torch.uint16)}
add("zip uint16", saved(wide, True), wide.items())
contiguous = {
    name: tensor.detach().clone().contiguous() for name, tensor in state.items() if name not in ("plain.bias",)
}
packed = safetensors.torch.save(contiguous, {"format": "pt"})
with_order = {name: contiguous[name] for name in sorted(contiguous)}
add("safetensors", packed, with_order.items())
add("bare pickle", pickle.dumps({"x": 1}, protocol=2), refused="is no PyTorch checkpoint")

target = pathlib.Path(__file__).parents[2] / "Tests/TrainingTests/Golden/checkpoints.json"
versions = {"torch": torch.__version__, "safetensors": safetensors.__version__}
target.write_text(json.dumps({"versions": versions, "seed": SEED, "files": files}, indent=1) + "\n")
