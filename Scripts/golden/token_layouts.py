"""Writes Tests/ExplanationsTests/Golden/layouts: tiny token and window networks, and layers of them brought to [B, C, H, W] by hand.

Run `.peers/bin/python Scripts/golden/token_layouts.py` from the root of the project.
"""
import argparse
import json
import pathlib
import tempfile
import warnings

import numpy as np
import onnx
import onnxruntime
import tvshim  # noqa: F401
import timm
import torch
from timm.models import cait, maxxvit, swin_transformer, vision_transformer, xcit
from timm.models.deit import VisionTransformerDistilled
from torch import nn

from compact import publish
from onnx_values import all_values, name_of

DESTINATION = pathlib.Path(__file__).resolve().parents[2] / "Tests/ExplanationsTests/Golden/layouts"
CLASSES = 5
SIGNIFICANT_BITS = 12
TOLERANCE = 1e-3


class PatchesByReshape(nn.Module):
    """Patches without a convolution, three registers behind them, and one attention whose mean over patches is classified."""

    def __init__(self, patch=8, width=12):
        super().__init__()
        self.patch = patch
        self.embedding = nn.Linear(3 * patch * patch, width)
        self.registers = nn.Parameter(torch.randn(1, 3, width))
        self.block = vision_transformer.Block(width, 2)
        self.head = nn.Linear(width, CLASSES)

    def forward(self, x):
        batch, channels, height, width = x.shape
        size = self.patch
        x = x.reshape(batch, channels, height // size, size, width // size, size).permute(0, 2, 4, 3, 5, 1)
        x = self.embedding(x.reshape(batch, (height // size) * (width // size), size * size * channels))
        x = self.block(torch.cat([x, self.registers.expand(batch, -1, -1)], dim=1))
        return self.head(x[:, :-3].mean(1))


class Hybrid(nn.Module):
    """A strided convolutional stem with padding, then a vision transformer on its map."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 6, 3, 2, 1), nn.ReLU(), nn.Conv2d(6, 8, 3, 2, 1), nn.ReLU())
        self.classes = nn.Parameter(torch.randn(1, 1, 8))
        self.blocks = nn.Sequential(vision_transformer.Block(8, 2), vision_transformer.Block(8, 2))
        self.norm, self.head = nn.LayerNorm(8), nn.Linear(8, CLASSES)

    def forward(self, x):
        x = self.stem(x).flatten(2).transpose(1, 2)
        x = self.blocks(torch.cat([self.classes.expand(x.shape[0], -1, -1), x], dim=1))
        return self.head(self.norm(x)[:, 0])


def grid(tokens, height, width):
    return tokens.unflatten(1, (height, width)).movedim(3, 1)


def unwindowed(windows, size, height, width, shift=0):
    """Windows of size x size places, as Swin lists them, back to [B, C, H, W]."""
    batch = windows.shape[0] // ((height // size) * (width // size))
    x = windows.reshape(batch, height // size, width // size, size, size, -1).permute(0, 1, 3, 2, 4, 5)
    return torch.roll(x.reshape(batch, height, width, -1), (shift, shift), (1, 2)).movedim(3, 1)


def ungridded(groups, size, height, width):
    """MaxViT's grid attention: the places of a group lie height / size rows apart."""
    batch = groups.shape[0] // ((height // size) * (width // size))
    x = groups.reshape(batch, height // size, width // size, size, size, -1).permute(0, 3, 1, 4, 2, 5)
    return x.reshape(batch, height, width, -1).movedim(3, 1)


def swin():
    return swin_transformer.SwinTransformer(
        img_size=(16, 32), patch_size=2, embed_dim=8, depths=(2, 2), num_heads=(2, 2), window_size=4, mlp_ratio=2, num_classes=CLASSES)


def maxvit():
    configuration = maxxvit.MaxxVitCfg(
        embed_dim=(8,), depths=(1,), block_type=("M",), stem_width=6, stem_bias=True, head_hidden_size=None,
        transformer_cfg=maxxvit.MaxxVitTransformerCfg(dim_head=4, window_size=(4, 4), grid_size=(4, 4)))
    return maxxvit.MaxxVit(configuration, img_size=32, num_classes=CLASSES)


CASES = [
    # name, model, input size, batch, exporter, {module: map by hand}, the module that should be chosen when none is named
    ("deit_distilled", lambda: VisionTransformerDistilled(
        img_size=(32, 48), patch_size=8, embed_dim=12, depth=2, num_heads=3, mlp_ratio=2, num_classes=CLASSES),
     (32, 48), 2, "torchscript", {"blocks.0": lambda a: grid(a[:, 2:], 4, 6), "blocks.1.norm1": lambda a: grid(a[:, 2:], 4, 6)}, "blocks.1.norm1"),
    ("patches_by_reshape", PatchesByReshape, (32, 48), 2, "torchscript",
     {"embedding": lambda a: grid(a, 4, 6), "block": lambda a: grid(a[:, :-3], 4, 6)}, "block"),
    ("hybrid", Hybrid, (24, 32), 2, "torchscript",
     {"stem": lambda a: a, "blocks.1.norm1": lambda a: grid(a[:, 1:], 6, 8), "blocks.0.mlp.fc1": lambda a: grid(a[:, 1:], 6, 8)},
     "blocks.1.norm1"),
    ("swin", swin, (16, 32), 2, "torchscript",
     {"layers.0.blocks.0.attn": lambda a: unwindowed(a, 4, 8, 16), "layers.0.blocks.1.attn": lambda a: unwindowed(a, 4, 8, 16, 2),
      "layers.1.downsample": lambda a: a.movedim(3, 1), "norm": lambda a: a.movedim(3, 1)}, "norm"),
    ("swin_single", swin, (16, 32), 1, "dynamo",
     {"layers.0.blocks.1.attn": lambda a: unwindowed(a, 4, 8, 16, 2), "norm": lambda a: a.movedim(3, 1)}, "norm"),
    ("maxvit", maxvit, (32, 32), 2, "torchscript",
     {"stages.0.blocks.0.attn_block.attn": lambda a: unwindowed(a.flatten(1, 2), 4, 8, 8),
      "stages.0.blocks.0.attn_grid.attn": lambda a: ungridded(a.flatten(1, 2), 4, 8, 8), "stages.0.blocks.0.attn_grid": lambda a: a.movedim(3, 1)}, None),
    ("xcit", lambda: xcit.Xcit(
        img_size=(32, 64), patch_size=16, embed_dim=16, depth=1, num_heads=2, mlp_ratio=1, cls_attn_layers=1, num_classes=CLASSES),
     (32, 64), 2, "torchscript", {"blocks.0": lambda a: grid(a, 2, 4), "cls_attn_blocks.0.norm1": lambda a: grid(a[:, 1:], 2, 4)},
     "cls_attn_blocks.0.norm1"),
    ("cait", lambda: cait.Cait(
        img_size=(32, 48), patch_size=8, embed_dim=12, depth=2, num_heads=2, mlp_ratio=2, num_classes=CLASSES),
     (32, 48), 2, "torchscript", {"blocks.1": lambda a: grid(a, 4, 6)}, "blocks.1"),
]


def shortened(array):
    """float32 with the significand rounded to 12 bits (relative error 2^-13), so that the file compresses."""
    fraction, exponent = np.frexp(np.asarray(array, dtype=np.float64))
    return np.ldexp(np.round(np.ldexp(fraction, SIGNIFICANT_BITS)), exponent - SIGNIFICANT_BITS).astype(np.float32)


@torch.no_grad()
def randomised(model, generator):
    """Layer scales and position tables away from the tiny values that they start with."""
    for parameter in model.parameters():
        if parameter.ndim < 2 or parameter.std() < 0.05:
            parameter.add_(0.2 * torch.randn(parameter.shape, generator=generator))
    return model.eval()


def strip(path):
    model = onnx.load(path)
    for item in [*model.graph.node, *model.graph.value_info, *model.graph.initializer, *model.graph.input, *model.graph.output,
                 *model.functions, model.graph, model]:
        del item.metadata_props[:]
        item.ClearField("doc_string")
    path.write_bytes(model.SerializeToString())
    onnx.checker.check_model(path)


def write(case, folder):
    name, build, size, batch, exporter, layers, automatic = case
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    model = randomised(build(), generator)
    x = torch.round(torch.randn(batch, 3, *size, generator=generator) * 8) / 8
    found = {}
    hooks = [model.get_submodule(layer).register_forward_hook(lambda module, inputs, output, layer=layer: found.update({layer: output}))
             for layer in layers]
    with torch.no_grad():
        model(x)
    for hook in hooks:
        hook.remove()
    path = folder / f"{name}.onnx"
    names = {"input_names": ["input"], "output_names": ["logits"]}
    if exporter == "dynamo":
        torch.onnx.export(model, (x,), path, dynamo=True, external_data=False, verbose=False, **names)
    else:
        torch.onnx.export(model, (x,), path, dynamo=False, dynamic_axes={"input": {0: "batch"}, "logits": {0: "batch"}}, **names)
    strip(path)
    values = all_values(path, x.numpy())
    arrays, records = {"input": x.numpy()}, []
    for layer, by_hand in layers.items():
        value = found[layer].detach()
        arrays[f"map.{layer}"] = by_hand(value).numpy()
        records.append({"layer": layer, "tensor": name_of(values, value.numpy()), "map": f"map.{layer}"})
    np.savez_compressed(folder / f"{name}.npz", **{key: shortened(array) for key, array in arrays.items()})
    return {"name": name, "exporter": exporter, "file": path.name, "arrays": f"{name}.npz", "layers": records,
            "automatic": next((record["tensor"] for record in records if record["layer"] == automatic), None)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--destination", type=pathlib.Path, default=DESTINATION)
    parser.add_argument("--cases", nargs="+", default=[case[0] for case in CASES])
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        records = [write(case, folder) for case in CASES if case[0] in arguments.cases]
        index = {
            "made_by": "Scripts/golden/token_layouts.py",
            "versions": {module.__name__: module.__version__ for module in (torch, timm, onnx, onnxruntime, np)},
            "tolerance": TOLERANCE,
            "comparison": "largest |found - expected| <= tolerance * largest |expected|, for every map",
            "tolerance_reason": "values are rounded by 2^-13, and float32 runs of two engines differ; a permuted map is off by about 1",
            "networks": records,
        }
        (folder / "layouts.json").write_text(json.dumps(index, indent=1) + "\n")
        publish(folder, arguments.destination)


if __name__ == "__main__":
    main()
