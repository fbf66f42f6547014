"""Small odd networks for the comparison of methods: each has something that tools for PyTorch modules or plain classifiers trip over."""
import copy
import dataclasses
import math
import pathlib
import sys
import typing

import torch
import torch.nn.functional as F
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "golden"))
from random_weights import calibrate, randomise

CLASSES = 5


def first(outputs):
    return outputs[0]


def second(outputs):
    return outputs[1]


def class_means(outputs):
    return outputs[0].mean((2, 3))


@dataclasses.dataclass(frozen=True)
class OddNetwork:
    """One network: how it is made, the shapes of its inputs (the first is explained), the layer and how it holds its map, the question.

    `lrp` names the presets that all definitions of relevance propagation agree on for it: None, "epsilon" or "all"; `head` the linear
    layer behind its average pooling, if that is all there is.
    """
    name: str
    build: typing.Callable
    layer: str
    layout: str = "BCHW"
    shapes: tuple = ((3, 24, 32),)
    batch: int = 1
    target: str = "{}"  # in the grammar of `gaze attribute`; {} is the winner
    scores: typing.Callable = first  # [B, classes] of the outputs
    lrp: str | None = None
    head: str | None = None
    overwritten_by: str | None = None  # the ReLU that changes the layer's output in place
    is_classifier: bool = True  # softmax over the first output makes sense
    is_embedding: bool = False


class Head(nn.Module):
    """Features, average pooling as a module, linear layer."""

    def __init__(self, features, width, bias=True, classes=CLASSES):
        super().__init__()
        self.features, self.pool = features, nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(width, classes, bias=bias)

    def forward(self, x):
        return self.head(self.pool(self.features(x)).flatten(1))


class FunctionalBlock(nn.Module):
    """Two convolutions with a shortcut and functional ReLUs."""

    def __init__(self, before, after, stride):
        super().__init__()
        self.first, self.second = nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.norms = nn.ModuleList([nn.BatchNorm2d(after), nn.BatchNorm2d(after)])
        self.shortcut = nn.Conv2d(before, after, 1, stride)

    def forward(self, x):
        inner = F.relu(self.norms[0](self.first(x)))
        return F.relu(self.norms[1](self.second(inner)) + self.shortcut(x))


def functional_relu():
    return Head(nn.Sequential(FunctionalBlock(3, 6, 2), FunctionalBlock(6, 8, 2)), 8)


class ReusedReLU(nn.Module):
    """One ReLU module in three places."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.third = nn.Conv2d(3, 6, 3, 2, 1), nn.Conv2d(6, 8, 3, 1, 1), nn.Conv2d(8, 8, 3, 2, 1)
        self.relu, self.last, self.head = nn.ReLU(), nn.MaxPool2d(2), nn.Linear(8, CLASSES)

    def forward(self, x):
        x = self.relu(self.second(self.relu(self.first(x))))
        return self.head(self.last(self.relu(self.third(x))).mean((2, 3)))


class Sum(nn.Module):
    def forward(self, a, b):
        return a + b


class InPlaceResidual(nn.Module):
    """The explained layer is a sum that a ReLU overwrites in place."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(inplace=True))
        self.body = nn.Sequential(nn.Conv2d(8, 8, 3, 1, 1), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.Conv2d(8, 8, 3, 1, 1))
        self.sum, self.relu, self.pool = Sum(), nn.ReLU(inplace=True), nn.MaxPool2d(2)
        self.last, self.head = nn.Conv2d(8, 8, 3, 1, 1), nn.Linear(8, CLASSES)

    def forward(self, x):
        x = self.stem(x)
        x = self.relu(self.sum(self.body(x), x))
        return self.head(F.relu(self.last(self.pool(x))).mean((2, 3)))


class PreActivation(nn.Module):
    """A ReLU whose input another path uses too."""

    def __init__(self):
        super().__init__()
        self.stem, self.relu = nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU()
        self.inner, self.last = nn.Conv2d(8, 8, 3, 1, 1), nn.Sequential(nn.Conv2d(8, 8, 3, 2, 1), nn.ReLU())
        self.head = nn.Linear(8, CLASSES)

    def forward(self, x):
        x = self.stem(x)
        return self.head(self.last(x + self.inner(self.relu(x))).mean((2, 3)))


def separable(before, after, stride):
    return nn.Sequential(nn.Conv2d(before, before, 3, stride, 1, groups=before, bias=False), nn.BatchNorm2d(before), nn.ReLU6(),
                         nn.Conv2d(before, after, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU6())


def depthwise_relu6():
    stem = nn.Sequential(nn.Conv2d(3, 6, 3, 2, 1), nn.ReLU6())
    return Head(nn.Sequential(stem, separable(6, 8, 1), separable(8, 10, 2)), 10)


class Gate(nn.Module):
    """Squeeze and excitation."""

    def __init__(self, width):
        super().__init__()
        self.squeeze, self.excite = nn.Conv2d(width, 3, 1), nn.Conv2d(3, width, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.excite(F.relu(self.squeeze(F.adaptive_avg_pool2d(x, 1)))))


def squeeze_excite():
    return Head(nn.Sequential(nn.Conv2d(3, 6, 3, 2, 1), nn.Hardswish(), Gate(6), nn.Conv2d(6, 8, 3, 2, 1), nn.ReLU(), Gate(8)), 8)


class Dense(nn.Module):
    """Every convolution sees all maps before it."""

    def __init__(self, width, growth, count):
        super().__init__()
        self.layers = nn.ModuleList(nn.Sequential(nn.BatchNorm2d(width + index * growth), nn.ReLU(),
                                                  nn.Conv2d(width + index * growth, growth, 3, 1, 1)) for index in range(count))

    def forward(self, x):
        for layer in self.layers:
            x = torch.cat([x, layer(x)], dim=1)
        return x


def dense_concat():
    return Head(nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), Dense(4, 3, 2), nn.AvgPool2d(2), Dense(10, 3, 1), nn.BatchNorm2d(13), nn.ReLU()),
                13)


class Shuffle(nn.Module):
    """Half of the channels goes through a grouped branch, then groups are interleaved."""

    def __init__(self, width):
        super().__init__()
        half = width // 2
        self.branch = nn.Sequential(nn.Conv2d(half, half, 1), nn.ReLU(), nn.Conv2d(half, half, 3, 1, 1, groups=half), nn.ReLU())

    def forward(self, x):
        kept, changed = x.chunk(2, dim=1)
        joined = torch.cat([kept, self.branch(changed)], dim=1)
        batch, width, height, breadth = joined.shape
        return joined.view(batch, 2, width // 2, height, breadth).transpose(1, 2).reshape(batch, width, height, breadth)


def channel_shuffle():
    return Head(nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), Shuffle(8), nn.MaxPool2d(3, 2, 1), Shuffle(8)), 8)


class Inception(nn.Module):
    """Four branches side by side."""

    def __init__(self, width):
        super().__init__()
        self.branches = nn.ModuleList([
            nn.Conv2d(width, 2, 1), nn.Sequential(nn.Conv2d(width, 3, 1), nn.ReLU(), nn.Conv2d(3, 3, 3, 1, 1)),
            nn.Sequential(nn.Conv2d(width, 2, 1), nn.ReLU(), nn.Conv2d(2, 3, 5, 1, 2)),
            nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Conv2d(width, 2, 1))])

    def forward(self, x):
        return F.relu(torch.cat([branch(x) for branch in self.branches], dim=1))


def inception_branches():
    return Head(nn.Sequential(nn.Conv2d(3, 6, 3, 2, 1), nn.ReLU(), Inception(6), nn.AvgPool2d(2), Inception(10)), 10)


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.joined, self.out = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        batch, tokens, width = x.shape
        queries, keys, values = self.joined(x).reshape(batch, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        weights = torch.softmax(queries @ keys.transpose(-2, -1) / math.sqrt(width // self.heads), dim=-1)
        return self.out((weights @ values).transpose(1, 2).reshape(batch, tokens, width))


class Block(nn.Module):
    def __init__(self, width, heads=2):
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
        self.attention = Attention(width, heads)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x):
        x = x + self.attention(self.norms[0](x))
        return x + self.mlp(self.norms[1](x))


class Tokens(nn.Module):
    """A vision transformer with a class token, or with the mean over its patches."""

    def __init__(self, has_class_token, depth, width=12, patch=8, size=(24, 32)):
        super().__init__()
        self.patches = nn.Conv2d(3, width, patch, patch)
        count = (size[0] // patch) * (size[1] // patch) + has_class_token
        self.class_token = nn.Parameter(torch.zeros(1, 1, width)) if has_class_token else None
        self.positions = nn.Parameter(torch.zeros(1, count, width))
        self.blocks, self.norm = nn.ModuleList(Block(width) for _ in range(depth)), nn.LayerNorm(width)
        self.head = nn.Linear(width, CLASSES)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        if self.class_token is not None:
            x = torch.cat([self.class_token.expand(x.shape[0], -1, -1), x], dim=1)
        x = x + self.positions
        for block in self.blocks:
            x = block(x)
        x = self.norm(x)
        return self.head(x.mean(1) if self.class_token is None else x[:, 0])


class ChannelsLast(nn.Module):
    """A ConvNeXt block that keeps its map as [B, H, W, C]."""

    def __init__(self, width):
        super().__init__()
        self.depthwise, self.norm = nn.Conv2d(width, width, 5, 1, 2, groups=width), nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x):
        inner = self.depthwise(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return x + self.mlp(self.norm(inner))


class ConvNeXt(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.stem, self.blocks = nn.Conv2d(3, width, 4, 4), nn.Sequential(ChannelsLast(width), ChannelsLast(width))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, CLASSES)

    def forward(self, x):
        return self.head(self.norm(self.blocks(self.stem(x).permute(0, 2, 3, 1)).mean((1, 2))))


class TwoInputs(nn.Module):
    """A picture and a vector that gates its channels."""

    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Conv2d(3, 6, 3, 2, 1), nn.ReLU(), nn.Conv2d(6, 8, 3, 2, 1), nn.ReLU())
        self.gate, self.head = nn.Linear(4, 8), nn.Linear(8, CLASSES)

    def forward(self, picture, facts):
        return self.head((self.trunk(picture) * torch.sigmoid(self.gate(facts))[:, :, None, None]).mean((2, 3)))


class TwoOutputs(nn.Module):
    """Class logits, and properties from a deeper map; the question is about the second."""

    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Conv2d(3, 6, 3, 2, 1), nn.ReLU(), nn.Conv2d(6, 8, 3, 1, 1), nn.ReLU())
        self.deep = nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(8, 8, 3, 1, 1), nn.ReLU())
        self.classes, self.properties = nn.Linear(8, CLASSES), nn.Linear(8, 4)

    def forward(self, x):
        shared = self.trunk(x)
        return self.classes(shared.mean((2, 3))), self.properties(self.deep(shared).mean((2, 3)))


class Segmentation(nn.Module):
    """An encoder and class maps in the input's size."""

    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Conv2d(3, 6, 3, 2, 1), nn.ReLU(), nn.Conv2d(6, 8, 3, 2, 1), nn.ReLU())
        self.classifier = nn.Sequential(nn.Conv2d(8, 6, 3, 1, 2, dilation=2), nn.ReLU(), nn.Conv2d(6, CLASSES, 1))

    def forward(self, x):
        return F.interpolate(self.classifier(self.trunk(x)), size=x.shape[2:], mode="bilinear", align_corners=False)


class VGG(nn.Module):
    """Convolutions, max pools, and linear layers that see where things are."""

    def __init__(self, side=(24, 32)):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 6, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 8, 3, 1, 1), nn.ReLU(),
                                      nn.MaxPool2d(2), nn.Conv2d(8, 8, 3, 1, 1), nn.ReLU())
        self.pool = nn.MaxPool2d(2)
        self.classifier = nn.Sequential(nn.Linear(8 * (side[0] // 8) * (side[1] // 8), 10), nn.ReLU(), nn.Linear(10, CLASSES))

    def forward(self, x):
        return self.classifier(self.pool(self.features(x)).flatten(1))


def plain(bias=True):
    features = nn.Sequential(nn.Conv2d(3, 6, 3, 2, 1, bias=bias), nn.ReLU(), nn.Conv2d(6, 8, 3, 1, 1, bias=bias), nn.ReLU())
    return Head(features, 8, bias)


class Embedding(nn.Module):
    """A unit vector instead of classes."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 6, 3, 2, 1), nn.ReLU(), nn.Conv2d(6, 10, 3, 2, 1), nn.ReLU())
        self.embedding = nn.Linear(10, 6)

    def forward(self, x):
        return F.normalize(self.embedding(self.features(x).mean((2, 3))), dim=1)


NETWORKS = [
    OddNetwork("functional-relu", functional_relu, "features.1", lrp="epsilon", head="head"),
    OddNetwork("reused-relu", ReusedReLU, "last", lrp="all", head="head"),
    OddNetwork("in-place-residual", InPlaceResidual, "sum", lrp="epsilon", overwritten_by="relu"),
    OddNetwork("pre-activation", PreActivation, "last", lrp="epsilon", head="head"),
    OddNetwork("depthwise-relu6", depthwise_relu6, "features.2", head="head"),
    OddNetwork("squeeze-excite", squeeze_excite, "features.4"),
    OddNetwork("dense-concat", dense_concat, "features.5", head="head"),
    OddNetwork("channel-shuffle", channel_shuffle, "features.4", lrp="all", head="head"),
    OddNetwork("inception-branches", inception_branches, "features.4", lrp="all", head="head"),
    OddNetwork("vit-class-token", lambda: Tokens(True, 3), "blocks.0", "tokens+1"),
    OddNetwork("vit-mean-pooling", lambda: Tokens(False, 2), "blocks.0", "tokens"),
    OddNetwork("convnext-channels-last", ConvNeXt, "blocks.0", "BHWC"),
    OddNetwork("two-inputs", TwoInputs, "trunk", shapes=((3, 24, 32), (4,))),
    OddNetwork("two-outputs", TwoOutputs, "trunk", target="#1[{}]", scores=second, is_classifier=False, lrp="all"),
    OddNetwork("segmentation", Segmentation, "trunk", target="mean(#0[{}])", scores=class_means, is_classifier=False),
    OddNetwork("vgg-max-pool", VGG, "features", lrp="all"),
    OddNetwork("gap-without-bias", lambda: plain(False), "features", lrp="all", head="head"),
    OddNetwork("batch-of-three", plain, "features", shapes=((3, 20, 34),), batch=3, lrp="all", head="head"),
    OddNetwork("embedding", Embedding, "features", batch=3, is_classifier=False, is_embedding=True),
]
BY_NAME = {network.name: network for network in NETWORKS}


def built(network, seed):
    """The network with seeded random weights in evaluation mode, its float64 copy, and the generator that its inputs come from."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model = network.build().eval()
    randomise(model, generator)
    batch = [torch.randn(16, *shape, generator=generator) for shape in network.shapes]
    if all(module.bias is not None for module in model.modules() if isinstance(module, nn.Linear)):
        calibrate(model, *batch)
    model.requires_grad_(False)
    return model, copy.deepcopy(model).double(), generator
