"""Compares `gaze attribute` with PyTorch on seven full-size torchvision classifiers with random weights, exported both ways.

Run `.peers/bin/python Scripts/compare/networks.py .build/release/gaze` from the root of the project. An error is the largest difference
over the largest expected magnitude, against float64. Float32 rounding flips a few choices at kinks (which units ReLU and Clip
pass, which index wins in MaxPool); those that differ from float64 in any of several float32 runs (ONNX Runtime optimised and not,
PyTorch, PyTorch with the input changed by 1e-7 to 3e-7) are the candidates. Where an error exceeds the tolerance, the float64 derivative is
taken again with the candidates that bring it closer: "kink n" says that n flipped choices explain the difference down to the tolerance.
Exit code 3: a difference that they do not explain.
"""
import argparse
import copy
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "golden"))
import architectures
import kinks
from onnx_values import all_values, choices, name_of

SIDE = 224
METHODS = ["score", "gradient", "layer-gradient", "gradcam"]
CHECK_FAILED = 3


def error(found, expected):
    expected = np.asarray(expected, dtype=np.float64)
    if found.shape != expected.shape:
        return float("inf")
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def reference(name, model, x, target, imposed=None):
    """The methods' results by PyTorch in the model's precision, and its choices at kinks."""
    with kinks.Choices(imposed) as recorded:
        logits, gradient, _, layer_gradient, map = architectures.attribution(name, model, x, target)
    results = {"score": logits[:, target], "gradient": gradient, "layer-gradient": layer_gradient, "gradcam": map}
    return {method: value.numpy() for method, value in results.items()}, recorded.found


def run_gaze(gaze, model, x, target, layer, folder):
    command = [str(gaze), "attribute", str(model), "--input", str(x), "--target", str(target), "--layer", layer, "--output", str(folder)]
    for method in METHODS:
        command += ["--method", method]
    finished = subprocess.run(command, capture_output=True, text=True)
    if finished.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\nended with {finished.returncode}\n{finished.stderr.strip()}")
    return {method: np.load(folder / f"{method}.npy") for method in METHODS}


def candidates_of(name, model, double, x, target, path, exact):
    """Flips of several float32 runs against float64, each once; and how many there are in the first engine run and in PyTorch's."""
    engine = []
    for optimised in (True, False):
        imposed = choices(path, x.numpy(), optimised)
        if len(imposed) == len(exact):
            engine.append(reference(name, double, x, target, imposed)[1])
    # Deep networks have choices that only some roundings flip: noise of 1 to 3 units in the last place finds them.
    noisy = [x * (1 + 1e-7 * (1 + seed % 3) * torch.randn(x.shape, generator=torch.Generator().manual_seed(seed)))
             for seed in range(15)]
    single = [reference(name, model, one, target)[1] for one in [x, *noisy]]
    found = [flips for run in engine + single if (flips := kinks.flips(exact, run)) is not None]
    counts = f"ONNX Runtime {len(kinks.flips(exact, engine[0]) or []) if engine else 'not paired'}, PyTorch {len(kinks.flips(exact, single[0]))}"
    return list(dict.fromkeys(flip for flips in found for flip in flips)), counts


def compare(name, exporter, model, x, arguments, folder):
    """Prints the rows of one exported network; whether all of them pass."""
    path, target = folder / f"{name}.{exporter}.onnx", arguments.target
    architectures.export(model, x, path, exporter)
    double = copy.deepcopy(model).double()
    exact, exact_choices = reference(name, double, x, target)
    single, _ = reference(name, model, x, target)
    with torch.no_grad():
        layer = name_of(all_values(path, x.numpy()), architectures.trunk(name, double, x.double()).numpy())
    candidates, counts = candidates_of(name, model, double, x, target, path, exact_choices)
    print(f"{name} {exporter}, layer {layer}: {sum(one.numel() for one in exact_choices)} choices at kinks; "
          f"flipped by float32: {counts}, candidates {len(candidates)}")
    np.save(folder / "x.npy", x.numpy())
    try:
        found = run_gaze(arguments.gaze, path, folder / "x.npy", target, layer, folder / "maps")
    except (RuntimeError, OSError) as problem:
        print(f"  FAIL {problem}")
        return False
    passed = True
    for method in METHODS:
        remaining, verdict = error(found[method], exact[method]), "ok"
        line = f"  {method:15s} {remaining:9.1e} {error(single[method], exact[method]):9.1e}"
        if remaining > arguments.tolerance and found[method].shape == exact[method].shape:
            closest, taken = kinks.explain(
                found[method], lambda chosen: reference(name, double, x, target, chosen)[0][method], exact_choices, candidates)
            remaining = error(found[method], closest)
            verdict = f"kink {taken}"
        good = remaining <= arguments.tolerance
        print(f"{line} {remaining:9.1e}  {verdict if good else 'FAIL'}")
        passed = passed and good
    return passed


def parsed():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gaze", type=pathlib.Path, help="the executable")
    parser.add_argument("--networks", nargs="+", choices=architectures.NAMES, default=architectures.NAMES)
    parser.add_argument("--exporters", nargs="+", choices=architectures.EXPORTERS, default=architectures.EXPORTERS)
    parser.add_argument("--target", type=int, default=3)
    parser.add_argument("--tolerance", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def main():
    arguments = parsed()
    warnings.simplefilter("ignore")
    torch.set_num_threads(arguments.threads)
    print(f"{'':17s} {'gaze':>9s} {'float32':>9s} {'explained':>9s}   (gaze, PyTorch float32 against float64; gaze against float64 with flipped choices)")
    failures = []
    for name in arguments.networks:
        torch.manual_seed(arguments.seed)
        generator = torch.Generator().manual_seed(arguments.seed)
        model = architectures.calibrate(architectures.full(name), torch.randn(4, 3, SIDE, SIDE, generator=generator), generator)
        x = torch.randn(1, 3, SIDE, SIDE, generator=generator)
        for exporter in arguments.exporters:
            with tempfile.TemporaryDirectory() as folder:
                if not compare(name, exporter, model, x, arguments, pathlib.Path(folder)):
                    failures.append(f"{name} {exporter}")
            sys.stdout.flush()
    print(f"failed: {', '.join(failures)}" if failures else "all agree")
    return CHECK_FAILED if failures else 0


if __name__ == "__main__":
    sys.exit(main())
