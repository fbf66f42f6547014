"""Questions to compare methods on: a network with weights and input that rounding leaves alone, the expected results, and its export."""
import dataclasses

import numpy as np
import torch

import method_reference as reference
import odd_networks
from exporters import export
from method_rows import ROWS, files_for
from onnx_values import all_values, layer_name

TOLERANCE = 1e-3
STABLE = 2e-4
SEEDS = 40
NOISE = 1e-6
INPUTS = ["input", "facts"]


def error(found, expected):
    """The largest difference over the largest expected magnitude; infinite where nothing can be compared."""
    found, expected = (np.asarray(one.detach() if torch.is_tensor(one) else one, dtype=np.float64) for one in (found, expected))
    if found.shape != expected.shape or not np.isfinite(found).all():
        return float("inf")
    difference, largest = np.abs(found - expected).max(initial=0), np.abs(expected).max(initial=0)
    return float(difference / largest) if largest > 0 else (0.0 if difference == 0 else float("inf"))


@dataclasses.dataclass
class Case:
    """A network with an input on which rounding decides nothing, and what PyTorch expects of every row."""
    network: odd_networks.OddNetwork
    seed: int
    model: torch.nn.Module
    question: reference.Question
    inputs: list
    files: dict
    expected: dict
    rounding: dict

    @property
    def target(self):
        targets = self.question.targets.tolist()
        return str(targets) if len(targets) > 1 and self.network.target == "{}" else self.network.target.format(targets[0])


def prepared(network, seed):
    """The case with that seed; its rounding says whether it is any good."""
    model, double, generator = odd_networks.built(network, seed)
    # Exact in float32 and in float64.
    inputs = [torch.round(torch.randn(network.batch, *shape, generator=generator) * 32) / 32 for shape in network.shapes]
    outputs = double(*[one.double() for one in inputs])
    ranked = network.scores(outputs if isinstance(outputs, tuple) else (outputs,)).argsort(1, descending=True)
    # The first sample's winner, the second's second, and so on: not one class for all.
    targets = ranked.diagonal().clone()
    files = files_for(network, inputs[0], generator)
    exact, single, noisy = (reference.Question(network, one, x, inputs[1:], targets) for one, x in [
        (double, inputs[0]), (model, inputs[0]),
        (double, inputs[0].double() * (1 + NOISE * torch.randn(inputs[0].shape, generator=generator)))])
    case = Case(network, seed, model, exact, inputs, files, {}, {})
    for row in ROWS:
        if not row.fits(network):
            continue
        expected = row.expected(exact, files).detach().numpy()
        case.expected[row.label] = expected
        case.rounding[row.label] = max(error(row.expected(other, files), expected) for other in (single, noisy))
    return case


def stable(network):
    """The first case that rounding leaves in place, or the one it moves least."""
    best = None
    for seed in range(SEEDS):
        case = prepared(network, seed)
        if best is None or max(case.rounding.values()) < max(best.rounding.values()):
            best = case
        if max(best.rounding.values()) < STABLE:
            break
    return best


def exported(case, folder, exporter):
    """Writes the model and the files; its layer's name, and the axes that turn PyTorch's layer output into the graph's."""
    path = folder / "model.onnx"
    question = case.question
    a, _ = question.layer(question.x)
    count = len(question.outputs(question.x, torch.arange(len(question.x))))
    export(case.model, case.inputs, path, exporter, INPUTS[:len(case.inputs)], [f"output{index}" for index in range(count)])
    # The newer exporter fixes the batch at 1.
    count = 1 if exporter == "dynamo" else len(question.x)
    values = all_values(path, {name: one[:count].numpy() for name, one in zip(INPUTS, case.inputs)})
    layer = layer_name(path, values, a[:count].numpy())
    for name, array in [*case.files.items(), *zip(INPUTS, (one.numpy() for one in case.inputs))]:
        np.save(folder / f"{name}.npy", array)
    expected = a[:count].numpy()
    forms = [(0, 1, 2, 3), (0, 2, 3, 1), (0, 3, 1, 2)] if a.ndim == 4 else [tuple(range(a.ndim))]
    return layer, next(form for form in forms if error(values[layer], expected.transpose(form)) < TOLERANCE)
