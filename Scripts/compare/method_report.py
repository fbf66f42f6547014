"""The comparison of methods as text: one line of counts, and a Markdown page."""
import collections
import importlib.metadata
import platform

from method_cases import NOISE, TOLERANCE

LIBRARIES = ["torch", "captum", "grad-cam", "torchcam", "onnx", "onnxruntime", "numpy"]

TEXT = """# Every method beside PyTorch, captum, pytorch-grad-cam and torchcam

Written by `Scripts/compare/methods.py`; do not edit. A row is one method, with its parameters, on one small network with random weights,
exported to ONNX ({exporter}). *Error* is the largest difference between what `gaze attribute` writes and the formula of the definition,
computed by PyTorch in float64 from the same weights, over the largest expected magnitude. Beside it stands what libraries that have the
method give for the same question, as raw map and in float64, against the same formula.

{summary}

- **ok**: the error is at most {tolerance:g}. **rounding**: it is more, and PyTorch's own float32, or noise of {noise:g} on the input, moves
  the result at least half as far. **DISAGREES**, **missing**, **refused**: failures.
- A library that differs carries the reason. It is proven: the formula that the reason states gives the library's numbers to
  {tolerance:g}. "unexplained" would be one without.
- Weights and input are those of the first seed that leaves every result in place under rounding; that spares kinks and says
  nothing about Gaze. Inputs are not square.

{reasons}
## Networks

| network | layer | target | seed | largest effect of rounding |
|---|---|---|---|---|
{networks}
Versions: {versions}, Gaze {gaze}, Python {python}.

## Rows

| network | method | error | libraries | verdict |
|---|---|---|---|---|
"""


def cell(value):
    return "–" if value is None else f"{value:.0e}"


def said(finding):
    """What a library answered."""
    if finding.refusal is not None:
        return f"{finding.library} fails ({finding.refusal})"
    if finding.error <= TOLERANCE:
        return f"{finding.library} {cell(finding.error)}"
    return f"{finding.library} {cell(finding.error)} ({finding.reason or 'unexplained'})"


def summary(results):
    kinds = collections.Counter(result.verdict.partition(":")[0] for result in results)
    findings = [finding for result in results for finding in result.peers]
    agree = sum(finding.error is not None and finding.error <= TOLERANCE for finding in findings)
    named = sum(finding.reason is not None for finding in findings)
    failed = sum(finding.refusal is not None for finding in findings)
    methods = len({result.label for result in results})
    networks = len({result.network for result in results})
    missing = sorted({result.spec.partition(":")[0] for result in results if result.verdict == "missing"})
    counts = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    text = (f"{len(results)} rows ({methods} methods and variants, {networks} networks): {counts}. {len(findings)} answers of libraries: "
            f"{agree} agree, {named} differ for a proven reason, {failed} fail, {len(findings) - agree - named - failed} are unexplained.")
    return text + (f" Missing methods: {', '.join(missing)}." if missing else "")


def reasons(results):
    """Where libraries differ, and why."""
    found = collections.defaultdict(lambda: (set(), set(), []))
    for result in results:
        for finding in result.peers:
            if finding.reason is not None:
                methods, networks, errors = found[finding.library, finding.reason]
                methods.add(result.label)
                networks.add(result.network)
                errors.append(finding.error)
    lines = [f"| {library} | {reason} | {', '.join(sorted(methods))} | {len(networks)} | {cell(min(errors))} to {cell(max(errors))} |\n"
             for (library, reason), (methods, networks, errors) in sorted(found.items())]
    if not lines:
        return ""
    return "## Why libraries differ\n\n| library | reason | methods | networks | errors |\n|---|---|---|---|---|\n" + "".join(lines) + "\n"


def escaped(text):
    return text.replace("|", "\\|").replace("<", "&lt;")


def write(path, cases, results, gaze, exporter):
    """The page."""
    networks = "".join(f"| {case.network.name} | `{case.network.layer}` | `{case.target}` | {case.seed} "
                       f"| {cell(max(case.rounding.values()))} |\n" for case in cases)
    text = TEXT.format(exporter=exporter, summary=summary(results), tolerance=TOLERANCE, noise=NOISE, reasons=reasons(results),
                       networks=networks, versions=", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES),
                       gaze=gaze, python=platform.python_version())
    rows = "".join(f"| {result.network} | `{result.spec}` | {cell(result.error)} "
                   f"| {escaped('; '.join(said(finding) for finding in result.peers)) or '–'} | {escaped(result.verdict)} |\n"
                   for result in results)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + rows)
