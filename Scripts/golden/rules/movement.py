"""Operators that take, place, repeat and reorder values: Slice, Split, Gather and its kin, the scatters, TopK, blocks, repetition."""
import numpy as np
import torch
import torch.nn.functional as F
from onnx import TensorProto

from rules.case import distinct, eighths, integers, node


def add_slices(suite):
    generator = np.random.default_rng(30)
    largest, smallest = np.iinfo(np.int64).max, np.iinfo(np.int64).min
    cases = [
        # name, shape, starts, ends, axes, steps, what NumPy takes
        ("channels", (1, 4, 2, 2), (1,), (3,), (1,), None, np.s_[:, 1:3]),
        ("all_axes", (3, 4), (1, 0), (3, 2), None, None, np.s_[1:3, 0:2]),
        ("negative_bounds", (2, 6), (-4,), (-1,), (-1,), None, np.s_[:, -4:-1]),
        ("beyond_the_end", (2, 5), (3,), (largest,), (1,), None, np.s_[:, 3:]),
        ("before_the_start", (2, 5), (-9,), (2,), (1,), None, np.s_[:, :2]),
        ("focus", (1, 2, 4, 6), (1, 0), (largest, largest), (2, 3), (2, 2), np.s_[:, :, 1::2, ::2]),
        ("step_three", (10,), (1,), (10,), (0,), (3,), np.s_[1:10:3]),
        ("step_beyond", (2, 4), (1,), (4,), (1,), (9,), np.s_[:, 1:2]),
        ("step_to_the_end", (2, 5), (0,), (5,), (1,), (2,), np.s_[:, ::2]),
        ("reversed", (2, 3), (-1,), (smallest,), (1,), (-1,), np.s_[:, ::-1]),
        ("reversed_both", (3, 4), (-1, 99), (smallest, 0), (0, 1), (-1, -2), np.s_[::-1, 3:0:-2]),
        ("reversed_part", (7,), (5,), (0,), (0,), (-2,), np.s_[5:0:-2]),
        ("nothing_left_out", (2, 3), (0,), (3,), (1,), (1,), np.s_[:, :]),
    ]
    for name, shape, starts, ends, axes, steps, taken in cases:
        initializers = {"starts": integers(*starts), "ends": integers(*ends)}
        if axes is not None:
            initializers["axes"] = integers(*axes)
        if steps is not None:
            initializers["steps"] = integers(*steps)
        numbers = torch.tensor(np.arange(int(np.prod(shape))).reshape(shape)[taken].copy())
        suite.add(f"slice_{name}", "Slice", node("Slice", " ".join(["x", *initializers])), {"x": eighths(generator, shape)},
                  lambda x: x.flatten()[numbers], initializers)


def add_splits(suite):
    generator = np.random.default_rng(31)
    sizes = {"sizes": integers(1, 3, 2)}
    x = eighths(generator, (2, 6))
    mixed = [node("Split", "x sizes", "a b c", axis=1), node("ReduceSum", "b axis", "s"), node("Mul", "a s", "p"), node("Add", "p c")]
    suite.add("split_sizes", "Split+ReduceSum", mixed, {"x": x},
              lambda x: x[:, :1] * x[:, 1:4].sum(1, keepdim=True) + x[:, 4:], sizes | {"axis": integers(1)})
    gate = [node("Split", "x", "a b", axis=1, num_outputs=2), node("Sigmoid", "b", "s"), node("Mul", "a s")]
    suite.add("split_gate", "Split", gate, {"x": eighths(generator, (1, 4, 2, 2))}, lambda x: F.glu(x, 1))
    for name, used in [("first", 0), ("middle", 1), ("last", 2)]:
        part = [node("Split", "x sizes", "a b c", axis=-1), node("Relu", "abc"[used])]
        bounds = [(0, 1), (1, 4), (4, 6)][used]
        suite.add(f"split_only_the_{name}", "Split", part, {"x": x}, lambda x: F.relu(x[:, bounds[0]:bounds[1]]), sizes)
    gap = [node("Split", "x sizes", "a b c", axis=1), node("Concat", "c a", axis=1)]
    suite.add("split_gap", "Split", gap, {"x": x}, lambda x: torch.cat([x[:, 4:], x[:, :1]], 1), sizes)
    uneven = [node("Split", "x", "a b c", axis=0, num_outputs=3), node("Mul", "a b", "p"), node("Concat", "p c", axis=0)]
    suite.add("split_uneven", "Split", uneven, {"x": eighths(generator, (8, 2))}, lambda x: torch.cat([x[:3] * x[3:6], x[6:]], 0))
    single = [node("Split", "x", "a", num_outputs=1), node("Mul", "a a")]
    suite.add("split_single", "Split+Mul", single, {"x": x}, lambda x: x * x)


def add_gathers(suite):
    generator = np.random.default_rng(32)
    cases = [
        # name, shape, axis, indices
        ("class_token", (1, 5, 3), 1, np.int64(0)),
        ("last_token", (1, 5, 3), 1, np.int64(-1)),
        ("one_index", (3, 4), 0, np.int64([2])),
        ("permutation", (2, 5), 1, np.int64([3, 0, 4, 1, 2])),
        ("reversed", (4, 2), 0, np.int64([3, 2, 1, 0])),
        ("evenly_spaced", (2, 7), -1, np.int64([1, 3, 5])),
        ("distinct", (2, 6), 1, np.int64([4, 0, 5])),
        ("repeated", (3, 4), 1, np.int64([1, 1, 3, 1, 0])),
        ("one_repeated", (2, 3, 2), 1, np.int64([2, 2, 2])),
        ("heavily_repeated", (4, 8), 1, np.int64([5] * 30 + [1, 2])),
        ("matrix_of_indices", (5, 2), 0, np.int64([[0, 4], [2, 2], [-1, 1]])),
        ("matrix_of_indices_inside", (2, 4, 3), 1, np.int64([[3, -4], [1, 1]])),
        ("vector", (6,), 0, np.int64([[5, 0, 0]])),
        ("int32", (2, 3), 1, np.int32([2, 0])),
    ]
    for name, shape, axis, indices in cases:
        place = torch.tensor(np.where(indices < 0, indices + shape[axis], indices))

        def function(x):
            taken = x.movedim(axis, 0)[place]
            at = axis % len(shape)
            return taken.movedim(tuple(range(place.ndim)), tuple(range(at, at + place.ndim)))

        suite.add(f"gather_{name}", "Gather", node("Gather", "x indices", axis=axis), {"x": eighths(generator, shape)}, function,
                  {"indices": indices})
        if name in ("class_token", "repeated", "matrix_of_indices_inside"):
            computed = [node("Cast", "i", "indices", to=TensorProto.INT64), node("Gather", "x indices", axis=axis)]
            suite.add(f"gather_computed_{name}", "Gather", computed,
                      {"x": eighths(generator, shape), "i": np.asarray(indices, np.float32)}, lambda x, i: function(x))


def add_gathered_elements(suite):
    generator = np.random.default_rng(33)
    for name, shape, axis, indices in [("rows", (3, 3), 0, [[1, 2, 0], [2, 0, 0]]), ("columns", (2, 4), 1, [[3, -1, 3], [0, 0, 1]]),
                                       ("three_axes", (2, 2, 3), -1, [[[0, 0], [2, -3]], [[1, 2], [2, 1]]])]:
        indices = np.int64(indices)
        place = torch.tensor(np.where(indices < 0, indices + shape[axis], indices))
        suite.add(f"gather_elements_{name}", "GatherElements", node("GatherElements", "x indices", axis=axis),
                  {"x": eighths(generator, shape)}, lambda x: torch.gather(x, axis, place), {"indices": indices})
    cases = [("elements", (3, 3), 0, [[0, 1], [2, -1], [0, 1]]), ("slabs", (3, 2, 2), 0, [[2], [0], [2]]),
             ("slabs_of_pairs", (2, 3, 2), 0, [[[1, 0], [0, 2]], [[1, -3], [1, 1]]]), ("batch", (2, 3, 2), 1, [[1], [-1]]),
             ("batch_many", (2, 4), 1, [[[0], [3], [0]], [[1], [1], [2]]]), ("two_batch_axes", (2, 2, 3), 2, [[[0], [2]], [[1], [1]]])]
    for name, shape, batch, indices in cases:
        indices = np.int64(indices)
        numbers = np.arange(int(np.prod(shape))).reshape(shape)
        taken = torch.tensor(gathered(numbers, indices, batch))
        suite.add(f"gather_nd_{name}", "GatherND", node("GatherND", "x indices", batch_dims=batch),
                  {"x": eighths(generator, shape)}, lambda x: x.flatten()[taken], {"indices": indices})


def gathered(data, indices, batch):
    """GatherND's definition: loops over the batch axes."""
    if batch:
        return np.stack([gathered(part, index, batch - 1) for part, index in zip(data, indices)])
    return data[tuple(np.moveaxis(indices, -1, 0))]


def add_scatters(suite):
    generator = np.random.default_rng(34)
    shape, axis = (3, 4), 1
    unique, repeated = [[3, 0], [1, -2], [0, 3]], [[3, 3, 1], [1, 1, -3], [0, 3, 3]]
    for reduction, torch_name in [("none", None), ("add", "sum"), ("mul", "prod"), ("max", "amax"), ("min", "amin")]:
        indices = np.int64(unique if reduction == "none" else repeated)
        place = torch.tensor(np.where(indices < 0, indices + shape[axis], indices))

        def function(x, u):
            if torch_name is None:
                return x.scatter(axis, place, u)
            return x.scatter_reduce(axis, place, u, torch_name)

        values = distinct(generator, (3, 4 + indices.shape[1]))
        data, updates = values[:, :4].copy(), values[:, 4:].copy()
        suite.add(f"scatter_elements_{reduction}", "ScatterElements",
                  node("ScatterElements", "x indices u", axis=axis, reduction=reduction), {"x": data, "u": updates}, function,
                  {"indices": indices})
        if reduction == "mul":
            zeros = np.float32([[0, 2, 0], [0, 0, -1], [1, 0.5, 3]])
            suite.add("scatter_elements_mul_zeros", "ScatterElements",
                      node("ScatterElements", "x indices u", axis=axis, reduction="mul"), {"x": data, "u": zeros},
                      product_by_hand(shape, place), {"indices": indices})
        if reduction in ("max", "min"):
            tied = np.float32([[1, 1, 0.5], [2, -1, 2], [0, 1, 1]])
            suite.add(f"scatter_elements_{reduction}_ties", "ScatterElements",
                      node("ScatterElements", "x indices u", axis=axis, reduction=reduction),
                      {"x": np.ones(shape, np.float32), "u": tied}, function, {"indices": indices})
        add_scattered_slabs(suite, generator, reduction)
    frozen = eighths(generator, (4, 2))
    suite.add("scatter_nd_constant_data", "ScatterND", node("ScatterND", "c indices u"), {"u": eighths(generator, (2, 2))},
              lambda u: torch.tensor(frozen, dtype=u.dtype).index_copy(0, torch.tensor([2, 0]), u),
              {"c": frozen, "indices": np.int64([[2], [0]])})


def product_by_hand(shape, place):
    """The definition, because scatter_reduce's gradient is what PyTorch derives from quotients."""
    def function(x, u):
        rows = []
        for row in range(shape[0]):
            entries = list(x[row])
            for column in range(place.shape[1]):
                entries[place[row, column]] = entries[place[row, column]] * u[row, column]
            rows.append(torch.stack(entries))
        return torch.stack(rows)

    return function


def add_scattered_slabs(suite, generator, reduction):
    rows = [2, 0] if reduction == "none" else [2, 0, 2]
    values = distinct(generator, (4 + len(rows), 2))
    combine = {"none": lambda a, b: b, "add": torch.add, "mul": torch.mul, "max": torch.maximum, "min": torch.minimum}[reduction]

    def function(x, u):
        entries = list(x)
        for position, row in enumerate(rows):
            entries[row] = combine(entries[row], u[position])
        return torch.stack(entries)

    suite.add(f"scatter_nd_{reduction}", "ScatterND", node("ScatterND", "x indices u", reduction=reduction),
              {"x": values[:4].copy(), "u": values[4:].copy()}, function, {"indices": np.int64(rows)[:, None]})


def add_selections(suite):
    generator = np.random.default_rng(35)
    for name, shape, k, axis, largest in [("default", (2, 6), 3, None, None), ("smallest", (2, 5), 2, -1, 0), ("axis_0", (5, 2), 1, 0, 1),
                                          ("inside", (2, 4, 2), 2, 1, 1), ("all", (4,), 4, 0, 0)]:
        attributes = {key: value for key, value in (("axis", axis), ("largest", largest)) if value is not None}
        suite.add(f"top_k_{name}", "TopK", node("TopK", "x k", "y indices", **attributes), {"x": distinct(generator, shape)},
                  lambda x: x.topk(k, -1 if axis is None else axis, largest != 0)[0], {"k": integers(k)})
    only = [node("TopK", "x k", "values indices"), node("GatherElements", "z indices", axis=1)]
    place = {"x": distinct(generator, (2, 4)), "z": eighths(generator, (2, 4))}
    suite.add("top_k_indices_only", "TopK+GatherElements", only, place, lambda x, z: z.gather(1, x.topk(2)[1]), {"k": integers(2)})
    for name, shape, axis, condition in [("columns", (2, 4), 1, [1, 0, 1, 1]), ("flat", (2, 3), None, [0, 1, 1, 0, 1]),
                                         ("short", (4, 2), -2, [0, 1, 1])]:
        picked = torch.tensor(np.flatnonzero(condition))
        attributes = {} if axis is None else {"axis": axis}
        suite.add(f"compress_{name}", "Compress", node("Compress", "x condition", **attributes), {"x": eighths(generator, shape)},
                  lambda x: x.flatten()[picked] if axis is None else x.index_select(axis, picked), {"condition": np.array(condition, bool)})
    hits = np.int64([[0, 2], [1, -1]])
    mask = torch.tensor(np.eye(3)[hits % 3])
    for axis in (-1, 0, 1):
        moved = mask.movedim(-1, axis)
        suite.add(f"one_hot_axis_{axis}", "OneHot", node("OneHot", "indices depth v", axis=axis), {"v": np.float32([0.25, 2])},
                  lambda v: v[0] + (v[1] - v[0]) * moved.to(v.dtype), {"indices": hits, "depth": np.int64(3)})


def add_repetitions(suite):
    generator = np.random.default_rng(36)
    for name, shape, target in [("columns", (2, 1), (2, 3)), ("more_axes", (3,), (2, 1, 3)), ("both_ways", (2, 1, 3), (4, 1)),
                                ("scalar", (), (2, 2)), ("unchanged", (2, 3), (1, 1))]:
        suite.add(f"expand_{name}", "Expand", node("Expand", "x shape"), {"x": eighths(generator, shape)},
                  lambda x: x.expand(np.broadcast_shapes(shape, target)).clone(), {"shape": integers(*target)})
    for name, shape, copies in [("rows", (2, 3), (2, 1)), ("both", (2, 3), (2, 3)), ("inside", (2, 1, 2), (1, 4, 2)), ("once", (2, 2), (1, 1)),
                                ("vector", (3,), (4,))]:
        suite.add(f"tile_{name}", "Tile", node("Tile", "x repeats"), {"x": eighths(generator, shape)}, lambda x: x.tile(copies),
                  {"repeats": integers(*copies)})


def add_centred(suite):
    generator = np.random.default_rng(39)
    for name, shape, axes, lengths, pads in [("crop", (2, 5), (1,), (2,), (-1, -2)), ("pad", (2, 3), (-1,), (6,), (1, 2)),
                                             ("both", (4, 2), (1, 0), (5, 1), (1, 2, -1, -2))]:
        suite.add(f"center_crop_pad_{name}", "CenterCropPad", node("CenterCropPad", "x lengths", axes=axes), {"x": eighths(generator, shape)},
                  lambda x: F.pad(x, pads), {"lengths": integers(*lengths)})


def add_blocks(suite):
    generator = np.random.default_rng(37)
    for size, shape in [(2, (1, 8, 2, 3)), (3, (2, 9, 1, 2))]:
        batch, channels, height, width = shape
        few = channels // size**2
        blocks = (batch, few, height * size, width * size)
        suite.add(f"depth_to_space_dcr_{size}", "DepthToSpace", node("DepthToSpace", "x", blocksize=size, mode="DCR"),
                  {"x": eighths(generator, shape)},
                  lambda x: x.reshape(batch, size, size, few, height, width).permute(0, 3, 4, 1, 5, 2).reshape(blocks))
        suite.add(f"depth_to_space_crd_{size}", "DepthToSpace", node("DepthToSpace", "x", blocksize=size, mode="CRD"),
                  {"x": eighths(generator, shape)}, lambda x: F.pixel_shuffle(x, size))
        suite.add(f"space_to_depth_{size}", "SpaceToDepth", node("SpaceToDepth", "x", blocksize=size), {"x": eighths(generator, blocks)},
                  lambda x: x.reshape(batch, few, height, size, width, size).permute(0, 3, 5, 1, 2, 4).reshape(shape))


def add_orders(suite):
    generator = np.random.default_rng(38)
    x = eighths(generator, (2, 4))
    for exclusive in (0, 1):
        for reverse in (0, 1):
            def function(x):
                flipped = x.flip(1) if reverse else x
                total = flipped.cumsum(1) - (flipped if exclusive else 0)
                return total.flip(1) if reverse else total

            suite.add(f"cum_sum_{exclusive}{reverse}", "CumSum", node("CumSum", "x axis", exclusive=exclusive, reverse=reverse), {"x": x},
                      function, {"axis": np.int64(1)})
    suite.add("cum_sum_negative_axis", "CumSum", node("CumSum", "x axis"), {"x": x}, lambda x: x.cumsum(0), {"axis": np.int64(-2)})
    square = eighths(generator, (2, 3, 4))
    for upper, offset in [(1, None), (1, 1), (0, -1), (0, 2), (0, None)]:
        triangle = torch.triu if upper else torch.tril
        suite.add(f"trilu_{'upper' if upper else 'lower'}_{offset}", "Trilu", node("Trilu", "x" if offset is None else "x k", upper=upper),
                  {"x": square}, lambda x: triangle(x, offset or 0), {} if offset is None else {"k": np.int64(offset)})
    sequences = eighths(generator, (4, 3))
    for time, batch, lengths in [(0, 1, [4, 2, 1]), (1, 0, [1, 2, 3, 2])]:
        order = np.arange(12).reshape(4, 3)
        for position, length in enumerate(lengths):
            line = order[:, position] if batch == 1 else order[position]
            line[:length] = line[:length][::-1].copy()
        places = torch.tensor(order)
        suite.add(f"reverse_sequence_time_{time}", "ReverseSequence",
                  node("ReverseSequence", "x lengths", time_axis=time, batch_axis=batch), {"x": sequences}, lambda x: x.flatten()[places],
                  {"lengths": integers(*lengths)})
