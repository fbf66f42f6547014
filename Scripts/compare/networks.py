"""Compares `gaze attribute` with PyTorch on the exported zoo: the score, the input gradient and Grad-CAM at a named layer.

First `.peers/bin/python Scripts/compare/exports.py FOLDER`, once; then, from the root of the project,
`.peers/bin/python Scripts/compare/networks.py FOLDER .build/release/gaze`. An error is the largest difference over the largest expected
magnitude (for the score: over the largest logit), against PyTorch in float64. Where it exceeds the tolerance:
"kink n": float32 rounding flipped n choices at kinks (which units ReLU passes, which index wins in a max pool), found among those
that several float32 runs flip; the float64 derivative with these choices agrees to the tolerance. "float32": PyTorch's own float32
result is off at least half as far. Everything else has its reason in the row. Exit code 3: not everything agrees.

With --batch above 1, "alone" is the difference between a sample's results in the batch and in a run of its own. Rows that agree are kept in
the folder and taken from there while the executable and the options are the same. --report writes them as a Markdown page.
"""
import argparse
import hashlib
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
import report
from onnx_values import choices
from zoo import ARCHITECTURES

METHODS = ["score", "gradient", "gradcam"]
CHECK_FAILED = 3
GOOD = ("ok", "kink", "float32")


def error(found, expected, largest=None):
    """The largest difference over the largest expected magnitude; infinite where nothing can be compared."""
    if found.shape != expected.shape or not np.isfinite(found).all():
        return float("inf")
    largest = np.abs(expected).max() if largest is None else largest
    return float(np.abs(found - expected).max() / largest) if 0 < largest < np.inf else float("inf")


def run_gaze(arguments, model, record, x, methods):
    """The maps by method; or what the command said."""
    with tempfile.TemporaryDirectory() as temporary:
        return run_gaze_in(pathlib.Path(temporary), arguments, model, record, x, methods)


def run_gaze_in(folder, arguments, model, record, x, methods):
    np.save(folder / "x.npy", x)
    command = [str(arguments.gaze), "attribute", str(model), "--input", str(folder / "x.npy"), "--target", record["target"],
               "--output", str(folder), "--threads", str(arguments.threads)]
    if "gradcam" in methods:
        command += ["--layer", record["layer"]]
    for method in methods:
        command += ["--method", method]
    try:
        finished = subprocess.run(command, capture_output=True, text=True, timeout=arguments.limit)
    except subprocess.TimeoutExpired:
        return None, f"gaze not finished after {arguments.limit} s"
    if finished.returncode != 0:
        lines = finished.stderr.strip().splitlines() or ["no message"]
        return None, f"{lines[-1]} (exit {finished.returncode})"
    return {method: np.load(folder / f"{method}.npy") for method in methods}, None


def found_by_gaze(arguments, model, record, x):
    """The maps, and the refusals by method: what cannot be had together is asked for one by one."""
    methods = [method for method in METHODS if method != "gradcam" or "layer" in record]
    maps, refusal = run_gaze(arguments, model, record, x, methods)
    if maps is not None:
        return maps, {}
    maps, refusals = {}, {}
    for method in methods:
        one, refusal = run_gaze(arguments, model, record, x, [method])
        if one is None:
            refusals[method] = refusal
        else:
            maps |= one
    return maps, refusals


def candidates_of(architecture, model, double, x, target, path, exact):
    """Flips of several float32 runs against float64, each once."""
    runs = []
    for optimised in (True, False):
        # One by one: an export may fix its batch.
        imposed = [np.concatenate(parts) for parts in zip(*(choices(path, one[None].numpy(), optimised) for one in x))]
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


def alone(arguments, model, record, x, maps):
    """The largest difference between a sample's results in a batch and in a run of its own."""
    largest = 0
    for index in range(len(x)):
        single, refusals = found_by_gaze(arguments, model, record, x[index:index + 1])
        if refusals:
            return float("inf")
        largest = max(largest, *(error(maps[method][index:index + 1], single[method]) for method in maps))
    return largest


def compare(name, exporter, arguments):
    """One row: errors by method, verdict."""
    folder, architecture = arguments.folder / name, ARCHITECTURES[name]
    written, model = folder / f"{exporter}.json", folder / f"{exporter}.onnx"
    if not written.exists():
        return {}, exports.NOT_YET
    record = json.loads(written.read_text())
    if "failed" in record:
        return {}, f"exporter failed: {record['failed']}"
    record |= json.loads((folder / "reference.json").read_text())
    arrays = np.load(folder / "reference.npz")
    expected = {method: arrays[method][:arguments.batch] for method in METHODS}
    single = {method: arrays[f"float32.{method}"][:arguments.batch] for method in METHODS}
    x = np.load(folder / "x.npy")[:arguments.batch]
    maps, refusals = found_by_gaze(arguments, model, record, x)
    errors = {method: error(maps[method], expected[method], arrays["largest"] if method == "score" else None) for method in maps}
    errors["float32"] = max(error(single[method], expected[method]) for method in ("gradient", "gradcam"))
    if refusals:
        return errors, "refused: " + "; ".join(f"{said} [{', '.join(method for method in refusals if refusals[method] == said)}]"
                                               for said in dict.fromkeys(refusals.values()))
    if arguments.batch > 1:
        errors["alone"] = alone(arguments, model, record, x, maps)
    if any(errors[method] > arguments.tolerance for method in maps):
        return errors, explained(architecture, record, torch.from_numpy(x), model, maps, expected, single, arguments)
    if errors.get("alone", 0) > arguments.tolerance:
        return errors, "off: alone"
    return errors, "ok" if "layer" in record else f"ok, but {record['layer_missing']}"


def known(name, exporter, batch, arguments):
    """The file that keeps a row, and the row where it is there and of the same executable and tolerance."""
    kept = arguments.folder / name / f"{exporter}.batch{batch}.json"
    found = json.loads(kept.read_text()) if kept.exists() else None
    return kept, found if found and found["origin"] == arguments.origin else None


def row(name, exporter, arguments):
    """What there is to say about one export; kept in the folder when it agrees."""
    kept, found = known(name, exporter, arguments.batch, arguments)
    if found:
        return found
    errors, verdict = compare(name, exporter, arguments)
    kind = verdict.replace(":", " ").split()[0].rstrip(",")
    found = {"name": name, "exporter": exporter, "errors": errors, "verdict": verdict, "kind": kind, "good": kind in GOOD,
             "origin": arguments.origin}
    if found["good"]:
        kept.write_text(json.dumps(found, indent=1) + "\n")
    return found


def parsed():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="what exports.py filled")
    parser.add_argument("gaze", type=pathlib.Path, help="the executable")
    parser.add_argument("--networks", nargs="+", choices=ARCHITECTURES, default=list(ARCHITECTURES), metavar="NAME")
    parser.add_argument("--exporters", nargs="+", choices=exports.EXPORTERS, default=exports.EXPORTERS)
    parser.add_argument("--batch", type=int, choices=range(1, reference.BATCH + 1), default=1)
    parser.add_argument("--tolerance", type=float, default=1e-3)
    parser.add_argument("--limit", type=int, default=300, help="seconds for one run of gaze")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--report", type=pathlib.Path, metavar="FILE", help="write the table as Markdown")
    arguments = parser.parse_args()
    arguments.origin = {"executable": hashlib.sha256(arguments.gaze.read_bytes()).hexdigest(), "tolerance": arguments.tolerance}
    return arguments


def main():
    arguments = parsed()
    warnings.simplefilter("ignore")
    torch.set_num_threads(arguments.threads)
    columns = [*report.COLUMNS, *(["alone"] if arguments.batch > 1 else [])]
    print(f"{'family':28s} {'architecture':36s} {'exporter':12s} {' '.join(f'{column:>8s}' for column in columns)}  verdict")
    rows = []
    for name in arguments.networks:
        for exporter in arguments.exporters:
            found = row(name, exporter, arguments)
            rows.append(found)
            cells = " ".join(f"{report.cell(found['errors'].get(column)):>8s}" for column in columns)
            print(f"{ARCHITECTURES[name].family:28.28s} {name:36.36s} {exporter:12s} {cells}  {found['verdict']}", flush=True)
    print(report.summary(rows))
    if arguments.report:
        version = subprocess.run([str(arguments.gaze), "--version"], capture_output=True, text=True, check=True).stdout.strip()
        batched = [known(found["name"], found["exporter"], reference.BATCH, arguments)[1] for found in rows]
        report.write(arguments.report, rows, [found for found in batched if found], arguments.tolerance, version)
    return 0 if all(found["good"] or found["kind"] in ("exporter", "not") for found in rows) else CHECK_FAILED


if __name__ == "__main__":
    sys.exit(main())
