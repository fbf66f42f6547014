"""Replaces the backward rule of every ReLU of a running network, module, function or in place, each use on its own."""
import torch
from torch import nn
from torch.overrides import TorchFunctionMode


class Gated(torch.autograd.Function):
    """Clamps to [0, upper]; backwards only positive gradients pass, with the forward mask where `masks` says so."""

    @staticmethod
    def forward(context, x, upper, masks):
        context.save_for_backward((x > 0) & (x < upper) if masks else torch.ones_like(x, dtype=torch.bool))
        return x.clamp(0, upper)

    @staticmethod
    def backward(context, gradient):
        (mask,) = context.saved_tensors
        return gradient.clamp(min=0) * mask, None, None


class ReLURule(TorchFunctionMode):
    """Guided backpropagation (`masks`) or the deconvnet while a network runs; `relu6` treats ReLU6 as a ReLU too.

    With `modules_only` it sees what hooks on nn.ReLU modules see: functional ReLUs keep their derivative.
    """

    def __init__(self, masks, relu6=False, modules_only=None):
        super().__init__()
        self.masks, self.relu6, self.inside = masks, relu6, 0
        self.hooks, self.model = [], modules_only

    def __enter__(self):
        for module in [] if self.model is None else self.model.modules():
            if isinstance(module, nn.ReLU):
                self.hooks += [module.register_forward_pre_hook(lambda *_: self.count(1)),
                               module.register_forward_hook(lambda *_: self.count(-1))]
        return super().__enter__()

    def __exit__(self, *arguments):
        for hook in self.hooks:
            hook.remove()
        return super().__exit__(*arguments)

    def count(self, step):
        self.inside += step

    def __torch_function__(self, function, types, arguments=(), options=None):
        name = getattr(function, "__name__", "")
        if name in ("relu", "relu_") and (self.model is None or self.inside):
            return Gated.apply(arguments[0], torch.inf, self.masks)
        if name in ("relu6", "hardtanh", "hardtanh_") and self.relu6:
            return Gated.apply(arguments[0], 6.0, self.masks)
        return function(*arguments, **options or {})
