"""Golden values of Tests/ExplanationsTests/Methods/ReferenceTests.swift: edges of a picture by scikit-image.

Run: python Scripts/golden/edges.py   (needs numpy and scikit-image; writes Tests/ExplanationsTests/Golden/reference/edges.json)

The picture is a piece of scikit-image's photograph of a cat, of 8 bits, so that both sides start from the same numbers. Sobel's tolerance is float32's of
the result, 1e-6 of the largest; Canny's edges are equal in every pixel: its smallest distance to a decision is asserted below.
"""
import json
import pathlib

import numpy as np
import skimage
from skimage import data
from skimage.color import rgb2gray
from skimage.feature import canny
from skimage.filters import sobel

TARGET = pathlib.Path(__file__).parents[2] / "Tests/ExplanationsTests/Golden/reference/edges.json"
# Rows and columns around an eye of the cat.
CROP = (slice(90, 138), slice(135, 192))
CANNY = [{}, {"sigma": 2}, {"sigma": 0.5, "low": 0.3, "high": 0.9}, {"sigma": 1, "low": 0.05, "high": 0.6}]

picture = data.chelsea()[CROP]
grey = rgb2gray(picture / 255.0)
entries = []
for options in CANNY:
    chosen = {"sigma": 1, "low": 0.1, "high": 0.2} | options

    def edges(image, shift=0.0):
        return canny(image, sigma=chosen["sigma"], low_threshold=chosen["low"] + shift, high_threshold=chosen["high"] + shift)

    found = edges(grey)
    # No threshold is within rounding of a gradient, and noise of 1e-9 leaves all lines where they are.
    noise = np.random.default_rng(1).normal(scale=1e-9, size=grey.shape)
    for other in (edges(grey, 1e-7), edges(grey, -1e-7), edges(grey + noise)):
        assert (other == found).all(), options
    text = ",".join(f"{name}={value}" for name, value in options.items())
    entries.append({"method": f"canny:{text}" if text else "canny", "edges": ["".join("#" if pixel else "." for pixel in row) for row in found]})
golden = {
    "versions": {"numpy": np.__version__, "scikit-image": skimage.__version__},
    "height": picture.shape[0], "width": picture.shape[1], "picture": picture.transpose(2, 0, 1).ravel().tolist(),
    "sobel": [float(f"{value:.9g}") for value in sobel(grey).ravel()], "canny": entries,
}
TARGET.parent.mkdir(exist_ok=True)
TARGET.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
