"""Seven torchvision classifiers, full-size and tiny (few channels; DenseNet also has fewer layers), split into trunk and head."""
import torch
import torch.nn.functional as F
from torch import nn

import tvshim
import torchvision
from torchvision.models import densenet, efficientnet, mobilenetv2, resnet, squeezenet, vgg
from torchvision.models.googlenet import BasicConv2d, GoogLeNet, Inception

NAMES = ["resnet18", "vgg11", "mobilenet_v2", "densenet121", "squeezenet1_1", "googlenet", "efficientnet_b0"]
CLASSES = 10


def full(name):
    options = {"init_weights": True} if name in ("vgg11", "googlenet") else {}
    if name == "googlenet":
        options["aux_logits"] = False
    return getattr(torchvision.models, name)(weights=None, **options).eval()


def tiny(name):
    return {
        "resnet18": tiny_resnet, "vgg11": tiny_vgg, "mobilenet_v2": tiny_mobilenet, "densenet121": tiny_densenet,
        "squeezenet1_1": tiny_squeezenet, "googlenet": tiny_googlenet, "efficientnet_b0": tiny_efficientnet,
    }[name]().eval()


def tiny_resnet():
    model = resnet.resnet18(num_classes=CLASSES)
    widths = [4, 6, 8, 10]
    model.inplanes = widths[0]
    model.conv1, model.bn1 = nn.Conv2d(3, widths[0], 7, 2, 3, bias=False), nn.BatchNorm2d(widths[0])
    for index, width in enumerate(widths):
        setattr(model, f"layer{index + 1}", model._make_layer(resnet.BasicBlock, width, 2, stride=1 if index == 0 else 2))
    model.fc = nn.Linear(widths[-1], CLASSES)
    return model


def tiny_vgg():
    model = vgg.VGG(vgg.make_layers([4, "M", 5, "M", 6, 6, "M", 8, 8, "M", 8, 8, "M"]), num_classes=CLASSES, init_weights=False)
    model.avgpool = nn.AdaptiveAvgPool2d(1)
    model.classifier = nn.Sequential(nn.Linear(8, 12), nn.ReLU(True), nn.Dropout(), nn.Linear(12, 12), nn.ReLU(True), nn.Dropout(),
                                     nn.Linear(12, CLASSES))
    return model


def tiny_mobilenet():
    model = mobilenetv2.MobileNetV2(num_classes=CLASSES, width_mult=0.05, round_nearest=2)
    last = model.features[-1][0].in_channels
    model.features[-1] = torchvision.ops.Conv2dNormActivation(last, 20, kernel_size=1, norm_layer=nn.BatchNorm2d, activation_layer=nn.ReLU6)
    model.classifier[1] = nn.Linear(20, CLASSES)
    return model


def tiny_densenet():
    return densenet.DenseNet(growth_rate=2, block_config=(3, 6, 12, 8), num_init_features=4, bn_size=2, num_classes=CLASSES)


def tiny_squeezenet():
    model = squeezenet.SqueezeNet("1_1", num_classes=CLASSES)
    model.features[0] = nn.Conv2d(3, 6, kernel_size=3, stride=2)
    planes = 6
    for index, (squeeze, expand) in {3: (3, 4), 4: (3, 4), 6: (4, 5), 7: (4, 5), 9: (5, 6), 10: (5, 6), 11: (6, 8), 12: (6, 8)}.items():
        model.features[index] = squeezenet.Fire(planes, squeeze, expand, expand)
        planes = 2 * expand
    model.classifier[1] = nn.Conv2d(planes, CLASSES, kernel_size=1)
    return model


def tiny_googlenet():
    widths = {3: 3, 64: 4, 192: 6}
    planes = [6]

    def convolution(inputs, outputs, **options):
        return BasicConv2d(widths[inputs], widths[outputs], **options)

    def inception(inputs, *branches):
        narrow = [max(1, round(width / 60)) for width in branches]
        block = Inception(planes[0], *narrow)
        planes[0] = narrow[0] + narrow[2] + narrow[4] + narrow[5]
        return block

    model = GoogLeNet(CLASSES, aux_logits=False, init_weights=False, blocks=[convolution, inception, None])
    model.fc = nn.Linear(planes[0], CLASSES)
    return model


def tiny_efficientnet():
    stages, _ = efficientnet._efficientnet_conf("efficientnet_b0", width_mult=1.0, depth_mult=1.0)
    widths = [4, 4, 4, 4, 6, 6, 8, 8]
    for stage, inputs, outputs in zip(stages, widths, widths[1:]):
        stage.input_channels, stage.out_channels, stage.expand_ratio = inputs, outputs, min(stage.expand_ratio, 2)
        stage.adjust_channels = lambda channels, factor, **_: int(channels * factor)
    return efficientnet.EfficientNet(stages, dropout=0.2, num_classes=CLASSES, last_channel=20)


def trunk(name, model, x):
    """The last spatial map A."""
    if name.startswith("resnet"):
        x = model.maxpool(model.relu(model.bn1(model.conv1(x))))
        return model.layer4(model.layer3(model.layer2(model.layer1(x))))
    if name == "vgg11":
        return model.features[:-1](x)
    if name == "densenet121":
        return F.relu(model.features(x))
    if name == "googlenet":
        parts = ["conv1", "maxpool1", "conv2", "conv3", "maxpool2", "inception3a", "inception3b", "maxpool3", "inception4a", "inception4b",
                 "inception4c", "inception4d", "inception4e", "maxpool4", "inception5a", "inception5b"]
        for part in parts:
            x = getattr(model, part)(x)
        return x
    return model.features(x)


def head(name, model, a):
    """The logits that belong to the map A."""
    if name == "vgg11":
        return model.classifier(torch.flatten(model.avgpool(model.features[-1](a)), 1))
    if name == "squeezenet1_1":
        return torch.flatten(model.classifier(a), 1)
    pooled = torch.flatten(F.adaptive_avg_pool2d(a, 1), 1)
    return model.fc(pooled) if hasattr(model, "fc") else model.classifier(pooled)


def attribution(name, model, x, target):
    """Logits, dS/dx, A, G = dS/dA and the raw Grad-CAM map sum_k mean_ij(G_k) A_k, in the precision of the model."""
    x = x.detach().clone().to(next(model.parameters()).dtype).requires_grad_(True)
    a = trunk(name, model, x)
    logits = head(name, model, a)
    score = logits[:, target].sum()
    gradient, layer_gradient = torch.autograd.grad(score, [x, a])
    map = (layer_gradient.mean((2, 3), keepdim=True) * a).sum(1)
    return [value.detach() for value in (logits, gradient, a, layer_gradient, map)]


@torch.no_grad()
def calibrate(model, batch, generator):
    """Random normalisation parameters, then statistics of one batch; without normalisation, unit variance behind every layer."""
    def uniform(tensor, low, high):
        tensor.copy_(torch.empty(tensor.shape).uniform_(low, high, generator=generator))

    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    for module in norms:
        uniform(module.weight, 0.6, 1.4)
        uniform(module.bias, -0.3, 0.5)
        module.momentum = 1.0
        module.train()
    hooks = []
    if not norms:
        def rescale(module, inputs, output):
            module.weight.div_(output.std() + 1e-6)
            uniform(module.bias, -0.2, 0.5)
            return module._conv_forward(inputs[0], module.weight, module.bias) if isinstance(module, nn.Conv2d) else F.linear(
                inputs[0], module.weight, module.bias)
        hooks = [module.register_forward_hook(rescale) for module in model.modules() if isinstance(module, (nn.Conv2d, nn.Linear))]
    model(batch)
    for hook in hooks:
        hook.remove()
    last = [module for module in model.modules() if isinstance(module, (nn.Linear, nn.Conv2d))][-1]
    last.weight.div_(model.eval()(batch).std())
    return model.eval()
