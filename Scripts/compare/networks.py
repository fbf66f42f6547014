"""Compares `gaze attribute` with PyTorch on the exported zoo: the score, the input gradient and Grad-CAM at a named layer.

First `.peers/bin/python Scripts/compare/exports.py FOLDER`, once; then, from the root of the project,
`.peers/bin/python Scripts/compare/networks.py FOLDER .build/release/gaze`. An error is the largest difference over the largest expected
magnitude (for the score: over the largest logit), against PyTorch in float64. Where it exceeds the tolerance:
"kink n": float32 rounding flipped n choices at kinks (which units ReLU passes, which index wins in a max pool), found among those
that several float32 runs flip; the float64 derivative with these choices agrees to the tolerance. "float32": PyTorch's own float32
result is off at least half as far. Everything else has its reason in the row. Exit code 3: not everything agrees.
"""
import argparse
import collections
import json
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import torch

import exports
import kinks
import reference
from onnx_values import choices
from zoo import ARCHITECTURES

METHODS = ["score", "gradient", "gradcam"]
CHECK_FAILED = 3
GOOD = ("ok", "kink", "float32")


def error(found, expected, largest=None):
    if found.shape != expected.shape:
        return float("inf")
    largest = np.abs(expected).max() if largest is None else largest
    return float(np.abs(found - expected).max() / largest) if largest > 0 else float("inf")


def run_gaze(gaze, model, record, x, methods, folder, limit):
    """The maps by method; or what the command said."""
    command = [str(gaze), "attribute", str(model), "--input", str(x), "--target", record["target"], "--output", str(folder)]
    if "gradcam" in methods:
        command += ["--layer", record["layer"]]
    for method in methods:
        command += ["--method", method]
    try:
        finished = subprocess.run(command, capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return None, f"gaze not finished after {limit} s"
    if finished.returncode != 0:
        lines = finished.stderr.strip().splitlines() or ["no message"]
        return None, f"{lines[-1]} (exit {finished.returncode})"
    return {method: np.load(folder / f"{method}.npy") for method in methods}, None


def found_by_gaze(arguments, model, record, x, folder):
    """The maps, and the refusals by method: what cannot be had together is asked for one by one."""
    methods = [method for method in METHODS if method != "gradcam" or "layer" in record]
    maps, refusal = run_gaze(arguments.gaze, model, record, x, methods, folder, arguments.limit)
    if maps is not None:
        return maps, {}
    maps, refusals = {}, {}
    for method in methods:
        one, refusal = run_gaze(arguments.gaze, model, record, x, [method], folder, arguments.limit)
        if one is None:
            refusals[method] = refusal
        else:
            maps |= one
    return maps, refusals


def candidates_of(architecture, model, double, x, target, path, exact):
    """Flips of several float32 runs against float64, each once."""
    runs = []
    for optimised in (True, False):
        imposed = choices(path, x.numpy(), optimised)
        if [one.shape for one in exact if one.dtype == torch.bool] == [one.shape for one in imposed if one.dtype == bool]:
            try:
                runs.append(reference.with_choices(architecture, double, x, target, imposed)[1])
            except (RuntimeError, IndexError):
                continue
    # Deep networks have choices that only some roundings flip: noise of 1 to 3 units in the last place finds them.
    noisy = [x * (1 + 1e-7 * (1 + seed % 3) * torch.randn(x.shape, generator=torch.Generator().manual_seed(seed)))
             for seed in range(15)]
    runs += [reference.with_choices(architecture, model, one, target)[1] for one in [x, *noisy]]
    found = [flips for run in runs if (flips := kinks.flips(exact, run)) is not None]
    return list(dict.fromkeys(flip for flips in found for flip in flips))


def explained(architecture, record, x, path, maps, expected, single, arguments):
    """The verdict on results that are too far from float64: kink, float32, or off."""
    model, _ = reference.build(architecture, exports.SEED)
    double = reference.doubled(model)
    target = tuple(record["raw_target"]) if isinstance(record["raw_target"], list) else record["raw_target"]
    far = [method for method in maps if error(maps[method], expected[method]) > arguments.tolerance]
    if record["precision"] == "float64" and all(maps[method].shape == expected[method].shape for method in far):
        _, exact = reference.with_choices(architecture, double, x, target)
        candidates = candidates_of(architecture, model, double, x, target, path, exact)
        most = 0
        for method in far:
            closest, taken = kinks.explain(
                maps[method], lambda chosen: reference.with_choices(architecture, double, x, target, chosen)[0][method], exact, candidates)
            most = max(most, taken)
            if error(maps[method], closest) > arguments.tolerance:
                break
        else:
            return f"kink {most}"
    if all(error(single[method], expected[method]) > 0.5 * error(maps[method], expected[method]) for method in far):
        return "float32"
    return f"off: {', '.join(far)}"


def compare(name, exporter, arguments):
    """One row: errors by method, verdict."""
    folder, architecture = arguments.folder / name, ARCHITECTURES[name]
    written = folder / f"{exporter}.json"
    if not written.exists():
        return {}, "not exported yet"
    record = json.loads(written.read_text())
    if "failed" in record:
        return {}, f"exporter failed: {record['failed']}"
    record |= json.loads((folder / "reference.json").read_text())
    arrays = np.load(folder / "reference.npz")
    expected = {method: arrays[method][:arguments.batch] for method in METHODS}
    single = {method: arrays[f"float32.{method}"][:arguments.batch] for method in METHODS}
    x = np.load(folder / "x.npy")[:arguments.batch]
    with tempfile.TemporaryDirectory() as temporary:
        path = pathlib.Path(temporary) / "x.npy"
        np.save(path, x)
        maps, refusals = found_by_gaze(arguments, folder / f"{exporter}.onnx", record, path, pathlib.Path(temporary))
    errors = {method: error(maps[method], expected[method], arrays["largest"] if method == "score" else None) for method in maps}
    if refusals:
        return errors, "refused: " + "; ".join(f"{said} [{', '.join(method for method in refusals if refusals[method] == said)}]"
                                               for said in dict.fromkeys(refusals.values()))
    if any(value > arguments.tolerance for value in errors.values()):
        return errors, explained(architecture, record, torch.from_numpy(x), folder / f"{exporter}.onnx", maps, expected, single, arguments)
    return errors, "ok" if "layer" in record else f"ok, but {record['layer_missing']}"


def parsed():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="what exports.py filled")
    parser.add_argument("gaze", type=pathlib.Path, help="the executable")
    parser.add_argument("--networks", nargs="+", choices=ARCHITECTURES, default=list(ARCHITECTURES), metavar="NAME")
    parser.add_argument("--exporters", nargs="+", choices=exports.EXPORTERS, default=exports.EXPORTERS)
    parser.add_argument("--batch", type=int, choices=range(1, reference.BATCH + 1), default=1)
    parser.add_argument("--tolerance", type=float, default=1e-3)
    parser.add_argument("--limit", type=int, default=300, help="seconds for one run of gaze")
    return parser.parse_args()


def main():
    arguments = parsed()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    print(f"{'family':28s} {'architecture':36s} {'exporter':12s} {'score':>8s} {'gradient':>8s} {'gradcam':>8s}  verdict")
    verdicts, architectures = collections.Counter(), set()
    for name in arguments.networks:
        for exporter in arguments.exporters:
            errors, verdict = compare(name, exporter, arguments)
            cells = " ".join(f"{errors[method]:8.0e}" if method in errors else f"{'-':>8s}" for method in METHODS)
            print(f"{ARCHITECTURES[name].family:28.28s} {name:36.36s} {exporter:12s} {cells}  {verdict}", flush=True)
            kind = verdict.replace(":", " ").split()[0].rstrip(",")
            verdicts[kind] += 1
            architectures |= {name} if kind in GOOD else set()
    print(f"{len(architectures)} of {len(arguments.networks)} architectures agree in at least one export; exports: "
          + ", ".join(f"{count} {kind}" for kind, count in verdicts.most_common()))
    return 0 if all(kind in (*GOOD, "exporter") for kind in verdicts) else CHECK_FAILED


if __name__ == "__main__":
    sys.exit(main())
