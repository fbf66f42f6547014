"""Networks of onnxruntime.quantization in all its forms, beside what the float network's Grad-CAM shows.

Writes Tests/ExplanationsTests/Golden/quantised: the files, and quantised.json with pictures, PyTorch's maps of the float network in float64
and what ONNX Runtime (default options) computes with the quantised files. Needs torch, onnx, onnxruntime.
"""
import json
import logging
import pathlib
import shutil
import tempfile

import numpy as np
import onnx
import onnxruntime
import torch
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static

SEED = 80
SIDE = 16
folder = pathlib.Path(__file__).resolve().parents[2] / "Tests/ExplanationsTests/Golden/quantised"


class Plain(torch.nn.Module):
    """Two convolutions with a max pooling, whose picture is padded with zeros, and a linear layer on the mean."""

    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 6, 3, padding=1)
        self.conv2 = torch.nn.Conv2d(6, 8, 3, padding=1)
        self.fc = torch.nn.Linear(8, 4)

    def maps(self, x):
        return torch.relu(self.conv2(torch.max_pool2d(torch.relu(self.conv1(x)), 2)))

    def forward(self, x):
        return self.fc(self.maps(x).mean((2, 3)))


class Ends(Plain):
    def __init__(self, end):
        super().__init__()
        self.end = end

    def forward(self, x):
        return self.end(super().forward(x))


class Bright(torch.nn.Module):
    """The first score adds brightness up over all places, and is beyond all of the calibration where everything is bright."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 4, 4, 4)
        self.fc = torch.nn.Linear(4 * 16, 3)
        with torch.no_grad():
            self.conv.weight.abs_()
            self.fc.weight[0].abs_()

    def maps(self, x):
        return torch.relu(self.conv(x))

    def forward(self, x):
        return self.fc(self.maps(x).flatten(1))


class Padded(torch.nn.Module):
    """Zeros around numbers that are all negative: a pooling that pads with minus infinity gives others at the border."""

    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 6, 3, padding=1)
        self.conv2 = torch.nn.Conv2d(6, 8, 3, padding=1)
        self.fc = torch.nn.Linear(8, 4)

    def maps(self, x):
        a = -torch.nn.functional.softplus(self.conv1(x))
        return torch.relu(self.conv2(torch.max_pool2d(torch.nn.functional.pad(a, (1, 1, 1, 1)), 3, 2)))

    def forward(self, x):
        return self.fc(self.maps(x).mean((2, 3)))


class Feeds(CalibrationDataReader):
    def __init__(self, pictures):
        self.rows = iter([{"x": picture} for picture in pictures])

    def get_next(self):
        return next(self.rows, None)


def made(kind, *arguments):
    torch.manual_seed(SEED)
    return kind(*arguments).eval()


def picture(seed, scale=1.0):
    return np.random.default_rng(seed).random((1, 3, SIDE, SIDE), dtype=np.float32) * np.float32(scale)


def corner(k):
    result = np.zeros((1, 3, SIDE, SIDE), np.float32)
    half = SIDE // 2
    y, x = half * (k // 2), half * (k % 2)
    result[:, :, y:y + half, x:x + half] = np.random.default_rng(k).random((1, 3, half, half))
    return result


def export(model, path):
    torch.onnx.export(model, (torch.zeros(1, 3, SIDE, SIDE),), path, dynamo=False, opset_version=17,
                      input_names=["x"], output_names=["y"])


def gradcam(model, x, index):
    """Grad-CAM before its ReLU, of the score in front of the end, in float64."""
    twin = made(type(model), *([model.end] if isinstance(model, Ends) else [])).double()
    maps = twin.maps(torch.from_numpy(x).double())
    pooled = maps.flatten(1) if isinstance(twin, Bright) else maps.mean((2, 3))
    score = twin.fc(pooled)[0, index]
    gradient, = torch.autograd.grad(score, maps)
    return float(score.detach()), (gradient.mean((2, 3), keepdim=True) * maps).sum(1)[0].detach().numpy()


FORMS = {
    "qdq-int8": dict(quant_format=QuantFormat.QDQ, activation_type=QuantType.QInt8, weight_type=QuantType.QInt8),
    "qdq-uint8": dict(quant_format=QuantFormat.QDQ, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8),
    "qdq-int8-per-channel": dict(quant_format=QuantFormat.QDQ, activation_type=QuantType.QInt8,
                                 weight_type=QuantType.QInt8, per_channel=True),
    "qdq-int16": dict(quant_format=QuantFormat.QDQ, activation_type=QuantType.QInt16, weight_type=QuantType.QInt8),
    "qdq-uint16": dict(quant_format=QuantFormat.QDQ, activation_type=QuantType.QUInt16, weight_type=QuantType.QUInt8),
    "qoperator-int8": dict(quant_format=QuantFormat.QOperator, activation_type=QuantType.QInt8,
                           weight_type=QuantType.QInt8),
    "qoperator-uint8": dict(quant_format=QuantFormat.QOperator, activation_type=QuantType.QUInt8,
                            weight_type=QuantType.QUInt8),
}


def main():
    logging.disable(logging.CRITICAL)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    place = pathlib.Path(tempfile.mkdtemp())
    cases, pictures = [], {}

    def add(name, model, shown, kind, quantise):
        x = bright if shown == "bright" else picture(1)
        index = int(model(torch.from_numpy(x)).argmax())
        pictures[shown] = x.ravel().tolist()
        export(model, place / "float.onnx")
        path = folder / f"{name}.onnx"
        quantise(place / "float.onnx", path)
        message = onnx.load(path)
        message.ClearField("producer_name")
        del message.graph.value_info[:]
        for node in message.graph.node:
            node.ClearField("doc_string")
        onnx.save(message, path)
        session = onnxruntime.InferenceSession(path)
        output, = session.run(None, {"x": x})
        score, map_ = gradcam(model, x, index)
        cases.append({
            "name": name, "kind": kind, "picture": shown, "target": index,
            "output": output.ravel().tolist(), "score": score, "map": map_.ravel().tolist(), "mapShape": list(map_.shape),
            "parameters": sum(p.numel() for p in model.parameters())})

    def static(pictures, form):
        return lambda source, target: quantize_static(source, target, Feeds(pictures), **FORMS[form])

    usual = [picture(100 + i) for i in range(8)]
    bright = sum(corner(k) for k in range(4))
    for form in FORMS:
        add(form, made(Plain), "usual", "plain", static(usual, form))
    add("dynamic", made(Plain), "usual", "plain",
        lambda source, target: quantize_dynamic(source, target, weight_type=QuantType.QUInt8))
    for form in ("qdq-int8", "qoperator-uint8"):
        add(f"softmax-{form}", made(Ends, torch.nn.Softmax(1)), "usual", "plain", static(usual, form))
    for form in ("qdq-int8", "qdq-uint8", "qdq-int16", "qoperator-int8"):
        add(f"saturated-{form}", made(Bright), "bright", "saturated", static([corner(k) for k in range(4)], form))
    add("padded", made(Padded), "usual", "float", shutil.copyfile)
    (folder / "quantised.json").write_text(json.dumps({
        "tools": {"torch": torch.__version__, "onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__,
                  "numpy": np.__version__},
        "seed": SEED, "shape": [1, 3, SIDE, SIDE], "pictures": pictures, "cases": cases}) + "\n")
    for path in sorted(folder.iterdir()):
        print(f"{path.stat().st_size:8} {path.name}")


if __name__ == "__main__":
    main()
