"""Tiny networks of families that depart from a plain classifier: tokens, windows, channels last, gates, several inputs or outputs."""
import dataclasses
import typing

import torch
import torch.nn.functional as F
from torch import nn

import tvshim
from timm.models import byobnet, mlp_mixer, mobilevit, resnet, swin_transformer, vision_transformer
from torchvision.models import convnext, shufflenetv2, swin_transformer as torchvision_swin
from torchvision.models.detection import ssdlite
from torchvision.models.segmentation import deeplabv3, lraspp

CLASSES = 5
BOTH = ("torchscript", "dynamo")


@dataclasses.dataclass(frozen=True)
class Family:
    """One golden network: how it is made, its inputs' shapes (the first is explained), the layer, and the question."""
    name: str
    build: typing.Callable
    layer: str
    layout: str = "BCHW"
    shapes: tuple = ((3, 32, 48),)
    exporters: tuple = BOTH
    target: str = "{}"  # in the grammar of `gaze attribute`; {} is the winner
    score: typing.Callable = lambda outputs, winner: outputs[0][:, winner]
    ranked: typing.Callable = lambda outputs: outputs[0][0]


class Chain(nn.Sequential):
    """Modules one after the other, then the mean over the map, and a linear layer."""

    def __init__(self, *modules, width):
        super().__init__(*modules)
        self.head = nn.Linear(width, CLASSES)

    def forward(self, x):
        for module in list(self)[:-1]:
            x = module(x)
        return self.head(x.mean((2, 3)))


def block(inputs, outputs, *after, stride=2, **options):
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1, **options), *after)


def vit(**options):
    return vision_transformer.VisionTransformer(
        img_size=(32, 48), patch_size=8, embed_dim=12, depth=3, num_heads=3, mlp_ratio=2, num_classes=CLASSES, **options)


def swin():
    return swin_transformer.SwinTransformer(
        img_size=(16, 32), patch_size=2, embed_dim=8, depths=(2,), num_heads=(2,), window_size=4, mlp_ratio=2, num_classes=CLASSES)


def swin_torchvision():
    return torchvision_swin.SwinTransformer(
        patch_size=[4, 4], embed_dim=8, depths=[2, 2], num_heads=[2, 2], window_size=[3, 3], mlp_ratio=2, num_classes=CLASSES)


def convnext_tiny():
    settings = [convnext.CNBlockConfig(6, 8, 2), convnext.CNBlockConfig(8, None, 2)]
    return convnext.ConvNeXt(settings, num_classes=CLASSES)


def mixer():
    return mlp_mixer.MlpMixer(num_classes=CLASSES, img_size=(32, 48), patch_size=8, num_blocks=3, embed_dim=12)


def hybrid():
    configuration = byobnet.ByoModelCfg(
        blocks=(mobilevit._inverted_residual_block(d=1, c=6, s=2, br=2.0),
                mobilevit._mobilevit_block(d=1, c=8, s=2, transformer_dim=12, transformer_depth=1, patch_size=2, br=2.0)),
        stem_chs=4, stem_type="3x3", stem_pool="", downsample="", act_layer="silu", num_features=10)
    return byobnet.ByobNet(configuration, num_classes=CLASSES)


def squeeze_and_excitation():
    return resnet.ResNet(resnet.BasicBlock, (1, 1, 1, 1), channels=(4, 6, 6, 8), stem_width=4, num_classes=CLASSES,
                         block_args={"attn_layer": "se"})


def shuffle():
    return shufflenetv2.ShuffleNetV2([2, 2, 1], [4, 8, 12, 16, 16], num_classes=CLASSES)


class Normalisations(Chain):
    """Group, instance, local response and layer normalisation over channels-last maps, and an L2 norm."""

    def __init__(self):
        super().__init__(block(3, 8, nn.GroupNorm(2, 8), nn.SiLU()), block(8, 8, nn.InstanceNorm2d(8, affine=True), nn.GELU()),
                         block(8, 8, nn.LocalResponseNorm(3, alpha=0.1), stride=1), convnext.LayerNorm2d(8), width=8)

    def forward(self, x):
        for module in list(self)[:-1]:
            x = module(x)
        return self.head(F.normalize(x.mean((2, 3)), dim=1))


def activations():
    kinds = [nn.PReLU(6), nn.SiLU(), nn.GELU(), nn.GELU(approximate="tanh"), nn.Mish(), nn.ELU(), nn.Softplus(), nn.Hardswish(),
             nn.LeakyReLU(0.1), nn.SELU(), nn.CELU(0.5), nn.Softsign(), nn.Tanh()]
    widths = [3] + [6] * len(kinds)
    return Chain(*[block(before, after, kind, stride=2 if index in (0, 4) else 1, groups=3)
                   for index, (before, after, kind) in enumerate(zip(widths, widths[1:], kinds))], width=6)


class Segmentation(nn.Module):
    """A small trunk with a dilated pyramid (DeepLab v3), resized to the input."""

    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(block(3, 6, nn.ReLU()), block(6, 8, nn.ReLU()))
        self.pyramid = deeplabv3.ASPP(8, [2, 3], 6)
        self.classifier = nn.Conv2d(6, CLASSES, 1)

    def forward(self, x):
        return F.interpolate(self.classifier(self.pyramid(self.trunk(x))), size=x.shape[2:], mode="bilinear", align_corners=False)


class TwoScales(nn.Module):
    """The head of LR-ASPP on a small trunk: a gate from the deep map, resized, and the shallow map."""

    def __init__(self):
        super().__init__()
        self.low, self.high = block(3, 6, nn.Hardswish()), block(6, 8, nn.Hardswish())
        self.head = lraspp.LRASPPHead(6, 8, CLASSES, 6)

    def forward(self, x):
        low = self.low(x)
        return self.head({"low": low, "high": self.high(low)})


class Detector(nn.Module):
    """SSDLite's raw heads on two maps: class logits [B, anchors, classes] and box offsets [B, anchors, 4]."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Sequential(block(3, 6, nn.ReLU6()), block(6, 8, nn.ReLU6())), block(8, 8, nn.ReLU6())
        self.head = ssdlite.SSDLiteHead([8, 8], [2, 2], CLASSES, nn.BatchNorm2d)

    def forward(self, x):
        first = self.first(x)
        found = self.head([first, self.second(first)])
        return found["cls_logits"], found["bbox_regression"]


class Upsampling(nn.Module):
    """A small U-Net: transposed convolution, pixel shuffle, a skip, reflection padding; a map of classes."""

    def __init__(self):
        super().__init__()
        self.down, self.deep = block(3, 6, nn.ReLU(), padding_mode="reflect"), block(6, 8, nn.ReLU())
        self.up, self.shuffle = nn.ConvTranspose2d(8, 6, 3, 2, 1, output_padding=1), nn.Sequential(nn.Conv2d(12, 16, 1), nn.PixelShuffle(2))
        self.classifier = nn.Conv2d(4, CLASSES, 1)

    def forward(self, x):
        down = self.down(x)
        up = self.up(self.deep(down))
        return self.classifier(self.shuffle(torch.cat([down, up], dim=1)))


class TwoInputs(nn.Module):
    """A picture and a vector that gates its channels."""

    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(block(3, 6, nn.ReLU()), block(6, 8, nn.SiLU()))
        self.gate, self.head = nn.Linear(4, 8), nn.Linear(8, CLASSES)

    def forward(self, picture, facts):
        a = self.trunk(picture) * torch.sigmoid(self.gate(facts))[:, :, None, None]
        return self.head(a.mean((2, 3)))


class TwoOutputs(nn.Module):
    """Class logits and a unit embedding; the question is about the second."""

    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(block(3, 6, nn.SiLU()), block(6, 8, nn.SiLU()))
        self.classes, self.embedding = nn.Linear(8, CLASSES), nn.Linear(8, 6)

    def forward(self, x):
        pooled = self.trunk(x).mean((2, 3))
        return self.classes(pooled), F.normalize(self.embedding(pooled), dim=1)


def of_map(name, build, layer):
    return Family(name, build, layer, target="mean(#0[{}])", score=lambda outputs, winner: outputs[0][:, winner].mean((1, 2)),
                  ranked=lambda outputs: outputs[0][0].mean((1, 2)))


FAMILIES = [
    Family("vit_class_token", vit, "blocks.1", "tokens+1"),
    Family("vit_registers", lambda: vit(class_token=True, reg_tokens=2, global_pool="avg", init_values=0.5), "blocks.1", "tokens+3",
           exporters=("dynamo",)),
    Family("swin_shifted_windows", swin, "layers.0", "BHWC", shapes=((3, 16, 32),)),
    Family("swin_padded_windows", swin_torchvision, "features.1", "BHWC", exporters=("dynamo",)),
    Family("convnext_channels_last", convnext_tiny, "features.3"),
    Family("mlp_mixer", mixer, "blocks.1", "tokens"),
    Family("mobilevit_hybrid", hybrid, "stages.1", exporters=BOTH),
    Family("squeeze_and_excitation", squeeze_and_excitation, "layer3", exporters=("dynamo",)),
    Family("shufflenet", shuffle, "stage3"),
    Family("normalisations", Normalisations, "2", exporters=BOTH),
    Family("activations", activations, "12"),
    of_map("segmentation_pyramid", Segmentation, "pyramid"),
    of_map("segmentation_two_scales", TwoScales, "high"),
    of_map("upsampling", Upsampling, "deep"),
    Family("detector_raw_heads", Detector, "first", target="#0[{},{}]", score=lambda outputs, winner: outputs[0][:, winner[0], winner[1]]),
    Family("two_inputs", TwoInputs, "trunk", shapes=((3, 32, 48), (4,)), exporters=("torchscript",)),
    Family("two_outputs", TwoOutputs, "trunk", target="#1[{}]", score=lambda outputs, winner: outputs[1][:, winner],
           ranked=lambda outputs: outputs[1][0]),
]
