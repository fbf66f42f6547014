"""Grad-CAM on ResNet-50, everything loaded: Gaze against pytorch-grad-cam and against a hand-written torch.autograd.grad version.

Run `.peers/bin/python Benchmarks/gradcam_resnet50.py .build/release/gaze-benchmark` from the root of the project, on an idle machine.
The three take turns in one run; each pauses before its turn so that the others' threads have come to rest, runs once untimed and then a
few times. Medians and their ratios are printed. Batch 1, 224x224, target class 3, layer4, the same random weights; the maps must agree to 1e-3 of the maximum first.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Scripts/golden"))
import architectures
from exporters import EXPORTERS
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

TARGET = 3
TOLERANCE = 1e-3
CHECK_FAILED = 3


class Gaze:
    """A `gaze-benchmark` process, spoken to line by line."""

    def __init__(self, executable, folder, layer, method="gradcam"):
        self.folder = folder
        command = [str(executable), str(folder / "resnet50.onnx"), "--method", method, "--target", str(TARGET), "--input",
                   str(folder / "x.npy"), "--layer", layer]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        if self.process.stdout.readline().strip() != "ready":
            raise RuntimeError(f"{' '.join(command)} did not get ready")

    def milliseconds(self, before=""):
        """The time of one run; other lines than a number are skipped, so `map` may answer or not."""
        self.process.stdin.write(before + "run\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            try:
                return float(line)
            except ValueError:
                continue
        raise RuntimeError("gaze-benchmark ended")

    def map(self):
        self.milliseconds(before=f"map {self.folder / 'gaze.npy'}\n")
        return np.load(self.folder / "gaze.npy").squeeze()

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)


class PyTorchGradCAM:
    """pytorch-grad-cam with its target given, as its README has it."""

    def __init__(self, model, x):
        self.cam = GradCAM(model=model, target_layers=[model.layer4[-1]])
        self.x = x

    def run(self):
        return self.cam(input_tensor=self.x, targets=[ClassifierOutputTarget(TARGET)])

    def map(self):
        """The raw map behind its normalised one, from the activations and gradients that it caught."""
        self.run()
        activation = self.cam.activations_and_grads.activations[0].detach()
        gradient = self.cam.activations_and_grads.gradients[0].detach()
        return (gradient.mean((2, 3), keepdim=True) * activation).sum(1).squeeze().numpy()

    def milliseconds(self):
        return timed(self.run)


class HandWritten:
    """The best that a few lines of PyTorch do: no graph below the layer, frozen weights."""

    def __init__(self, model, x):
        self.model, self.x = model.requires_grad_(False), x

    def run(self):
        with torch.no_grad():
            activation = architectures.trunk("resnet50", self.model, self.x)
        activation.requires_grad_(True)
        score = architectures.head("resnet50", self.model, activation)[0, TARGET]
        (gradient,) = torch.autograd.grad(score, activation)
        return (gradient.mean((2, 3), keepdim=True) * activation.detach()).sum(1)

    def map(self):
        return self.run().squeeze().numpy()

    def milliseconds(self):
        return timed(self.run)


def timed(work):
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def loaded(folder):
    model = architectures.full("resnet50")
    model.load_state_dict(torch.load(folder / "resnet50.pt", weights_only=True))
    return model.eval()


def agreeing(contestants):
    maps = {name: contestant.map() for name, contestant in contestants.items()}
    expected = maps["torch.autograd.grad"]
    agree = True
    for name, map in maps.items():
        error = np.abs(map - expected).max() / np.abs(expected).max() if map.shape == expected.shape else np.inf
        print(f"map of {name}: shape {map.shape}, differs by {error:.1e} of the maximum")
        agree = agree and error <= TOLERANCE
    return agree


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gaze_benchmark", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--pause", type=float, default=0.3, help="seconds before each turn")
    parser.add_argument("--runs", type=int, default=3, help="timed runs of a turn, behind one that is not timed")
    parser.add_argument("--threads", type=int, default=2, help="PyTorch's; gaze-benchmark takes its own default")
    parser.add_argument("--exporter", choices=EXPORTERS, default="torchscript")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        files = pathlib.Path(__file__).with_name("resnet50_files.py")
        subprocess.run([sys.executable, files, folder, "--exporter", arguments.exporter], check=True, stdout=subprocess.DEVNULL)
        x = torch.from_numpy(np.load(folder / "x.npy"))
        layer = json.loads((folder / "resnet50.json").read_text())["layer"]
        contestants = {
            "gaze": Gaze(arguments.gaze_benchmark, folder, layer),
            "pytorch-grad-cam": PyTorchGradCAM(loaded(folder), x),
            "torch.autograd.grad": HandWritten(loaded(folder), x),
        }
        try:
            if not agreeing(contestants):
                print("the maps do not agree; nothing is timed")
                return CHECK_FAILED
            times = {name: [] for name in contestants}
            for _ in range(arguments.rounds):
                for name, contestant in contestants.items():
                    time.sleep(arguments.pause)
                    # The first run after a pause finds cold caches and sleeping threads, for each of them alike.
                    contestant.milliseconds()
                    times[name].append(statistics.median(contestant.milliseconds() for _ in range(arguments.runs)))
        finally:
            contestants["gaze"].close()
    medians = {name: statistics.median(values) for name, values in times.items()}
    print(f"{'':20s} {'median':>8s} {'least':>8s} {'most':>8s} {'ratio':>6s}   (ms, {arguments.rounds} rounds)")
    for name, values in times.items():
        print(f"{name:20s} {medians[name]:8.1f} {min(values):8.1f} {max(values):8.1f} {medians[name] / medians['gaze']:6.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
