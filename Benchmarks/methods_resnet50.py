"""Explanation methods on ResNet-50, everything loaded: Gaze against captum, pytorch-grad-cam and torchcam.

Run `.peers/bin/python Benchmarks/methods_resnet50.py .build/release/gaze-benchmark` from the root of the project, on an idle machine.
Within a method the contestants take turns in one run: a pause, one untimed call, then timed ones; medians and their ratios are printed.
Batch 1, 224x224, target class 3, the same random weights. Libraries run with the batch size that was fastest for them on this machine,
tried first. Where results can be compared, 1 minus their cosine must be below 1e-3.

Samples, where a whole run would take minutes: Score-CAM explains the 64 channels of the stem, since a channel costs one pass through the
whole network whatever the layer (layer4 has 32 times as many); RISE takes 100 masks of 1000; pytorch-grad-cam's Ablation-CAM ablates
128 of layer4's 2048 channels, which its ratio_channels_to_ablate offers, against all 2048 by Gaze. Times are scaled to the whole.
"""
import argparse
import dataclasses
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import typing
import unittest.mock
import warnings

import numpy as np
import torch

from gradcam_resnet50 import TARGET, Gaze, loaded, timed
import tvshim
import captum.attr
import pytorch_grad_cam
from exporters import EXPORTERS
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torchcam import methods as torchcam

TOLERANCE = 1e-3
CHECK_FAILED = 3
BATCHES = [1, 4, 16]
PATHS = 50
MASKS, ALL_MASKS = 100, 1000
STEM_CHANNELS, CHANNELS, ABLATED = 64, 2048, 128
WINDOW, STRIDE = 32, 16


@dataclasses.dataclass
class Contestant:
    """A library's version of a method: run(model, x, batch) and by how much a sample's time is scaled to the whole."""
    name: str
    run: typing.Callable
    has_batches: bool = False
    scale: float = 1
    map: typing.Callable | None = None  # of what run returned, to compare with Gaze's


@dataclasses.dataclass
class Method:
    """One line: what Gaze is asked, at which layer, by how much its time is scaled, and who else takes part."""
    title: str
    spec: str
    contestants: list
    layer: str = "layer"
    scale: float = 1
    rounds: int = 3
    runs: int = 1


def with_hooks(kind, layer, **options):
    """pytorch-grad-cam as its README has it; the map behind its normalised one is caught on the way."""
    def run(model, x, batch):
        found = []
        with kind(model=model, target_layers=[layer(model)], **options) as cam:
            cam.batch_size = batch
            step = cam.get_cam_image
            cam.get_cam_image = lambda *arguments, **more: found.append(step(*arguments, **more)) or found[-1]
            with unittest.mock.patch("tqdm.tqdm", lambda steps: steps):
                cam(input_tensor=x, targets=[ClassifierOutputTarget(TARGET)])
        return found[0]
    return run


def with_torchcam(kind, layer, **options):
    def run(model, x, batch):
        more = {"batch_size": batch} if kind is torchcam.ScoreCAM else {}
        with kind(model, layer(model), **more, **options) as extractor:
            extractor._relu = False
            return extractor(TARGET, model(x), normalized=False)[0].detach().numpy()
    return run


def last(model):
    return model.layer4[-1]


def stem(model):
    return model.maxpool


def captum_gradient(model, x, batch):
    return captum.attr.Saliency(model).attribute(x.clone(), target=TARGET, abs=False).detach().numpy()


def frozen_gradient(model, x, batch):
    x = x.clone().requires_grad_(True)
    return torch.autograd.grad(model(x)[0, TARGET], x)[0].numpy()


def captum_path(model, x, batch):
    return captum.attr.IntegratedGradients(model).attribute(x, target=TARGET, n_steps=PATHS, internal_batch_size=batch).detach().numpy()


def captum_smooth(model, x, batch):
    deviation = 0.15 * float(x.max() - x.min())
    return captum.attr.NoiseTunnel(captum.attr.Saliency(model)).attribute(
        x, nt_type="smoothgrad", nt_samples=PATHS, nt_samples_batch_size=batch, stdevs=deviation, target=TARGET, abs=False)


def captum_occlusion(model, x, batch):
    with torch.no_grad():
        return captum.attr.Occlusion(model).attribute(
            x, (3, WINDOW, WINDOW), (3, STRIDE, STRIDE), 0, TARGET, perturbations_per_eval=batch)[:, :1].numpy()


def captum_gradcam(model, x, batch):
    return captum.attr.LayerGradCam(model, model.layer4).attribute(x, target=TARGET).detach().numpy()[:, 0]


def rise_masks():
    """Random 7x7 grids, upsampled, each with a shift of its own, as the method's authors do."""
    grids = (torch.rand(MASKS, 1, 7, 7) < 0.5).float()
    larger = torch.nn.functional.interpolate(grids, size=(8 * 32, 8 * 32), mode="bilinear", align_corners=False)
    shifts = torch.randint(0, 32, (MASKS, 2)).tolist()
    return torch.stack([one[:, top:top + 224, left:left + 224] for one, (top, left) in zip(larger, shifts)])


def hand_written_rise(model, x, batch):
    masks = rise_masks()
    with torch.no_grad():
        scores = torch.cat([model(x * some)[:, TARGET] for some in masks.split(batch)])
    return (scores[:, None, None, None] * masks).sum(0) / (MASKS * 0.5)


def same(result):
    return result


METHODS = [
    Method("Grad-CAM", "gradcam", [
        Contestant("captum", captum_gradcam, map=same),
        Contestant("grad-cam", with_hooks(pytorch_grad_cam.GradCAM, last), map=same),
        Contestant("torchcam", with_torchcam(torchcam.GradCAM, last), map=same)], rounds=8, runs=3),
    Method("input gradient", "gradient", [
        Contestant("captum", captum_gradient, map=same),
        Contestant("torch.autograd.grad", frozen_gradient, map=same)], rounds=8, runs=3),
    Method("IG-50", f"integrated-gradients:steps={PATHS}", [Contestant("captum", captum_path, True, map=same)]),
    Method("SmoothGrad-50", f"smoothgrad:samples={PATHS}", [Contestant("captum", captum_smooth, True)]),
    Method(f"occlusion {WINDOW}x{WINDOW}, stride {STRIDE}", f"occlusion:window={WINDOW}x{WINDOW},stride={STRIDE}x{STRIDE}",
           [Contestant("captum", captum_occlusion, True, map=same)]),
    Method("Score-CAM", "scorecam:variant=normalise-first", [
        Contestant("grad-cam", with_hooks(pytorch_grad_cam.ScoreCAM, stem), True, CHANNELS / STEM_CHANNELS),
        Contestant("torchcam", with_torchcam(torchcam.ScoreCAM, stem), True, CHANNELS / STEM_CHANNELS, same)],
        layer="stem", scale=CHANNELS / STEM_CHANNELS),
    # The option counts twice: it takes the best and the worst channels.
    Method("Ablation-CAM", "ablationcam", [
        Contestant("grad-cam", with_hooks(pytorch_grad_cam.AblationCAM, last, ratio_channels_to_ablate=ABLATED / CHANNELS / 2), True,
                   CHANNELS / ABLATED)]),
    Method("RISE-1000", f"rise:samples={MASKS}", [Contestant("hand-written PyTorch", hand_written_rise, True, ALL_MASKS / MASKS)],
           scale=ALL_MASKS / MASKS),
]


def fastest_batch(contestant, model, x):
    """The batch size with which the contestant takes least time, one untimed call ahead."""
    if not contestant.has_batches:
        return None
    contestant.run(model, x, BATCHES[-1])
    return min(BATCHES, key=lambda batch: timed(lambda: contestant.run(model, x, batch)))


def difference(found, expected):
    """1 minus the cosine: a single ReLU that float32 rounding switches moves the largest error of a deep network's input gradient."""
    found, expected = np.squeeze(found).astype(float), np.squeeze(expected).astype(float)
    if found.shape != expected.shape:
        return float("inf")
    return 1 - float((found * expected).sum() / np.sqrt((found ** 2).sum() * (expected ** 2).sum()))


def turns(method, gaze, models, x, pause):
    """Median milliseconds by contestant, scaled; None when results disagree."""
    batches = {contestant.name: fastest_batch(contestant, models[contestant.name], x) for contestant in method.contestants}
    runs = {"gaze": (gaze.milliseconds, method.scale)}
    for contestant in method.contestants:
        model, batch = models[contestant.name], batches[contestant.name]
        runs[contestant.name] = (lambda contestant=contestant, model=model, batch=batch: timed(lambda: contestant.run(model, x, batch)),
                                 contestant.scale)
    errors = {contestant.name: difference(gaze.map(), contestant.map(contestant.run(models[contestant.name], x, batches[contestant.name])))
              for contestant in method.contestants if contestant.map}
    said = ", ".join(f"{name} {error:.0e}" for name, error in errors.items()) or "nothing (other samples or noise)"
    print(f"{method.title}: compared with {said}; batches {({name: batch for name, batch in batches.items() if batch})}", flush=True)
    if max(errors.values(), default=0) > TOLERANCE:
        return None
    times = {name: [] for name in runs}
    for _ in range(method.rounds):
        for name, (run, scale) in runs.items():
            time.sleep(pause)
            # The first run after a pause finds cold caches and sleeping threads, for each of them alike.
            run()
            times[name].append(scale * statistics.median(run() for _ in range(method.runs)))
    return {name: statistics.median(values) for name, values in times.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gaze_benchmark", type=pathlib.Path)
    parser.add_argument("--methods", nargs="+", default=[], metavar="NAME", help="these alone, as gaze calls them")
    parser.add_argument("--pause", type=float, default=0.3, help="seconds before each turn")
    parser.add_argument("--threads", type=int, default=2, help="PyTorch's; gaze-benchmark takes its own default")
    parser.add_argument("--exporter", choices=EXPORTERS, default="torchscript")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    chosen = [method for method in METHODS if not arguments.methods or method.spec.partition(":")[0] in arguments.methods]
    lines, failed = [], False
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        files = pathlib.Path(__file__).with_name("resnet50_files.py")
        subprocess.run([sys.executable, files, folder, "--exporter", arguments.exporter], check=True, stdout=subprocess.DEVNULL)
        x = torch.from_numpy(np.load(folder / "x.npy"))
        layers = json.loads((folder / "resnet50.json").read_text())
        models = {name: loaded(folder) for name in ("captum", "grad-cam", "torchcam")}
        models |= {name: loaded(folder).requires_grad_(False) for name in ("torch.autograd.grad", "hand-written PyTorch")}
        for method in chosen:
            try:
                gaze = Gaze(arguments.gaze_benchmark.resolve(), folder, layers[method.layer], method.spec)
            except RuntimeError:
                lines.append(f"| {method.title} | missing | | |")
                failed = True
                continue
            try:
                medians = turns(method, gaze, models, x, arguments.pause)
            finally:
                gaze.close()
            if medians is None:
                lines.append(f"| {method.title} | results disagree, not timed | | |")
                failed = True
                continue
            lines += [f"| {method.title} | {name} | {median:.0f} | {median / medians['gaze']:.2f} |" for name, median in medians.items()]
    print("\n| method | | median ms | against gaze |\n|---|---|---|---|")
    print("\n".join(lines))
    return CHECK_FAILED if failed else 0


if __name__ == "__main__":
    sys.exit(main())
