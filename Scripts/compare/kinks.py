"""Which linear or smooth piece a network takes at every kink, and whether a few such choices explain a difference."""
import numpy as np
import torch
from torch.overrides import TorchFunctionMode

MOST_CANDIDATES = 200
HARD = ("hardswish", "hardswish_", "hardsigmoid", "hardsigmoid_")


class Choices(TorchFunctionMode):
    """Records every choice (which x pass a ReLU or ReLU6, on which side of ±3 they lie in a hard swish or sigmoid, which index wins
    in a max pool) while a network runs, or imposes given ones.

    An imposed choice is a gate, a side, an index, or another run's input of the max pool, whose winner is taken.
    """

    def __init__(self, imposed=None):
        super().__init__()
        self.found, self.imposed = [], imposed

    def __torch_function__(self, function, types, arguments=(), options=None):
        name, options = getattr(function, "__name__", ""), options or {}
        if name in ("relu", "relu_", "relu6", "hardtanh", "hardtanh_"):
            return self.gated(arguments[0], torch.inf if name in ("relu", "relu_") else 6.0)
        if name in HARD:
            return self.sided(arguments[0], name.startswith("hardswish"))
        if name == "max_pool2d":
            return self.pooled(*arguments, **{key: value for key, value in options.items() if key != "return_indices"})
        return function(*arguments, **options)

    def other(self):
        return None if self.imposed is None else torch.as_tensor(self.imposed[len(self.found)])

    def gated(self, x, upper):
        gate = self.other()
        gate = ((x > 0) & (x < upper)).detach() if gate is None else gate
        self.found.append(gate)
        return torch.where(gate, x, x.detach().clamp(0, upper))

    def sided(self, x, is_swish):
        side = self.other()
        side = ((x > -3).int() + (x >= 3).int()).detach() if side is None else side
        self.found.append(side)
        line = torch.where(side == 1, x / 6 + 0.5, (side == 2).to(x.dtype))
        return x * line if is_swish else line

    def pooled(self, x, *window, **options):
        index = self.other()
        if index is None or index.is_floating_point():
            index = torch._C._nn.max_pool2d_with_indices(x.detach() if index is None else index, *window, **options)[1]
        self.found.append(index)
        return x.flatten(2).gather(2, index.flatten(2)).view(index.shape)


def flips(exact, run):
    """(layer, position, value of the run) wherever a run chose otherwise; None when the two cannot be paired."""
    if [one.shape for one in exact] != [one.shape for one in run]:
        return None
    return [(layer, int(position), other.flatten()[position].item())
            for layer, (one, other) in enumerate(zip(exact, run))
            for position in (one != other).flatten().nonzero().flatten()]


def explain(found, gradient, exact_choices, candidates):
    """Takes over those candidates that bring `gradient(choices)` closer to what was found; the closest gradient and their number."""
    chosen = [choice.clone() for choice in exact_choices]
    best, taken = gradient(chosen), 0
    for layer, position, value in candidates[:MOST_CANDIDATES]:
        flat = chosen[layer].view(-1)
        before = flat[position].item()
        flat[position] = value
        attempt = gradient(chosen)
        if np.linalg.norm(found - attempt) < np.linalg.norm(found - best):
            best, taken = attempt, taken + 1
        else:
            flat[position] = before
    return best, taken
