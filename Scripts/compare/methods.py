"""Compares every method of `gaze attribute` with PyTorch in float64, and with captum, pytorch-grad-cam and torchcam, on small odd networks.

From the root of the project: `.peers/bin/python Scripts/compare/methods.py .build/release/gaze`. One run of gaze per network asks for all
methods that fit it. An error is the largest difference over the largest expected magnitude, against the formulas of
method_reference.py. A peer that differs carries the reason that was proven by formula (method_peers.py), or "unexplained". A row is
"missing" where gaze does not know the method and "refused" where it answers with an error; both count as failures, as does an error
above the tolerance unless PyTorch's own rounding moves the reference at least half as far ("rounding"). The exit code is then 1.

The networks' weights and inputs are the first seed's for which PyTorch's float32, and noise of 1e-6 on the input, leave all results in
place: no kink is within rounding. Which seed that is depends on PyTorch alone. --write puts the table into a Markdown page.
"""
import argparse
import dataclasses
import json
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import torch

import method_peers
import method_report
import odd_networks
from exporters import EXPORTERS
from method_cases import INPUTS, TOLERANCE, error, exported, stable
from method_rows import ROWS

PAGE = pathlib.Path(__file__).resolve().parents[2] / "Documentation/Methods/Agreement.md"
FAILED = 1


@dataclasses.dataclass
class Result:
    """One line of the table."""
    network: str
    label: str
    spec: str
    error: float | None
    peers: list
    verdict: str


def ask(gaze, folder, case, layer, rows):
    """gaze's results by label; None and what it said where it fails."""
    results = folder / "results"
    command = [str(gaze), "attribute", "model.onnx", "--target", case.target, "--layer", layer, "--output", str(results)]
    for name in INPUTS[:len(case.inputs)]:
        command += ["--input", f"{name}={name}.npy"]
    if len(case.inputs) > 1:
        command += ["--wrt", INPUTS[0]]
    for row in rows:
        command += ["--method", f"{row.label}={row.spec}"]
    finished = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        said = [line for line in finished.stderr.strip().splitlines() if line]
        first = [line for line in said if line.startswith(("gaze:", "Error:"))]
        return None, [*first, *said[-1:], f"exit {finished.returncode}"][0]
    return {row.label: np.load(results / f"{row.label}.npy") for row in rows}, None


def answers(gaze, folder, case, layer, rows):
    """What gaze gives for all rows in one run; where that fails, one by one, with its refusals."""
    found, said = ask(gaze, folder, case, layer, rows)
    if found is not None:
        return found, {}
    found, refusals = {}, {}
    for row in rows:
        one, said = ask(gaze, folder, case, layer, [row])
        if one is None:
            refusals[row.label] = said
        else:
            found |= one
    return found, refusals


def judged(case, row, found, refusals, known, form, with_peers):
    """The line of one row."""
    expected = case.expected[row.label]
    if row.method in ("activation", "layer-gradient"):
        expected = expected.transpose(form)
    peers = method_peers.findings(row, case.question, case.files, case.expected[row.label], TOLERANCE) if with_peers else []
    result = Result(case.network.name, row.label, row.spec, None, peers, "")
    if row.method not in known:
        result.verdict = "missing"
    elif row.label in refusals:
        result.verdict = f"refused: {refusals[row.label]}"
    elif found[row.label].shape != expected.shape:
        result.verdict = f"DISAGREES: shape {found[row.label].shape}, expected {expected.shape}"
    else:
        result.error = error(found[row.label], expected)
        if result.error <= TOLERANCE:
            result.verdict = "ok"
        else:
            result.verdict = "rounding" if case.rounding[row.label] > 0.5 * result.error else "DISAGREES"
    return result


def compared(network, arguments, known):
    case = stable(network)
    rows = [row for row in ROWS if row.fits(network) and (not arguments.methods or row.method in arguments.methods)]
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary) if arguments.keep is None else arguments.keep / network.name
        folder.mkdir(parents=True, exist_ok=True)
        layer, form = exported(case, folder, arguments.exporter)
        found, refusals = answers(arguments.gaze.resolve(), folder, case, layer, [row for row in rows if row.method in known])
    return case, [judged(case, row, found, refusals, known, form, not arguments.without_peers) for row in rows]


def printed(result):
    peers = "; ".join(method_report.said(finding) for finding in result.peers)
    return f"{result.network:24s} {result.label:32s} {method_report.cell(result.error):>7s}  {result.verdict:10s}  {peers}"


def parsed():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gaze", type=pathlib.Path, help="the executable")
    parser.add_argument("--networks", nargs="+", choices=odd_networks.BY_NAME, default=list(odd_networks.BY_NAME), metavar="NAME")
    parser.add_argument("--methods", nargs="+", default=[], metavar="NAME", help="these alone, without parameters")
    parser.add_argument("--exporter", choices=EXPORTERS, default="torchscript")
    parser.add_argument("--without-peers", action="store_true")
    parser.add_argument("--keep", type=pathlib.Path, metavar="FOLDER", help="leave models, inputs and results there")
    parser.add_argument("--write", nargs="?", type=pathlib.Path, const=PAGE, metavar="FILE", help=f"write the page, {PAGE.name} by default")
    return parser.parse_args()


def main():
    arguments = parsed()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    listed = subprocess.run([str(arguments.gaze), "methods", "--json"], capture_output=True, text=True, check=True)
    known = {method["name"] for method in json.loads(listed.stdout)}
    cases, results = [], []
    for name in arguments.networks:
        case, lines = compared(odd_networks.BY_NAME[name], arguments, known)
        cases.append(case)
        results += lines
        for result in lines:
            print(printed(result), flush=True)
    print(method_report.summary(results))
    if arguments.write:
        version = subprocess.run([str(arguments.gaze), "--version"], capture_output=True, text=True, check=True).stdout.strip()
        method_report.write(arguments.write, cases, results, version, arguments.exporter)
    return 0 if all(result.verdict in ("ok", "rounding") for result in results) else FAILED


if __name__ == "__main__":
    sys.exit(main())
