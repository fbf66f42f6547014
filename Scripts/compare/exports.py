"""Exports the zoo into a folder, once: `FOLDER/NAME/{torchscript,dynamo}.onnx` with PyTorch's float64 explanations beside them.

Run `.peers/bin/python Scripts/compare/exports.py FOLDER` from the root of the project. Every architecture and exporter has a process
and a time limit of its own; what is there is kept. FOLDER/NAME/EXPORTER.json says how it went: the layer's name in the graph, or why
the exporter failed. The older exporter leaves the batch open, the newer one fixes it at 1, as they do by default.
"""
import argparse
import json
import multiprocessing
import os
import pathlib
import re
import time
import warnings

import numpy as np
import onnxscript  # what the newer exporter would import in every process
import torch

import reference
import named_layers
from exporters import EXPORTERS, export
from onnx_values import all_values, layer_name
from zoo import ARCHITECTURES

SEED = 0
STABLE = 1e-4
NOT_YET = "not exported yet"


def in_double(model, x):
    """The float64 copy and its name; the float32 network where it fixes its precision."""
    double = reference.doubled(model)
    try:
        with torch.no_grad():
            double(x[:1].double())
    except RuntimeError:
        return model, "float32"
    return double, "float64"


def explain(architecture, model, candidates, folder):
    """PyTorch's answers for the first input on which its own float32 agrees with float64, or that where it is closest, into the folder.

    On the others a ReLU or max pool takes another branch by rounding alone, which says nothing about anybody's derivative.
    """
    double, precision = in_double(model, candidates[0])
    best = None
    for x in candidates:
        with torch.no_grad():
            outputs, _ = named_layers.layer_output(double, architecture.layer, x.to(next(double.parameters()).dtype))
        target, text = reference.question(architecture, outputs)
        exact, _, _ = reference.attribution(architecture, double, x, target)
        single, _, _ = reference.attribution(architecture, model, x, target)
        rounding = max(float(np.abs(single[key] - exact[key]).max() / np.abs(exact[key]).max()) for key in ("gradient", "gradcam"))
        if best is None or rounding < best[0]:
            best = rounding, x, {"target": text, "raw_target": target, "precision": precision, "rounding": rounding}, {
                "largest": outputs[0].abs().max().item(), **{f"float32.{key}": value for key, value in single.items()}, **exact}
        if rounding < STABLE:
            break
    _, x, record, arrays = best
    np.savez(folder / "reference.npz", **arrays)
    np.save(folder / "x.npy", x.numpy())
    (folder / "reference.json").write_text(json.dumps(record, indent=1) + "\n")


def worker(name, exporter, folder):
    architecture = ARCHITECTURES[name]
    model, candidates = reference.build(architecture, SEED)
    if not (folder / "reference.json").exists():
        explain(architecture, model, candidates, folder)
    x = torch.from_numpy(np.load(folder / "x.npy"))
    path, started = folder / f"{exporter}.onnx", time.time()
    double, _ = in_double(model, x)
    with torch.no_grad():
        outputs, a = named_layers.layer_output(double, architecture.layer, x.to(next(double.parameters()).dtype))
    reference.forget(model)
    export(model, [x], path, exporter, ["input"], [f"output{index}" for index in range(len(outputs))])
    record = {"seconds": round(time.time() - started, 1)}
    batch = 1 if exporter == "dynamo" else reference.BATCH
    values = all_values(path, x[:batch].numpy())
    expected = outputs[0][:batch].numpy()
    record["logits_error"] = float(np.abs(values["output0"] - expected).max() / np.abs(expected).max())
    try:
        record["layer"] = layer_name(path, values, a[:batch].numpy())
    except ValueError as problem:
        record["layer_missing"] = str(problem)
    return record


def reason(problem):
    """The first line of what went wrong first: the newer exporter wraps it in advice, in colour."""
    while problem.__cause__ is not None:
        problem = problem.__cause__
    lines = [line.strip() for line in re.sub(r"\x1b\[\d*m", "", str(problem)).splitlines() if line.strip()]
    return f"{type(problem).__name__}: {lines[0] if lines else ''}"[:300]


def attempt(name, exporter, folder):
    """Writes how one export went; runs in a process of its own."""
    # The exporters print whole graphs.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)
    try:
        record = worker(name, exporter, folder)
    except BaseException as problem:
        record = {"failed": reason(problem)}
    (folder / f"{exporter}.json").write_text(json.dumps(record, indent=1) + "\n")


def run(name, exporter, arguments):
    """One export, with a time limit; its record is written whatever happens."""
    folder = arguments.folder / name
    folder.mkdir(parents=True, exist_ok=True)
    written = folder / f"{exporter}.json"
    if written.exists() and not (arguments.again and "failed" in json.loads(written.read_text())):
        return
    written.unlink(missing_ok=True)
    started = time.time()
    # A forked process spares the seconds that importing the libraries takes.
    process = multiprocessing.get_context("fork").Process(target=attempt, args=(name, exporter, folder))
    process.start()
    process.join(arguments.limit)
    if process.is_alive():
        process.kill()
        process.join()
        written.write_text(json.dumps({"failed": f"not finished after {arguments.limit} s"}) + "\n")
    elif not written.exists():
        written.write_text(json.dumps({"failed": f"the process ended with {process.exitcode}"}) + "\n")
    record = json.loads(written.read_text())
    print(f"{name:40s} {exporter:12s} {time.time() - started:6.0f} s  {record.get('failed') or record.get('layer_missing') or 'ok'}",
          flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--networks", nargs="+", choices=ARCHITECTURES, default=list(ARCHITECTURES), metavar="NAME")
    parser.add_argument("--exporters", nargs="+", choices=EXPORTERS, default=EXPORTERS)
    parser.add_argument("--limit", type=int, default=900, help="seconds for one export")
    parser.add_argument("--again", action="store_true", help="try again what failed")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    for exporter in arguments.exporters:
        for name in arguments.networks:
            run(name, exporter, arguments)


if __name__ == "__main__":
    main()
