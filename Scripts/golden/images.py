"""Tiny JPEG, PNG and WebP files and the pixels that Pillow reads from them.

Usage: python3 Scripts/golden/images.py   (needs pillow and numpy)

Files go to Tests/ImagingTests/Golden/Images, expectations to Tests/ImagingTests/Golden/images.json. Pillow has no writer for
many kinds of PNG (interlaced, 16-bit colour, low depths with transparency), so a few lines here write them.

Tolerances, in units of 255: 0 for lossless formats. JPEG: 1, as decoders may round the inverse DCT's last bit differently,
and 2 with subsampled colour, as the interpolated colour is rounded once more. Lossy WebP: 0, its decoding is defined to the bit.
"""

import base64
import io
import json
import pathlib
import struct
import zlib

import numpy as np
import PIL
from PIL import Image, ImageOps, features

ROOT = pathlib.Path(__file__).resolve().parents[2] / "Tests/ImagingTests/Golden"
FOLDER = ROOT / "Images"
SEED = 20260101
WIDTH, HEIGHT = 17, 13  # odd, so that blocks and halved colour overhang
WHITE, GREEN = [255, 255, 255], [10, 200, 30]
random = np.random.default_rng(SEED)
cases, truncations = [], []


def scene(channels, top=255):
    """Smooth ramps, an edge and noise; no symmetry that a wrong orientation could hide behind."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    planes = [x / 16, y / 12, (x + 2 * y) / 40, 1 - x * y / 192][:channels]
    values = np.stack(planes, -1) * 0.8 + 0.2 * random.random((HEIGHT, WIDTH, channels))
    values[2:5, 3:9] = 1 - values[2:5, 3:9]
    return np.clip(np.rint(values * top), 0, top).astype(np.uint16 if top > 255 else np.uint8)


def over(image, background):
    """RGB of any Pillow picture; `background` None drops transparency."""
    if background is None or not image.has_transparency_data:
        return image.convert("RGB")
    image = image.convert("RGBA")
    result = Image.new("RGB", image.size, tuple(background))
    result.paste(image, mask=image.getchannel("A"))
    return result


def expect(name, pixels, tolerance, background=WHITE, orientation=True):
    pixels = np.ascontiguousarray(pixels, np.uint8)
    cases.append({
        "file": name, "background": background, "orientation": orientation, "tolerance": tolerance,
        "width": pixels.shape[1], "height": pixels.shape[0],
        "pixels": base64.b64encode(pixels.tobytes()).decode()})


def add(name, data, tolerance=0, backgrounds=(WHITE,)):
    """A file and what Pillow reads from it."""
    (FOLDER / name).write_bytes(data)
    for background in backgrounds:
        image = Image.open(io.BytesIO(data))
        image.load()
        image = ImageOps.exif_transpose(image)
        expect(name, over(image, background), tolerance, background)


def saved(image, format, **options):
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def exif(orientation, order="<", prefix=b""):
    """An EXIF block with this one tag."""
    mark = b"II" if order == "<" else b"MM"
    return prefix + mark + struct.pack(order + "HIHHHIHHI", 42, 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def packed(row, depth):
    """The bytes of one row of samples."""
    if depth == 16:
        return row.astype(">u2").tobytes()
    if depth == 8:
        return row.astype(np.uint8).tobytes()
    bits = ((row.reshape(-1, 1) >> np.arange(depth - 1, -1, -1)) & 1).astype(np.uint8)
    return np.packbits(bits.reshape(-1)).tobytes()


def filtered(rows, stride):
    """Rows with PNG filters 0 to 4 in turn."""
    result, above = b"", bytes(len(rows[0]))
    for number, row in enumerate(rows):
        kind, line = number % 5, bytearray()
        for i, value in enumerate(row):
            left = row[i - stride] if i >= stride else 0
            corner = above[i - stride] if i >= stride else 0
            up = above[i]
            nearest = min((abs(up - corner), 0, left), (abs(left - corner), 1, up), (abs(left + up - 2 * corner), 2, corner))[2]
            line.append((value - (0, left, up, (left + up) // 2, nearest)[kind]) & 255)
        result += bytes([kind]) + line
        above = row
    return result


def png(samples, depth, color, interlaced=False, before=b"", after=b""):
    """A PNG file of these samples [height, width, channels]; `before` and `after` are chunks around its pixels."""
    height, width, channels = samples.shape
    stride = max(1, channels * depth // 8)
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    data = b""
    for y, x, down, right in passes if interlaced else [(0, 0, 1, 1)]:
        part = samples[y::down, x::right]
        if part.size:
            data += filtered([packed(row, depth) for row in part], stride)
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, int(interlaced))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + chunk(b"IDAT", zlib.compress(data)) + after
            + chunk(b"IEND", b""))


def jpegs():
    rgb = Image.fromarray(scene(3))
    grey = Image.fromarray(scene(1)[..., 0])
    add("grey.jpg", saved(grey, "JPEG", quality=90), 1)
    add("rgb-444.jpg", saved(rgb, "JPEG", quality=90, subsampling=0), 1)
    add("rgb-422.jpg", saved(rgb, "JPEG", quality=85, subsampling=1), 2)
    add("rgb-420.jpg", saved(rgb, "JPEG", quality=85, subsampling=2), 2)
    add("rgb-420-restart.jpg", saved(rgb, "JPEG", quality=50, subsampling=2, restart_marker_blocks=1), 2)
    add("progressive-420.jpg", saved(rgb, "JPEG", quality=85, subsampling=2, progressive=True), 2)
    add("progressive-grey.jpg", saved(grey, "JPEG", quality=85, progressive=True), 1)
    add("stored-as-rgb.jpg", saved(rgb, "JPEG", quality=90, keep_rgb=True), 1)
    cmyk = saved(Image.fromarray(scene(4), "CMYK"), "JPEG", quality=92)
    add("cmyk.jpg", cmyk, 1)
    adobe = cmyk.index(b"Adobe")
    add("ycck.jpg", cmyk[:adobe + 11] + b"\x02" + cmyk[adobe + 12:], 1)
    plain = saved(rgb, "JPEG", quality=85, subsampling=0)
    add("odd-sampling.jpg", odd_sampling(plain), 2)
    add("trailing-bytes.jpg", plain + b"left over\xff\xd8" * 5, 1)
    scan = plain.index(b"\xff\xda")
    add("extraneous-bytes.jpg", plain[:scan] + b"\x11\x22\x33" + plain[scan:], 1)
    # Every row is there, so this is a whole picture; whether Pillow takes it depends on the bytes that happen to follow.
    (FOLDER / "no-end-marker.jpg").write_bytes((FOLDER / "rgb-420.jpg").read_bytes()[:-2])
    expect("no-end-marker.jpg", Image.open(FOLDER / "rgb-420.jpg"), 2)
    damaged = bytearray((FOLDER / "rgb-420.jpg").read_bytes())
    damaged[damaged.index(b"\xff\xda") + 60] ^= 0x10
    add("damaged-scan.jpg", bytes(damaged), 2)
    for value in range(10):
        order = "<" if value % 2 else ">"
        block = exif(value, order, b"Exif\0\0")
        add(f"orientation-{value}.jpg", saved(rgb, "JPEG", quality=95, subsampling=0, exif=block), 1)
    expect("orientation-6.jpg", Image.open(FOLDER / "orientation-6.jpg"), 1, orientation=False)


def odd_sampling(jpeg):
    """A 4:4:4 file whose frame header says 1x1, 2x2, 1x1: components of which the second has the most samples."""
    small = Image.open(io.BytesIO(jpeg)).resize((8, 8))
    data = bytearray(saved(small, "JPEG", quality=90, subsampling=2))
    frame = data.index(b"\xff\xc0") + 10
    factors = [data[frame + 3 * i + 1] for i in range(3)]
    assert factors == [0x22, 0x11, 0x11], factors
    # Six blocks, read as one, four and one instead of four, one and one.
    data[frame + 1], data[frame + 4] = 0x11, 0x22
    return bytes(data)


def pngs():
    both = (WHITE, GREEN, None)
    palette = random.integers(0, 256, (256, 3), dtype=np.uint8)
    alphas = random.integers(0, 256, 256, dtype=np.uint8)
    for interlaced in (False, True):
        end = "-interlaced.png" if interlaced else ".png"
        for depth in (1, 2, 4, 8):
            index = random.integers(0, 1 << depth, (HEIGHT, WIDTH, 1))
            table = chunk(b"PLTE", palette[:1 << depth].tobytes())
            add(f"grey-{depth}{end}", png(index, depth, 0, interlaced))
            add(f"palette-{depth}{end}", png(index, depth, 3, interlaced, table))
            transparent = table + chunk(b"tRNS", alphas[:(1 << depth) - 1].tobytes())
            add(f"palette-{depth}-transparent{end}", png(index, depth, 3, interlaced, transparent), 0, both)
        add(f"rgb-8{end}", png(scene(3), 8, 2, interlaced))
        add(f"grey-alpha-8{end}", png(scene(2), 8, 4, interlaced), 0, both)
        add(f"rgba-8{end}", png(scene(4), 8, 6, interlaced), 0, both)
        deep_pngs(interlaced, end)
    grey, rgb = scene(1), scene(3)
    key = struct.pack(">H", int(grey[6, 6, 0]))
    add("grey-8-key.png", png(grey, 8, 0, before=chunk(b"tRNS", key)), 0, both)
    key = struct.pack(">HHH", *(int(value) for value in rgb[6, 6]))
    add("rgb-8-key.png", png(rgb, 8, 2, before=chunk(b"tRNS", key)), 0, both)
    for name, before in {
            "gamma-1": chunk(b"gAMA", struct.pack(">I", 100000)),
            "gamma-tiny": chunk(b"gAMA", struct.pack(">I", 20000)) + chunk(b"bKGD", struct.pack(">HHH", 1, 2, 3)),
            "srgb": chunk(b"sRGB", b"\0") + chunk(b"gAMA", struct.pack(">I", 45455)),
            "primaries": chunk(b"gAMA", struct.pack(">I", 45455)) + chunk(b"cHRM", struct.pack(
                ">8I", 31270, 32900, 73000, 26500, 11500, 82600, 15700, 1800)),
            "significant-bits": chunk(b"sBIT", b"\5\5\5")}.items():
        add(f"{name}.png", png(rgb, 8, 2, before=before))
    add("gamma-1-rgba.png", png(scene(4), 8, 6, before=chunk(b"gAMA", struct.pack(">I", 100000))), 0, both)
    for value in range(1, 9):
        block = chunk(b"eXIf", exif(value, "<" if value % 2 else ">"))
        add(f"orientation-{value}.png", png(rgb, 8, 2, before=block))
    add("orientation-after-pixels.png", png(rgb, 8, 2, after=chunk(b"eXIf", exif(5))))
    expect("orientation-8.png", rgb, 0, orientation=False)


def deep_pngs(interlaced, end):
    """16 bits a channel: the high byte of each, which is what Pillow keeps.

    Two cases are not Pillow's: it clips 16-bit grey at 255 (all but black turns white), and it composes 16-bit transparency
    after dropping the low bytes. Here every picture is reduced alike, and composed at 16 bits before.
    """
    rgb = scene(3, 65535)
    add(f"rgb-16{end}", png(rgb, 16, 2, interlaced))
    grey = scene(1, 65535)
    name = f"grey-16{end}"
    (FOLDER / name).write_bytes(png(grey, 16, 0, interlaced))
    expect(name, np.repeat(grey >> 8, 3, -1), 0)
    gamma = chunk(b"gAMA", struct.pack(">I", 45455))
    (FOLDER / f"grey-16-gamma{end}").write_bytes(png(grey, 16, 0, interlaced, gamma))
    expect(f"grey-16-gamma{end}", np.repeat(grey >> 8, 3, -1), 0)
    key = struct.pack(">HHH", *(int(value) for value in rgb[6, 6]))
    name = f"rgb-16-key{end}"
    (FOLDER / name).write_bytes(png(rgb, 16, 2, interlaced, chunk(b"tRNS", key)))
    keyed = rgb >> 8
    expect(name, keyed, 0, None)
    is_key = (rgb == rgb[6, 6]).all(-1, keepdims=True)
    expect(name, np.where(is_key, GREEN, keyed), 0, GREEN)
    for channels, color, kind in ((2, 4, "grey-alpha"), (4, 6, "rgba")):
        samples = scene(channels, 65535)
        samples[7:9, :, -1] = 65535
        samples[9, :, -1] = 0
        name = f"{kind}-16{end}"
        data = png(samples, 16, color, interlaced)
        (FOLDER / name).write_bytes(data)
        # Colours come back from their product with alpha, so they round differently from Pillow's, and go with alpha 0.
        dropped = np.array(Image.open(io.BytesIO(data)).convert("RGB"))
        dropped[9] = 0
        expect(name, dropped, 1, None)
        colors, alpha = samples[..., :-1].astype(float), samples[..., -1:].astype(float) / 65535
        for background in (WHITE, GREEN):
            composed = np.floor((alpha * colors + (1 - alpha) * 257 * np.array(background)) / 256 + 1e-6)
            expect(name, np.broadcast_to(composed, (HEIGHT, WIDTH, 3)), 1, background)


def webps():
    both = (WHITE, GREEN, None)
    rgb, rgba = Image.fromarray(scene(3)), Image.fromarray(scene(4))
    # Pillow's own settings, but for colours under full transparency: encoders change them unless told not to.
    add("lossy.webp", saved(rgb, "WEBP", quality=80))
    add("lossless.webp", saved(rgb, "WEBP", lossless=True))
    add("lossy-alpha.webp", saved(rgba, "WEBP", quality=80, exact=True), 0, both)
    add("lossless-alpha.webp", saved(rgba, "WEBP", lossless=True, exact=True), 0, both)
    later = Image.fromarray(scene(4))
    add("animated.webp", saved(rgba, "WEBP", save_all=True, append_images=[later], lossless=True, exact=True), 0, both)
    add("animated-lossy.webp", saved(rgb, "WEBP", save_all=True, append_images=[later.convert("RGB")], quality=70))
    for value in range(1, 9):
        block = exif(value, "<" if value % 2 else ">")
        add(f"orientation-{value}.webp", saved(rgb, "WEBP", lossless=True, exif=block))
    add("orientation-prefixed.webp", saved(rgb, "WEBP", lossless=True, exif=exif(6, "<", b"Exif\0\0")))


def cut(names):
    """Whether Pillow reads files that end early, at a few lengths each.

    Left out: JPEG files that lack their end marker alone (see above), and PNG files that lack the last checksum, which Pillow
    does not miss and libpng does.
    """
    for name in names:
        data = (FOLDER / name).read_bytes()
        ends = {len(data) - 3} if name.endswith("jpg") else {len(data) - part for part in (1, 4, 8, 12, 40)}
        for length in sorted({len(data) * part // 10 for part in range(3, 10)} | ends):
            try:
                Image.open(io.BytesIO(data[:length])).convert("RGB")
                reads = True
            except (OSError, SyntaxError, ValueError):
                reads = False
            truncations.append({"file": name, "length": length, "reads": reads})


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    jpegs()
    pngs()
    webps()
    cut(["grey.jpg", "rgb-444.jpg", "rgb-420.jpg", "progressive-420.jpg", "cmyk.jpg", "rgb-8.png", "palette-4.png",
         "rgba-8-interlaced.png", "lossy.webp", "lossless.webp", "lossy-alpha.webp"])
    versions = {"pillow": PIL.__version__, "numpy": np.__version__}
    versions |= {name: features.version(name) for name in ("libjpeg_turbo", "webp", "zlib")}
    lines = ",\n".join(json.dumps(case) for case in cases)
    cuts = ",\n".join(json.dumps(case) for case in truncations)
    (ROOT / "images.json").write_text(
        f'{{"versions": {json.dumps(versions)}, "seed": {SEED},\n"cases": [\n{lines}\n],\n"truncations": [\n{cuts}\n]}}\n')


if __name__ == "__main__":
    main()
