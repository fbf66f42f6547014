"""Writes Tests/DifferentiationTests/Golden/rules.json: gradients of tiny ONNX models by PyTorch's autograd in float64.

Run `.peers/bin/python Scripts/golden/backward_rules.py` from the root of the project.
"""
import argparse
import json
import pathlib

import numpy as np
import onnx
import onnxruntime
import torch

from rules import arrangement, case, composition, convolution, elementwise, linear, pooling

DESTINATION = pathlib.Path(__file__).resolve().parents[2] / "Tests/DifferentiationTests/Golden/rules.json"
FAMILIES = [
    convolution.add_convolutions, linear.add_linear, elementwise.add_binary, elementwise.add_activations, elementwise.add_clip,
    elementwise.add_batch_normalization, pooling.add_maxima, pooling.add_averages, pooling.add_global_pools,
    arrangement.add_reductions, arrangement.add_shapes, arrangement.add_concatenations, arrangement.add_softmax, arrangement.add_pads,
    arrangement.add_pass_through, elementwise.add_casts, elementwise.add_local_response, composition.add_compositions,
]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--destination", type=pathlib.Path, default=DESTINATION)
    destination = parser.parse_args().destination
    torch.set_num_threads(1)
    suite = case.Suite()
    for family in FAMILIES:
        family(suite)
    heading = {
        "made_by": "Scripts/golden/backward_rules.py",
        "versions": {module.__name__: module.__version__ for module in (torch, onnx, onnxruntime, np)},
        "opset": case.OPSET,
        "comparison": "largest |found - expected| <= tolerance * max(1, largest |expected|), for every tensor",
        "tolerance_reason": f"PyTorch's own float32 gradients differ from these by at most {suite.largest_float32_error:.1e} in that measure",
    }
    lines = ",\n".join(json.dumps(record, separators=(",", ":")) for record in suite.records)
    text = json.dumps(heading, indent=1)[:-2] + ',\n "cases": [\n' + lines + "\n]}\n"
    assert len(json.loads(text)["cases"]) == len(suite.records)
    destination.parent.mkdir(parents=True, exist_ok=True)
    destination.write_text(text)
    operators = {}
    for record in suite.records:
        operators[record["operator"]] = operators.get(record["operator"], 0) + 1
    print(f"{len(suite.records)} cases, {len(text)} bytes, float32 error at most {suite.largest_float32_error:.2e}")
    print(", ".join(f"{operator} {count}" for operator, count in operators.items()))


if __name__ == "__main__":
    main()
