"""Writes files of more than 8-bit RGB into Tests/ImagingTests/Golden/Images and the tensors that models get into deep-pictures.json.

The truth is the array that was written (read back by tifffile or Pillow where they can), v / 257 for 16-bit integers of picture files,
resized channel by channel by Pillow in mode F; colours with opacity are multiplied by it before and divided after, as Pillow does with
mode RGBA. Opacity over a background is a / 255 * colour + (1 - a / 255) * background.

Run `.peers/bin/python Scripts/golden/deep_pictures.py` from the root of the project.
"""
import base64
import json
import pathlib
import struct
import zlib

import imagecodecs
import numpy as np
import PIL
import tifffile
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2] / "Tests/ImagingTests/Golden"
FOLDER = ROOT / "Images"
WIDTH, HEIGHT = 17, 13
SEED = 20261201
random = np.random.default_rng(SEED)
FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC, "nearest": Image.Resampling.NEAREST,
           "lanczos": Image.Resampling.LANCZOS, "box": Image.Resampling.BOX}
cases, broken = [], []


def scene(channels, top):
    """Ramps with an edge and noise, [H, W, C] in 0...top."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    planes = np.stack([((c + 1) * x / 16 + y / (3 + c)) % 1.3 / 1.3 for c in range(channels)], -1)
    values = planes * 0.8 + 0.2 * random.random((HEIGHT, WIDTH, channels))
    values[2:5, 3:9] = 1 - values[2:5, 3:9]
    return values * top


def words(channels):
    return np.rint(scene(channels, 65535)).astype(np.uint16)


def octets(channels):
    return np.rint(scene(channels, 255)).astype(np.uint8)


def resize(planes, size, name):
    """[C, H, W] float64 at another size, as Pillow resizes mode F."""
    if size == (planes.shape[2], planes.shape[1]):
        return planes
    return np.stack([np.asarray(Image.fromarray(p.astype(np.float32)).resize(size, FILTERS[name])) for p in planes]).astype(np.float64)


def lightness(rgb):
    return ((19595 * rgb[0] + 38470 * rgb[1] + 7471 * rgb[2]) / 65536)[None]


def packed(values):
    """float32, little-endian, in base64."""
    return base64.b64encode(np.ascontiguousarray(values, "<f4").tobytes()).decode()


def expect(file, channels, planes, size=(WIDTH, HEIGHT), filter="bilinear", count=None, array=None, tolerance=1e-6):
    """`planes` [C, H, W] on the scale 0...255 as the model takes them, before the size changes."""
    values = resize(planes, size, filter)
    cases.append({"file": file, "channels": channels, "resize": f"squash:{size[0]}x{size[1]}", "filter": filter, "count": count,
                  "array": array, "tolerance": tolerance, "values": packed(values)})


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(name, pixels, colour):
    """A 16-bit PNG; colour is PNG's type."""
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 16, colour, 0, 0, 0)
    (FOLDER / name).write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def tiff(name, values, **options):
    tifffile.imwrite(FOLDER / name, values, metadata=None, **options)
    read = tifffile.imread(FOLDER / name)
    assert np.array_equal(read.squeeze(), np.asarray(values).squeeze(), equal_nan=True), name


def first(values):
    """[H, W, C] as [C, H, W] float64."""
    return np.moveaxis(np.asarray(values, np.float64), -1, 0)


def deep_png():
    grey, rgb, rgba = words(1), words(3), words(4)
    # Of nearly transparent colours 16 bits multiplied by alpha keep few.
    rgba[..., 3] = 20000 + rgba[..., 3] // 2
    png("deep-grey.png", grey, 0)
    png("deep-rgb.png", rgb, 2)
    png("deep-rgba.png", rgba, 6)
    assert np.array_equal(np.asarray(Image.open(FOLDER / "deep-grey.png")), grey[..., 0])
    g, c = first(grey) / 257, first(rgb) / 257
    expect("deep-grey.png", "grey", g)
    expect("deep-grey.png", "rgb", g.repeat(3, 0))
    for filter in FILTERS:
        expect("deep-grey.png", "grey", g, (7, 5), filter, tolerance=2e-5)
    expect("deep-rgb.png", "rgb", c)
    expect("deep-rgb.png", "bgr", c[::-1], (24, 20), "bicubic", tolerance=2e-5)
    expect("deep-rgb.png", "grey", lightness(c), tolerance=2e-5)
    expect("deep-rgb.png", "rgba", np.concatenate([c, np.full_like(c[:1], 255)]))
    a = first(rgba) / 257
    expect("deep-rgba.png", "rgba", a, tolerance=0.01)
    expect("deep-rgba.png", "rgb", (a[:3] * a[3] + 255 * (255 - a[3])) / 255, tolerance=0.01)
    expect("deep-rgba.png", "grey", lightness((a[:3] * a[3] + 255 * (255 - a[3])) / 255), (7, 5), tolerance=0.01)


def opacity():
    rgba = octets(4)
    rgba[0, :4, 3] = 0
    Image.fromarray(rgba, "RGBA").save(FOLDER / "opacity.png")
    Image.fromarray(rgba, "RGBA").save(FOLDER / "opacity.webp", lossless=True, exact=True)
    for file in ("opacity.png", "opacity.webp"):
        expect(file, "rgba", first(rgba))
        expect(file, "4", first(rgba))
    # Pillow rounds to 8 bits multiplied by opacity in between, so its result is only near.
    small = np.asarray(Image.fromarray(rgba, "RGBA").resize((7, 5), Image.Resampling.BILINEAR))
    cases.append({"file": "opacity.png", "channels": "rgba", "resize": "squash:7x5", "filter": "bilinear", "count": None, "array": None,
                  "tolerance": 4, "values": packed(first(small))})


def tiffs():
    grey, rgb, bands = words(1)[..., 0], words(3), words(5)
    tiff("grey-16.tif", grey, photometric="minisblack")
    tiff("grey-16-big-endian-lzw.tif", grey, photometric="minisblack", byteorder=">", compression="lzw", predictor=True)
    for file in ("grey-16.tif", "grey-16-big-endian-lzw.tif"):
        expect(file, "grey", grey[None] / 257.0)
    expect("grey-16.tif", "rgb", (grey[None] / 257.0).repeat(3, 0))
    tiff("white-is-zero.tif", grey, photometric="miniswhite")
    expect("white-is-zero.tif", "grey", (65535 - grey[None].astype(np.float64)) / 257)
    tiff("rgb-16-planar.tif", np.moveaxis(rgb, -1, 0), photometric="rgb", planarconfig="separate", compression="zlib")
    expect("rgb-16-planar.tif", "rgb", first(rgb) / 257)
    small = octets(3)
    tiff("rgb-8-tiled.tif", np.pad(small, ((0, 20), (0, 9), (0, 0)), "wrap"), photometric="rgb", tile=(16, 16))
    wide = np.pad(small, ((0, 20), (0, 9), (0, 0)), "wrap")
    expect("rgb-8-tiled.tif", "rgb", first(wide), (26, 33))
    rgba = octets(4)
    tiff("rgba-8.tif", rgba, photometric="rgb", extrasamples=["unassalpha"])
    expect("rgba-8.tif", "rgba", first(rgba))
    tiff("bands-16.tif", bands, photometric="minisblack", planarconfig="contig")
    tiff("bands-16-planar.tif", np.moveaxis(bands, -1, 0), photometric="minisblack", planarconfig="separate")
    tiff("bands-16-pages.tif", np.moveaxis(bands, -1, 0), photometric="minisblack")
    for file in ("bands-16.tif", "bands-16-planar.tif", "bands-16-pages.tif"):
        expect(file, "5", first(bands) / 257, count=5)
    expect("bands-16-pages.tif", "5", first(bands) / 257, (6, 9), "lanczos", count=5, tolerance=3e-5)
    near = (scene(5, 3) - 1).astype(np.float32)
    tiff("bands-float.tif", near, photometric="minisblack", planarconfig="contig", compression="zlib", predictor=3)
    expect("bands-float.tif", "5", first(near), count=5)
    double = scene(1, 1)[..., 0]
    tiff("grey-float-64.tif", double, photometric="minisblack")
    expect("grey-float-64.tif", "grey", double[None], (7, 5), tolerance=2e-6)
    heights = np.rint(scene(1, 4000)[..., 0] - 1000).astype(np.int16)
    tiff("heights-i16.tif", heights, photometric="minisblack")
    expect("heights-i16.tif", "grey", heights[None].astype(np.float64))
    # The first page stands for a scan of several.
    expect("bands-16-pages.tif", "grey", first(bands)[:1] / 257, count=1)
    palette = Image.fromarray(octets(3)).quantize(16)
    palette.save(FOLDER / "palette.tif")
    expect("palette.tif", "rgb", first(np.asarray(palette.convert("RGB"))))
    four = words(4)
    tiff("four-bands-16.tif", four, photometric="minisblack", planarconfig="contig")
    expect("four-bands-16.tif", "rgba", first(four) / 257, count=4)


def arrays():
    bands = scene(5, 2).astype(np.float32) - 1
    np.save(FOLDER / "bands-last.npy", bands)
    np.save(FOLDER / "bands-first.npy", np.moveaxis(bands, -1, 0)[None])
    for file in ("bands-last.npy", "bands-first.npy"):
        expect(file, "5", first(bands), count=5)
    plane = scene(1, 9000)[..., 0]
    np.save(FOLDER / "plane-u16.npy", plane.astype(np.uint16))
    expect("plane-u16.npy", "grey", plane.astype(np.uint16)[None].astype(np.float64), count=1)
    small = octets(3)
    np.save(FOLDER / "rgb-u8.npy", np.asfortranarray(small))
    expect("rgb-u8.npy", "bgr", first(small)[::-1], count=3)
    four = scene(4, 1)
    np.savez_compressed(FOLDER / "several.npz", before=four, after=four[::-1])
    expect("several.npz", "rgba", first(four[::-1]), count=4, array="after")
    np.savez(FOLDER / "one.npz", x=four)
    expect("one.npz", "4", first(four), (9, 4), count=4, tolerance=2e-6)


def failures():
    """Files that cannot be used, with words of the sentence."""
    np.save(FOLDER / "not-a-number.npy", np.full((4, 4), np.nan, np.float32))
    broken.append({"file": "not-a-number.npy", "count": 1, "words": ["NaN", "nan_to_num"]})
    np.save(FOLDER / "five-axes.npy", np.zeros((2, 2, 3, 4, 5), np.float32))
    broken.append({"file": "five-axes.npy", "count": 3, "words": ["[2, 2, 3, 4, 5]", "[3, H, W]"]})
    broken.append({"file": "bands-last.npy", "count": 7, "words": ["[13, 17, 5]", "[7, H, W]"]})
    broken.append({"file": "several.npz", "count": 4, "words": ["after, before", "--array"]})
    whole = (FOLDER / "rgb-16-planar.tif").read_bytes()
    (FOLDER / "cut.tif").write_bytes(whole[: len(whole) // 2])
    broken.append({"file": "cut.tif", "count": 3, "words": ["TIFF"]})


def main():
    for part in (deep_png, opacity, tiffs, arrays, failures):
        part()
    versions = {"numpy": np.__version__, "pillow": PIL.__version__, "tifffile": tifffile.__version__, "imagecodecs": imagecodecs.__version__}
    index = {"made_by": "Scripts/golden/deep_pictures.py", "versions": versions, "seed": SEED,
             "tolerance_reason": "in units of 255: float32 sums of Pillow's passes; 0.01 where libpng multiplies 16 bits by opacity",
             "cases": cases, "broken": broken}
    (ROOT / "deep-pictures.json").write_text(json.dumps(index) + "\n")


if __name__ == "__main__":
    main()
