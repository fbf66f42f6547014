"""Writes Tests/ExplanationsTests/Golden/heads: a tiny model for every kind of head, with PyTorch's score and gradient.

Each model states its score in its own words (`score`), on float64 tensors that the exported file does not show, and never by way of
the exported outputs where those are probabilities. Run `.peers/bin/python Scripts/golden/heads.py` from the root of the project.
"""
import copy
import json
import pathlib

import onnx
import onnxruntime
import torch
from torch import nn
from torch.nn import functional

DESTINATION = pathlib.Path(__file__).resolve().parents[2] / "Tests/ExplanationsTests/Golden/heads"
STEP = 7  # of the gradient every seventh number is kept: a wrong element, sign or factor shows in any of them
TOLERANCE = 1e-4  # float32 sums of some hundred terms against float64


class Trunk(nn.Module):
    """Two convolutions; tanh-free, so that ReLU's kinks stay away from the seeded input."""

    def __init__(self, channels=6, stride=4):
        super().__init__()
        self.first = nn.Conv2d(3, channels, 3, stride=2, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, stride=stride // 2, padding=1)

    def forward(self, x):
        return functional.relu(self.second(functional.relu(self.first(x))))


class Classes(nn.Module):
    """One vector a picture."""

    def __init__(self, count, end):
        super().__init__()
        self.trunk = Trunk()
        self.linear = nn.Linear(6, count)
        self.end = end

    def logits(self, x):
        return self.linear(self.trunk(x).mean((2, 3)))

    def forward(self, x):
        logits = self.logits(x)
        return {
            "softmax": lambda: logits.softmax(1), "log_softmax": lambda: logits.log_softmax(1), "sigmoid": lambda: logits.sigmoid(),
            "none": lambda: logits, "normalize": lambda: functional.normalize(logits),
            "clipped": lambda: logits.softmax(1).clamp(1e-7, 1 - 1e-7), "percent": lambda: logits.softmax(1) * 100,
            "by_hand": lambda: self.exponentials(logits) / self.exponentials(logits).sum(1, keepdim=True),
            "topk": lambda: logits.softmax(1).topk(3, 1), "argmax": lambda: logits.argmax(1), "maximum": lambda: logits.softmax(1).max(1),
            "one_hot": lambda: functional.one_hot(logits.argmax(1), 5).float(),
            "sigmoid_by_hand": lambda: 1 / (1 + (-logits).exp()),
        }[self.end]()

    @staticmethod
    def exponentials(logits):
        return (logits - logits.amax(1, keepdim=True)).exp()


class Auxiliary(Classes):
    """Two outputs, the main one behind the auxiliary one."""

    def __init__(self):
        super().__init__(4, "none")
        self.other = nn.Linear(6, 4)

    def forward(self, x):
        return self.other(self.trunk(x).mean((2, 3))), self.logits(x)


class Places(nn.Module):
    """Class scores at places."""

    def __init__(self, count, stride, end):
        super().__init__()
        self.trunk = Trunk(stride=stride)
        self.classifier = nn.Conv2d(6, count, 1)
        self.end = end

    def logits(self, x):
        return self.classifier(self.trunk(x))

    def forward(self, x):
        logits = self.logits(x)
        if self.end == "channels_last_softmax":
            return logits.permute(0, 2, 3, 1).softmax(-1)
        if self.end == "sequence_softmax":
            return logits.mean(2).permute(0, 2, 1).softmax(-1)
        if self.end == "argmax":
            return logits.argmax(1)
        return logits.sigmoid() if self.end == "sigmoid" else logits


class Picture(nn.Module):
    """A picture of the input's size."""

    def __init__(self):
        super().__init__()
        self.trunk = Trunk(stride=4)
        self.up = nn.ConvTranspose2d(6, 3, 4, stride=4)

    def forward(self, x):
        return self.up(self.trunk(x)).sigmoid()


class Queries(nn.Module):
    """A few queries with class scores and boxes, as DETR has them; the last class is no object unless `joined`."""

    def __init__(self, joined, queries=20, classes=4):
        super().__init__()
        self.joined = joined
        self.trunk = Trunk(stride=4)
        self.queries = nn.Parameter(torch.randn(1, queries, 6))
        self.classes = nn.Linear(6, classes if joined else classes + 1)
        self.places = nn.Linear(6, 4)

    def hidden(self, x):
        cells = self.trunk(x).flatten(2).transpose(1, 2)
        return (self.queries @ cells.transpose(1, 2)).softmax(-1) @ cells + self.queries

    def logits(self, x):
        return self.classes(self.hidden(x))

    def boxes(self, x):
        return self.places(self.hidden(x)).sigmoid()

    def forward(self, x):
        if self.joined:
            return torch.cat([self.boxes(x), self.logits(x).sigmoid()], -1)
        return self.logits(x), self.boxes(x)


def corners(height, width, stride):
    """Squares of side 2 * stride around the centres of cells, [n, 4] in pixels."""
    y, x = torch.meshgrid(torch.arange(height // stride), torch.arange(width // stride), indexing="ij")
    x, y = (x.reshape(-1) + 0.5) * stride, (y.reshape(-1) + 0.5) * stride
    return torch.stack([x - stride, y - stride, x + stride, y + stride], 1)


class Scales(nn.Module):
    """Two scales of candidates, each with a softmax of its own, as ultraface has them; or as YOLO writes them."""

    def __init__(self, form, classes=3, height=32, width=48):
        super().__init__()
        self.form = form
        self.trunk = Trunk(stride=4)
        self.deeper = nn.Conv2d(6, 6, 3, stride=2, padding=1)
        self.scores = nn.ModuleList([nn.Conv2d(6, classes + (form == "objectness"), 3, padding=1) for _ in range(2)])
        self.boxes = nn.ModuleList([nn.Conv2d(6, 4, 1) for _ in range(2)])
        if form in ("masks", "key_points"):
            self.further = nn.ModuleList([nn.Conv2d(6, 6, 1) for _ in range(2)])
            self.prototypes = nn.ConvTranspose2d(6, 6, 2, stride=2)
        anchors = torch.cat([corners(height, width, 4), corners(height, width, 8)])
        if form == "softmax":
            anchors = anchors / torch.tensor([width, height, width, height])
        else:
            anchors = torch.cat([(anchors[:, :2] + anchors[:, 2:]) / 2, anchors[:, 2:] - anchors[:, :2]], 1)
        self.register_buffer("anchors", anchors)

    def scales(self, x):
        first = self.trunk(x)
        return [first, functional.relu(self.deeper(first))]

    def rows(self, heads, x):
        return [head(scale).permute(0, 2, 3, 1).flatten(1, 2) for head, scale in zip(heads, self.scales(x))]

    def logits(self, x):
        return torch.cat(self.rows(self.scores, x), 1)

    def forward(self, x):
        boxes = self.anchors + 0.01 * torch.cat(self.rows(self.boxes, x), 1)
        if self.form == "softmax":
            return torch.cat([row.softmax(-1) for row in self.rows(self.scores, x)], 1), boxes
        scores = self.logits(x).sigmoid()
        if self.form == "split":
            return torch.cat([boxes, scores[..., :1] * 1, self.logits(x)[..., 1:].sigmoid()], -1)
        if self.form in ("picked", "flattened"):
            edges = torch.cat([boxes[..., :2] - boxes[..., 2:] / 2, boxes[..., :2] + boxes[..., 2:] / 2], -1)
            return self.picked(edges, scores)
        if self.form in ("masks", "key_points"):
            further = torch.cat(self.rows(self.further, x), 1)
            if self.form == "key_points":
                further = further.unflatten(-1, (2, 3))
                further = torch.cat([further[..., :2] * 8, further[..., 2:].sigmoid()], -1).flatten(2)
            columns = torch.cat([boxes, scores, further], -1).permute(0, 2, 1)
            return columns if self.form == "key_points" else (columns, self.prototypes(self.trunk(x)))
        rows = torch.cat([boxes, scores], -1)
        if self.form == "transposed":
            return torch.cat([boxes.permute(0, 2, 1), scores.permute(0, 2, 1)], 1).permute(0, 2, 1)
        return rows if self.form == "objectness" else rows.permute(0, 2, 1)

    def picked(self, edges, scores, count=10):
        """The surest rows, as heads without non-maximum suppression put them out."""
        classes = scores.shape[-1]
        if self.form == "flattened":
            best, where = scores.flatten(1).topk(count, 1)
            return edges.gather(1, (where // classes)[..., None].expand(-1, -1, 4)), best, where % classes
        best, where = scores.amax(-1).topk(count, 1)
        label = scores.gather(1, where[..., None].expand(-1, -1, classes)).argmax(-1)
        place = edges.gather(1, where[..., None].expand(-1, -1, 4))
        return torch.cat([place, best[..., None], label[..., None].float()], -1)


def overlap(a, b):
    size = (torch.minimum(a[2:], b[2:]) - torch.maximum(a[:2], b[:2])).clamp(min=0).prod()
    return size / ((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - size)


def cases():
    """Name, model, output names, kind, input size, and the score of the likeliest finding with what it is."""
    small = (32, 48)

    def best(model, x):
        return int(model.logits(x)[0].argmax())

    def element(model, x):
        index = best(model, x)
        return model.logits(x)[0, index], {"index": index}

    for end, kind in [("softmax", "classifier"), ("log_softmax", "classifier"), ("none", "classifier"), ("sigmoid", "multi-label classifier")]:
        yield f"classes_{end}", Classes(5, end), ["y"], kind, small, element
    yield "binary", Classes(1, "sigmoid"), ["y"], "binary classifier", small, lambda model, x: (
        model.logits(x).abs()[0, 0], {"index": int(model.logits(x)[0, 0] > 0)})
    yield "regression", Classes(1, "none"), ["age"], "regression", small, lambda model, x: (model(x)[0, 0], {"index": 0})
    yield "embedding", Classes(12, "none"), ["embedding"], "embedding", small, lambda model, x: (
        model(x)[0].square().sum() / 2, {"index": 0})
    yield "embedding_normalised", Classes(12, "normalize"), ["y"], "embedding", small, lambda model, x: (
        model.logits(x)[0].square().sum() / 2, {"index": 0})
    yield "auxiliary", Auxiliary(), ["aux_logits", "logits"], "classifier", small, element

    def wins(reduce=lambda logits: logits):
        def score(model, x):
            logits = reduce(model.logits(x))[0].flatten(1)
            counts = logits.argmax(0).bincount(minlength=logits.shape[0])
            index = int(counts.argmax())
            return logits[index][logits.argmax(0) == index].mean(), {"index": index, "places": int(counts[index])}
        return score

    yield "segmentation", Places(3, 4, "none"), ["out"], "segmentation", small, wins()
    yield "segmentation_channels_last", Places(3, 4, "channels_last_softmax"), ["out"], "segmentation", small, wins()
    yield "sequence", Places(5, 4, "sequence_softmax"), ["out"], "sequence classifier", small, wins(lambda logits: logits.mean(2))

    def foreground(model, x):
        logits = model.logits(x)[0, 0]
        positive = int((logits > 0).sum())
        index = int(positive > logits.numel() - positive)
        won = logits[(logits > 0) == bool(index)]
        return won.mean() * (1 if index else -1), {"index": index, "places": won.numel()}

    yield "segmentation_binary", Places(1, 4, "sigmoid"), ["mask"], "segmentation", small, foreground

    def everywhere(model, x):
        means = model.logits(x)[0].mean((1, 2))
        return means.max(), {"index": int(means.argmax())}

    yield "fully_convolutional", Places(4, 32, "none"), ["out"], "fully convolutional classifier", (64, 96), everywhere

    def detection(model, x):
        logits = model.logits(x)[0]
        if model.form == "softmax":
            probabilities = torch.cat([row.softmax(-1) for row in model.rows(model.scores, x)], 1)[0]
            probabilities[:, 0] = 0
        elif model.form == "objectness":
            probabilities = logits[:, 1:].sigmoid() * logits[:, :1].sigmoid()
        else:
            probabilities = logits.sigmoid()
        place = int(probabilities.argmax())
        candidate, index = divmod(place, probabilities.shape[1])
        column = index + (model.form == "objectness")
        return logits[candidate, column], {"index": index, "candidate": candidate, "probability": float(probabilities.max())}

    yield "detector_boxes_and_scores", Scales("softmax"), ["scores", "boxes"], "detector", small, detection
    yield "detector_channels_first", Scales("channels_first"), ["output0"], "detector", small, detection
    yield "detector_objectness", Scales("objectness"), ["output"], "detector", small, detection

    def probable(model, x):
        value, facts = element(model, x)
        return value, {**facts, "probability": float(model.logits(x)[0].softmax(0).max())}

    for end, outputs in [
        ("clipped", ["y"]), ("percent", ["y"]), ("by_hand", ["y"]), ("topk", ["values", "indices"]), ("argmax", ["label"]),
        ("maximum", ["confidence", "label"]), ("one_hot", ["y"]),
    ]:
        yield f"classes_{end}", Classes(5, end), outputs, "classifier", small, probable
    yield "classes_sigmoid_by_hand", Classes(5, "sigmoid_by_hand"), ["y"], "multi-label classifier", small, lambda model, x: (
        element(model, x)[0], {"index": best(model, x), "probability": float(model.logits(x).max().sigmoid())})
    yield "segmentation_argmax", Places(3, 4, "argmax"), ["labels"], "segmentation", small, wins()
    yield "detector_masks", Scales("masks"), ["output0", "output1"], "detector", small, detection
    yield "detector_key_points", Scales("key_points"), ["output0"], "detector", small, detection
    yield "detector_transposed", Scales("transposed"), ["output0"], "detector", small, detection
    yield "detector_picked", Scales("picked"), ["output0"], "detector", small, detection
    yield "detector_flattened", Scales("flattened"), ["boxes", "scores", "labels"], "detector", small, detection

    def query(model, x):
        logits = model.logits(x)[0]
        probabilities = logits.sigmoid() if model.joined else logits.softmax(-1)[:, :-1]
        candidate, index = divmod(int(probabilities.argmax()), probabilities.shape[1])
        x_centre, y_centre, width, height = (model.boxes(x)[0, candidate] * torch.tensor([48, 32, 48, 32])).tolist()
        return logits[candidate, index], {
            "index": index, "candidate": candidate, "probability": float(probabilities.max()),
            "box": [x_centre - width / 2, y_centre - height / 2, x_centre + width / 2, y_centre + height / 2]}

    yield "queries", Queries(False), ["logits", "pred_boxes"], "detector", small, query
    yield "queries_joined", Queries(True), ["output0"], "detector", small, query
    yield "picture", Picture(), ["recon"], "picture", small, lambda model, x: ((model(x) - x).square().sum(), {"index": 0})


def enlarge(model, seed):
    """Random weights whose scores differ from place to place and class to class."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            spread = 1.5 / max(parameter[0].numel(), 1) ** 0.5 if parameter.dim() > 1 else 0.3
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * spread)


def picture(number, size):
    """Numbers that the test makes again from the case's number: multiples of 1/8, exact in float32."""
    position = torch.arange(3 * size[0] * size[1], dtype=torch.int64)
    mixed = (position * 2654435761 + number * 40503) % 2**32
    mixed = (mixed ^ (mixed >> 15)) * 2246822519 % 2**32
    return ((mixed >> 28).float() / 4 - 1.875).reshape(1, 3, *size)


def main():
    DESTINATION.mkdir(parents=True, exist_ok=True)
    records = []
    for number, (name, model, outputs, kind, size, score) in enumerate(cases()):
        enlarge(model, number)
        x = picture(number, size)
        path = DESTINATION / f"{name}.onnx"
        torch.onnx.export(
            model.eval(), x, path, dynamo=False, opset_version=17, input_names=["image"], output_names=outputs)
        file = onnx.load(path)
        for node in file.graph.node:
            node.ClearField("doc_string")
        onnx.save(file, path)

        double = copy.deepcopy(model).double()
        leaf = x.double().requires_grad_()
        value, facts = score(double, leaf)
        (gradient,) = torch.autograd.grad(value, leaf)
        run = onnxruntime.InferenceSession(path).run(None, {"image": x.numpy()})
        expected = double(leaf)
        for found, wanted in zip(run, expected if isinstance(expected, tuple) else (expected,)):
            assert abs(found - wanted.detach().numpy()).max() < 1e-4, name
        assert gradient.abs().max() > 1e-5, name
        records.append({
            "name": name, "kind": kind, "number": number, "height": size[0], "width": size[1],
            "score": float(value.detach()), "gradient": [float(f"{v:.6g}") for v in gradient.flatten()[::STEP]], **facts,
        })
    (DESTINATION / "heads.json").write_text(json.dumps({
        "versions": {"torch": torch.__version__, "onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__},
        "tolerance": TOLERANCE, "step": STEP, "cases": records}) + "\n")


if __name__ == "__main__":
    main()
