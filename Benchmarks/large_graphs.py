"""The time of a gradient against the size of a network: chains, sums of branches, many outputs.

Run `.peers/bin/python Benchmarks/large_graphs.py .build/release/gaze [OTHER_GAZE …]` from the root of the project, on an idle machine.
Times are of whole processes (`gaze attribute`), the least of some rounds in which the contestants take turns. A column that doubles from
row to row grows with the size, one that quadruples with its square.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SHAPE = [1, 2, 4, 4]


def save(path, nodes, last, weights=(), others=()):
    """A model from x to y, the sum of `last` by rows, with `others` as further outputs."""
    nodes = [*nodes, helper.make_node("ReduceSum", [last, "axes"], ["y"], "sum", keepdims=0)]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    outputs += [helper.make_tensor_value_info(name, TensorProto.FLOAT, SHAPE) for name in others]
    weights = [numpy_helper.from_array(np.array([2, 3]), "axes"), *weights]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, SHAPE)]
    graph = helper.make_graph(nodes, "graph", inputs, outputs, weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), path)


def chain(path, size):
    """Rectifiers one behind the other."""
    names = ["x"] + [f"v{index}" for index in range(size)]
    save(path, [helper.make_node("Relu", [left], [right], right) for left, right in zip(names, names[1:])], names[-1])


def residual(path, size):
    """Blocks of a scale, a rectifier and a sum with what went in."""
    nodes, value = [], "x"
    for index in range(size // 3):
        nodes += [helper.make_node("Mul", [value, "scale"], [f"m{index}"], f"m{index}"), helper.make_node("Relu", [f"m{index}"], [f"r{index}"], f"r{index}"),
                  helper.make_node("Add", [value, f"r{index}"], [f"s{index}"], f"s{index}")]
        value = f"s{index}"
    save(path, nodes, value, [numpy_helper.from_array(np.array(.01, np.float32), "scale")])


def branches(path, size):
    """The sum of many functions of the input."""
    names = [f"b{index}" for index in range(size)]
    nodes = [helper.make_node("Tanh" if index % 2 else "Relu", ["x"], [name], name) for index, name in enumerate(names)]
    save(path, [*nodes, helper.make_node("Sum", names, ["all"], "all")], "all")


def outputs(path, size):
    """A chain of which every value is an output."""
    names = ["x"] + [f"v{index}" for index in range(size)]
    save(path, [helper.make_node("Relu", [left], [right], right) for left, right in zip(names, names[1:])], names[-1], others=names[1:])


def seconds(gaze, model, folder):
    command = [gaze, "attribute", model, "--input", folder / "x.npy", "--target", "y[1]", "--method", "gradient", "--output", folder / "out"]
    start = time.perf_counter()
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}\nended with {done.returncode}\n{done.stderr}")
    return time.perf_counter() - start, (folder / "out/gradient.npy").read_bytes()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gaze", type=lambda path: pathlib.Path(path).resolve(), nargs="+")
    parser.add_argument("--sizes", type=int, nargs="+", default=[500, 1000, 2000, 4000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kinds", nargs="+", default=["chain", "residual", "branches", "outputs"])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        np.save(folder / "x.npy", np.random.default_rng(0).normal(size=SHAPE).astype(np.float32))
        print(f"{'':10s} {'nodes':>6s}" + "".join(f" {os.path.relpath(gaze)[-24:]:>24s}" for gaze in arguments.gaze) + "   the same bits")
        for kind in arguments.kinds:
            for size in arguments.sizes:
                model = folder / f"{kind}.onnx"
                globals()[kind](model, size)
                runs = [[seconds(gaze, model, folder) for gaze in arguments.gaze] for _ in range(arguments.rounds)]
                least = [min(run[place][0] for run in runs) for place in range(len(arguments.gaze))]
                same = len({result for run in runs for _, result in run}) == 1
                print(f"{kind:10s} {size:6d}" + "".join(f" {value:22.2f} s" for value in least) + f"   {same}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
