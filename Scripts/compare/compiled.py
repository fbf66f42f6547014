"""Runs explanations that `gaze compile` wrote in the stock onnxruntime package and compares them with `gaze attribute`.

    .peers/bin/python Scripts/compare/compiled.py .build/release/gaze MODEL.onnx … [--picture INPUT.npy]

Every file is checked by onnx.checker (full_check) and must equal `gaze attribute` to 1e-4 of the map's largest value, at the class that
it found by itself. The input is an array of the model's input shape, or seeded normal noise. Exit code 1 where one differs.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

TOLERANCE = 1e-4
METHODS = [
    "gradcam", "gradcam++", "layercam", "gradient", "guided-backprop", "deconvnet", "lrp", "integrated-gradients:steps=20",
    "smoothgrad:samples=20", "vargrad:samples=20",
]


def run(gaze, *arguments):
    done = subprocess.run([gaze, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])


def compare(gaze, model, method, picture, folder):
    """What the file holds, and the largest differences of map and score over the largest magnitude."""
    path, label = folder / "compiled.onnx", method.split(":")[0]
    run(gaze, "compile", model, "--method", method, "-o", path)
    onnx.checker.check_model(str(path), full_check=True)
    loaded = onnx.load(path)
    domains = {node.domain for node in loaded.graph.node} | {entry.domain for entry in loaded.opset_import}
    assert domains == {""}, f"operators of {domains}"
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    port = session.get_inputs()[0]
    if picture is None:
        picture = np.random.default_rng(0).standard_normal(port.shape).astype(np.float32)
    names = [output.name for output in session.get_outputs()]
    results = dict(zip(names, session.run(None, {port.name: picture})))
    np.save(folder / "x.npy", picture)
    run(gaze, "attribute", model, "--input", f"{port.name}={folder / 'x.npy'}", "--target", f"logit({results['target'][0]})",
        "--method", method, "--method", "score", "--output", folder)
    expected = {"map": np.load(folder / f"{label}.npy"), "score": np.load(folder / "score.npy")}
    # The model's own outputs, by the unmodified file.
    plain = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    for output, value in zip(plain.get_outputs(), plain.run(None, {port.name: picture})):
        expected[output.name] = value
    errors = {}
    for name, value in expected.items():
        if results[name].shape != value.shape:
            raise RuntimeError(f"'{name}' has the shape {results[name].shape} instead of {value.shape}")
        largest = np.abs(value).max()
        errors[name] = float(np.abs(results[name] - value).max() / (largest if largest > 0 else 1))
    return {"nodes": len(loaded.graph.node), "bytes": path.stat().st_size, "shape": list(expected["map"].shape), "errors": errors}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gaze")
    parser.add_argument("models", nargs="+")
    parser.add_argument("--picture", type=pathlib.Path)
    parser.add_argument("--method", action="append")
    options = parser.parse_args()
    picture = None if options.picture is None else np.load(options.picture)
    failed = False
    print(f"onnxruntime {onnxruntime.__version__}, onnx {onnx.__version__}\n")
    print("| model | method | map | nodes | MB | map differs by | score | own outputs | verdict |\n|---|---|---|---|---|---|---|---|---|")
    for model in options.models:
        for method in options.method or METHODS:
            row = f"| {pathlib.Path(model).name} | {method} "
            try:
                with tempfile.TemporaryDirectory() as folder:
                    found = compare(options.gaze, model, method, picture, pathlib.Path(folder))
            except Exception as problem:  # noqa: BLE001: a refusal is a row of the table
                print(f"{row}| | | | | | | {problem} |")
                failed = True
                continue
            errors = found["errors"]
            own = max(value for name, value in errors.items() if name not in ("map", "score"))
            verdict = "equal" if max(errors.values()) <= TOLERANCE else "DIFFERS"
            failed = failed or verdict != "equal"
            print(f"{row}| {found['shape']} | {found['nodes']} | {found['bytes'] / 1e6:.1f} | {errors['map']:.1e} | {errors['score']:.1e} | {own:.1e} | {verdict} |",
                  flush=True)
    sys.exit(failed)


main()
