"""Writes Tests/DifferentiationTests/Golden/rules/*.json: gradients of tiny ONNX models by PyTorch's autograd in float64.

Run `.peers/bin/python Scripts/golden/backward_rules.py` from the root of the project.
"""
import argparse
import json
import pathlib

import numpy as np
import onnx
import onnxruntime
import torch

from rules import (activations, arrangement, case, composition, convolution, elementwise, functions, linear, movement, normalisations,
                   pooling, quantisation, recurrent, reductions, selections, spatial, spectral)

DESTINATION = pathlib.Path(__file__).resolve().parents[2] / "Tests/DifferentiationTests/Golden/rules"
# One file a family; its cases' names are unique within it.
FAMILIES = {
    "activations": [activations.add_smooth, activations.add_thresholds, activations.add_prelu],
    "arrangement": [arrangement.add_reductions, arrangement.add_shapes, arrangement.add_concatenations, arrangement.add_softmax,
                    arrangement.add_pads, arrangement.add_pass_through],
    "composition": [composition.add_compositions],
    "convolution": [convolution.add_convolutions],
    "elementwise": [elementwise.add_binary, elementwise.add_activations, elementwise.add_clip, elementwise.add_batch_normalization,
                    elementwise.add_casts, elementwise.add_local_response],
    "functions": [functions.add_elementary, functions.add_powers],
    "linear": [linear.add_linear],
    "normalisations": [normalisations.add_layer_normalization, normalisations.add_group_normalization,
                       normalisations.add_batch_statistics, normalisations.add_vector_norms],
    "pooling": [pooling.add_maxima, pooling.add_averages, pooling.add_global_pools],
    "quantisation": [quantisation.add_quantisation, quantisation.add_learned_scales, quantisation.add_stops],
    "selections": [selections.add_several, selections.add_where, selections.add_bounds, selections.add_remainders,
                   selections.add_cast_like],
    "movement": [movement.add_slices, movement.add_splits, movement.add_gathers, movement.add_gathered_elements, movement.add_scatters,
                 movement.add_selections, movement.add_repetitions, movement.add_centred, movement.add_blocks,
                 movement.add_orders],
    "pooling": [pooling.add_maxima, pooling.add_averages, pooling.add_global_pools],
    "recurrent": [recurrent.add_recurrent],
    "reductions": [reductions.add_reductions, reductions.add_kinks, reductions.add_einsum],
    "sampling": [spatial.add_resizing, spatial.add_sampling],
    "spatial": [spatial.add_transposed_convolutions, spatial.add_norm_pools],
    "spectral": [spectral.add_transforms, spectral.add_deformable],
}


def write(family, destination):
    suite = case.Suite()
    for add in FAMILIES[family]:
        add(suite)
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
    (destination / f"{family}.json").write_text(text)
    operators = {}
    for record in suite.records:
        operators[record["operator"]] = operators.get(record["operator"], 0) + 1
    print(f"{family}: {len(suite.records)} cases, {len(text)} bytes, float32 error at most {suite.largest_float32_error:.2e}; "
          + ", ".join(f"{operator} {count}" for operator, count in operators.items()))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--destination", type=pathlib.Path, default=DESTINATION)
    parser.add_argument("--families", nargs="+", choices=FAMILIES, default=list(FAMILIES))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.destination.mkdir(parents=True, exist_ok=True)
    for family in arguments.families:
        write(family, arguments.destination)


if __name__ == "__main__":
    main()
