"""The comparison of metrics as a Markdown page."""
import importlib.metadata
import os
import platform

LIBRARIES = ["torch", "quantus", "captum", "grad-cam", "torchcam", "onnxruntime", "numpy"]

TEXT = """# Metrics beside Quantus, captum, pytorch-grad-cam and torchcam

Written by `Scripts/compare/faithfulness.py`; do not edit. EfficientNet-Lite0 with its ImageNet weights, in ONNX Runtime and in PyTorch;
{pictures} photographs of ILSVRC's validation set with their boxes; both sides get the same input, the class that PyTorch ranks first, and the same
Grad-CAM map (equal pixels set apart, because libraries take them in different orders; rows of captum: the gradient). A value is the
mean over photographs, of a curve the mean of its points.

- **=**: the error is the largest difference over the largest expected number, of the worst photograph; it has to stay below {tolerance:g}.
  Both sides compute in float32, by other kernels.
- **~**: each side draws its own random numbers. The error is the difference of the means over {samples} runs in standard errors, of
  the worst photograph; it has to stay below {errors}.
- Time is the median over photographs, timed calls on each: {rounds} after an untimed one (of random rows all, of what takes more than 5 s
  the first), the two in turns, {threads} threads each on {cores} cores.

{verdict}

| | metric | `gaze` | library | Gaze | library's | error | Gaze, ms | library's, ms | ratio |
|---|---|---|---|---|---|---|---|---|---|
{rows}

Quantus runs one changed picture after the other and pytorch-grad-cam solves ROAD's equations by a general sparse solver; Gaze runs batches, and
solves by conjugate gradients; torchcam runs batches too. Complexity, sparseness, pointing and energy do not ask the model.

## Where definitions differ

| metric | library | what it does otherwise |
|---|---|---|
{reasons}

## What cannot be compared

| metric | library | why |
|---|---|---|
| monotonicity | Quantus | It puts the baseline where the baseline is already, so no pixel ever appears: {monotone}. |
| sensitivity-n | Quantus | It removes growing sets in the map's order, correlates the sum of the last step's pixels with the fall since the beginning, and correlates over pictures for each size, so one picture has no number. |
| infidelity by squares | Quantus | Squares stay removed when the next one is, so a change is not of one square; it averages over all places. |
| ROAD | Quantus | It counts how many pictures keep their class; Gaze follows the probability as pytorch-grad-cam does. |
| adcc | the authors' repository | It multiplies by the sum of the inverses where the paper's harmonic mean divides by it. |
| pic | the authors' code | It measures the size of a WebP file; Gaze estimates bits by itself. |

Values of a small network, for every metric, are in `Tests/EvaluationTests/Golden/faithfulness` (`Scripts/golden/faithfulness.py`).

Versions: {versions}, Python {python}.
"""


def cell(text):
    return text.replace("|", "\\|")


def milliseconds(value):
    return f"{value:.2g}" if value < 10 else f"{value:.0f}"


def line(one):
    error = f"{one['error']:.1f} s.e." if one["sampled"] else f"{one['error']:.0e}" if one["error"] else "0"
    verdict = "" if one["agrees"] else " **DISAGREES**"
    return (f"| {'~' if one['sampled'] else '='} | {cell(one['metric'])} | `{cell(one['spec'])}` | {one['library']} | {one['gaze']:.6g} | {one['peer']:.6g} | "
            f"{error}{verdict} | {milliseconds(one['gaze_ms'])} | {milliseconds(one['peer_ms'])} | {one['ratio']:.2g} |")


def page(rows, facts):
    agree = sum(one["agrees"] for one in rows)
    maps = len(facts["pictures"])
    yes = sum(facts["monotone"])
    return TEXT.format(
        pictures=maps, tolerance=facts["tolerance"], errors=facts["errors"], samples=facts["runs"] + 1, rounds=facts["rounds"],
        threads=facts["threads"], cores=os.cpu_count(), verdict=f"{agree} of {len(rows)} rows agree.", rows="\n".join(map(line, rows)),
        reasons="\n".join(f"| {one['metric']} | {one['library']} | {cell(one['reason'])} |" for one in rows if one["reason"]),
        monotone=f"{yes} of these {maps} maps and their {maps} opposites are monotone",
        versions=", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES), python=platform.python_version())
