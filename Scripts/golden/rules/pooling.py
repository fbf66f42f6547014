"""Pooling: maxima over an explicit -infinity padding (ties go to the first index), averages as convolutions with ones."""
import numpy as np
import torch
import torch.nn.functional as F

from rules.case import distinct, eighths, node
from rules.convolution import CONVOLUTIONS, resolved_pads, torch_pads

MAXIMA = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}

MAXIMUM_CASES = [
    ("2x2_stride_2", (1, 2, 4, 6), {"kernel_shape": [2, 2], "strides": [2, 2]}),
    ("2x2_stride_2_uncovered", (1, 2, 5, 7), {"kernel_shape": [2, 2], "strides": [2, 2]}),
    ("2x2_overlapping", (1, 2, 4, 4), {"kernel_shape": [2, 2]}),
    ("3x3_stride_2_padded", (1, 2, 6, 7), {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}),
    ("3x3_stride_2_overlapping", (2, 2, 7, 5), {"kernel_shape": [3, 3], "strides": [2, 2]}),
    ("3x3_stride_1_same", (1, 2, 4, 5), {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}),
    ("3x3_stride_2_ceil", (1, 2, 6, 8), {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1}),
    ("2x2_stride_2_ceil", (1, 1, 5, 7), {"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1}),
    ("3x3_stride_2_ceil_padded", (1, 1, 7, 8), {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1, "pads": [1, 1, 1, 1]}),
    ("asymmetric_pads", (1, 2, 5, 6), {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [0, 1, 2, 0]}),
    ("dilation_2", (1, 2, 7, 6), {"kernel_shape": [3, 2], "dilations": [2, 2]}),
    ("dilation_2_stride_2_padded", (1, 1, 8, 9), {"kernel_shape": [3, 3], "dilations": [2, 2], "strides": [2, 2], "pads": [1, 1, 1, 1]}),
    ("same_upper", (1, 2, 6, 5), {"kernel_shape": [3, 3], "strides": [2, 2], "auto_pad": "SAME_UPPER"}),
    ("same_lower", (1, 2, 6, 5), {"kernel_shape": [2, 2], "strides": [1, 2], "auto_pad": "SAME_LOWER"}),
    ("auto_valid", (1, 1, 6, 7), {"kernel_shape": [3, 2], "strides": [2, 2], "auto_pad": "VALID"}),
    ("rectangular", (1, 2, 6, 5), {"kernel_shape": [1, 3], "strides": [2, 1], "pads": [0, 1, 0, 1]}),
    ("stride_beyond_kernel", (1, 2, 8, 8), {"kernel_shape": [2, 2], "strides": [3, 3]}),
    ("whole_map", (2, 3, 3, 4), {"kernel_shape": [3, 4]}),
    ("5x5_stride_1", (1, 1, 6, 6), {"kernel_shape": [5, 5], "pads": [2, 2, 2, 2]}),
    ("batch_and_channels", (3, 3, 4, 4), {"kernel_shape": [2, 2], "strides": [2, 2]}),
    ("1d", (2, 2, 9), {"kernel_shape": [3], "strides": [2], "pads": [1, 1]}),
    ("1d_overlapping", (1, 3, 8), {"kernel_shape": [4]}),
    ("3d", (1, 2, 4, 4, 3), {"kernel_shape": [2, 2, 2], "strides": [2, 2, 1]}),
    ("3d_padded", (1, 1, 5, 4, 4), {"kernel_shape": [3, 3, 3], "strides": [2, 2, 2], "pads": [1, 1, 1, 1, 1, 1]}),
]

AVERAGE_CASES = [
    ("2x2_stride_2", (1, 2, 4, 6), {"kernel_shape": [2, 2], "strides": [2, 2]}),
    ("2x2_stride_2_uncovered", (1, 2, 5, 7), {"kernel_shape": [2, 2], "strides": [2, 2]}),
    ("2x2_overlapping", (1, 2, 4, 5), {"kernel_shape": [2, 2]}),
    ("3x3_excluding_pads", (1, 2, 5, 4), {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}),
    ("3x3_including_pads", (1, 2, 5, 4), {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "count_include_pad": 1}),
    ("3x3_stride_2_excluding_pads", (1, 2, 6, 7), {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}),
    ("3x3_stride_2_including_pads", (1, 2, 6, 7), {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1], "count_include_pad": 1}),
    ("3x3_stride_2_ceil", (1, 2, 6, 8), {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1}),
    ("2x2_stride_2_ceil", (1, 1, 5, 7), {"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1}),
    ("ceil_padded_excluding", (1, 1, 6, 8), {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1, "pads": [1, 1, 1, 1]}),
    ("ceil_padded_including", (1, 1, 6, 8), {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1, "pads": [1, 1, 1, 1], "count_include_pad": 1}),
    ("asymmetric_pads_excluding", (1, 2, 5, 6), {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [0, 1, 2, 0]}),
    ("asymmetric_pads_including", (1, 2, 5, 6), {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [0, 1, 2, 0], "count_include_pad": 1}),
    ("same_upper", (1, 2, 6, 5), {"kernel_shape": [3, 3], "strides": [2, 2], "auto_pad": "SAME_UPPER"}),
    ("same_lower", (1, 2, 6, 5), {"kernel_shape": [2, 2], "strides": [1, 2], "auto_pad": "SAME_LOWER"}),
    ("same_upper_including", (1, 1, 6, 6), {"kernel_shape": [3, 3], "strides": [2, 2], "auto_pad": "SAME_UPPER", "count_include_pad": 1}),
    ("auto_valid", (1, 1, 6, 7), {"kernel_shape": [3, 2], "strides": [2, 2], "auto_pad": "VALID"}),
    ("dilation_2", (1, 2, 6, 7), {"kernel_shape": [2, 3], "dilations": [2, 2]}),
    ("rectangular_stride_mixed", (1, 2, 6, 5), {"kernel_shape": [1, 3], "strides": [2, 1], "pads": [0, 1, 0, 1]}),
    ("stride_beyond_kernel", (1, 2, 8, 8), {"kernel_shape": [2, 2], "strides": [3, 3]}),
    ("whole_map", (2, 3, 3, 4), {"kernel_shape": [3, 4]}),
    ("1d", (2, 2, 9), {"kernel_shape": [3], "strides": [2], "pads": [1, 1]}),
    ("1d_overlapping", (1, 3, 8), {"kernel_shape": [4]}),
    ("3d", (1, 2, 4, 4, 3), {"kernel_shape": [2, 2, 2], "strides": [2, 2, 1]}),
    ("3d_including_pads", (1, 1, 4, 4, 3), {"kernel_shape": [3, 3, 3], "strides": [2, 1, 2], "pads": [1, 1, 1, 1, 1, 1], "count_include_pad": 1}),
]


def windows(shape, attributes):
    """Declared padding, and how much more `ceil_mode` adds behind it (a last window starts inside the padded input)."""
    rank = len(shape) - 2
    kernel = attributes["kernel_shape"]
    strides = attributes.get("strides", [1] * rank)
    dilations = attributes.get("dilations", [1] * rank)
    pads = resolved_pads(shape[2:], kernel, attributes)
    extra = [(0, 0)] * rank
    if attributes.get("ceil_mode"):
        for axis in range(rank):
            extent = (kernel[axis] - 1) * dilations[axis] + 1
            padded = shape[2 + axis] + sum(pads[axis])
            count = -(-(padded - extent) // strides[axis]) + 1
            if (count - 1) * strides[axis] >= shape[2 + axis] + pads[axis][0]:
                count -= 1
            extra[axis] = (0, max((count - 1) * strides[axis] + extent - padded, 0))
    return rank, kernel, strides, dilations, pads, extra


def maximum(shape, attributes):
    rank, kernel, strides, dilations, pads, extra = windows(shape, attributes)

    def function(x):
        padded = F.pad(F.pad(x, torch_pads(pads), value=-torch.inf), torch_pads(extra), value=-torch.inf)
        return MAXIMA[rank](padded, kernel, stride=strides, dilation=dilations)

    return function


def average(shape, attributes):
    rank, kernel, strides, dilations, pads, extra = windows(shape, attributes)
    channels = shape[1]

    def total(x):
        ones = torch.ones((channels, 1, *kernel), dtype=x.dtype)
        return CONVOLUTIONS[rank](x, ones, stride=strides, dilation=dilations, groups=channels)

    def function(x):
        counted = F.pad(torch.ones_like(x), torch_pads(pads), value=float(attributes.get("count_include_pad", 0)))
        return total(F.pad(F.pad(x, torch_pads(pads)), torch_pads(extra))) / total(F.pad(counted, torch_pads(extra)))

    return function


def add_maxima(suite):
    generator = np.random.default_rng(2)
    for name, shape, attributes in MAXIMUM_CASES:
        suite.add(f"max_pool_{name}", "MaxPool", node("MaxPool", "x", **attributes), {"x": distinct(generator, shape)},
                  maximum(shape, attributes))
    ties = [
        ("all_equal", np.zeros((1, 1, 4, 4)), {"kernel_shape": [2, 2], "strides": [2, 2]}),
        ("all_equal_overlapping", np.ones((1, 1, 4, 4)), {"kernel_shape": [3, 3]}),
        ("all_equal_padded", np.zeros((1, 2, 4, 5)), {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}),
        ("few_levels", generator.integers(0, 3, size=(1, 2, 6, 6)), {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}),
        ("few_levels_negative", generator.integers(-3, 0, size=(1, 1, 5, 6)), {"kernel_shape": [2, 3], "strides": [1, 2]}),
        ("few_levels_dilated", generator.integers(0, 2, size=(1, 1, 6, 7)), {"kernel_shape": [2, 2], "dilations": [2, 2]}),
        ("few_levels_ceil", generator.integers(0, 2, size=(1, 1, 6, 5)), {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1}),
        ("few_levels_1d", generator.integers(0, 2, size=(1, 2, 9)), {"kernel_shape": [4], "strides": [2]}),
        ("few_levels_3d", generator.integers(0, 2, size=(1, 1, 4, 4, 4)), {"kernel_shape": [2, 2, 2], "strides": [2, 2, 2]}),
    ]
    for name, values, attributes in ties:
        suite.add(f"max_pool_ties_{name}", "MaxPool", node("MaxPool", "x", **attributes), {"x": values.astype(np.float32)},
                  maximum(values.shape, attributes))
    relu = [node("Relu", "x", "h"), node("MaxPool", "h", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])]
    pool = maximum((1, 2, 6, 6), {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]})
    suite.add("max_pool_ties_behind_relu", "MaxPool", relu, {"x": eighths(generator, (1, 2, 6, 6)) - 1},
              lambda x: pool(F.relu(x)))


def add_averages(suite):
    generator = np.random.default_rng(3)
    for name, shape, attributes in AVERAGE_CASES:
        suite.add(f"average_pool_{name}", "AveragePool", node("AveragePool", "x", **attributes),
                  {"x": eighths(generator, shape)}, average(shape, attributes))


def add_global_pools(suite):
    generator = np.random.default_rng(4)
    shapes = {"1d": (2, 3, 5), "2d": (1, 3, 4, 5), "2d_batch": (3, 2, 3, 3), "1x1": (2, 3, 1, 1), "3d": (1, 2, 2, 3, 4), "wide": (1, 2, 1, 9)}
    for name, shape in shapes.items():
        axes = tuple(range(2, len(shape)))
        suite.add(f"global_average_pool_{name}", "GlobalAveragePool", node("GlobalAveragePool", "x"),
                  {"x": eighths(generator, shape)}, lambda x: x.mean(axes, keepdim=True))
        suite.add(f"global_max_pool_{name}", "GlobalMaxPool", node("GlobalMaxPool", "x"),
                  {"x": distinct(generator, shape)}, global_maximum)
    ties = {
        "all_equal": np.zeros((1, 2, 3, 3)), "few_levels": generator.integers(0, 2, size=(2, 2, 3, 4)),
        "1d": np.array([[[1, 3, 3, 2], [0, 0, -1, 0]]]), "last_two": np.array([[[[0, 1], [2, 2]]]]),
    }
    for name, values in ties.items():
        suite.add(f"global_max_pool_ties_{name}", "GlobalMaxPool", node("GlobalMaxPool", "x"),
                  {"x": values.astype(np.float32)}, global_maximum)


def global_maximum(x):
    adaptive = {1: F.adaptive_max_pool1d, 2: F.adaptive_max_pool2d, 3: F.adaptive_max_pool3d}
    return adaptive[x.dim() - 2](x, 1)
