"""captum, pytorch-grad-cam and torchcam on the same question, as raw maps, with their known differences proven by formula.

A peer's answer that differs from the definition carries the name of the reason only where the formula that the reason states gives the
peer's own numbers.
"""
import copy
import dataclasses
import typing
import unittest.mock

import tvshim
import captum.attr
import numpy as np
import pytorch_grad_cam
import torch
import torch.nn.functional as F
from captum.attr._utils.lrp_rules import Alpha1_Beta0_Rule, EpsilonRule, GammaRule
from pytorch_grad_cam.ablation_layer import AblationLayerVit
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import nn
from torchcam import methods as torchcam

import method_reference as reference
from method_cases import error
from named_layers import channels_first

FUNCTIONAL = "hooks see nn.ReLU modules only, a functional ReLU keeps its derivative"
CONSUMERS = "overrides the gradient of the ReLU's input tensor, which sums over its other consumers"
TRAPEZOID = "the trapezoid's weights sum to (n-1)/n"
NEVER_DIVIDES = "Grad-CAM++ never divides: its weights are sum G² relu(G)"
EPSILON = "eps 1e-6 in the denominator"
LAST_SAMPLE = "gradient and activations of the last noisy sample, A G³ summed element by element"
ALIAS = "a ReLU in place has overwritten the activation that the hook kept"
BEHIND = "a ReLU in place has overwritten the tensor that the hook kept: the map is that of the layer behind it"
VERY_NEGATIVE = "ablates to min(A) - 1e7 where min(A) is not 0"
GAMMA_BIAS = "the gamma rule leaves the bias unscaled"
POSITIVE_WEIGHTS = "alpha 1, beta 0 with w+ on negative inputs and with negative biases"
EVENLY = "functional means and sums hand relevance on like a gradient"


class Scores(nn.Module):
    """[B, classes] of the output in question, in one input: what every peer understands."""

    def __init__(self, question):
        super().__init__()
        self.model = copy.deepcopy(question.model).requires_grad_(True)
        self.scores, self.others = question.network.scores, question.others

    def forward(self, x):
        outputs = self.model(x, *[other.expand(len(x), *other.shape[1:]) for other in self.others])
        return self.scores(outputs if isinstance(outputs, tuple) else (outputs,))

    def layer(self, question):
        return self.model.get_submodule(question.network.layer)


@dataclasses.dataclass(frozen=True)
class Peer:
    """One library's version of a row, and the formulas of its known differences."""
    library: str
    answer: typing.Callable  # (question, files) -> array
    reasons: tuple = ()  # (name, (question, files) -> tensor)
    fits: typing.Callable = lambda network: True


def is_map(network):
    return network.layout == "BCHW"


# captum

def captum_gradient(kind, **options):
    def answer(question, files):
        model = Scores(question)
        return kind(model, **options).attribute(question.x.clone(), target=question.targets)
    return answer


def captum_saliency(question, files):
    return captum.attr.Saliency(Scores(question)).attribute(question.x.clone(), target=question.targets, abs=False)


def captum_path(method, steps, baseline):
    def answer(question, files):
        start = files["baseline"] if baseline == "file" else baseline
        start = torch.as_tensor(start, dtype=question.dtype).expand_as(question.x)
        return captum.attr.IntegratedGradients(Scores(question)).attribute(
            question.x, start, target=question.targets, method=method, n_steps=steps)
    return answer


def captum_noise(kind, file="noise"):
    def answer(question, files):
        noise = torch.as_tensor(files[file], dtype=question.dtype)
        noise = (noise[:, None].expand(-1, len(question.x), -1, -1, -1) if noise.ndim == 4 else noise).transpose(0, 1).flatten(0, 1)
        tunnel = captum.attr.NoiseTunnel(captum.attr.Saliency(Scores(question)))
        with unittest.mock.patch("torch.normal", lambda mean, deviation: noise):
            return tunnel.attribute(question.x, nt_type=kind, nt_samples=len(files[file]), stdevs=1.0, target=question.targets, abs=False)
    return answer


def captum_layer(kind, reduce=lambda a: a[:, 0], **options):
    def answer(question, files):
        model = Scores(question)
        return reduce(kind(model, model.layer(question)).attribute(question.x, target=question.targets, **options))
    return answer


def captum_guided(mode):
    def answer(question, files):
        model = Scores(question)
        return captum.attr.GuidedGradCam(model, model.layer(question)).attribute(
            question.x.clone(), target=question.targets, interpolate_mode=mode)
    return answer


def captum_occlusion(window, stride, baseline):
    def answer(question, files):
        channels = question.x.shape[1]
        return captum.attr.Occlusion(Scores(question)).attribute(
            question.x, (channels, *window), (channels, *stride), baseline, question.targets)[:, :1]
    return answer


def captum_ablation(file, baseline):
    def answer(question, files):
        segments = torch.as_tensor(files[file]).expand(len(question.x), *question.size)[:, None]
        return captum.attr.FeatureAblation(Scores(question)).attribute(question.x, baseline, question.targets, feature_mask=segments)[:, :1]
    return answer


def captum_lrp(rule):
    """With the same small number in the denominators of layers with weights: captum's own choices are 1e-9, where a negative bias can make any
    difference. Poolings keep captum's."""
    def answer(question, files):
        model = Scores(question)
        for module in model.modules():
            weighted = isinstance(module, (nn.Conv2d, nn.Linear))
            if weighted or isinstance(module, (nn.BatchNorm2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d)):
                module.rule = rule() if weighted else EpsilonRule()
                module.rule.STABILITY_FACTOR = 1e-9 if isinstance(module, (nn.AvgPool2d, nn.AdaptiveAvgPool2d)) else 1e-6
        return captum.attr.LRP(model).attribute(question.x.clone(), target=question.targets)
    return answer


def consumers(masks):
    """captum's override: the gradient of the tensor that goes into a ReLU module, whoever else uses that tensor."""
    def answer(question, files):
        behind = {}

        def before(module, inputs):
            if masks:
                inputs[0].register_hook(lambda gradient: gradient.clamp(min=0))
            else:
                inputs[0].register_hook(lambda gradient: behind[module].clamp(min=0))
            # The hook's tensor stays as it is when the module works in place.
            return (inputs[0].clone(),)

        def after(module, inputs, output):
            output.register_hook(lambda gradient: behind.update({module: gradient}))

        modules = [module for module in question.model.modules() if isinstance(module, nn.ReLU)]
        hooks = [hook for module in modules for hook in (module.register_forward_pre_hook(before), module.register_forward_hook(after))]
        try:
            return question.gradient(question.x)
        finally:
            for hook in hooks:
                hook.remove()
    return answer


def modules_only(masks, mode=None):
    def answer(question, files):
        found = reference.relu_rule(question, masks, modules_only=question.model)
        return found if mode is None else found * guide(question, mode)
    return answer


def guide(question, mode):
    options = {"align_corners": False} if mode == "bilinear" else {}
    return F.interpolate(reference.gradcam(question)[:, None].clamp(min=0), question.size, mode=mode, **options)


# pytorch-grad-cam

def spied(cam, name, question):
    """Runs a class activation method and catches what one of its steps returned, ahead of all post-processing."""
    found, step = [], getattr(cam, name)

    def spy(*arguments, **options):
        found.append(step(*arguments, **options))
        return found[-1]

    setattr(cam, name, spy)
    cam(input_tensor=question.x, targets=[ClassifierOutputTarget(int(target)) for target in question.targets])
    return torch.as_tensor(np.asarray(found[0]))


def reshaping(question):
    if question.network.layout == "BCHW":
        return None
    return lambda a: channels_first(a, question.network.layout, question.size)


def grad_cam(name, step="get_cam_image", **options):
    def answer(question, files):
        model = Scores(question)
        more = {"ablation_layer": AblationLayerVit()} if name == "AblationCAM" and not is_map(question.network) else {}
        cam = getattr(pytorch_grad_cam, name)(model=model, target_layers=[model.layer(question)], reshape_transform=reshaping(question),
                                              **more, **options)
        with unittest.mock.patch("tqdm.tqdm", lambda steps: steps):
            found = spied(cam, step, question)
        if name == "EigenCAM":
            largest = found.flatten(1).gather(1, found.flatten(1).abs().argmax(1, keepdim=True))
            found = found * largest.sign()[:, :, None]
        return found
    return answer


def grad_cam_guided(question, files):
    model = Scores(question)
    guided = pytorch_grad_cam.GuidedBackpropReLUModel(model, device="cpu")
    return torch.stack([torch.as_tensor(guided(x[None].clone(), int(target))).movedim(2, 0)
                        for x, target in zip(question.x, question.targets)])


def overwritten(formula):
    """A formula with the activation after the ReLU that overwrites it in place."""
    def answer(question, files):
        a, g = question.maps(question.x)
        return formula(a.clamp(min=0), g)
    return answer


def smallest_by_far(question, files):
    return reference.ablationcam(question, lambda output: output.flatten(1).amin(1) - 1e7)


# torchcam

def torch_cam(name, gives_scores=True, noise=False, **options):
    def answer(question, files):
        model = Scores(question)
        more = {"num_samples": len(files["noise"])} if noise else {}
        more |= {"fc_layer": model.model.get_submodule(question.network.head)} if name == "CAM" else {}
        with getattr(torchcam, name)(model, model.layer(question), reshape_transform=reshaping(question), **more, **options) as extractor:
            extractor._relu = False
            if noise:
                samples = iter(torch.as_tensor(files["noise"], dtype=question.dtype))
                extractor._distrib = unittest.mock.Mock(sample=lambda size: next(samples))
            scores = model(question.x)
            arguments = {"scores": scores} if gives_scores else {}
            return extractor(question.targets.tolist(), normalized=False, **arguments)[0].detach()
    return answer


def never_divided(question, files):
    a, g = question.maps(question.x)
    return reference.weighted((g ** 2 * g.clamp(min=0)).sum((2, 3)), a)


def last_sample(question, files):
    noisy = [question.maps(x) for x in reference.noisy(question, files["noise"])]
    slopes = torch.stack([g for _, g in noisy])
    a, second, third = question.maps(question.x)[0], (slopes ** 2).mean(0), (slopes ** 3).mean(0)
    alpha = second / (2 * second + (third * a).sum((2, 3), keepdim=True) + 1e-8)
    last, g = noisy[-1]
    return reference.weighted((alpha * g.clamp(min=0)).sum((2, 3)), last)


def captum_relevance(rule):
    reasons = [(GAMMA_BIAS, {"rule": rule, "bias_gamma": False})] if rule == "gamma" else []
    reasons += [(POSITIVE_WEIGHTS, {"rule": "captum-alpha1beta0"})] if rule == "alpha1beta0" else []
    reasons += [(f"{name}; {EVENLY}", {**arguments, "modules_only": True}) for name, arguments in reasons]
    reasons += [(EVENLY, {"rule": rule, "modules_only": True})]
    return tuple((name, lambda question, files, arguments=arguments: reference.lrp(question, **arguments))
                 for name, arguments in reasons)


def relu_reasons(masks):
    return ((FUNCTIONAL, modules_only(masks)), (CONSUMERS, consumers(masks)))


def aliased(formula):
    return ((ALIAS, overwritten(formula)),)


def behind(formula, name=""):
    """The whole formula at the ReLU that overwrites the layer's output in place."""
    def answer(question, files):
        network = question.network
        later = dataclasses.replace(network, layer=network.overwritten_by or network.layer)
        return formula(reference.Question(later, question.model, question.x, question.others, question.targets), files)
    return ((f"{name}; {BEHIND}" if name else BEHIND, answer),)


def method_behind(function, **options):
    return behind(lambda question, files: function(question, **options))


def has_relevance(network):
    """captum's rules are for chains of modules."""
    return network.lrp == "all"


def captum_peers():
    guided = {mode: ((FUNCTIONAL, modules_only(True, mode)),
                     (CONSUMERS, lambda question, files, mode=mode: consumers(True)(question, files) * guide(question, mode)))
              for mode in ("bilinear", "nearest")}
    trapezoid = ((TRAPEZOID, lambda question, files: reference.integrated_gradients(question, "trapezoid") * (50 / 51)),)
    return {
        "gradient": Peer("captum", captum_saliency),
        "gradient-x-input": Peer("captum", captum_gradient(captum.attr.InputXGradient)),
        "integrated-gradients": Peer("captum", captum_path("gausslegendre", 50, 0.0)),
        "integrated-gradients@trapezoid": Peer("captum", captum_path("riemann_trapezoid", 51, 0.0), trapezoid),
        "integrated-gradients@7": Peer("captum", captum_path("gausslegendre", 7, 0.25)),
        "integrated-gradients@file": Peer("captum", captum_path("gausslegendre", 50, "file")),
        "smoothgrad": Peer("captum", captum_noise("smoothgrad")),
        "smoothgrad@shared-noise": Peer("captum", captum_noise("smoothgrad", "shared-noise")),
        "smoothgrad-squared": Peer("captum", captum_noise("smoothgrad_sq")),
        "vargrad": Peer("captum", captum_noise("vargrad")),
        # Hooks on nn.ReLU leave ReLU6 its derivative.
        "guided-backprop@relu": Peer("captum", captum_gradient(captum.attr.GuidedBackprop), relu_reasons(True)),
        "deconvnet@relu": Peer("captum", captum_gradient(captum.attr.Deconvolution), relu_reasons(False)),
        "lrp": Peer("captum", captum_lrp(EpsilonRule), captum_relevance("epsilon"), has_relevance),
        "lrp@gamma": Peer("captum", captum_lrp(GammaRule), captum_relevance("gamma"), has_relevance),
        "lrp@alpha1beta0": Peer("captum", captum_lrp(Alpha1_Beta0_Rule), captum_relevance("alpha1beta0"), has_relevance),
        "gradcam": Peer("captum", captum_layer(captum.attr.LayerGradCam), fits=is_map),
        "hirescam": Peer("captum", captum_layer(captum.attr.LayerGradientXActivation, lambda a: a.sum(1)),
                         aliased(lambda a, g: (g * a).sum(1)), is_map),
        "guided-gradcam@relu": Peer("captum", captum_guided("bilinear"), guided["bilinear"], is_map),
        "guided-gradcam@nearest": Peer("captum", captum_guided("nearest"), guided["nearest"], is_map),
        "occlusion": Peer("captum", captum_occlusion((15, 15), (8, 8), 0.0)),
        "occlusion@5x4": Peer("captum", captum_occlusion((5, 4), (3, 2), 0.5)),
        "feature-ablation": Peer("captum", captum_ablation("segments", 0.0)),
        "feature-ablation@each": Peer("captum", captum_ablation("segments-each", 0.5)),
    }


def grad_cam_peers():
    def average(a, g):
        return reference.weighted(g.mean((2, 3)), a)

    def axiomatic(a, g):
        return reference.weighted((g * a).sum((2, 3)) / (a.sum((2, 3)) + 1e-7), a)

    def plus_plus(a, g):
        return reference.plus_plus(a, g, g ** 2, g ** 3, 1e-6)

    eps = ((EPSILON, lambda question, files: reference.gradcam_plus_plus(question, eps=1e-6)),
           (f"{EPSILON}; {ALIAS}", overwritten(plus_plus)))
    return {
        "guided-backprop@relu": Peer("grad-cam", grad_cam_guided, ((FUNCTIONAL, modules_only(True)),)),
        "gradcam": Peer("grad-cam", grad_cam("GradCAM"), aliased(average)),
        "gradcam-weights": Peer("grad-cam", grad_cam("GradCAM", "get_cam_weights")),
        "xgradcam": Peer("grad-cam", grad_cam("XGradCAM"), aliased(axiomatic)),
        "layercam": Peer("grad-cam", grad_cam("LayerCAM"), aliased(lambda a, g: (g.clamp(min=0) * a).sum(1))),
        "hirescam": Peer("grad-cam", grad_cam("HiResCAM"), aliased(lambda a, g: (g * a).sum(1))),
        "gradcam-elementwise": Peer("grad-cam", grad_cam("GradCAMElementWise"), aliased(lambda a, g: (g * a).clamp(min=0).sum(1))),
        "gradcam++": Peer("grad-cam", grad_cam("GradCAMPlusPlus"), eps),
        "gradcam++@eps": Peer("grad-cam", grad_cam("GradCAMPlusPlus"), aliased(plus_plus)),
        "eigencam@center": Peer("grad-cam", grad_cam("EigenCAM"), method_behind(reference.eigencam, center=True)),
        "scorecam@align-corners": Peer("grad-cam", grad_cam("ScoreCAM"), method_behind(reference.scorecam, variant="align-corners")),
        "ablationcam": Peer("grad-cam", grad_cam("AblationCAM"), ((VERY_NEGATIVE, smallest_by_far),)),
    }


def torchcam_peers():
    smooth = ((LAST_SAMPLE, last_sample), *behind(last_sample, LAST_SAMPLE))
    return {
        "cam": Peer("torchcam", torch_cam("CAM")),
        "gradcam": Peer("torchcam", torch_cam("GradCAM"), method_behind(reference.gradcam)),
        "gradcam++": Peer("torchcam", torch_cam("GradCAMpp"),
                          ((NEVER_DIVIDES, never_divided), *behind(never_divided, NEVER_DIVIDES))),
        "smooth-gradcam++": Peer("torchcam", torch_cam("SmoothGradCAMpp", gives_scores=False, noise=True), smooth),
        "xgradcam": Peer("torchcam", torch_cam("XGradCAM"), method_behind(reference.xgradcam)),
        "layercam": Peer("torchcam", torch_cam("LayerCAM"), method_behind(reference.layercam)),
        "scorecam@normalise-first": Peer("torchcam", torch_cam("ScoreCAM", gives_scores=False),
                                         method_behind(reference.scorecam, variant="normalise-first")),
    }


TABLES = [captum_peers(), grad_cam_peers(), torchcam_peers()]


@dataclasses.dataclass(frozen=True)
class Finding:
    """How far a peer is from the definition, and the reason that was proven, or what the peer said instead of answering."""
    library: str
    error: float | None
    reason: str | None = None
    refusal: str | None = None


def findings(row, question, files, expected, tolerance):
    """What every peer that has the method says about the question."""
    found = []
    for table in TABLES:
        peer = table.get(row.label)
        if peer is None or not peer.fits(question.network):
            continue
        try:
            answer = peer.answer(question, files)
        except Exception as problem:  # A library's own failure, whatever it is, is what the table reports.
            found.append(Finding(peer.library, None, refusal=f"{type(problem).__name__}: {str(problem).splitlines()[0][:100]}"))
            continue
        difference, reason = error(answer, expected), None
        if difference > tolerance:
            reason = next((name for name, formula in peer.reasons if error(answer, formula(question, files)) <= tolerance), None)
        found.append(Finding(peer.library, difference, reason))
    return found
