"""Convolution: F.conv1d/2d/3d behind an explicit F.pad; sizes include rows and columns that no window covers."""
import numpy as np
import torch
import torch.nn.functional as F

from rules.case import eighths, node

CONVOLUTIONS = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}

# name, input (N, C, spatial…), weight (M, C/groups, kernel…), attributes of the ONNX node
CASES = [
    ("1x1", (1, 3, 4, 3), (2, 3, 1, 1), {}),
    ("1x1_stride_2_odd", (1, 2, 5, 7), (3, 2, 1, 1), {"strides": [2, 2]}),
    ("1x1_stride_2_even", (1, 2, 6, 4), (3, 2, 1, 1), {"strides": [2, 2]}),
    ("1x1_stride_3", (2, 2, 7, 8), (2, 2, 1, 1), {"strides": [3, 3]}),
    ("1x1_padded", (1, 2, 3, 3), (2, 2, 1, 1), {"pads": [1, 0, 2, 1]}),
    ("3x3_valid", (1, 2, 5, 6), (3, 2, 3, 3), {}),
    ("3x3_same", (1, 2, 4, 5), (2, 2, 3, 3), {"pads": [1, 1, 1, 1]}),
    ("3x3_full_padding", (1, 1, 3, 4), (2, 1, 3, 3), {"pads": [2, 2, 2, 2]}),
    ("3x3_padding_beyond_kernel", (1, 1, 3, 3), (1, 1, 3, 3), {"pads": [3, 3, 3, 3]}),
    ("3x3_stride_2_odd", (1, 2, 7, 5), (2, 2, 3, 3), {"strides": [2, 2], "pads": [1, 1, 1, 1]}),
    ("3x3_stride_2_even_uncovered", (1, 2, 6, 8), (2, 2, 3, 3), {"strides": [2, 2], "pads": [1, 1, 1, 1]}),
    ("3x3_stride_2_valid_uncovered", (1, 1, 6, 8), (2, 1, 3, 3), {"strides": [2, 2]}),
    ("3x3_stride_3_uncovered", (1, 1, 10, 11), (2, 1, 3, 3), {"strides": [3, 3]}),
    ("3x3_stride_mixed", (1, 2, 6, 7), (2, 2, 3, 3), {"strides": [1, 2], "pads": [1, 0, 1, 0]}),
    ("3x3_batch", (3, 2, 4, 3), (2, 2, 3, 3), {"pads": [1, 1, 1, 1]}),
    ("5x5_same", (1, 1, 6, 5), (2, 1, 5, 5), {"pads": [2, 2, 2, 2]}),
    ("5x5_stride_2", (1, 1, 9, 8), (2, 1, 5, 5), {"strides": [2, 2], "pads": [2, 2, 2, 2]}),
    ("7x7_stride_2_stem", (1, 2, 9, 10), (1, 2, 7, 7), {"strides": [2, 2], "pads": [3, 3, 3, 3]}),
    ("2x2_even", (1, 2, 4, 5), (2, 2, 2, 2), {}),
    ("2x2_stride_2", (1, 2, 4, 6), (2, 2, 2, 2), {"strides": [2, 2]}),
    ("4x4_stride_2_padded", (1, 1, 7, 6), (2, 1, 4, 4), {"strides": [2, 2], "pads": [1, 1, 1, 1]}),
    ("4x2_rectangular", (1, 1, 6, 5), (2, 1, 4, 2), {"pads": [2, 0, 1, 1]}),
    ("stride_beyond_kernel", (1, 2, 8, 9), (2, 2, 2, 2), {"strides": [3, 4]}),
    ("stride_beyond_kernel_padded", (1, 1, 8, 9), (2, 1, 2, 1), {"strides": [3, 3], "pads": [1, 0, 0, 1]}),
    ("asymmetric_pads", (1, 2, 5, 4), (2, 2, 3, 3), {"pads": [0, 1, 2, 0]}),
    ("asymmetric_pads_stride_2", (1, 1, 6, 7), (2, 1, 3, 3), {"strides": [2, 2], "pads": [0, 0, 1, 1]}),
    ("asymmetric_pads_stride_2_5x5", (1, 1, 8, 8), (1, 1, 5, 5), {"strides": [2, 2], "pads": [1, 1, 2, 2]}),
    ("dilation_2", (1, 2, 7, 6), (2, 2, 3, 3), {"dilations": [2, 2], "pads": [1, 1, 1, 1]}),
    ("dilation_2_same", (1, 1, 5, 5), (2, 1, 3, 3), {"dilations": [2, 2], "pads": [2, 2, 2, 2]}),
    ("dilation_mixed_stride_2", (1, 1, 9, 8), (2, 1, 3, 2), {"dilations": [2, 3], "strides": [2, 2], "pads": [1, 1, 0, 2]}),
    ("dilation_3_stride_2_uncovered", (1, 1, 10, 12), (1, 1, 2, 3), {"dilations": [3, 3], "strides": [2, 3]}),
    ("groups_2", (1, 4, 4, 4), (4, 2, 3, 3), {"group": 2, "pads": [1, 1, 1, 1]}),
    ("groups_2_more_out", (1, 4, 4, 3), (6, 2, 2, 2), {"group": 2}),
    ("groups_3_fewer_out", (2, 6, 3, 3), (3, 2, 3, 3), {"group": 3, "pads": [1, 1, 1, 1]}),
    ("groups_2_stride_2_dilation_2", (1, 4, 7, 6), (2, 2, 3, 3), {"group": 2, "strides": [2, 2], "dilations": [2, 2], "pads": [2, 2, 2, 2]}),
    ("depthwise", (1, 3, 5, 4), (3, 1, 3, 3), {"group": 3, "pads": [1, 1, 1, 1]}),
    ("depthwise_stride_2", (1, 3, 6, 7), (3, 1, 3, 3), {"group": 3, "strides": [2, 2], "pads": [1, 1, 1, 1]}),
    ("depthwise_5x5_stride_2_asymmetric", (1, 2, 8, 7), (2, 1, 5, 5), {"group": 2, "strides": [2, 2], "pads": [1, 2, 2, 2]}),
    ("depthwise_multiplier_2", (1, 2, 5, 5), (4, 1, 3, 3), {"group": 2, "strides": [2, 2]}),
    ("same_upper", (1, 2, 5, 4), (2, 2, 2, 4), {"auto_pad": "SAME_UPPER"}),
    ("same_upper_stride_2_even", (1, 1, 6, 8), (2, 1, 3, 3), {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
    ("same_upper_stride_2_5x5", (1, 1, 8, 7), (1, 1, 5, 5), {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
    ("same_upper_stride_3_1x1", (1, 2, 7, 8), (2, 2, 1, 1), {"auto_pad": "SAME_UPPER", "strides": [3, 3]}),
    ("same_lower", (1, 2, 5, 4), (2, 2, 2, 4), {"auto_pad": "SAME_LOWER"}),
    ("same_lower_stride_2_even", (1, 1, 6, 8), (2, 1, 3, 3), {"auto_pad": "SAME_LOWER", "strides": [2, 2]}),
    ("auto_valid", (1, 1, 6, 7), (2, 1, 3, 2), {"auto_pad": "VALID", "strides": [2, 2]}),
    ("kernel_of_input_size", (2, 2, 3, 4), (3, 2, 3, 4), {}),
    ("1d", (1, 2, 8), (3, 2, 3), {"pads": [1, 1]}),
    ("1d_stride_2_uncovered", (2, 2, 8), (2, 2, 3), {"strides": [2]}),
    ("1d_stride_3_dilation_2_groups", (1, 4, 13), (4, 2, 3), {"strides": [3], "dilations": [2], "group": 2, "pads": [1, 2]}),
    ("1d_same_upper", (1, 1, 7), (2, 1, 4), {"auto_pad": "SAME_UPPER", "strides": [2]}),
    ("3d", (1, 2, 3, 4, 3), (2, 2, 2, 3, 2), {"pads": [0, 1, 0, 1, 1, 1]}),
    ("3d_stride_2_uncovered", (1, 1, 4, 6, 5), (2, 1, 3, 3, 2), {"strides": [2, 2, 2], "pads": [1, 0, 0, 1, 0, 1]}),
    ("3d_depthwise", (1, 2, 4, 4, 3), (2, 1, 3, 3, 3), {"group": 2, "pads": [1, 1, 1, 1, 1, 1], "strides": [2, 1, 1]}),
]

WEIGHT_IS_INPUT = {
    "1x1", "1x1_stride_2_odd", "3x3_valid", "3x3_same", "3x3_stride_2_even_uncovered", "3x3_stride_3_uncovered", "3x3_batch",
    "asymmetric_pads_stride_2", "dilation_mixed_stride_2", "groups_2", "depthwise_stride_2", "same_upper_stride_2_even",
    "stride_beyond_kernel", "1d_stride_2_uncovered", "3d",
}
WITH_BIAS = {"3x3_same", "1x1", "groups_2", "depthwise", "1d", "3d", "3x3_batch"}


def resolved_pads(spatial, kernel, attributes):
    """Begin and end padding of every axis, as the ONNX specification resolves `auto_pad`."""
    rank = len(spatial)
    strides = attributes.get("strides", [1] * rank)
    dilations = attributes.get("dilations", [1] * rank)
    mode = attributes.get("auto_pad", "NOTSET")
    if mode == "NOTSET":
        pads = attributes.get("pads", [0] * 2 * rank)
        return list(zip(pads[:rank], pads[rank:]))
    if mode == "VALID":
        return [(0, 0)] * rank
    resolved = []
    for size, extent, stride, dilation in zip(spatial, kernel, strides, dilations):
        total = max((-(-size // stride) - 1) * stride + (extent - 1) * dilation + 1 - size, 0)
        small, large = total // 2, total - total // 2
        resolved.append((small, large) if mode == "SAME_UPPER" else (large, small))
    return resolved


def torch_pads(pads):
    """Pairs of every axis in the order of F.pad: last axis first."""
    return [amount for pair in reversed(pads) for amount in pair]


def convolution(shape, kernel, attributes):
    rank = len(kernel)
    pads = torch_pads(resolved_pads(shape[2:], kernel, attributes))

    def function(x, w, b=None):
        return CONVOLUTIONS[rank](
            F.pad(x, pads), w, b, stride=attributes.get("strides", [1] * rank),
            dilation=attributes.get("dilations", [1] * rank), groups=attributes.get("group", 1))

    return function


def add_convolutions(suite):
    generator = np.random.default_rng(1)
    for name, shape, weight_shape, attributes in CASES:
        tensors = {"x": eighths(generator, shape), "w": eighths(generator, weight_shape, span=1)}
        if name in WITH_BIAS:
            tensors["b"] = eighths(generator, weight_shape[:1])
        function = convolution(shape, weight_shape[2:], attributes)
        operation = node("Conv", " ".join(tensors), **attributes)
        constants = {key: value for key, value in tensors.items() if key != "x"}

        def of_input(x, function=function, constants=constants):
            return function(x, **{key: torch.tensor(value, dtype=x.dtype) for key, value in constants.items()})

        suite.add(f"conv_{name}", "Conv", operation, {"x": tensors["x"]}, of_input, constants)
        if name in WEIGHT_IS_INPUT:
            suite.add(f"conv_{name}_of_weight", "Conv", operation, tensors, function)
