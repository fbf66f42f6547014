"""Localisation metrics of toy maps, written from the papers in NumPy and SciPy (scipy.ndimage labels the regions).

Writes Tests/EvaluationTests/Golden/localisation.json. Definitions: ILSVRC's box rule (Russakovsky et al. 2015), CAM's boxes (Zhou et
al. 2016), MaxBoxAcc, MaxBoxAccV2 and PxAP (Choe et al. 2020), pointing game (Zhang et al. 2016), energy-based pointing game (Wang et
al. 2020), effective heat ratio (Zhang et al. 2021).
"""

import json
import pathlib

import numpy as np
import scipy
from scipy import ndimage

SEED = 11
EIGHT = np.ones((3, 3), dtype=int)


def regions(hot):
    """(pixels, box) of every region; boxes as edges x0, y0, x1, y1."""
    labels, _ = ndimage.label(hot, structure=EIGHT)
    found = []
    for number, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1):
        found.append((int((labels == number).sum()), (columns.start, rows.start, columns.stop, rows.stop)))
    return found


def boxes(hot, component):
    found = regions(hot)
    if component == "all" or not found:
        return [box for _, box in found]
    return [min(found, key=lambda r: (-r[0], r[1][1], r[1][0]))[1]]


def iou(a, b):
    w = max(0, min(a[2], b[2]) - max(a[0], b[0]))
    h = max(0, min(a[3], b[3]) - max(a[1], b[1]))
    area = lambda r: (r[2] - r[0]) * (r[3] - r[1])
    return w * h / (area(a) + area(b) - w * h)


def best(found, truth):
    return max([iou(a, b) for a in found for b in truth], default=0.0)


def unit(heat):
    return (heat - heat.min()) / (heat.max() - heat.min())


def sweep(heat, truth, component):
    # float32, as thresholds and maps are there: a value on a threshold must not fall on either side by chance.
    thresholds = (np.arange(100, dtype=np.float32) / np.float32(100)).astype(np.float32)
    scaled = unit(heat.astype(np.float32))
    return np.array([best(boxes(scaled > t, component), truth) for t in thresholds])


def box_mask(shape, truth):
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    inside = np.zeros(shape, bool)
    for x0, y0, x1, y1 in truth:
        inside |= (x >= x0) & (x < x1) & (y >= y0) & (y < y1)
    return inside


def average_precision(inside, scores):
    """Over all pixels in 100 bins of score."""
    bins = np.minimum((scores * 100).astype(int), 99)
    hits = np.bincount(bins[inside], minlength=100)[::-1].cumsum()
    all_ = np.bincount(bins, minlength=100)[::-1].cumsum()
    recall = hits / inside.sum()
    precision = np.divide(hits, all_, out=np.zeros(100), where=all_ > 0)
    return float((precision * np.diff(recall, prepend=0)).sum())


def effective_heat_ratio(heat, inside):
    heat = heat / heat.max()
    taken = heat[heat >= 0.1]
    ratios = []
    for q in np.linspace(0, 1, 11):
        hot = heat >= min(np.quantile(taken, q), 0.99)
        ratios.append(heat[hot & inside].sum() / hot.sum())
    return float(scipy.integrate.trapezoid(ratios, np.linspace(0, 1, 11)))


def pointing(heat, inside, tolerance):
    """As TorchRay draws it: a circle around the maximum touches a pixel of the object."""
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    rows, columns = np.nonzero(inside)
    return float(np.hypot(rows - row, columns - column).min() <= tolerance)


def case(random, height, width, count, signed):
    truth = []
    for _ in range(count):
        x0, y0 = random.uniform(0, width * 0.6), random.uniform(0, height * 0.6)
        x1, y1 = random.uniform(x0 + width * 0.2, width), random.uniform(y0 + height * 0.2, height)
        truth.append([round(float(v), 2) for v in (x0, y0, x1, y1)])
    smooth = ndimage.gaussian_filter(random.normal(size=(height, width)), 1.5)
    smooth /= np.abs(smooth).max()
    # Warm on the first object, so that the metrics have something to find.
    x0, y0, x1, y1 = truth[0]
    y, x = np.mgrid[:height, :width] + 0.5
    across, down = (x - (x0 + x1) / 2) / (x1 - x0), (y - (y0 + y1) / 2) / (y1 - y0)
    smooth = smooth + 0.8 * np.exp(-6 * (across**2 + down**2))
    # Multiples of 1/64: exact in float32 and in JSON.
    raw = np.round((smooth if signed else np.abs(smooth)) * 512) / 64
    raw[np.unravel_index(raw.argmax(), raw.shape)] += 1 / 16  # one maximum
    mask = np.where(box_mask((height, width), [truth[0]]), 1.0, 0.0)
    undecided = random.random((height, width)) < 0.1
    mask[undecided] = 2  # 2 stands for undecided
    heat = np.maximum(raw, 0)
    inside = box_mask(raw.shape, truth)
    decided = mask != 2
    values = {}
    for fraction in (0.2, 0.15, 0.5):
        for component in ("largest", "all"):
            hot = heat.astype(np.float32) > np.float32(fraction) * np.float32(heat.max())
            values[f"box-iou:fraction={fraction},component={component}"] = best(boxes(hot, component), truth)
    overlaps = sweep(heat, truth, "all")
    values["max-box-acc"] = float((sweep(heat, truth, "largest") >= 0.5).max())
    values["max-box-acc:component=all,iou=0.3"] = float((overlaps >= 0.3).max())
    values["max-box-acc-v2"] = float(np.mean([(overlaps >= d).max() for d in (0.3, 0.5, 0.7)]))
    values["pxap"] = average_precision((mask == 1)[decided], unit(heat.astype(np.float32))[decided])
    values["pointing-game:tolerance=2"] = pointing(heat, inside, 2)
    values["pointing-game:tolerance=0"] = pointing(heat, inside, 0)
    values["pointing-game:tolerance=1.5,of=mask"] = pointing(heat, mask == 1, 1.5)
    values["energy-inside"] = float(heat[inside].sum() / heat.sum())
    values["energy-inside:of=mask"] = float(heat[mask == 1].sum() / heat[decided].sum())
    values["effective-heat-ratio"] = effective_heat_ratio(heat, inside)
    return {
        "height": height, "width": width, "map": raw.ravel().tolist(), "boxes": truth,
        "mask": [None if v == 2 else v for v in mask.ravel().tolist()], "values": values,
    }, heat, truth, mask


def main():
    random = np.random.default_rng(SEED)
    made = [
        case(random, h, w, n, s)
        for h, w, n, s in [(12, 16, 1, False), (16, 12, 2, True), (20, 20, 1, True), (9, 31, 3, True), (24, 17, 1, False), (15, 15, 1, True)]
    ]
    largest = np.mean([sweep(heat, truth, "largest") >= 0.5 for _, heat, truth, _ in made], axis=0)
    every = [sweep(heat, truth, "all") for _, heat, truth, _ in made]
    inside = np.concatenate([(mask == 1)[mask != 2] for _, _, _, mask in made])
    scores = np.concatenate([unit(heat.astype(np.float32))[mask != 2] for _, heat, _, mask in made])
    summaries = {
        "max-box-acc": float(largest.max()),
        "max-box-acc-v2": float(np.mean([np.mean([e >= d for e in every], axis=0).max() for d in (0.3, 0.5, 0.7)])),
        "pxap": average_precision(inside, scores),
    }
    result = {
        "tools": {"numpy": np.__version__, "scipy": scipy.__version__}, "seed": SEED,
        "tolerance": 1e-6,  # the map is float32, sums are double
        "cases": [c for c, _, _, _ in made], "summaries": summaries,
    }
    path = pathlib.Path(__file__).parents[2] / "Tests/EvaluationTests/Golden/localisation.json"
    path.write_text(json.dumps(result, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
