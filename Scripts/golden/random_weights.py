"""Seeded random weights for any network, such that every block has its say and activations stay sane."""
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


@torch.no_grad()
def randomise(model, generator):
    """Initial values leave layer scales at 1e-6, and heads and gates at zero: a network that is far from what training makes of it."""
    def uniform(tensor, low, high):
        return torch.empty(tensor.shape).uniform_(low, high, generator=generator)

    for path, parameter in model.named_parameters():
        constant = bool((parameter == parameter.flatten()[0]).all())
        value, vector = parameter.flatten()[0].item(), sum(extent > 1 for extent in parameter.shape) <= 1
        if vector and path.endswith("bias"):
            parameter.add_(uniform(parameter, -0.1, 0.2))
        elif vector and constant:
            parameter.copy_(value * uniform(parameter, 0.6, 1.4) if abs(value) >= 0.5 else uniform(parameter, 0.3, 0.9))
        elif parameter.ndim >= 2 and path.endswith("weight"):
            deviation = (parameter.numel() / parameter.shape[0]) ** -0.5
            if constant or parameter.std() < deviation:
                parameter.copy_(deviation * torch.randn(parameter.shape, generator=generator))
        elif constant and value == 0:
            parameter.copy_(0.2 * torch.randn(parameter.shape, generator=generator))


@torch.no_grad()
def calibrate(model, *batch):
    """Statistics of one batch for batch normalisation; without any normalisation, unit variance behind every layer."""
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    for module in norms:
        module.momentum = 1.0
        module.training = True
    hooks = []
    if not any("Norm" in type(module).__name__ for module in model.modules()):
        def rescale(module, inputs, output):
            scale = output.std() + 1e-6
            module.weight.div_(scale)
            bias = module.bias.view(-1, *[1] * (output.ndim - 2)) if isinstance(module, nn.Conv2d) else module.bias
            return (output - bias) / scale + bias
        hooks = [module.register_forward_hook(rescale) for module in model.modules() if type(module) in (nn.Conv2d, nn.Linear)]
    model(*batch)
    for hook in hooks:
        hook.remove()
    model.eval()
