"""QuantizeLinear and DequantizeLinear with rounding taken as the identity, and operators that stop gradients.

PyTorch's own fake quantisation is the truth where it knows the layout; its definition, written with autograd, is elsewhere.
"""
import numpy as np
import torch
import torch.nn.functional as F

from rules.case import distinct, eighths, node

RANGES = {"uint8": (0, 255), "int8": (-128, 127), "uint16": (0, 65535), "int16": (-32768, 32767)}


def quantised(x, scale, zero, kind):
    """The value after quantising and back; rounding has derivative 1, saturation 0."""
    ratio = x / scale
    level = ratio + (torch.round(ratio) - ratio).detach() + zero
    return (torch.clamp(level, *RANGES[kind]) - zero) * scale


def pair(**attributes):
    return [node("QuantizeLinear", "x s z", "q", **attributes), node("DequantizeLinear", "q s z", **attributes)]


def add_quantisation(suite):
    generator = np.random.default_rng(71)
    operator = "QuantizeLinear+DequantizeLinear"
    for kind, (low, high) in RANGES.items():
        zero = {"uint8": 128, "uint16": 32768}.get(kind, 5)
        scale = 4.0 / high
        x = eighths(generator, (3, 6), 3)
        suite.add(f"quantise_{kind}", operator, pair(), {"x": x},
                  lambda x: torch.fake_quantize_per_tensor_affine(x, float(np.float32(scale)), zero, low, high)
                  if kind.endswith("8") else quantised(x, float(np.float32(scale)), zero, kind),
                  {"s": np.float32(scale), "z": np.array(zero, dtype=kind)})
    no_zero = [node("QuantizeLinear", "x s", "q"), node("DequantizeLinear", "q s")]
    suite.add("quantise_without_zero_point", operator, no_zero, {"x": eighths(generator, (2, 5))},
              lambda x: torch.fake_quantize_per_tensor_affine(x, 1 / 64, 0, 0, 255), {"s": np.float32(1 / 64)})
    x = np.float32([-130, -128.5, -128, -1.25, 0, 0.5, 126.75, 127, 127.25, 128, 300])
    suite.add("quantise_saturated", operator, pair(), {"x": x},
              lambda x: torch.fake_quantize_per_tensor_affine(x, 1.0, 0, -128, 127), {"s": np.float32(1), "z": np.int8(0)})
    for axis in (0, 1, -1):
        shape = (3, 4, 2)
        scale = np.float32(2.0 ** -np.arange(4, 4 + shape[axis]))
        zero = np.arange(shape[axis], dtype=np.int8) - 1
        levels = torch.tensor(zero.astype(np.int32))
        suite.add(f"quantise_axis_{axis}", operator, pair(axis=axis), {"x": eighths(generator, shape, 4)},
                  lambda x: torch.fake_quantize_per_channel_affine(x, torch.tensor(scale), levels, axis % 3, -128, 127),
                  {"s": scale, "z": zero})
    blocks = np.float32([[1 / 16, 1 / 32, 1 / 64], [1 / 8, 1 / 64, 1 / 32]])
    spread = lambda value, x: value.to(x.dtype).repeat_interleave(2, 1)[:, :5]
    suite.add("quantise_blocks", operator, pair(axis=1, block_size=2), {"x": eighths(generator, (2, 5), 4)},
              lambda x: quantised(x, spread(torch.tensor(blocks), x), 3, "int8"), {"s": blocks, "z": np.full((2, 3), 3, dtype=np.int8)})
    moved = [node("QuantizeLinear", "x s z", "q"), node("Transpose", "q", "t", perm=[1, 0]), node("Reshape", "t shape", "r"),
             node("DequantizeLinear", "r s z")]
    suite.add("quantise_and_move", operator, moved, {"x": eighths(generator, (2, 3))},
              lambda x: quantised(x, 1 / 32, 0, "int8").T.reshape(3, 1, 2),
              {"s": np.float32(1 / 32), "z": np.int8(0), "shape": np.int64([3, 1, 2])})


def add_learned_scales(suite):
    """PyTorch's learnable fake quantisation, in float32 as it must be: the scale of both operators is the same value."""
    generator = np.random.default_rng(72)
    learned = lambda x, s: torch._fake_quantize_learnable_per_tensor_affine(
        x.float(), s.float().reshape(1), torch.zeros(1), -128, 127, 1.0).to(x.dtype)
    operator = "QuantizeLinear+DequantizeLinear"
    x = eighths(generator, (3, 4), 6)
    suite.add("quantise_learned_scale", operator, pair(), {"x": x, "s": np.float32(1 / 32)},
              learned, {"z": np.int8(0)})
    suite.add("quantise_learned_scales", operator, pair(axis=0), {"x": x, "s": np.float32([1 / 32, 1 / 16, 1 / 64])},
              lambda x, s: quantised(x, s[:, None], 2, "int8"), {"z": np.int8([2, 2, 2])})
    suite.add("quantise_learned_blocks", operator, pair(axis=1, block_size=3),
              {"x": x, "s": np.float32([[1 / 32, 1 / 16], [1 / 16, 1 / 64], [1 / 8, 1 / 8]])},
              lambda x, s: quantised(x, s.repeat_interleave(3, 1)[:, :4], 0, "int8"), {"z": np.zeros((3, 2), dtype=np.int8)})
    levels = generator.integers(-100, 100, size=(2, 3)).astype(np.int8)
    suite.add("dequantise_constant", "DequantizeLinear", node("DequantizeLinear", "q s z", axis=1), {"s": np.float32([0.5, 0.25, 2])},
              lambda s: (torch.tensor(levels.astype(np.int32), dtype=s.dtype) - 7) * s, {"q": levels, "z": np.int8([7, 7, 7])})


def add_stops(suite):
    """The stopped factor times x: the gradient is the factor alone."""
    generator = np.random.default_rng(73)
    rounded = {"Floor": torch.floor, "Ceil": torch.ceil, "Round": torch.round, "Sign": torch.sign}
    for operator, function in rounded.items():
        suite.add(f"{operator.lower()}_times_x", operator, [node(operator, "x", "f"), node("Mul", "f x")],
                  {"x": eighths(generator, (3, 4), 3)}, lambda x: function(x) * x)
    suite.add("floor_alone", "Floor", node("Floor", "x"), {"x": eighths(generator, (4,))}, torch.floor)
    to_float = node("Cast", "f", "m", to=1)
    compared = {"Greater": torch.gt, "GreaterOrEqual": torch.ge, "Less": torch.lt, "LessOrEqual": torch.le, "Equal": torch.eq}
    for operator, function in compared.items():
        suite.add(f"{operator.lower()}_times_x", operator, [node(operator, "x b", "f"), to_float, node("Mul", "m x")],
                  {"x": np.float32([1, 2, 3]), "b": np.float32([2, 2, 2])}, lambda x, b: function(x, b).to(x.dtype) * x)
    suite.add("isnan_times_x", "IsNaN", [node("IsNaN", "x", "n"), node("Not", "n", "f"), to_float, node("Mul", "m x")],
              {"x": np.float32([1, -2])}, lambda x: x.clone())
    positions = {"ArgMax": torch.argmax, "ArgMin": torch.argmin}
    for operator, function in positions.items():
        suite.add(f"{operator.lower()}_times_x", operator, [node(operator, "x", "f", axis=1), to_float, node("Mul", "m x")],
                  {"x": distinct(generator, (2, 4))}, lambda x: function(x, 1, keepdim=True).to(x.dtype) * x)
    suite.add("hardmax_times_x", "Hardmax", [node("Hardmax", "x", "f", axis=1), node("Mul", "f x")], {"x": distinct(generator, (2, 4))},
              lambda x: F.one_hot(x.argmax(1), 4).to(x.dtype) * x)
