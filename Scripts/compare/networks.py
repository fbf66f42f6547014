"""Compares `gaze attribute` with PyTorch on seven full-size torchvision classifiers with random weights, exported both ways.

Run `.peers/bin/python Scripts/compare/networks.py .build/release/gaze` from the root of the project. An error is the largest difference
over the largest expected magnitude, against float64. Where it exceeds the tolerance, the float64 derivative is taken again with the
choices at kinks (which units ReLU and Clip pass, which index wins in MaxPool) of the engine's float32 forward pass: when that agrees,
float32 noise had flipped a choice. Exit code 3: a difference that choices do not explain.
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
from torch.overrides import TorchFunctionMode

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "golden"))
import architectures
from onnx_values import all_values, choices, name_of

SIDE = 224
METHODS = ["score", "gradient", "layer-gradient", "gradcam"]
CHECK_FAILED = 3


class Choices(TorchFunctionMode):
    """Records what every ReLU, ReLU6 (which x pass) and max pool (which index wins) chooses, or imposes another run's choices."""

    def __init__(self, imposed=None):
        super().__init__()
        self.found, self.imposed = [], imposed

    def __torch_function__(self, function, types, arguments=(), options=None):
        name, options = getattr(function, "__name__", ""), options or {}
        if name in ("relu", "relu_", "relu6", "hardtanh", "hardtanh_"):
            return self.gated(arguments[0], torch.inf if name in ("relu", "relu_") else 6.0)
        if name == "max_pool2d":
            return self.pooled(*arguments, **{key: value for key, value in options.items() if key != "return_indices"})
        return function(*arguments, **options)

    def other(self):
        return None if self.imposed is None else torch.as_tensor(self.imposed[len(self.found)])

    def gated(self, x, upper):
        gate = self.other()
        gate = ((x > 0) & (x < upper)).detach() if gate is None else gate
        self.found.append(gate)
        return torch.where(gate, x, x.detach().clamp(0, upper))

    def pooled(self, x, *window, **options):
        other = self.other()
        maximum, index = torch._C._nn.max_pool2d_with_indices(x.detach() if other is None else other, *window, **options)
        # Behind a ReLU all-zero windows tie; which zero wins changes nothing.
        self.found.append(torch.where(maximum > 0, index, -1))
        return x.flatten(2).gather(2, index.flatten(2)).view(index.shape)


def error(found, expected):
    expected = np.asarray(expected, dtype=np.float64)
    if found.shape != expected.shape:
        return float("inf")
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def reference(name, model, x, target, imposed=None):
    """The methods' results by PyTorch in the model's precision, and its choices at kinks."""
    with Choices(imposed) as recorded:
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


def row(method, found, exact, single, imposed, flips, tolerance):
    plain = error(found[method], exact[method])
    explained = error(found[method], imposed[method])
    verdict = "ok" if plain <= tolerance else "kink" if explained <= tolerance and flips > 0 else "FAIL"
    text = f"{method:15s} {plain:9.1e} {error(single[method], exact[method]):9.1e} {explained:9.1e}  {verdict}"
    return text, verdict != "FAIL"


def flipped(ours, theirs):
    """How many choices differ; None when the runs cannot be paired."""
    if [tuple(one.shape) for one in ours] != [tuple(one.shape) for one in theirs]:
        return None
    return sum(int((one != other).sum()) for one, other in zip(ours, theirs))


def compare(name, exporter, model, x, arguments, folder):
    """Prints the rows of one exported network; whether all of them pass."""
    path = folder / f"{name}.{exporter}.onnx"
    architectures.export(model, x, path, exporter)
    double = copy.deepcopy(model).double()
    exact, exact_choices = reference(name, double, x, arguments.target)
    single, single_choices = reference(name, model, x, arguments.target)
    with torch.no_grad():
        layer = name_of(all_values(path, x.numpy()), architectures.trunk(name, double, x.double()).numpy())
    imposed, flips = exact, None
    engine = choices(path, x.numpy())
    if len(engine) == len(exact_choices):
        imposed, engine_choices = reference(name, double, x, arguments.target, engine)
        flips = flipped(engine_choices, exact_choices)
    print(f"{name} {exporter}, layer {layer}: {sum(one.numel() for one in exact_choices)} choices at kinks; flipped by float32: "
          f"engine {'cannot be paired' if flips is None else flips}, PyTorch {flipped(single_choices, exact_choices)}")
    np.save(folder / "x.npy", x.numpy())
    try:
        found = run_gaze(arguments.gaze, path, folder / "x.npy", arguments.target, layer, folder / "maps")
    except (RuntimeError, OSError) as problem:
        print(f"  FAIL {problem}")
        return False
    passed = True
    for method in METHODS:
        text, good = row(method, found, exact, single, imposed, flips or 0, arguments.tolerance)
        print("  " + text)
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
    print(f"{'':17s} {'gaze':>9s} {'float32':>9s} {'choices':>9s}   (gaze, PyTorch float32 against float64; gaze against float64 with the engine's choices)")
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
