"""Golden values of Tests/EvaluationTests/SimilarityTests.swift: similarities of maps by scikit-image and SciPy.

Run: python Scripts/golden/similarity.py   (needs numpy, scipy and scikit-image; writes Tests/EvaluationTests/Golden/similarity.json)

The maps are float32, the peers compute in float64 on exactly these numbers. Tolerance 1e-6: both sides are float64, and what is left is
the order of sums.
"""
import json
import pathlib

import numpy as np
import scipy
import skimage
from scipy.optimize import linprog
from scipy.stats import pearsonr, rankdata, spearmanr, wasserstein_distance
from skimage.feature import hog
from skimage.metrics import structural_similarity

SEED = 20240517
TARGET = pathlib.Path(__file__).parents[2] / "Tests/EvaluationTests/Golden/similarity.json"
random = np.random.default_rng(SEED)


def blobs(height, width, count):
    """A smooth map with both signs."""
    rows, columns = np.mgrid[:height, :width]
    result = np.zeros((height, width))
    for _ in range(count):
        row, column, size = random.uniform(0, height), random.uniform(0, width), random.uniform(2, 6)
        result += random.normal() * np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * size**2))
    return result


def normalised(array):
    low, high = array.min(), array.max()
    return (array - low) / (high - low) if high > low else np.zeros_like(array)


def rounded(array):
    """float32 of few decimal digits, which keeps the file small."""
    return np.array([float(f"{value:.3g}") for value in array.ravel()], "f4").reshape(array.shape)


def pairs():
    """Two maps, and the axis of channels."""
    smooth = blobs(36, 41, 7)
    yield "smooth and disturbed", rounded(smooth), rounded(smooth + 0.3 * random.normal(size=smooth.shape)), None
    yield "noise", rounded(random.normal(size=(32, 32))), rounded(random.normal(size=(32, 32))), None
    # Half of the numbers tie at zero, the others at a few steps.
    sparse = [rounded(np.maximum(np.round(blobs(33, 30, 5) * 20) / 20, 0)) for _ in range(2)]
    yield "ties", *sparse, None
    tiny = [rounded(1e-5 * blobs(30, 30, 4)) for _ in range(2)]
    yield "small numbers", *tiny, None
    colour = [rounded(np.stack([blobs(32, 34, 4) for _ in range(3)])) for _ in range(2)]
    yield "channels first", *colour, 0
    colour = [rounded(np.stack([blobs(34, 27, 4) for _ in range(3)], axis=2)) for _ in range(2)]
    yield "channels last", *colour, 2


def structural(first, second, channel, window, span, covariance, scaled=True):
    first, second = first.astype("f8"), second.astype("f8")
    if scaled:
        first, second = normalised(first), normalised(second)
    return structural_similarity(first, second, data_range=span, gaussian_weights=window == "gaussian", channel_axis=channel,
                                 use_sample_covariance=covariance == "sample")


def histogram(first, second, channel, cell, correlation, scaled=True):
    features = []
    for array in (first, second):
        array = array.astype("f8")
        # hog differs by its argmax over channels alone, which is that of the last axis.
        array = np.moveaxis(array, channel, -1) if channel is not None else array
        features.append(hog(normalised(array) if scaled else array, pixels_per_cell=(cell, cell),
                            channel_axis=-1 if channel is not None else None))
    return (pearsonr if correlation == "pearson" else spearmanr)(*features).statistic


def overlap(first, second, fraction, whole):
    masks = []
    for array in (first, second):
        flat = array.astype("f8").ravel()
        if whole == "maximum":
            masks.append(flat > fraction * flat.max())
        else:
            # Ranks from the top, the best first; those equal to the last of them have its rank.
            count = max(int(np.floor(fraction * flat.size + 0.5)), 1)
            masks.append(rankdata(-flat, method="min") <= count)
    return (masks[0] & masks[1]).sum() / (masks[0] | masks[1]).sum()


def transported(first, second, channel):
    """The earth mover's distance in pixels, by linear programming over all pairs of places."""
    if channel is not None:
        first, second = np.abs(first).sum(channel), np.abs(second).sum(channel)
    supply, demand = (np.abs(array.astype("f8")).ravel() for array in (first, second))
    supply, demand = supply / supply.sum(), demand / demand.sum()
    places = np.array(list(np.ndindex(first.shape)), dtype="f8")
    costs = np.sqrt(((places[:, None] - places[None]) ** 2).sum(-1))
    count = supply.size
    rows = scipy.sparse.kron(scipy.sparse.eye(count), np.ones((1, count)))
    columns = scipy.sparse.kron(np.ones((1, count)), scipy.sparse.eye(count))
    solved = linprog(costs.ravel(), A_eq=scipy.sparse.vstack([rows, columns]), b_eq=np.concatenate([supply, demand]), method="highs")
    assert solved.status == 0, solved.message
    return solved.fun


def values(first, second, channel):
    left, right = first.astype("f8").ravel(), second.astype("f8").ravel()
    found = {
        "spearman-abs": spearmanr(np.abs(left), np.abs(right)).statistic,
        "spearman-diverging": spearmanr(left, right).statistic,
        "pearson": pearsonr(left, right).statistic,
    }
    for window in ("gaussian", "uniform"):
        for span in (1, 2):
            for covariance in ("sample", "population"):
                found[f"ssim:window={window},range={span},covariance={covariance}"] = structural(
                    first, second, channel, window, span, covariance)
    found["ssim"] = structural(first, second, channel, "gaussian", 1, "sample")
    found["ssim:window=uniform,range=3.5,normalise=false"] = structural(first, second, channel, "uniform", 3.5, "sample", False)
    for cell in (4, 8):
        for correlation in ("pearson", "spearman"):
            found[f"hog:cell={cell},correlation={correlation}"] = histogram(first, second, channel, cell, correlation)
    found["hog:cell=8,normalise=false"] = histogram(first, second, channel, 8, "pearson", False)
    for fraction in (0, 0.2, 0.5):
        found[f"iou:fraction={fraction}"] = overlap(first, second, fraction, "maximum")
    for fraction in (0.05, 0.2):
        found[f"iou:fraction={fraction},of=pixels"] = overlap(first, second, fraction, "pixels")
    return found


def transports():
    """Small maps, on whose every place the exact distance is known."""
    yield "one row", *(rounded(random.normal(size=(1, 12))) for _ in range(2)), None
    yield "square", *(rounded(random.normal(size=(8, 8))) for _ in range(2)), None
    yield "oblong", *(rounded(blobs(5, 14, 4)) for _ in range(2)), None
    yield "sparse", *(rounded(random.random((9, 9)) * (random.random((9, 9)) < 0.15)) for _ in range(2)), None
    yield "channels", *(rounded(random.normal(size=(3, 6, 7))) for _ in range(2)), 0


def entry(name, first, second, found):
    return {"name": name, "shape": list(first.shape), "first": [float(str(value)) for value in first.ravel()],
            "second": [float(str(value)) for value in second.ravel()], "values": {key: float(value) for key, value in found.items()}}


cases = [entry(name, first, second, values(first, second, channel)) for name, first, second, channel in pairs()]
for name, first, second, channel in transports():
    distance = transported(first, second, channel)
    if first.shape[0] == 1:
        line = np.arange(first.size)
        closed = wasserstein_distance(line, line, np.abs(first).ravel().astype("f8"), np.abs(second).ravel().astype("f8"))
        assert abs(distance - closed) < 1e-9, (distance, closed)
    shape = np.abs(first).sum(channel).shape if channel is not None else first.shape
    cases.append(entry(f"transport, {name}", first, second, {"emd": distance, "emd:unit=diagonal": distance / np.hypot(*shape)}))
golden = {"versions": {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-image": skimage.__version__}, "seed": SEED,
          "tolerance": 1e-6, "cases": cases}
TARGET.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
