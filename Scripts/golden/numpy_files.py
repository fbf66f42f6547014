"""Golden values of Tests/TensorsTests/NumpyTests.swift: files that NumPy wrote, with their contents.

Run: python Scripts/golden/numpy_files.py   (needs numpy; writes Tests/TensorsTests/Golden/numpy_files.json)
"""

import base64
import io
import json
import pathlib

import numpy as np

SEED = 20240229
random = np.random.default_rng(SEED)
files = []


def encoded(array, version=None, pickled=False):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, version=version, allow_pickle=pickled)
    return stream.getvalue()


def add(name, array, data=None, refused=None):
    entry = {"name": name, "bytes": base64.b64encode(data or encoded(array)).decode()}
    if refused:
        entry["refused"] = refused
    else:
        entry |= {
            "type": array.dtype.newbyteorder("<").str.lstrip("<|"),
            "shape": list(array.shape),
            # Every value below is exact in float64, so there is no tolerance.
            "values": [float(value) for value in array.flatten(order="C")],
        }
    files.append(entry)


for kind in ["f2", "f4", "f8"]:
    add(kind, random.standard_normal((2, 3)).astype(kind))
for kind in ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]:
    limits = np.iinfo(kind)
    low, high = max(limits.min, -(2**53)), min(limits.max, 2**53)
    add(kind, np.array([low, 0, 1, high], kind))
add("bool", np.array([[True, False, True]]))
add("scalar", np.array(2.5, "f4"))
add("empty", np.zeros((0, 3), "f4"))
add("vector", np.arange(5, dtype="f4"))
add("rank 4", random.standard_normal((2, 1, 3, 2)).astype("f4"))
add("fortran order", np.asfortranarray(random.standard_normal((2, 3, 4)).astype("f4")))
add("big-endian", np.arange(6, dtype=">f8").reshape(2, 3))
add("big-endian fortran", np.asfortranarray(np.arange(6, dtype=">i2").reshape(2, 3)))
small = np.arange(4, dtype="f4")
add("version 2", small, encoded(small, (2, 0)))
add("version 3", small, encoded(small, (3, 0)))
add("object", None, encoded(np.array([{}, None]), pickled=True), "Python objects")
add("text", None, encoded(np.array(["a", "b"])), "element type")
add("complex", None, encoded(np.array([1j])), "element type")
add("record", None, encoded(np.zeros(2, [("a", "f4"), ("b", "i4")])), "structured")
add("bfloat16", None, encoded(small).replace(b"<f4", b"<V2"), "element type")

arrays = {"first": small, "second.weight": np.array([[1, 2], [3, 4]], "i8")}
archives = []
for name, save in [("stored", np.savez), ("deflated", np.savez_compressed)]:
    stream = io.BytesIO()
    save(stream, **arrays)
    archives.append({"name": name, "bytes": base64.b64encode(stream.getvalue()).decode()})

target = pathlib.Path(__file__).parents[2] / "Tests/TensorsTests/Golden/numpy_files.json"
golden = {"versions": {"numpy": np.__version__}, "seed": SEED, "files": files, "archives": archives}
target.write_text(json.dumps(golden, indent=1) + "\n")
