"""Writes the comparison with PyTorch as a Markdown page."""
import collections
import importlib.metadata
import platform

import exports
import kinks
import reference
from zoo import ARCHITECTURES

LIBRARIES = ["torch", "torchvision", "timm", "onnx", "onnxscript", "onnxruntime", "numpy"]
COLUMNS = ["score", "gradient", "gradcam", "float32"]

TEXT = """# What Gaze computes on architectures, beside PyTorch

Written by `Scripts/compare/networks.py`; do not edit. One row is one ONNX export of one architecture: `gaze attribute` computes the score,
its gradient with respect to the input and the raw Grad-CAM map at the named layer, and PyTorch computes the same by autograd in float64
from the same weights. Under *score*, *gradient* and *Grad-CAM* stands the largest difference over the largest expected magnitude (for the
score: over the largest logit), under *PyTorch* the larger error of PyTorch's own float32 gradient and Grad-CAM against its float64 ones.

{summary}

- **ok**: every error is at most {tolerance:g}.
- **kink n**: the input gradient or Grad-CAM is off by more, because float32 rounding put n units on the other side of a kink than
  float64 did (a ReLU or ReLU6 that passes, a side of ±3 in a hard swish or sigmoid, the winner of a max pool), where a derivative jumps.
  This is checked, not assumed: the units that flip in several float32 runs by PyTorch and ONNX Runtime (most with noise of a few units
  in the last place on the input) are the candidates, the script picks greedily from at most {most} of them, and the float64 derivative
  with the n it picked flipped agrees with Gaze to {tolerance:g}.
- **float32**: the difference has no such explanation, and PyTorch's own float32 result is off more than half as far.
- everything else stands in the row as it was said.

## What it does not show

- The weights are random (seed {seed}; batch normalisation, layer scale and the like randomised too, then calibrated so that no layer dies).
  Agreement says that derivatives and wiring are right, not that a map is a good explanation.
- The input is random noise. From {inputs} draws the script takes the first on which PyTorch's own float32 agrees with its float64 to
  {stable:g}, or the one where they are closest; that spares most kinks, and it looks at PyTorch only, never at Gaze.
- One small variant stands for a family: {classes} classes, few pixels, some ViTs only four blocks deep. Inputs are not square wherever the
  architecture takes them, so height and width cannot be confused.
- The explained class is the first sample's largest logit; for segmentation the mean of a class map, for detectors one box's class logit
  in front of the decoding of boxes.
- The older exporter (torchscript) leaves the batch open, the newer one (dynamo) fixes it at 1. The layer is found in the export as the
  tensor that equals the module's output.
{exporters}
Versions: {versions}, Gaze {gaze}, Python {python}.

| family | architecture | input | layer | exporter | score | gradient | Grad-CAM | PyTorch | verdict |
|---|---|---|---|---|---|---|---|---|---|
"""


def exporter_failures(rows):
    """What the exporters themselves could not do, by exporter."""
    lines = []
    for exporter in exports.EXPORTERS:
        failed = [row["name"] for row in rows if row["exporter"] == exporter and row["verdict"].startswith("exporter failed")]
        missing = [row["name"] for row in rows if row["exporter"] == exporter and row["verdict"] == exports.NOT_YET]
        if failed:
            lines.append(f"- PyTorch's {exporter} exporter fails on {', '.join(failed)}; the rows give its words.")
        if missing:
            lines.append(f"- Not tried with the {exporter} exporter ({len(missing)} architectures, minutes each): {', '.join(missing)}.")
    return "".join(f"{line}\n" for line in lines)


def summary(rows):
    """One sentence of counts for each exporter."""
    lines = []
    for exporter in exports.EXPORTERS:
        tried = [row for row in rows if row["exporter"] == exporter and row["verdict"] != exports.NOT_YET]
        kinds = collections.Counter(row["kind"] for row in tried)
        counts = ", ".join(f"{count} {'exporter failed' if kind == 'exporter' else kind}" for kind, count in kinds.most_common())
        if tried:
            lines.append(f"{exporter}: {len(tried)} exports, {counts}")
    good = {row["name"] for row in rows if row["good"]}
    return f"{len(good)} of {len({row['name'] for row in rows})} architectures agree in at least one export ({'; '.join(lines)})."


def batches(rows):
    """What runs with several samples gave; nothing where none was made."""
    if not rows:
        return ""
    table = "".join(f"| {row['name']} | {row['exporter']} | {cell(row['errors'].get('alone'))} | {row['verdict']} |\n" for row in rows)
    return f"""
## Batches

Two samples at once, with --batch 2: the verdict is that of the table above for both samples, and *alone* the largest difference between a
sample's results (score, gradient, Grad-CAM) in the batch and in a run of its own. Gaze opens the batch of exports that fix it.

| architecture | exporter | alone | verdict |
|---|---|---|---|
{table}"""


def cell(value):
    return "–" if value is None else f"{value:.0e}"


def line(row):
    """A row of the table."""
    architecture = ARCHITECTURES[row["name"]]
    verdict = row["verdict"].replace("|", "\\|").replace("<", "&lt;")
    if architecture.note:
        verdict += f" ({architecture.note})"
    size = "×".join(str(extent) for extent in architecture.size)
    errors = [cell(row["errors"].get(column)) for column in COLUMNS]
    cells = [architecture.family, row["name"], size, f"`{architecture.layer}`", row["exporter"], *errors, verdict.strip()]
    return f"| {' | '.join(cells)} |\n"


def write(path, rows, batched, tolerance, gaze):
    """The page; `rows` and `batched` (with several samples) as networks.py collects them, `gaze` its version."""
    versions = ", ".join(f"{library} {importlib.metadata.version(library)}" for library in LIBRARIES)
    text = TEXT.format(summary=summary(rows), tolerance=tolerance, seed=exports.SEED, inputs=reference.INPUTS, stable=exports.STABLE,
                       most=kinks.MOST_CANDIDATES, classes=reference.CLASSES, exporters=exporter_failures(rows), versions=versions,
                       gaze=gaze, python=platform.python_version())
    path.write_text(text + "".join(line(row) for row in rows if row["verdict"] != exports.NOT_YET)
                    + batches(batched))
