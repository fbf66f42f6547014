"""Golden values of resizing, preprocessing, map resampling and colour maps.

Usage: python3 Scripts/golden/preprocessing.py   (needs pillow, torch, torchvision, numpy, matplotlib)

Pictures are not stored: `picture` makes them from a hash of position and seed, and so do the tests. Results are stored
as FNV-1a hashes of their bytes where they must be equal to the last bit, and as numbers where a tolerance is allowed.
TensorFlow's formulas are computed here in float64 from their documented definition.
"""

import base64
import json
import pathlib

import matplotlib
import numpy as np
import PIL
import torch

try:  # lets torchvision be imported where its compiled operators do not match torch
    import tvshim  # noqa: F401
except ImportError:
    pass
import torchvision
from PIL import Image
from torchvision import transforms

ROOT = pathlib.Path(__file__).resolve().parents[2]
VERSIONS = {
    "pillow": PIL.__version__,
    "torch": torch.__version__,
    "torchvision": torchvision.__version__,
    "numpy": np.__version__,
    "matplotlib": matplotlib.__version__,
}
FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


def picture(width, height, seed, block):
    """A reproducible RGB picture of coloured blocks; block 1 is noise, which makes cubic filters overshoot."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    h = (x // block * 73856093 + y // block * 19349663 + c * 83492791 + seed * 2654435761) % 2**32
    h = (h ^ (h >> 15)) * 2246822519 % 2**32
    h = (h ^ (h >> 13)) * 3266489917 % 2**32
    return ((h ^ (h >> 16)) & 255).astype(np.uint8)


def fnv(array):
    h = 0xCBF29CE484222325
    for byte in np.ascontiguousarray(array).tobytes():
        h = (h ^ byte) * 0x100000001B3 % 2**64
    return f"{h:016x}"


def source(width, height, seed, block):
    return {"width": width, "height": height, "seed": seed, "block": block}


def resizing():
    sizes = [
        (7, 5, 13, 11), (13, 11, 7, 5), (64, 48, 32, 32), (33, 65, 97, 31), (100, 3, 10, 30), (3, 100, 30, 10),
        (1, 1, 8, 8), (40, 40, 1, 1), (1, 60, 5, 7), (257, 129, 64, 128), (50, 50, 50, 20), (50, 50, 20, 50),
        (451, 300, 224, 224), (300, 451, 385, 256), (1000, 9, 60, 4), (16, 16, 16, 16), (640, 480, 341, 256),
    ]  # fmt: skip
    boxes = [(0.0, 0.0, 20.0, 10.0), (3.25, 1.5, 40.75, 29.0), (10.0, 10.0, 11.0, 11.0), (5.1, 0.0, 64.0, 47.3)]
    cases = []
    for i, (w, h, nw, nh) in enumerate(sizes):
        block = 1 if i % 3 else 6
        image = Image.fromarray(picture(w, h, i, block))
        for name, method in FILTERS.items():
            out = np.asarray(image.resize((nw, nh), method))
            case = {"source": source(w, h, i, block), "filter": name, "width": nw, "height": nh, "hash": fnv(out)}
            if out.size <= 480:
                case["pixels"] = base64.b64encode(out.tobytes()).decode()
            cases.append(case)
    for i, box in enumerate(boxes):
        w, h = (64, 48) if i % 2 else (71, 90)
        image = Image.fromarray(picture(w, h, 100 + i, 2))
        for name, method in FILTERS.items():
            for nw, nh in [(9, 14), (70, 55), (66, 10)]:
                out = np.asarray(image.resize((nw, nh), method, box=box))
                cases.append({
                    "source": source(w, h, 100 + i, 2), "filter": name, "width": nw, "height": nh,
                    "box": box, "hash": fnv(out),
                })  # fmt: skip
    return {"versions": VERSIONS, "tolerance": "equal bytes", "cases": cases}


def tensorflow_resize(pixels, new_width, new_height, half_pixel):
    """resize_bilinear(align_corners=False): in = (out + 0.5) * n / m - 0.5, or out * n / m without half-pixel centres."""
    result = pixels.astype(np.float64)
    for axis, new in [(0, new_height), (1, new_width)]:
        n = result.shape[axis]
        position = (np.arange(new) + 0.5) * n / new - 0.5 if half_pixel else np.arange(new) * n / new
        low = np.floor(position)
        part = (position - low).reshape([-1 if a == axis else 1 for a in range(3)])
        first = np.take(result, np.clip(low, 0, n - 1).astype(int), axis)
        second = np.take(result, np.clip(low + 1, 0, n - 1).astype(int), axis)
        result = first * (1 - part) + second * part
    return result


def tensorflow():
    cases = []
    for i, (w, h, nw, nh) in enumerate([(7, 5, 4, 6), (5, 7, 3, 2), (30, 20, 5, 4), (2, 3, 6, 5), (1, 4, 3, 3)]):
        pixels = picture(w, h, 200 + i, 1)
        for name, half_pixel in [("tensorflow-bilinear", True), ("tensorflow1-bilinear", False)]:
            out = tensorflow_resize(pixels, nw, nh, half_pixel)
            cases.append({
                "source": source(w, h, 200 + i, 1), "filter": name, "width": nw, "height": nh,
                "values": [round(v, 6) for v in out.ravel().tolist()],
            })  # fmt: skip
    return {"versions": VERSIONS, "tolerance": "1e-3 of 255 units: float32 against float64", "cases": cases}


def torchvision_pipelines():
    sizes = [
        (451, 300), (300, 451), (64, 64), (33, 70), (70, 33), (500, 20), (20, 500), (1, 1), (257, 256), (256, 257),
        (31, 31), (97, 41), (225, 223),
    ]  # fmt: skip
    rules = [(256, 224, 224), (32, 28, 28), (37, 30, 25), (20, 28, 31)]
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    cases = []
    for i, (w, h) in enumerate(sizes):
        image = Image.fromarray(picture(w, h, 300 + i, 1 + i % 4))
        for name in ["bilinear", "bicubic"]:
            for short, cw, ch in rules:
                if short == 256 and max(w, h) > 8 * min(w, h):
                    continue
                mode = getattr(transforms.InterpolationMode, name.upper())
                cut = transforms.Compose([transforms.Resize(short, mode), transforms.CenterCrop((ch, cw))])(image)
                full = transforms.Compose([transforms.ToTensor(), transforms.Normalize(mean, std)])(cut)
                flat = full.numpy().ravel()
                picks = np.linspace(0, flat.size - 1, 7).astype(int)
                cases.append({
                    "source": source(w, h, 300 + i, 1 + i % 4), "filter": name,
                    "resize": f"crop:{cw}x{ch},short={short}", "hash": fnv(np.asarray(cut)),
                    "indices": picks.tolist(), "values": [float(v) for v in flat[picks]], "grey": False,
                })  # fmt: skip
        grey = image.convert("L")
        squashed = transforms.Resize((25, 30))(grey)
        flat = transforms.ToTensor()(squashed).numpy().ravel()
        picks = np.linspace(0, flat.size - 1, 7).astype(int)
        cases.append({
            "source": source(w, h, 300 + i, 1 + i % 4), "filter": "bilinear", "resize": "squash:30x25",
            "hash": fnv(np.repeat(np.asarray(squashed)[..., None], 3, -1)),
            "indices": picks.tolist(), "values": [float(v) for v in flat[picks]], "grey": True,
        })  # fmt: skip
    return {"versions": VERSIONS, "tolerance": "bytes equal; normalised values 1e-6 (float32 order of operations)",
            "cases": cases}  # fmt: skip


def maps():
    generator = np.random.default_rng(7)
    cases = []
    for h, w, nh, nw in [(7, 7, 28, 28), (3, 5, 10, 4), (1, 1, 3, 2), (6, 9, 6, 9), (14, 2, 5, 11), (2, 2, 7, 7)]:
        values = generator.standard_normal((h, w)).astype(np.float32)
        for name in ["nearest", "bilinear", "bicubic"]:
            extra = {} if name == "nearest" else {"align_corners": False}
            out = torch.nn.functional.interpolate(torch.from_numpy(values)[None, None], (nh, nw), mode=name, **extra)
            cases.append({
                "interpolation": name, "shape": [h, w], "input": [float(v) for v in values.ravel()],
                "size": [nh, nw], "output": [round(float(v), 7) for v in out.numpy().ravel()],
            })  # fmt: skip
    return {"versions": VERSIONS, "seed": 7, "tolerance": "2e-6: float32 sums of at most 16 terms of order 1",
            "cases": cases}  # fmt: skip


def colour_maps():
    tables = {}
    for name in ["viridis", "inferno", "turbo", "jet", "coolwarm"]:
        table = np.round(matplotlib.colormaps[name](np.arange(256))[:, :3] * 255).astype(np.uint8)
        tables[name] = base64.b64encode(table.tobytes()).decode()
    return {"versions": VERSIONS, "tolerance": "1 unit of 255", "tables": tables}


def write(path, value):
    path = ROOT / "Tests" / path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, separators=(",", ":")).replace('{"source"', '\n{"source"') + "\n")
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    write("ImagingTests/Golden/pillow-resize.json", resizing())
    write("ImagingTests/Golden/tensorflow-resize.json", tensorflow())
    write("ImagingTests/Golden/torchvision-preprocessing.json", torchvision_pipelines())
    write("ImagingTests/Golden/colour-maps.json", colour_maps())
    write("TensorsTests/Golden/map-resampling.json", maps())
