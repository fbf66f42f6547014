"""Where do a map's cells look: at their receptive field's centre, or at the tile that they would have in a stretched map?

Class activation maps of a network [GlobalAveragePool, Flatten, Gemm] over photographs with boxes (a folder with boxes.csv: file, class,
width, height, xmin, ymin, xmax, ymax). For each centre of the first cell: how often the map's peak lies in a box, and how often the box
around the largest region above 20 % of the maximum overlaps one by half. Needs numpy, scipy, Pillow, onnx, onnxruntime.

    .peers/bin/python Benchmarks/map_placement.py MODEL.onnx FOLDER --centres 0.5 16 31.5
"""
import argparse
import csv
import pathlib

import numpy as np
import onnx
import onnxruntime
from PIL import Image
from scipy import ndimage


def upsampled(cells, centre, stride, side):
    """Linear interpolation between cells at centre + i * stride; the border repeats."""
    count = len(cells)
    places = np.clip((np.arange(side) + 0.5 - centre) / stride, 0, count - 1)
    below = np.minimum(places.astype(int), count - 2)
    matrix = np.zeros((side, count))
    matrix[np.arange(side), below] = 1 - (places - below)
    matrix[np.arange(side), below + 1] += places - below
    return matrix @ cells @ matrix.T


def overlap(a, b):
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0) * max(height, 0)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def largest_region(drawn):
    labels, count = ndimage.label(drawn >= 0.2 * drawn.max())
    sizes = ndimage.sum(np.ones_like(labels), labels, range(1, count + 1))
    rows, columns = ndimage.find_objects(labels)[int(np.argmax(sizes))]
    return columns.start, rows.start, columns.stop, rows.stop


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--centres", type=float, nargs="+", default=[0.5, 8, 16, 24, 31.5])
    parser.add_argument("--mean", type=float, default=127)
    parser.add_argument("--deviation", type=float, default=128)
    arguments = parser.parse_args()
    model = onnx.load(arguments.model)
    nodes = {node.op_type: node for node in model.graph.node}
    features = nodes["GlobalAveragePool"].input[0]
    weights = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}[nodes["Gemm"].input[1]]
    model.graph.output.append(onnx.helper.make_tensor_value_info(features, onnx.TensorProto.FLOAT, None))
    session = onnxruntime.InferenceSession(model.SerializeToString())
    (picture,) = session.get_inputs()
    side = picture.shape[2]
    boxes = {}
    for row in csv.DictReader(open(arguments.folder / "boxes.csv")):
        boxes.setdefault((row["file"], int(row["class"])), []).append(row)
    hits = {centre: np.zeros(2) for centre in arguments.centres}
    for (name, target), rows in boxes.items():
        pixels = Image.open(arguments.folder / name).convert("RGB").resize((side, side), Image.BICUBIC)
        x = (np.asarray(pixels, np.float32) - arguments.mean) / arguments.deviation
        maps = session.run([features], {picture.name: x.transpose(2, 0, 1)[None]})[0][0]
        row_of_target = weights[target] if weights.shape[1] == maps.shape[0] else weights[:, target]
        cells = np.maximum(np.tensordot(row_of_target, maps, 1), 0)
        truth = [[float(row[key]) * side / float(row[length]) for key, length in
                  (("xmin", "width"), ("ymin", "height"), ("xmax", "width"), ("ymax", "height"))] for row in rows]
        for centre, counts in hits.items():
            drawn = upsampled(cells, centre, side / len(cells), side)
            y, x_peak = np.unravel_index(drawn.argmax(), drawn.shape)
            counts += [any(a <= x_peak + 0.5 <= c and b <= y + 0.5 <= d for a, b, c, d in truth),
                       max(overlap(largest_region(drawn), box) for box in truth) >= 0.5]
    for centre, counts in hits.items():
        print(f"first cell centred at {centre:5.1f}: peak inside {counts[0] / len(boxes):.3f}, overlap of half {counts[1] / len(boxes):.3f}")
    print(f"{len(boxes)} pictures and classes")


if __name__ == "__main__":
    main()
