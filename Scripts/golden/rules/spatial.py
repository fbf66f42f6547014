"""Resizing, sampling, transposed convolutions and rarer poolings."""
import numpy as np
import onnx
import torch
import torch.nn.functional as F
import tvshim  # noqa: F401, before torchvision
import torchvision
from onnx import helper
from onnx.reference import ReferenceEvaluator

from rules.case import distinct, eighths, integers, node
from rules.convolution import CONVOLUTIONS, torch_pads
from rules.pooling import windows

TRANSPOSED = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}

TRANSPOSED_CASES = [
    ("2x2_stride_2", (1, 2, 3, 4), (2, 3, 2, 2), {"strides": [2, 2]}),
    ("3x3_stride_2_output_padding", (2, 2, 3, 2), (2, 2, 3, 3), {"strides": [2, 2], "pads": [1, 1, 1, 1], "output_padding": [1, 1]}),
    ("4x4_stride_2", (1, 3, 3, 3), (3, 2, 4, 4), {"strides": [2, 2], "pads": [1, 1, 1, 1]}),
    ("3x3_stride_1", (1, 2, 4, 3), (2, 2, 3, 3), {"pads": [1, 1, 1, 1]}),
    ("asymmetric_pads", (1, 1, 4, 3), (1, 2, 3, 3), {"strides": [2, 1], "pads": [0, 2, 1, 0]}),
    ("dilation_2", (1, 2, 3, 3), (2, 1, 2, 3), {"dilations": [2, 2], "strides": [1, 2]}),
    ("groups", (1, 4, 3, 3), (4, 2, 3, 2), {"group": 2, "strides": [2, 2], "output_padding": [0, 1]}),
    ("depthwise", (1, 3, 3, 3), (3, 1, 4, 4), {"group": 3, "strides": [2, 2], "pads": [1, 1, 1, 1]}),
    ("output_shape", (1, 1, 3, 3), (1, 2, 3, 3), {"strides": [3, 2], "output_shape": [10, 8], "kernel_shape": [3, 3], "output_padding": [1, 1]}),
    ("output_shape_same_upper", (1, 1, 3, 4), (1, 2, 4, 3), {"strides": [2, 2], "output_shape": [5, 8], "auto_pad": "SAME_UPPER"}),
    ("same_upper", (1, 1, 3, 3), (1, 2, 3, 4), {"strides": [2, 2], "auto_pad": "SAME_UPPER"}),
    ("same_lower", (1, 1, 3, 3), (1, 2, 3, 4), {"strides": [2, 2], "auto_pad": "SAME_LOWER"}),
    ("1d", (2, 2, 4), (2, 2, 3), {"strides": [3], "output_padding": [2]}),
    ("3d", (1, 2, 2, 3, 2), (2, 1, 3, 2, 2), {"strides": [2, 1, 2], "pads": [1, 0, 0, 1, 0, 1]}),
]


def transposed(shape, kernel, attributes):
    rank = len(kernel)
    strides = attributes.get("strides", [1] * rank)
    dilations = attributes.get("dilations", [1] * rank)
    added = attributes.get("output_padding", [0] * rank)
    automatic = attributes.get("auto_pad", "NOTSET")
    full = [(shape[2 + a] - 1) * strides[a] + (kernel[a] - 1) * dilations[a] + 1 for a in range(rank)]
    lengths = attributes.get("output_shape")
    if lengths is None and automatic.startswith("SAME"):
        lengths = [shape[2 + a] * strides[a] for a in range(rank)]
    if lengths is None:
        pads = attributes.get("pads", [0] * 2 * rank)
        begins, lengths = pads[:rank], [full[a] + added[a] - pads[a] - pads[rank + a] for a in range(rank)]
    else:
        totals = [max(full[a] + added[a] - lengths[a], 0) for a in range(rank)]
        begins = [total // 2 if automatic == "SAME_UPPER" else total - total // 2 for total in totals]

    def function(x, w, b):
        y = TRANSPOSED[rank](x, w, None, stride=strides, dilation=dilations, groups=attributes.get("group", 1))
        pads = [(-begins[a], begins[a] + lengths[a] - full[a]) for a in range(rank)]
        return F.pad(y, torch_pads(pads)) + b.reshape([-1] + [1] * rank)

    return function


def add_transposed_convolutions(suite):
    generator = np.random.default_rng(21)
    for name, shape, weight_shape, attributes in TRANSPOSED_CASES:
        tensors = {"x": eighths(generator, shape), "w": eighths(generator, weight_shape, span=1),
                   "b": eighths(generator, [weight_shape[1] * attributes.get("group", 1)])}
        suite.add(f"conv_transpose_{name}", "ConvTranspose", node("ConvTranspose", "x w b", **attributes), tensors,
                  transposed(shape, weight_shape[2:], attributes))


NORM_CASES = [
    ("p2_stride_2", 2, (1, 2, 4, 6), {"kernel_shape": [2, 2], "strides": [2, 2]}),
    ("p2_padded_overlapping", 2, (2, 1, 5, 4), {"kernel_shape": [3, 3], "strides": [2, 1], "pads": [1, 1, 1, 1]}),
    ("p1", 1, (1, 2, 4, 4), {"kernel_shape": [2, 3]}),
    ("p3", 3, (1, 2, 4, 4), {"kernel_shape": [3, 2], "strides": [1, 2]}),
    ("p4_1d", 4, (1, 2, 7), {"kernel_shape": [3], "strides": [2]}),
    ("p2_dilated", 2, (1, 1, 6, 5), {"kernel_shape": [2, 2], "dilations": [2, 3]}),
    ("p2_same_upper", 2, (1, 1, 5, 5), {"kernel_shape": [2, 3], "strides": [2, 2], "auto_pad": "SAME_UPPER"}),
    ("p2_ceil", 2, (1, 1, 6, 6), {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1}),
    ("p2_3d", 2, (1, 1, 3, 4, 3), {"kernel_shape": [2, 2, 2]}),
]


def norm(p, shape, attributes):
    rank, kernel, strides, dilations, pads, extra = windows(shape, attributes)
    amounts = torch_pads([(a + c, b + d) for (a, b), (c, d) in zip(pads, extra)])

    def function(x):
        channels = x.shape[1]
        ones = torch.ones([channels, 1] + list(kernel), dtype=x.dtype)
        sums = CONVOLUTIONS[rank](F.pad(x.abs() ** p, amounts), ones, stride=strides, dilation=dilations, groups=channels)
        return sums ** (1 / p)

    return function


def add_norm_pools(suite):
    generator = np.random.default_rng(22)
    for name, p, shape, attributes in NORM_CASES:
        suite.add(f"lp_pool_{name}", "LpPool", node("LpPool", "x", p=p, **attributes), {"x": eighths(generator, shape)},
                  norm(p, shape, attributes))
    for p in (1, 2, 3):
        suite.add(f"global_lp_pool_p{p}", "GlobalLpPool", node("GlobalLpPool", "x", p=p), {"x": eighths(generator, (2, 2, 3, 3))},
                  lambda x, p=p: (x.abs() ** p).sum((2, 3), keepdim=True) ** (1 / p))
    zeros = np.zeros((1, 1, 2, 2), dtype=np.float32)
    suite.add("lp_pool_of_zeros", "LpPool", node("LpPool", "x", kernel_shape=[2, 2]), {"x": zeros}, lambda x: x.sum((2, 3), keepdim=True) * 0)
    indices = integers(5, 10, 0, 15).reshape(1, 1, 2, 2)
    suite.add("max_unpool", "MaxUnpool", node("MaxUnpool", "x i", kernel_shape=[2, 2], strides=[2, 2]),
              {"x": eighths(generator, (1, 1, 2, 2))}, lambda x: F.max_unpool2d(x, torch.tensor(indices), 2, 2), {"i": indices})
    suite.add("max_pool_column_major", "MaxPool", node("MaxPool", "x", "y i", kernel_shape=[2, 3], storage_order=1),
              {"x": distinct(generator, (2, 2, 4, 5))}, lambda x: F.max_pool2d(x, (2, 3), 1))
    for name, block, attributes, options in [
        ("overlapping", (2, 3), {}, {}),
        ("strided_padded", (3, 2), {"strides": [2, 1], "pads": [1, 1, 1, 1]}, {"stride": (2, 1), "padding": 1}),
        ("dilated", (2, 2), {"dilations": [2, 3]}, {"dilation": (2, 3)}),
    ]:
        columns = F.unfold(torch.zeros(2, 2, 5, 6), block, **options).shape
        suite.add(f"col2im_{name}", "Col2Im", node("Col2Im", "x s k", **attributes), {"x": eighths(generator, columns)},
                  lambda x, block=block, options=options: F.fold(x, (5, 6), block, **options),
                  {"s": integers(5, 6), "k": integers(*block)})


RESIZE_CASES = [
    ("nearest_asymmetric_2", (1, 2, 3, 4), (6, 8), {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}, {"mode": "nearest"}),
    ("nearest_asymmetric_3_1", (2, 1, 2, 4), (6, 4), {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}, {"mode": "nearest"}),
    ("nearest_asymmetric_odd", (1, 2, 3, 5), (7, 3), {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}, {"mode": "nearest"}),
    ("nearest_half_pixel_4", (1, 1, 2, 3), (8, 12), {"mode": "nearest"}, {"mode": "nearest-exact"}),
    ("linear_up", (2, 2, 3, 4), (7, 9), {"mode": "linear"}, {"mode": "bilinear", "align_corners": False}),
    ("linear_up_8", (1, 2, 3, 2), (24, 16), {"mode": "linear"}, {"mode": "bilinear", "align_corners": False}),
    ("linear_down", (1, 1, 7, 8), (3, 5), {"mode": "linear", "coordinate_transformation_mode": "pytorch_half_pixel"}, {"mode": "bilinear", "align_corners": False}),
    ("linear_corners", (1, 2, 4, 3), (9, 7), {"mode": "linear", "coordinate_transformation_mode": "align_corners"}, {"mode": "bilinear", "align_corners": True}),
    ("linear_antialias", (1, 2, 9, 8), (4, 3), {"mode": "linear", "antialias": 1, "exclude_outside": 1}, {"mode": "bilinear", "align_corners": False, "antialias": True}),
    ("linear_one_axis", (1, 1, 4, 5), (4, 11), {"mode": "linear"}, {"mode": "bilinear", "align_corners": False}),
    ("trilinear", (1, 1, 2, 3, 2), (3, 5, 4), {"mode": "linear"}, {"mode": "trilinear", "align_corners": False}),
    ("cubic_up", (1, 1, 4, 5), (9, 7), {"mode": "cubic"}, {"mode": "bicubic", "align_corners": False}),
    ("cubic_corners", (1, 2, 5, 4), (3, 8), {"mode": "cubic", "coordinate_transformation_mode": "align_corners"}, {"mode": "bicubic", "align_corners": True}),
]
# No PyTorch counterpart: unit vectors, resized by ONNX's reference implementation, give the matrices.
REFERENCE_CASES = [
    ("nearest_ceil_half_pixel", (1, 1, 4, 5), {"mode": "nearest", "nearest_mode": "ceil"}, {"sizes": (7, 8)}),
    ("nearest_prefer_ceil_asymmetric", (1, 1, 4, 4), {"mode": "nearest", "nearest_mode": "round_prefer_ceil", "coordinate_transformation_mode": "asymmetric"}, {"sizes": (8, 6)}),
    ("nearest_floor_corners", (1, 1, 4, 4), {"mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "align_corners"}, {"sizes": (7, 9)}),
    ("nearest_asymmetric_floor_scaled", (1, 1, 4, 4), {"mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"}, {"scales": (0.6, 2.5)}),
    ("linear_asymmetric", (1, 2, 3, 4), {"mode": "linear", "coordinate_transformation_mode": "asymmetric"}, {"scales": (2.0, 1.7)}),
    ("linear_symmetric", (1, 1, 5, 4), {"mode": "linear", "coordinate_transformation_mode": "half_pixel_symmetric"}, {"scales": (2.3, 0.6)}),
    ("linear_crop", (1, 1, 5, 4), {"mode": "linear", "coordinate_transformation_mode": "tf_crop_and_resize"}, {"sizes": (3, 6), "roi": ((0.3, -0.2), (0.9, 1.1))}),
    ("cubic_half_exclude", (1, 1, 5, 4), {"mode": "cubic", "cubic_coeff_a": -0.5, "exclude_outside": 1}, {"scales": (1.6, 0.8)}),
    ("cubic_antialias", (1, 1, 8, 7), {"mode": "cubic", "antialias": 1}, {"scales": (0.5, 0.6)}),
]


def reference_matrix(length, attributes, how, axis):
    """[resized, length], one column a unit vector."""
    constants = {key: np.array([pair[axis]] if key != "roi" else [pair[0][axis], pair[1][axis]], np.int64 if key == "sizes" else np.float32)
                 for key, pair in how.items()}
    names = ["x", "roi" if "roi" in how else "", "scales" if "scales" in how else "", "sizes" if "sizes" in how else ""]
    operation = helper.make_node("Resize", names, ["y"], **attributes)
    feeds = ["x"] + list(constants)
    graph = helper.make_graph([operation], "g", [onnx.ValueInfoProto(name=name) for name in feeds], [onnx.ValueInfoProto(name="y")])
    evaluator = ReferenceEvaluator(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)]))
    return np.stack([evaluator.run(None, {"x": unit, **constants})[0] for unit in np.eye(length, dtype=np.float32)], axis=1)


def add_resizing(suite):
    generator = np.random.default_rng(23)
    for name, shape, size, attributes, options in RESIZE_CASES:
        suite.add(f"resize_{name}", "Resize", node("Resize", "x - - s", **attributes), {"x": eighths(generator, shape)},
                  lambda x, size=size, options=options: F.interpolate(x, size, **options), {"s": integers(*shape[:2], *size)})
    for name, shape, attributes, how in REFERENCE_CASES:
        matrices = [torch.tensor(reference_matrix(shape[2 + axis], attributes, how, axis), dtype=torch.float64) for axis in range(2)]
        constants = {}
        if "sizes" in how:
            constants["s"] = integers(*how["sizes"])
        else:
            constants["s"] = np.array(how["scales"], np.float32)
        if "roi" in how:
            constants["r"] = np.array(how["roi"], np.float32).reshape(-1)
        inputs = f"x {'r' if 'roi' in how else '-'} {'- s' if 'sizes' in how else 's'}"
        suite.add(f"resize_{name}", "Resize", node("Resize", inputs, axes=[2, 3], **attributes), {"x": eighths(generator, shape)},
                  lambda x, m=matrices: torch.einsum("ph,qw,nchw->ncpq", m[0].to(x.dtype), m[1].to(x.dtype), x), constants)


def add_sampling(suite):
    generator = np.random.default_rng(24)
    names = {"linear": "bilinear", "nearest": "nearest", "cubic": "bicubic"}
    for mode, other in names.items():
        for padding in ("zeros", "border", "reflection"):
            for corners in (0, 1):
                # Places in odd 1/32 of the grid, some outside.
                grid = (generator.integers(-24, 24, (1, 3, 4, 2)) * 2 + 1).astype(np.float32) / 32
                suite.add(f"grid_sample_{mode}_{padding}_{corners}", "GridSample",
                          node("GridSample", "x g", mode=mode, padding_mode=padding, align_corners=corners),
                          {"x": eighths(generator, (1, 2, 3, 5)), "g": grid},
                          lambda x, g, o=other, p=padding, c=corners: F.grid_sample(x, g, o, p, bool(c)))
    for mode in ("linear", "nearest"):
        grid = (generator.integers(-20, 20, (2, 2, 1, 3, 3)) * 2 + 1).astype(np.float32) / 32
        suite.add(f"grid_sample_3d_{mode}", "GridSample", node("GridSample", "x g", mode=mode),
                  {"x": eighths(generator, (2, 1, 2, 3, 3)), "g": grid},
                  lambda x, g, o=names[mode]: F.grid_sample(x, g, o, "zeros", False))
    for corners in (0, 1):
        for size in [(2, 1, 3, 4), (1, 1, 2, 3, 2)]:
            axes = len(size) - 2
            suite.add(f"affine_grid_{axes}d_{corners}", "AffineGrid", node("AffineGrid", "t s", align_corners=corners),
                      {"t": eighths(generator, (size[0], axes, axes + 1))},
                      lambda t, size=size, c=corners: F.affine_grid(t, size, bool(c)), {"s": integers(*size)})
    regions = np.array([[0.3, 0.6, 7.2, 5.1], [2.4, -1.5, 9.9, 4], [1, 1, 1.2, 1.1], [0, 0, 11, 9]], np.float32)
    pictures = integers(1, 0, 1, 0)
    for name, ratio, aligned in [("aligned", 2, True), ("adaptive", 0, True), ("adaptive_unaligned", 0, False), ("unaligned", 1, False)]:
        mode = "half_pixel" if aligned else "output_half_pixel"

        def function(x, ratio=ratio, aligned=aligned):
            rois = torch.cat([torch.tensor(pictures)[:, None], torch.tensor(regions)], 1).to(x.dtype)
            return torchvision.ops.roi_align(x, rois, (2, 3), 0.5, ratio, aligned)

        suite.add(f"roi_align_{name}", "RoiAlign",
                  node("RoiAlign", "x r i", output_height=2, output_width=3, sampling_ratio=ratio, spatial_scale=0.5,
                       coordinate_transformation_mode=mode),
                  {"x": eighths(generator, (2, 2, 5, 6))}, function, {"r": regions, "i": pictures})
