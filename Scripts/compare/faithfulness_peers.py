"""What libraries compute on one picture and one map, for faithfulness.py."""
import contextlib
import functools
import pathlib
import sys
import unittest.mock
import warnings

import numpy as np
import torch

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "golden"))
import tvshim  # noqa: F401
import captum.metrics
import pytorch_grad_cam.metrics.road as road
import quantus
from pytorch_grad_cam.metrics.cam_mult_image import CamMultImageConfidenceChange, DropInConfidence
from pytorch_grad_cam.utils.model_targets import ClassifierOutputSoftmaxTarget
from scipy.ndimage import gaussian_filter
from torchcam.metrics import ClassificationMetric, DeletionInsertionMetric

# Quantus 0.6.0 asks for NumPy's old name.
np.trapz = np.trapezoid
STEPS = 28
PATCH = 32
SAMPLES = 10
CHANGES = 40
SIGMA = 0.2
TOLERANCE_PIXELS = 15


def all_channels(arr, mask, **options):
    """Quantus 0.6.0 hands a mask without channels to a function that wants one for each, so its IROF fails on colour pictures."""
    return quantus.functions.perturb_func.baseline_replacement_by_mask(arr, np.broadcast_to(mask, arr.shape), **options)


class GivenMap:
    """A map that was made elsewhere, as torchcam's metrics ask for one."""

    def __init__(self, model, values):
        self.model, self.values = model, torch.from_numpy(values)[None]

    def __call__(self, class_idx=None, scores=None, normalized=True, **options):
        return [self.values]

    def fuse_cams(self, cams):
        return cams[0]

    def _hooks_off(self):
        return contextlib.nullcontext()


class Peers:
    """One picture, class and map; each method is a library's answer."""

    def __init__(self, model, x, map_, target, mask):
        self.model, self.x, self.map, self.target, self.mask = model, x, map_, target, mask
        evidence = np.maximum(map_, 0)
        self.weights = (evidence - evidence.min()) / (evidence.max() - evidence.min())
        self.softmax = functools.partial(torch.softmax, dim=-1)

    # Quantus

    def quantus(self, metric, values=None, **more):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            answer = metric(model=self.model, x_batch=self.x.numpy(), y_batch=np.array([self.target]),
                            a_batch=(self.map if values is None else values)[None, None].copy(), device="cpu", channel_first=True,
                            softmax=True, **more)
        return answer[0]

    def selectivity(self):
        return self.quantus(quantus.Selectivity(patch_size=PATCH, perturb_baseline=0.0, normalise=False, disable_warnings=True))

    def irof(self):
        return self.quantus(quantus.IROF(perturb_func=all_channels, perturb_baseline=0.0, normalise=False, return_aggregate=False,
                                         disable_warnings=True))

    def pixel_flipping(self):
        """Whole pixels, three elements each; the check that a step divides the number of pixels is left out."""
        step = self.map.size // STEPS * 3
        with unittest.mock.patch("quantus.metrics.faithfulness.pixel_flipping.asserts.assert_features_in_step"):
            return self.quantus(quantus.PixelFlipping(features_in_step=step, perturb_baseline=0.0, normalise=False, disable_warnings=True))

    def monotonicity(self, values):
        metric = quantus.Monotonicity(features_in_step=self.map.size // 7, perturb_baseline=0.0, abs=False, normalise=False,
                                      disable_warnings=True)
        return bool(self.quantus(metric, values))

    def complexity(self):
        return self.quantus(quantus.Complexity(normalise=False, disable_warnings=True))

    def sparseness(self):
        return self.quantus(quantus.Sparseness(normalise=False, disable_warnings=True))

    def pointing(self):
        return float(self.quantus(quantus.PointingGame(abs=False, normalise=False, disable_warnings=True), s_batch=self.mask[None, None]))

    def mass(self):
        metric = quantus.RelevanceMassAccuracy(abs=False, normalise=False, disable_warnings=True)
        return self.quantus(metric, np.maximum(self.map, 0), s_batch=self.mask[None, None])

    # pytorch-grad-cam

    def ranks(self):
        """The map's order as numbers of which 1 minus them is exact too: pytorch-grad-cam ranks that."""
        ranks = np.empty(self.map.size, dtype=np.float32)
        ranks[np.argsort(self.map, axis=None)] = np.arange(self.map.size) / 2**16
        return ranks.reshape(self.map.shape)

    def road(self):
        with unittest.mock.patch.object(road.NoisyLinearImputer, "__init__", lambda imputer: setattr(imputer, "noise", 0)):
            return road.ROADCombined()(self.x, self.ranks()[None], [ClassifierOutputSoftmaxTarget(self.target)], self.model)[0]

    def change(self):
        return CamMultImageConfidenceChange()(self.x, self.weights[None], [ClassifierOutputSoftmaxTarget(self.target)], self.model)[0]

    def undivided_drop(self):
        return DropInConfidence()(self.x, self.weights[None], [ClassifierOutputSoftmaxTarget(self.target)], self.model)[0]

    # torchcam

    def classification(self):
        metric = ClassificationMetric(GivenMap(self.model, self.weights), self.softmax)
        metric.update(self.x, self.target)
        return metric.summary()

    def drop(self):
        return 100 * self.classification()["avg_drop"]

    def increase(self):
        return 100 * self.classification()["conf_increase"]

    def curves(self, baseline):
        metric = DeletionInsertionMetric(GivenMap(self.model, self.map), self.softmax, steps=STEPS, baseline=baseline)
        metric.update(self.x, self.target)
        return metric.summary()

    def deletion(self):
        return self.curves(None)["deletion_auc"]

    def insertion(self):
        return self.curves(self.blurred())["insertion_auc"]

    def blurred(self):
        """RISE's blur: a Gaussian of 5 pixels, its tails folded into 11 taps, zeros around the picture."""
        dirac = np.zeros((11, 11))
        dirac[5, 5] = 1
        kernel = torch.zeros(3, 3, 11, 11)
        for channel in range(3):
            kernel[channel, channel] = torch.from_numpy(gaussian_filter(dirac, 5).astype(np.float32))
        return torch.nn.functional.conv2d(self.x, kernel, padding=5)

    # TorchRay

    def circle(self):
        """TorchRay's PointingGame: the object touches a circle of 15 pixels around the largest value."""
        row, column = np.unravel_index(self.map.argmax(), self.map.shape)
        rows, columns = np.nonzero(self.mask)
        return float((np.hypot(rows - row, columns - column) <= TOLERANCE_PIXELS).any())

    # captum

    def gradient(self, x):
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            return torch.autograd.grad(self.model(x)[:, self.target].sum(), x)[0]

    def sensitivity(self):
        return float(captum.metrics.sensitivity_max(lambda inputs: (self.gradient(inputs[0]),), self.x, n_perturb_samples=SAMPLES))

    def infidelity(self, perturb, samples, normalise):
        return float(captum.metrics.infidelity(self.model, perturb, self.x, self.gradient(self.x), target=self.target,
                                               n_perturb_samples=samples, max_examples_per_batch=16, normalize=normalise))

    def noisy_infidelity(self):
        def noise(inputs):
            change = torch.randn_like(inputs) * SIGMA
            return change, inputs - change
        return self.infidelity(noise, CHANGES, True)

    def whole_infidelity(self):
        return self.infidelity(lambda inputs: (inputs, torch.zeros_like(inputs)), 1, False)
