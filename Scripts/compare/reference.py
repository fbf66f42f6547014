"""Builds a network of the zoo with seeded random weights, and its explanations by PyTorch."""
import copy
import pathlib
import sys

import torch
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "golden"))
import kinks
import named_layers
import tvshim
import torchvision
import timm
from random_weights import calibrate, randomise
from zoo import CLASSES

BATCH = 2
INPUTS = 4


class FirstOutput(nn.Module):
    """A segmentation network as a plain function: the class maps."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        return self.model(x)["out"]


class RawHeads(nn.Module):
    """A detector up to its heads: class logits [B, anchors, classes] and box offsets [B, anchors, 4]."""

    def __init__(self, model):
        super().__init__()
        self.backbone, self.head = model.backbone, model.head

    def forward(self, x):
        found = self.head(list(self.backbone(x).values()))
        return found["cls_logits"], found["bbox_regression"]


def build(architecture, seed):
    """The network in evaluation mode, and inputs [2, 3, H, W] to choose from."""
    torch.manual_seed(seed)
    library, name = architecture.name.split(".", 1)
    if library == "timm":
        model = timm_model(name, architecture)
    else:
        module = torchvision.models
        for part in name.split("."):
            module = getattr(module, part)
        options = {} if name == "VisionTransformer" else {"weights": None}
        if architecture.task != "classification":
            options["weights_backbone"] = None
        model = module(num_classes=CLASSES, **options, **architecture.options)
    model.eval()
    model = {"segmentation": FirstOutput, "detection": RawHeads}.get(architecture.task, lambda same: same)(model)
    randomise(model, torch.Generator().manual_seed(seed))
    for module in model.modules():
        if architecture.shift and isinstance(module, nn.BatchNorm2d):
            module.bias.data.add_(architecture.shift)
    generator = torch.Generator().manual_seed(seed + 1)
    height, width = architecture.size
    calibrate(model, torch.randn(8, 3, height, width, generator=generator))
    return model.eval(), [torch.randn(BATCH, 3, height, width, generator=generator) for _ in range(INPUTS)]


def timm_model(name, architecture):
    try:
        return timm.create_model(name, num_classes=CLASSES, img_size=architecture.size, **architecture.options)
    except TypeError:
        return timm.create_model(name, num_classes=CLASSES, **architecture.options)


def score(architecture, outputs, target):
    """S [B]: a class's logit, the mean of its map, or a box's class logit."""
    if architecture.task == "segmentation":
        return outputs[0][:, target].mean((1, 2))
    if architecture.task == "detection":
        return outputs[0][:, target[0], target[1]]
    return outputs[0][:, target]


def question(architecture, outputs):
    """The target with the largest score of the first sample, in PyTorch's terms and in the grammar of `gaze attribute`."""
    first = outputs[0][0].detach()
    if architecture.task == "segmentation":
        target = int(first.mean((1, 2)).argmax())
        return target, f"mean(#0[{target}])"
    if architecture.task == "detection":
        position = int(first.argmax())
        target = (position // first.shape[1], position % first.shape[1])
        return target, f"#0[{target[0]},{target[1]}]"
    target = int(first.argmax())
    return target, str(target)


def attribution(architecture, model, x, target):
    """S, dS/dx and the Grad-CAM map; then the outputs and the layer's output."""
    return named_layers.attribution(model, architecture.layer, architecture.layout,
                                    lambda outputs: score(architecture, outputs, target), x)


def with_choices(architecture, model, x, target, imposed=None):
    """The explanations by PyTorch, and the choices at kinks that were made or imposed."""
    with kinks.Choices(imposed) as recorded:
        results, _, _ = attribution(architecture, model, x, target)
    return results, recorded.found


def doubled(model):
    """A float64 copy; buffers and constants too."""
    forget(model)
    return copy.deepcopy(model).double()


def forget(model):
    """Drops what a module keeps of an earlier pass: LeViT and its kin keep biases, in the precision and with the graph of that pass."""
    for module in model.modules():
        if hasattr(module, "attention_bias_cache"):
            module.attention_bias_cache = {}
