"""The rows of the comparison: what `gaze attribute` is asked for, and the formula that answers it."""
import dataclasses
import typing

import numpy as np
import torch

import method_reference as reference

SAMPLES = 4
MASKS = 16


@dataclasses.dataclass(frozen=True)
class Row:
    """One method with its parameters: the label of its result, SPEC as `gaze attribute` takes it, and PyTorch's version of it."""
    label: str
    spec: str
    expected: typing.Callable  # (question, files) -> tensor
    fits: typing.Callable = lambda network: True

    @property
    def method(self):
        return self.spec.partition(":")[0]


def plain(name, function, **options):
    return Row(name, name, lambda question, files: function(question, **options))


def classifier(network):
    return network.is_classifier


def gradient_rows():
    def relu(label, spec, **options):
        return Row(label, spec, lambda question, files: reference.relu_rule(question, **options))

    def path(label, options, **arguments):
        return Row(label, f"integrated-gradients{options}", lambda question, files: reference.integrated_gradients(question, **arguments))

    def noise(name, function, file="noise"):
        label = name if file == "noise" else f"{name}@{file}"
        return Row(label, f"{name}:noise={file}.npy", lambda question, files: function(question, files[file]))

    return [
        Row("score", "score", lambda question, files: question.score(question.x).detach()),
        Row("gradient", "gradient", lambda question, files: question.gradient(question.x)),
        Row("gradient-x-input", "gradient-x-input", lambda question, files: question.x * question.gradient(question.x)),
        path("integrated-gradients", ""),
        path("integrated-gradients@trapezoid", ":rule=trapezoid", rule="trapezoid"),
        path("integrated-gradients@7", ":steps=7,baseline=0.25", steps=7, baseline=0.25),
        Row("integrated-gradients@file", "integrated-gradients:baseline=baseline.npy",
            lambda question, files: reference.integrated_gradients(question, baseline=files["baseline"])),
        noise("smoothgrad", reference.smoothgrad),
        noise("smoothgrad", reference.smoothgrad, "shared-noise"),
        noise("smoothgrad-squared", reference.smoothgrad_squared),
        noise("vargrad", reference.vargrad),
        relu("guided-backprop", "guided-backprop", masks=True, relu6=True),
        relu("guided-backprop@relu", "guided-backprop:relu6=false", masks=True),
        relu("deconvnet", "deconvnet", masks=False, relu6=True),
        relu("deconvnet@relu", "deconvnet:relu6=false", masks=False),
    ]


def relevance_rows():
    def row(label, options, **arguments):
        # Exporters fold batch normalisation into the convolution: only a vanishing eps does not tell one layer from two.
        rule = arguments.get("rule", "epsilon" if "eps" not in arguments else None)
        return Row(label, f"lrp{options}", lambda question, files: reference.lrp(question, **arguments),
                   lambda network: network.lrp == "all" or (network.lrp is not None and network.lrp == rule))

    return [
        row("lrp", ""),
        row("lrp@eps", ":eps=0.05", eps=0.05),
        row("lrp@gamma", ":rule=gamma", rule="gamma"),
        row("lrp@gamma1", ":rule=gamma,gamma=1", rule="gamma", gamma=1.0),
        row("lrp@alpha1beta0", ":rule=alpha1beta0", rule="alpha1beta0"),
        row("lrp@alpha2beta1", ":rule=alpha2beta1", rule="alpha2beta1"),
        row("lrp@zplus", ":rule=zplus", rule="zplus"),
    ]


def layer_rows():
    def score(variant, fits=lambda network: True):
        label = "scorecam" if variant == "paper" else f"scorecam@{variant}"
        return Row(label, "scorecam" if variant == "paper" else f"scorecam:variant={variant}",
                   lambda question, files: reference.scorecam(question, variant), fits)

    return [
        Row("activation", "activation", lambda question, files: question.layer(question.x)[0]),
        Row("layer-gradient", "layer-gradient", lambda question, files: question.layer(question.x)[1]),
        Row("cam", "cam", lambda question, files: reference.cam(question), lambda network: network.head is not None),
        plain("gradcam", reference.gradcam),
        plain("gradcam-weights", reference.gradcam_weights),
        plain("xgradcam", reference.xgradcam),
        plain("layercam", reference.layercam),
        plain("hirescam", reference.hirescam),
        plain("gradcam-elementwise", reference.gradcam_elementwise),
        plain("gradcam++", reference.gradcam_plus_plus),
        Row("gradcam++@eps", "gradcam++:eps=1e-6", lambda question, files: reference.gradcam_plus_plus(question, eps=1e-6)),
        Row("smooth-gradcam++", "smooth-gradcam++:noise=noise.npy",
            lambda question, files: reference.smooth_gradcam_plus_plus(question, files["noise"])),
        plain("eigencam", reference.eigencam),
        Row("eigencam@center", "eigencam:center=true", lambda question, files: reference.eigencam(question, center=True)),
        plain("guided-gradcam", reference.guided_gradcam),
        Row("guided-gradcam@relu", "guided-gradcam:relu6=false",
            lambda question, files: reference.guided_gradcam(question, relu6=False)),
        Row("guided-gradcam@nearest", "guided-gradcam:upsample=nearest,relu6=false",
            lambda question, files: reference.guided_gradcam(question, "nearest", relu6=False)),
        score("paper"),
        score("align-corners"),
        score("normalise-first"),
        score("official", classifier),
        plain("ablationcam", reference.ablationcam),
    ]


def perturbation_rows():
    return [
        plain("occlusion", reference.occlusion),
        Row("occlusion@5x4", "occlusion:window=5x4,stride=3x2,baseline=0.5",
            lambda question, files: reference.occlusion(question, (5, 4), (3, 2), 0.5)),
        Row("feature-ablation", "feature-ablation:segments=segments.npy",
            lambda question, files: reference.feature_ablation(question, files["segments"])),
        Row("feature-ablation@each", "feature-ablation:segments=segments-each.npy,baseline=0.5",
            lambda question, files: reference.feature_ablation(question, files["segments-each"], 0.5)),
        Row("rise", "rise:masks=masks.npy", lambda question, files: reference.rise(question, files["masks"])),
    ]


def triplet_rows():
    stacks = "anchor=anchor.npy,positive=positive.npy,negative=negative.npy"

    def row(name, extra, options, function, **arguments):
        return Row(name + extra, f"{name}:{stacks}{options}",
                   lambda question, files: function(question, files["positive"], files["negative"], **arguments),
                   lambda network: network.is_embedding)

    return [
        row("triplet-gradcam", "", "", reference.triplet_gradcam),
        row("triplet-gradcam", "@hinge", ",loss=hinge", reference.triplet_gradcam, margin=0.2),
        row("triplet-gradcam", "@top", ",loss=hinge,margin=0.5,top=3", reference.triplet_gradcam, margin=0.5, top=3),
        row("triplet-weights", "", "", reference.triplet_weights),
        row("triplet-weights", "@hinge", ",loss=hinge", reference.triplet_weights, margin=0.2),
    ]


ROWS = [*gradient_rows(), *relevance_rows(), *layer_rows(), *perturbation_rows(), *triplet_rows()]


def files_for(network, x, generator):
    """What SPECs name: noise, masks, segments, a baseline, triplets. The seeded generator makes them."""
    import torch

    def normal(*shape):
        # Exact in float32, and small in a file.
        return (torch.round(16 * 0.3 * torch.randn(*shape, generator=generator)) / 16).numpy()

    height, width = x.shape[2:]
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    each = [((rows * (3 + b)) // height) * 10 + (columns * (4 + b)) // width for b in range(len(x))]
    files = {
        "noise": normal(SAMPLES, *x.shape),
        "shared-noise": normal(SAMPLES, *x.shape[1:]),
        "baseline": normal(*x.shape),
        "masks": (torch.round(8 * torch.rand(MASKS, height, width, generator=generator)) / 8).numpy(),
        "segments": each[0].numpy().astype(np.int64),
        "segments-each": torch.stack(each).numpy().astype(np.int64),
    }
    if network.is_embedding:
        files |= {"anchor": x.numpy(), "positive": x.numpy() + 2 * normal(*x.shape), "negative": 3 * normal(*x.shape)}
    return files
