"""Layer-wise relevance propagation through a running network (Bach et al. 2015, Montavon et al. 2019), every use of every operation.

A linear operation z = f(x) + b hands its relevance R back in proportion to contributions: R_in = x * f'^T(R / z), with z kept away from
zero by eps. The presets change the weights of convolutions and linear layers: gamma takes w + gamma w+ and b + gamma b+; alpha-beta
splits positive and negative contributions, b+ and b- among them; z+ is alpha 1, beta 0. Sums, means and pools have no weights and divide
in proportion, without eps; ReLUs pass relevance on, max pools hand it to the winner.
"""
import torch
from torch.overrides import TorchFunctionMode

KEEPS_PLACE = {"flatten", "reshape", "view", "transpose", "cat", "chunk", "__getitem__", "gather", "boolean_dispatch"}


class Relevance(torch.autograd.Function):
    """Runs `forward`; what comes back as its gradient is relevance, shared out by `share(inputs, relevance)`."""

    @staticmethod
    def forward(context, run, share, *inputs):
        context.share, context.inputs = share, [one.detach() for one in inputs]
        return run(*context.inputs)

    @staticmethod
    def backward(context, relevance):
        with torch.enable_grad():
            return None, None, *context.share(context.inputs, relevance)


class Pass(torch.autograd.Function):
    @staticmethod
    def forward(context, x):
        return x.clamp(min=0)

    @staticmethod
    def backward(context, relevance):
        return relevance


def away_from_zero(z, eps):
    return z + eps * torch.where(z >= 0, 1.0, -1.0).to(z.dtype) if eps > 0 else torch.where(z == 0, torch.inf, z)


def in_proportion(run, inputs, relevance, eps):
    """x * J^T(R / z) for every input of an operation."""
    inputs = [one.detach().requires_grad_(True) for one in inputs]
    z = run(*inputs)
    slopes = torch.autograd.grad(z, inputs, relevance / away_from_zero(z.detach(), eps))
    return [one.detach() * slope for one, slope in zip(inputs, slopes)]


def summed(signed, relevance, eps):
    """Shares in proportion to a sum of linear operations: (operation, input) pairs and a bias that takes part."""
    operations, bias = signed
    inputs = [one.detach().requires_grad_(True) for _, one in operations]
    z = sum(run(one) for (run, _), one in zip(operations, inputs)) + bias
    slopes = torch.autograd.grad(z, inputs, relevance / away_from_zero(z.detach(), eps))
    return sum(one.detach() * slope for one, slope in zip(inputs, slopes))


class RelevanceRule(TorchFunctionMode):
    """While it is on, gradients are relevances.

    As captum has it: `bias_gamma` False leaves the bias out of the gamma rule; `modules_only` hands relevance through functional means
    and sums as if it were a gradient, and drops what reaches a zero behind a max pool.
    """

    def __init__(self, rule, eps=1e-6, gamma=0.25, bias_gamma=True, modules_only=False):
        super().__init__()
        self.rule, self.eps, self.gamma, self.bias_gamma, self.modules_only = rule, eps, gamma, bias_gamma, modules_only

    def weighted(self, run, x, weight, bias):
        """A convolution or linear layer, run(x, weight)."""
        shape = (1, -1, 1, 1) if weight.ndim == 4 else (-1,)
        bias = (torch.zeros(weight.shape[0], dtype=weight.dtype) if bias is None else bias).reshape(shape)
        positive, negative = weight.clamp(min=0), weight.clamp(max=0)

        def share(inputs, relevance):
            (x,) = inputs
            above, below = x.clamp(min=0), x.clamp(max=0)
            helps = [(lambda one: run(one, positive), above), (lambda one: run(one, negative), below)], bias.clamp(min=0)
            hurts = [(lambda one: run(one, negative), above), (lambda one: run(one, positive), below)], bias.clamp(max=0)
            if self.rule in ("alpha1beta0", "zplus"):
                return [summed(helps, relevance, self.eps)]
            if self.rule == "alpha2beta1":
                return [2 * summed(helps, relevance, self.eps) - summed(hurts, relevance, self.eps)]
            if self.rule == "captum-alpha1beta0":
                return in_proportion(lambda one: run(one, positive) + bias, inputs, relevance, self.eps)
            more = self.gamma if self.rule == "gamma" else 0
            lifted = bias + (more * bias.clamp(min=0) if self.bias_gamma else 0)
            return in_proportion(lambda one: run(one, weight + more * positive) + lifted, inputs, relevance, self.eps)

        return Relevance.apply(lambda one: run(one, weight) + bias, share, x)

    def linear(self, run, *inputs, eps=0):
        return Relevance.apply(run, lambda saved, relevance: in_proportion(run, saved, relevance, eps), *inputs)

    def __torch_function__(self, function, types, arguments=(), options=None):
        name, options = getattr(function, "__name__", ""), options or {}
        if name in ("relu", "relu_"):
            return Pass.apply(arguments[0])
        if name in ("conv2d", "linear"):
            x, weight, bias, *rest = [*arguments, None][:max(3, len(arguments))]
            bias = options.pop("bias", bias)
            return self.weighted(lambda one, parameters: function(one, parameters, None, *rest, **options), x, weight, bias)
        if self.modules_only and name in ("add", "__add__", "__iadd__", "add_", "mean"):
            return function(*arguments, **options)
        if self.modules_only and name == "max_pool2d":
            return self.linear(lambda one: function(one, *arguments[1:], **options), arguments[0])
        if name in ("add", "__add__", "__iadd__", "add_"):
            return self.linear(torch.add, *arguments)
        if name in ("mean", "avg_pool2d", "adaptive_avg_pool2d", "batch_norm"):
            eps = self.eps if name == "batch_norm" else 0
            return self.linear(lambda one: function(one, *arguments[1:], **options), arguments[0], eps=eps)
        result = function(*arguments, **options)
        changes = isinstance(result, torch.Tensor) and result.requires_grad and not name.startswith("max_pool2d")
        if changes and name not in KEEPS_PLACE:
            raise NotImplementedError(f"no relevance rule for {name}")
        return result
