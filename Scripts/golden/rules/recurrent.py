"""Recurrent layers, written out from ONNX's formulas with the engine's conventions: clipping bounds pre-activations only, the numbers of
activations stand in the lists for those functions alone that take them, and a sequence without a step ends in zeros."""
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from rules.case import node

# Defaults are the engine's.
NUMBERS = {"Affine": (0, 0), "Elu": (1, 0), "HardSigmoid": (0.2, 0.5), "LeakyRelu": (0.01, 0), "ScaledTanh": (0, 0), "ThresholdedRelu": (0, 0)}
WITH_BETA = {"Affine", "HardSigmoid", "ScaledTanh"}
FUNCTIONS = {
    "Affine": lambda x, a, b: a * x + b,
    "Elu": lambda x, a, b: F.elu(x, a),
    "HardSigmoid": lambda x, a, b: (a * x + b).clamp(0, 1),
    "LeakyRelu": lambda x, a, b: F.leaky_relu(x, a),
    "Relu": lambda x, a, b: F.relu(x),
    "ScaledTanh": lambda x, a, b: a * torch.tanh(b * x),
    "Sigmoid": lambda x, a, b: torch.sigmoid(x),
    "Softplus": lambda x, a, b: F.softplus(x),
    "Softsign": lambda x, a, b: F.softsign(x),
    "Tanh": lambda x, a, b: torch.tanh(x),
    "ThresholdedRelu": lambda x, a, b: x * (x > a),
}
STANDARD = {"LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"], "RNN": ["Tanh"]}
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def activations(kind, attributes, directions):
    names = attributes.get("activations", STANDARD[kind] * directions)
    alphas, betas = list(attributes.get("activation_alpha", [])), list(attributes.get("activation_beta", []))
    chosen = []
    for name in names:
        alpha, beta = NUMBERS.get(name, (0, 0))
        if name in NUMBERS and alphas:
            alpha = float(np.float32(alphas.pop(0)))
        if name in WITH_BETA and betas:
            beta = float(np.float32(betas.pop(0)))
        chosen.append(lambda x, name=name, alpha=alpha, beta=beta: FUNCTIONS[name](x, alpha, beta))
    count = len(STANDARD[kind])
    return [chosen[count * direction:count * (direction + 1)] for direction in range(directions)]


def cell(kind, attributes, functions, x, w, r, b, p, h, c):
    """One step: the new hidden and cell state."""
    limit = attributes.get("clip")

    def bounded(value):
        return value if limit is None else value.clamp(-float(np.float32(limit)), float(np.float32(limit)))

    rows = r.shape[-1]
    wb, rb = b.split(len(b) // 2)
    if kind == "RNN":
        return functions[0](bounded(x @ w.T + wb + h @ r.T + rb)), None
    if kind == "GRU":
        (xz, xr, xn), (hz, hr, hn) = (x @ w.T + wb).split(rows, 1), (h @ r.T + rb).split(rows, 1)
        z, reset = functions[0](bounded(xz + hz)), functions[0](bounded(xr + hr))
        if not attributes.get("linear_before_reset", 0):
            hn = (reset * h) @ r[2 * rows:].T + rb[2 * rows:]
        else:
            hn = reset * hn
        return (1 - z) * functions[1](bounded(xn + hn)) + z * h, None
    pi, po, pf = p.split(rows)
    i, o, f, g = (x @ w.T + wb + h @ r.T + rb).split(rows, 1)
    i = functions[0](bounded(i + pi * c))
    f = 1 - i if attributes.get("input_forget", 0) else functions[0](bounded(f + pf * c))
    c = f * c + i * functions[1](bounded(g))
    return functions[0](bounded(o + po * c)) * functions[2](c), c


def layer(kind, attributes, lengths, x, w, r, b, p, h, c):
    """Y, Y_h and, of an LSTM, Y_c, flattened behind one another."""
    steps, batch, _ = x.shape
    direction = attributes.get("direction", "forward")
    lengths = torch.full((batch,), steps) if lengths is None else lengths
    outputs, last = [], []
    for number, functions in enumerate(activations(kind, attributes, len(w))):
        hidden, inner = h[number], c[number]
        results = [None] * steps
        order = range(steps - 1, -1, -1) if number or direction == "reverse" else range(steps)
        for time in order:
            new, state = cell(kind, attributes, functions, x[time], w[number], r[number], b[number], p[number], hidden, inner)
            valid = (time < lengths)[:, None]
            results[time] = torch.where(valid, new, torch.zeros_like(new))
            hidden = torch.where(valid, new, hidden)
            inner = inner if state is None else torch.where(valid, state, inner)
        outputs.append(torch.stack(results))
        some = (lengths > 0)[:, None]
        last.append((hidden * some, inner * some))
    y = torch.stack(outputs, 1)
    parts = [y, torch.stack([one for one, _ in last])] + ([torch.stack([one for _, one in last])] if kind == "LSTM" else [])
    return torch.cat([part.reshape(-1) for part in parts])


def drawn(generator, *shape, scale=0.8):
    return np.round(generator.standard_normal(shape) * scale, 3).astype(np.float32)


def tensors(generator, kind, directions=1, steps=4, batch=2, inputs=3, hidden=2):
    gates = GATES[kind]
    values = {
        "x": drawn(generator, steps, batch, inputs), "w": drawn(generator, directions, gates * hidden, inputs),
        "r": drawn(generator, directions, gates * hidden, hidden), "b": drawn(generator, directions, 2 * gates * hidden),
        "h": drawn(generator, directions, batch, hidden)}
    if kind == "LSTM":
        values |= {"c": drawn(generator, directions, batch, hidden), "p": drawn(generator, directions, 3 * hidden)}
    return values


CASES = [
    ("LSTM", "plain", {}, "xwrbhc"),
    ("LSTM", "only_required", {}, "xwr"),
    ("LSTM", "peepholes", {}, "xwrbhcp"),
    ("LSTM", "peepholes_without_state", {}, "xwrbp"),
    ("LSTM", "reverse", {"direction": "reverse"}, "xwrbhc"),
    ("LSTM", "bidirectional_peepholes", {"direction": "bidirectional"}, "xwrbhcp"),
    ("LSTM", "clip", {"clip": 0.4}, "xwrbhc"),
    ("LSTM", "clip_peepholes", {"clip": 0.4}, "xwrbhcp"),
    ("LSTM", "input_forget", {"input_forget": 1}, "xwrbhcp"),
    ("LSTM", "other_activations", {"activations": ["HardSigmoid", "LeakyRelu", "ScaledTanh"], "activation_alpha": [0.3, 0.2, 0.9],
                                   "activation_beta": [0.4, 0.8]}, "xwrbhc"),
    ("LSTM", "activations_of_directions", {"direction": "bidirectional", "activations": ["Sigmoid", "Elu", "Softsign", "HardSigmoid", "Tanh", "Affine"],
                                           "activation_alpha": [0.7, 0.3, 0.6], "activation_beta": [0.4, 0.1]}, "xwrbhc"),
    ("GRU", "plain", {}, "xwrbh"),
    ("GRU", "only_required", {}, "xwr"),
    ("GRU", "linear_before_reset", {"linear_before_reset": 1}, "xwrbh"),
    ("GRU", "linear_before_reset_without_state", {"linear_before_reset": 1, "direction": "reverse"}, "xwrb"),
    ("GRU", "bidirectional", {"direction": "bidirectional"}, "xwrbh"),
    ("GRU", "bidirectional_linear_clip", {"direction": "bidirectional", "linear_before_reset": 1, "clip": 0.5}, "xwrbh"),
    ("GRU", "other_activations", {"activations": ["HardSigmoid", "Softplus"]}, "xwrbh"),
    ("RNN", "plain", {}, "xwrbh"),
    ("RNN", "only_required", {"direction": "reverse"}, "xwr"),
    ("RNN", "bidirectional_clip", {"direction": "bidirectional", "clip": 0.6}, "xwrbh"),
] + [("RNN", name.lower(), {"activations": [name], "activation_alpha": [0.3], "activation_beta": [0.4]}, "xwrbh") for name in sorted(FUNCTIONS)
     if name not in ("Tanh",)]
PADDED = [("LSTM", "forward", "xwrbhcp"), ("LSTM", "reverse", "xwrbhc"), ("GRU", "bidirectional", "xwrb"), ("RNN", "forward", "xwrbh")]


def add_recurrent(suite):
    generator = np.random.default_rng(1997)
    for kind, name, attributes, given in CASES:
        add(suite, generator, kind, f"{kind.lower()}_{name}", attributes, given)
    for kind, direction, given in PADDED:
        attributes = {"direction": direction}
        add(suite, generator, kind, f"{kind.lower()}_lengths_{direction}", attributes, given, lengths=[3, 0, 4])
        add(suite, generator, kind, f"{kind.lower()}_computed_lengths_{direction}", attributes, given, lengths=[4, 1, 2], is_computed=True)
    agrees_with_torch(generator)


def add(suite, generator, kind, name, attributes, given, lengths=None, is_computed=False):
    directions = 2 if attributes.get("direction") == "bidirectional" else 1
    values = tensors(generator, kind, directions, batch=2 if lengths is None else len(lengths))
    inputs = {key: value for key, value in values.items() if key in given}
    zeros = {key: torch.zeros(value.shape, dtype=torch.float64) for key, value in values.items()}
    zeros["c"], zeros["p"] = zeros.get("c", zeros["h"]), zeros.get("p", torch.zeros(directions, 0))

    def function(*leaves):
        named = {key: value.to(leaves[0].dtype) for key, value in zeros.items()} | dict(zip(inputs, leaves))
        end = None if lengths is None else torch.tensor(lengths)
        return layer(kind, attributes, end, *(named[key] for key in "xwrbphc"))

    place = "-" if lengths is None else "lengths"
    names = [key if key in given else "-" for key in "xwrb"] + [place] + [key if key in given else "-" for key in "hcp"]
    names = names[:6] if kind != "LSTM" else names
    outputs = "Y Yh Yc" if kind == "LSTM" else "Y Yh"
    hidden = values["r"].shape[-1]
    nodes = [node(kind, " ".join(names), outputs, hidden_size=hidden, **attributes)]
    nodes += [node("Reshape", f"{one} flat", f"{one}flat") for one in outputs.split()]
    nodes += [node("Concat", " ".join(f"{one}flat" for one in outputs.split()), axis=0)]
    initializers = {"flat": np.array([-1], dtype=np.int64)}
    if lengths is not None and is_computed:
        nodes.insert(0, node("Cast", "real", "lengths", to=6))
        inputs["real"] = np.asarray(lengths, dtype=np.float32)
    elif lengths is not None:
        initializers["lengths"] = np.asarray(lengths, dtype=np.int32)
    suite.add(name, kind, nodes, inputs, function, initializers)


def agrees_with_torch(generator):
    """The formulas above give what PyTorch's own layers give."""
    for kind, order in (("LSTM", [0, 3, 1, 2]), ("GRU", [1, 0, 2]), ("RNN", [0])):
        values = {key: torch.tensor(value, dtype=torch.float64) for key, value in tensors(generator, kind, 2).items()}
        peer = getattr(nn, kind)(3, 2, bidirectional=True).double()
        for direction, suffix in enumerate(("", "_reverse")):
            def rows(key, part=slice(None)):
                return values[key][direction][part].reshape(GATES[kind], 2, -1)
            bias = values["b"][direction].reshape(2, GATES[kind] * 2)
            for name, value in (("weight_ih_l0", rows("w")), ("weight_hh_l0", rows("r")), ("bias_ih_l0", bias[0].reshape(GATES[kind], 2)),
                                ("bias_hh_l0", bias[1].reshape(GATES[kind], 2))):
                # ONNX orders gates i o f c and z r h, PyTorch i f g o and r z n.
                moved = torch.stack([value[{"LSTM": [0, 2, 3, 1], "GRU": [1, 0, 2], "RNN": [0]}[kind][gate]] for gate in range(GATES[kind])])
                getattr(peer, name + suffix).data = moved.reshape(getattr(peer, name + suffix).shape)
        state = (values["h"], values["c"]) if kind == "LSTM" else values["h"]
        y, last = peer(values["x"], state)
        y = y.reshape(4, 2, 2, 2).transpose(1, 2)
        expected = torch.cat([part.reshape(-1) for part in (y, *(last if kind == "LSTM" else (last,)))])
        attributes = {"direction": "bidirectional", "linear_before_reset": 1}
        found = layer(kind, attributes, None, values["x"], values["w"], values["r"], values["b"], torch.zeros(2, 6),
                      values["h"], values.get("c", values["h"]))
        assert (found - expected).abs().max() < 1e-12, kind
