"""Discrete Fourier transforms and deformable convolutions."""
import numpy as np
import torch

from rules.case import eighths, node

# Axis, length of the transform, attributes, shape.
TRANSFORMS = [
    ("real", 1, None, {}, (2, 5, 3, 1)), ("complex", 2, None, {}, (1, 3, 6, 2)), ("negative_axis", -3, None, {}, (2, 4, 3, 2)),
    ("inverse", 1, None, {"inverse": 1}, (1, 6, 2)), ("inverse_of_real", 1, None, {"inverse": 1}, (2, 5, 1)),
    ("one_sided_even", 1, None, {"onesided": 1}, (1, 6, 2, 1)), ("one_sided_odd", 2, None, {"onesided": 1}, (1, 2, 7, 1)),
    ("longer", 1, 8, {}, (1, 5, 2)), ("shorter", 1, 4, {}, (1, 7, 1)), ("one_sided_longer", 1, 9, {"onesided": 1}, (2, 6, 1)),
    ("one_sided_shorter", 1, 4, {"onesided": 1}, (1, 6, 1)), ("inverse_longer", 1, 7, {"inverse": 1}, (1, 5, 2)),
    ("inverse_one_sided", 1, None, {"inverse": 1, "onesided": 1}, (1, 4, 3, 2)),
    ("inverse_one_sided_odd", 1, 7, {"inverse": 1, "onesided": 1}, (1, 4, 2)),
    ("length_1", 1, None, {}, (2, 1, 2)),
]


def add_transforms(suite):
    generator = np.random.default_rng(1822)
    for name, axis, length, attributes, shape in TRANSFORMS:
        initializers = {"axis": np.array(axis, dtype=np.int64)}
        if length is not None:
            initializers["length"] = np.array(length, dtype=np.int64)
        place = axis if axis >= 0 else axis + len(shape)

        def function(x, length=length, attributes=attributes, place=place):
            value = torch.complex(x[..., 0], x[..., 1] if x.shape[-1] == 2 else torch.zeros_like(x[..., 0]))
            inverse, one_sided = attributes.get("inverse", 0), attributes.get("onesided", 0)
            if inverse and one_sided:
                return torch.fft.irfft(value, length, dim=place)[..., None]
            if one_sided:
                return torch.view_as_real(torch.fft.rfft(x[..., 0], length, dim=place))
            return torch.view_as_real((torch.fft.ifft if inverse else torch.fft.fft)(value, length, dim=place))

        given = "x length axis" if length is not None else "x - axis"
        suite.add(f"dft_{name}", "DFT", node("DFT", given, **attributes), {"x": eighths(generator, shape)}, function, initializers)


def bilinear(planes, rows, columns):
    """Planes [C, H, W] at places of any shape, [C, ...]; zero outside."""
    height, width = planes.shape[1:]
    total = 0
    for row in (rows.floor(), rows.floor() + 1):
        for column in (columns.floor(), columns.floor() + 1):
            inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
            taken = planes[:, row.clamp(0, height - 1).long(), column.clamp(0, width - 1).long()]
            total = total + taken * inside * (1 - (rows - row).abs()) * (1 - (columns - column).abs())
    return total


def deformable(x, w, offset, b, mask, strides, pads, dilations, groups, offset_groups):
    """Sample by sample, group by group, kernel element by kernel element."""
    samples, outputs, per_group = len(x), len(w), w.shape[1]
    height, width = offset.shape[2:]
    each = x.shape[1] // offset_groups
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    results = []
    for sample in range(samples):
        places = offset[sample].reshape(offset_groups, *w.shape[2:], 2, height, width)
        factors = None if mask is None else mask[sample].reshape(offset_groups, *w.shape[2:], height, width)
        taken = []
        for group in range(offset_groups):
            for i in range(w.shape[2]):
                for j in range(w.shape[3]):
                    y = rows * strides[0] - pads[0] + i * dilations[0] + places[group, i, j, 0]
                    z = columns * strides[1] - pads[1] + j * dilations[1] + places[group, i, j, 1]
                    value = bilinear(x[sample, group * each:(group + 1) * each], y, z)
                    taken.append(value if factors is None else value * factors[group, i, j])
        patches = torch.stack(taken).reshape(offset_groups, *w.shape[2:], each, height, width).permute(0, 3, 1, 2, 4, 5).flatten(0, 1)
        parts = [torch.einsum("mcij,cijhw->mhw", w[group * outputs // groups:(group + 1) * outputs // groups],
                              patches[group * per_group:(group + 1) * per_group]) for group in range(groups)]
        results.append(torch.cat(parts) + b[:, None, None])
    return torch.stack(results)


# Picture, kernel, attributes, whether there is a mask.
DEFORMABLE = [
    ("plain", (1, 2, 5, 4), (3, 2, 3, 3), {"pads": [1, 1, 1, 1]}, False), ("mask", (2, 2, 5, 5), (2, 2, 3, 2), {}, True),
    ("groups", (1, 4, 5, 6), (4, 2, 3, 3), {"group": 2, "pads": [1, 1, 1, 1]}, True),
    ("offset_groups", (1, 4, 4, 5), (3, 4, 2, 2), {"offset_group": 2}, True),
    ("both_groups", (2, 4, 5, 5), (8, 1, 3, 3), {"group": 4, "offset_group": 2, "pads": [1, 0, 1, 0]}, False),
    ("strides_dilations", (1, 2, 8, 7), (2, 2, 3, 2), {"strides": [2, 1], "dilations": [2, 3], "pads": [2, 1, 2, 1]}, True),
    ("one_by_one", (1, 3, 4, 4), (2, 3, 1, 1), {}, False),
]


def add_deformable(suite):
    generator = np.random.default_rng(2017)
    for name, picture, kernel, attributes, has_mask in DEFORMABLE:
        strides, dilations = attributes.get("strides", [1, 1]), attributes.get("dilations", [1, 1])
        pads, groups = attributes.get("pads", [0, 0, 0, 0]), attributes.get("offset_group", 1)
        lengths = [(picture[2 + a] + 2 * pads[a] - dilations[a] * (kernel[2 + a] - 1) - 1) // strides[a] + 1 for a in (0, 1)]
        taps = kernel[2] * kernel[3] * groups
        # Odd sixteenths: never on the lattice of pixels, where the derivative jumps; some leave the picture.
        offset = (2 * generator.integers(-14, 14, (picture[0], 2 * taps, *lengths)) + 1) / 16
        inputs = {"x": eighths(generator, picture), "w": eighths(generator, kernel, span=1), "offset": offset.astype(np.float32),
                  "b": eighths(generator, (kernel[0],))}
        if has_mask:
            inputs["mask"] = np.abs(eighths(generator, (picture[0], taps, *lengths), span=1))

        def function(x, w, offset, b, mask=None, strides=strides, pads=pads, dilations=dilations, attributes=attributes, groups=groups):
            return deformable(x, w, offset, b, mask, strides, pads, dilations, attributes.get("group", 1), groups)

        suite.add(f"deform_conv_{name}", "DeformConv", node("DeformConv", " ".join(inputs), kernel_shape=list(kernel[2:]), **attributes),
                  inputs, function)
