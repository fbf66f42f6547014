"""Every method of `gaze attribute` in PyTorch, from its formula: raw maps, no ReLU on the map, no normalisation, in the model's precision.

S is the score of the target, x the input, A [B, C, H, W] the layer's map (channels first, patch tokens only), G = dS/dA. Nothing here
knows how Gaze computes anything.
"""
import sys
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "golden"))
import named_layers
from relevance_rules import RelevanceRule
from relu_rules import ReLURule


class Question:
    """A network, its inputs, the target of every sample and a layer."""

    def __init__(self, network, model, x, others, targets):
        self.network, self.model, self.targets = network, model, targets
        self.dtype = next(model.parameters()).dtype
        self.x, self.others = x.to(self.dtype), [other.to(self.dtype) for other in others]
        self.size = x.shape[2:]

    def outputs(self, x, samples):
        found = self.model(x, *[other[samples] for other in self.others])
        return found if isinstance(found, tuple) else (found,)

    def chosen(self, outputs, samples):
        return self.network.scores(outputs).gather(1, self.targets[samples][:, None])[:, 0]

    def score(self, x, samples=None):
        """S of every row of x, which is a variant of the sample with that index; the samples themselves without indices."""
        samples = torch.arange(len(x)) if samples is None else samples
        return self.chosen(self.outputs(x, samples), samples)

    def probability(self, x, samples):
        return self.outputs(x, samples)[0].softmax(1).gather(1, self.targets[samples][:, None])[:, 0]

    def gradient(self, x, samples=None):
        x = x.detach().clone().requires_grad_(True)
        return torch.autograd.grad(self.score(x, samples).sum(), x)[0]

    def layer(self, x, samples=None):
        """A and G as the layer's module puts them out."""
        samples = torch.arange(len(x)) if samples is None else samples
        x = x.detach().clone().requires_grad_(True)
        outputs, a = named_layers.layer_output(self.model, self.network.layer, x, *[other[samples] for other in self.others])
        s = self.chosen(outputs, samples)
        return a.detach(), torch.autograd.grad(s.sum(), a)[0]

    def maps(self, x, samples=None):
        """A and G with channels first."""
        return [named_layers.channels_first(one, self.network.layout, self.size) for one in self.layer(x, samples)]

    def with_layer(self, change):
        """S of the samples with the layer's output replaced by change(output)."""
        hook = self.model.get_submodule(self.network.layer).register_forward_hook(lambda module, inputs, output: change(output))
        try:
            with torch.no_grad():
                return self.score(self.x)
        finally:
            hook.remove()

    @property
    def channel_axis(self):
        return 1 if self.network.layout == "BCHW" else -1


def weighted(weights, a):
    return (weights[:, :, None, None] * a).sum(1)


def over_samples(variants, measure):
    """measure(x, samples) of [n, B, ...] variants, as [n, B]."""
    with torch.no_grad():
        return torch.stack([measure(x, torch.arange(len(x))) for x in variants])


# Gradients with respect to the input

def integrated_gradients(question, rule="gauss-legendre", steps=50, baseline=0.0):
    x = question.x
    if rule == "gauss-legendre":
        nodes, weights = np.polynomial.legendre.leggauss(steps)
        nodes, weights = (nodes + 1) / 2, weights / 2
    elif rule == "trapezoid":
        nodes, weights = np.linspace(0, 1, steps + 1), np.full(steps + 1, 1 / steps)
        weights[[0, -1]] /= 2
    else:
        offset = {"midpoint": 0.5, "left": 0.0, "right": 1.0}[rule]
        nodes, weights = (np.arange(steps) + offset) / steps, np.full(steps, 1 / steps)
    start = torch.as_tensor(baseline, dtype=x.dtype).expand_as(x)
    total = sum(weight * question.gradient(start + node * (x - start)) for node, weight in zip(nodes, weights))
    return (x - start) * total


def noisy(question, noise):
    """x + noise for noise [n, B, C, H, W], or [n, C, H, W] that is the same for every sample."""
    noise = torch.as_tensor(noise, dtype=question.dtype)
    return question.x + (noise[:, None] if noise.ndim == 4 else noise)


def noisy_gradients(question, noise):
    return torch.stack([question.gradient(x) for x in noisy(question, noise)])


def smoothgrad(question, noise):
    return noisy_gradients(question, noise).mean(0)


def smoothgrad_squared(question, noise):
    return noisy_gradients(question, noise).square().mean(0)


def vargrad(question, noise):
    return noisy_gradients(question, noise).var(0, unbiased=False)


def relu_rule(question, masks, relu6=False, modules_only=None):
    with ReLURule(masks, relu6, modules_only):
        return question.gradient(question.x)


def lrp(question, rule="epsilon", eps=1e-6, gamma=0.25, **options):
    x = question.x.detach().clone().requires_grad_(True)
    with RelevanceRule(rule, eps, gamma, **options):
        s = question.score(x)
    return torch.autograd.grad(s, x, s.detach())[0]


# Class activation maps

def gradcam_weights(question):
    return question.maps(question.x)[1].mean((2, 3))


def gradcam(question):
    a, g = question.maps(question.x)
    return weighted(g.mean((2, 3)), a)


def plus_plus(a, first, second, third, eps=0.0):
    below = 2 * second + a.sum((2, 3), keepdim=True) * third + eps
    alpha = torch.where((first != 0) & (below != 0), second / torch.where(below != 0, below, 1), 0)
    return weighted((alpha * first.clamp(min=0)).sum((2, 3)), a)


def gradcam_plus_plus(question, eps=0.0):
    a, g = question.maps(question.x)
    return plus_plus(a, g, g ** 2, g ** 3, eps)


def smooth_gradcam_plus_plus(question, noise):
    slopes = torch.stack([question.maps(x)[1] for x in noisy(question, noise)])
    return plus_plus(question.maps(question.x)[0], slopes.mean(0), (slopes ** 2).mean(0), (slopes ** 3).mean(0))


def xgradcam(question):
    a, g = question.maps(question.x)
    total = a.sum((2, 3))
    weights = torch.where(total != 0, (g * a).sum((2, 3)) / torch.where(total != 0, total, 1), 0)
    return weighted(weights, a)


def layercam(question):
    a, g = question.maps(question.x)
    return (g.clamp(min=0) * a).sum(1)


def hirescam(question):
    a, g = question.maps(question.x)
    return (g * a).sum(1)


def gradcam_elementwise(question):
    a, g = question.maps(question.x)
    return (g * a).clamp(min=0).sum(1)


def eigencam(question, center=False):
    a, _ = question.maps(question.x)
    rows = a.flatten(2).transpose(1, 2)
    rows = rows - rows.mean(1, keepdim=True) if center else rows
    _, _, axes = torch.linalg.svd(rows, full_matrices=False)
    maps = (rows @ axes[:, 0, :, None])[..., 0]
    largest = maps.gather(1, maps.abs().argmax(1, keepdim=True))
    return (maps * largest.sign()).unflatten(1, a.shape[2:])


def cam(question):
    a, _ = question.maps(question.x)
    return weighted(question.model.get_submodule(question.network.head).weight[question.targets], a)


def guided_gradcam(question, mode="bilinear", relu6=True):
    map = gradcam(question)[:, None].clamp(min=0)
    options = {"align_corners": False} if mode == "bilinear" else {}
    return relu_rule(question, masks=True, relu6=relu6) * F.interpolate(map, question.size, mode=mode, **options)


def unit_range(channels):
    """Every channel to [0, 1]; 0 where it is constant."""
    low, high = channels.amin((2, 3), keepdim=True), channels.amax((2, 3), keepdim=True)
    return torch.where(high > low, (channels - low) / torch.where(high > low, high - low, 1), 0)


def scorecam(question, variant="paper"):
    a, _ = question.maps(question.x)
    larger = F.interpolate(a, question.size, mode="bilinear", align_corners=variant == "align-corners")
    if variant == "normalise-first":
        masks = F.interpolate(unit_range(a), question.size, mode="bilinear", align_corners=False)
    else:
        masks = unit_range(larger)
    masked = (question.x[:, None] * masks[:, :, None]).transpose(0, 1)
    if variant != "official":
        return weighted(over_samples(masked, question.score).T.softmax(1), a)
    constant = larger.amax((2, 3)) == larger.amin((2, 3))
    return weighted(torch.where(constant, 0, over_samples(masked, question.probability).T), larger)


def ablationcam(question, value=None):
    """Channel k of the whole layer set to 0; `value` makes another number of the layer's output."""
    a, _ = question.maps(question.x)
    axis = question.channel_axis
    with torch.no_grad():
        s = question.score(question.x)

    def without(channel):
        def change(output):
            changed = output.movedim(axis, 1).clone()
            changed[:, channel] = 0 if value is None else value(output).reshape(-1, *[1] * (changed.ndim - 2))
            return changed.movedim(1, axis)
        return question.with_layer(change)

    return weighted(torch.stack([(s - without(channel)) / s for channel in range(a.shape[1])], 1), a)


# Perturbations of the input

def windows(extent, window, stride):
    """(start, stop) of every window along an axis; the last ones are cut at the border."""
    count = max(0, -(-(extent - window) // stride)) + 1
    return [(index * stride, min(index * stride + window, extent)) for index in range(count)]


def occlusion(question, window=(15, 15), stride=(8, 8), baseline=0.0):
    x = question.x
    total, count = torch.zeros(len(x), *question.size, dtype=x.dtype), torch.zeros(question.size, dtype=x.dtype)
    with torch.no_grad():
        s = question.score(x)
        for top, bottom in windows(question.size[0], window[0], stride[0]):
            for left, right in windows(question.size[1], window[1], stride[1]):
                hidden = x.clone()
                hidden[:, :, top:bottom, left:right] = baseline
                total[:, top:bottom, left:right] += (s - question.score(hidden))[:, None, None]
                count[top:bottom, left:right] += 1
    return (total / count)[:, None]


def feature_ablation(question, segments, baseline=0.0):
    x, segments = question.x, torch.as_tensor(segments).expand(len(question.x), *question.size)
    result = torch.zeros(len(x), *question.size, dtype=x.dtype)
    with torch.no_grad():
        s = question.score(x)
        for segment in segments.unique():
            inside = segments == segment
            changed = torch.where(inside[:, None], torch.as_tensor(baseline, dtype=x.dtype), x)
            result += torch.where(inside, (s - question.score(changed))[:, None, None], 0)
    return result[:, None]


def rise(question, masks, p=0.5):
    masks = torch.as_tensor(masks, dtype=question.dtype)
    scores = over_samples(question.x * masks[:, None, None], question.score)
    return (torch.einsum("nb,nhw->bhw", scores, masks) / (len(masks) * p))[:, None]


# Triplets of an embedding

def triplet_weights_of_each(question, positive, negative, margin=None):
    """alpha [N, C] of the anchors' branch: the spatial mean of dL/dA with squared Euclidean distances, and A."""
    x = question.x.detach().clone().requires_grad_(True)
    outputs, a = named_layers.layer_output(question.model, question.network.layer, x)
    with torch.no_grad():
        near, far = (question.model(torch.as_tensor(one, dtype=question.dtype)) for one in (positive, negative))
    loss = (outputs[0] - near).square().sum(1) - (outputs[0] - far).square().sum(1)
    loss = loss if margin is None else (loss + margin).clamp(min=0)
    return torch.autograd.grad(loss.sum(), a)[0].mean((2, 3)), a.detach()


def triplet_weights(question, positive, negative, margin=None):
    return triplet_weights_of_each(question, positive, negative, margin)[0].mean(0)


def triplet_gradcam(question, positive, negative, margin=None, top=None):
    each, a = triplet_weights_of_each(question, positive, negative, margin)
    alpha = each.mean(0)
    if top is not None:
        kept = alpha.argsort(descending=True, stable=True)[:top]
        alpha = torch.zeros_like(alpha).index_copy(0, kept, alpha[kept])
    return weighted(alpha.expand(len(a), -1), a)
