"""A small network that read handwritten digits, and the same network that memorised permuted labels: for sanity checks.

Writes two ONNX files (trained and permuted), ten test pictures, and entropies of histograms by NumPy and SciPy, beside the tests of
Evaluation. The pictures are scikit-learn's 8x8 digits (UCI, public domain), enlarged to 16x16.
"""

import io
import json
from pathlib import Path

import numpy as np
import onnx
import scipy
import sklearn
import torch
from scipy.stats import entropy
from sklearn.datasets import load_digits
from torch import nn

from compact import compact

FOLDER = Path(__file__).resolve().parents[2] / "Tests/EvaluationTests/Golden"
SEED = 0


class DigitNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 12, 3, padding=1)
        self.conv3 = nn.Conv2d(12, 12, 3, padding=1)
        self.conv4 = nn.Conv2d(12, 16, 3, padding=1)
        self.conv5 = nn.Conv2d(16, 16, 3, padding=1)
        self.fc = nn.Linear(16 * 4 * 4, 10)

    def forward(self, x):
        x = torch.relu(self.conv2(torch.relu(self.conv1(x))))
        x = torch.max_pool2d(x, 2)
        x = torch.relu(self.conv4(torch.relu(self.conv3(x))))
        x = torch.max_pool2d(torch.relu(self.conv5(x)), 2)
        return self.fc(x.flatten(1))


def trained(images, labels, epochs):
    torch.manual_seed(SEED)
    network = DigitNetwork()
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    for _ in range(epochs):
        for rows in torch.randperm(len(images)).split(64):
            optimiser.zero_grad()
            nn.functional.cross_entropy(network(images[rows]), labels[rows]).backward()
            optimiser.step()
    return network.eval()


def accuracy(network, images, labels):
    with torch.no_grad():
        return (network(images).argmax(1) == labels).float().mean().item()


def export(network, name):
    buffer = io.BytesIO()
    torch.onnx.export(
        network, torch.zeros(1, 1, 16, 16), buffer, input_names=["image"], output_names=["logits"], opset_version=17,
        dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}}, dynamo=False)
    model = onnx.load_from_string(buffer.getvalue())
    onnx.checker.check_model(model)
    (FOLDER / name).write_bytes(model.SerializeToString())


def main():
    torch.set_num_threads(1)
    digits = load_digits()
    images = torch.tensor(digits.images / 16, dtype=torch.float32)[:, None]
    images = nn.functional.interpolate(images, scale_factor=2, mode="bilinear", align_corners=False)
    labels = torch.tensor(digits.target)
    learning, testing = slice(0, 1500), slice(1500, None)
    network = trained(images[learning], labels[learning], 15)
    permutation = torch.randperm(400, generator=torch.Generator().manual_seed(SEED))
    permuted = labels[:400][permutation]
    memorising = trained(images[:400], permuted, 200)
    export(network, "digits.onnx")
    export(memorising, "digits_permuted.onnx")
    chosen = [int((labels[testing] == digit).nonzero()[0]) for digit in range(10)]
    pictures = images[testing][chosen]
    random = np.random.default_rng(SEED)
    cases = []
    for values in (random.normal(size=200), np.abs(random.normal(size=97)) ** 3, np.arange(12.0), np.ones(5)):
        values = values.astype(np.float32)
        for bins in (100, 7):
            expected = entropy(np.histogram(values, bins=bins)[0])
            cases.append({"values": values.astype(float).tolist(), "bins": bins, "entropy": float(expected)})
    golden = {
        "versions": {
            "torch": torch.__version__, "numpy": np.__version__, "scipy": scipy.__version__,
            "scikit-learn": sklearn.__version__},
        "seed": SEED,
        "accuracy": {
            "trained, test": accuracy(network, images[testing], labels[testing]),
            "permuted, learnt": accuracy(memorising, images[:400], permuted),
            "permuted, true labels": accuracy(memorising, images[testing], labels[testing])},
        "labels": list(range(10)),
        "pictures": [[round(float(v), 6) for v in picture.flatten()] for picture in pictures],
        "entropies": cases,
    }
    (FOLDER / "digits.json").write_text(compact(golden))
    print(golden["accuracy"])


if __name__ == "__main__":
    main()
