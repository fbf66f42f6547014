"""A small network that reads handwritten digits, and the same network that memorised permuted labels: for sanity checks.

Run: python Scripts/golden/digit_networks.py   (needs torch, scikit-learn and SciPy; writes Tests/EvaluationTests/Golden/digits*)

Writes two ONNX files (trained and permuted), ten test pictures, entropies of histograms by NumPy and SciPy, and what parameter
randomisation (Adebayo et al. 2018) does to maps of the trained network: for every step the mean of Spearman's correlation over
pictures and draws, with the standard error over draws, as PyTorch and SciPy have it. The pictures are scikit-learn's 8x8 digits (UCI,
public domain), enlarged to 16x16.
"""

import io
import json
from itertools import combinations
from pathlib import Path

import numpy as np
import onnx
import scipy
import sklearn
import torch
from scipy.stats import entropy, spearmanr
from sklearn.datasets import load_digits
from torch import nn

FOLDER = Path(__file__).resolve().parents[2] / "Tests/EvaluationTests/Golden"
SEED = 0
DRAWS = 40
# From the scores down.
LAYERS = ["fc", "conv5", "conv4", "conv3", "conv2", "conv1"]


class DigitNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 12, 3, padding=1)
        self.conv2 = nn.Conv2d(12, 16, 3, padding=1)
        self.conv3 = nn.Conv2d(16, 20, 3, padding=1)
        self.conv4 = nn.Conv2d(20, 24, 3, padding=1)
        self.conv5 = nn.Conv2d(24, 32, 3, padding=1)
        self.fc = nn.Linear(32, 10)

    def layers(self, x, relu=torch.relu):
        """The last convolution's map, and the scores."""
        x = relu(self.conv2(relu(self.conv1(x))))
        x = torch.max_pool2d(x, 2)
        x = relu(self.conv4(relu(self.conv3(x))))
        last = relu(self.conv5(x))
        return last, self.fc(last.mean((2, 3)))

    def forward(self, x):
        return self.layers(x)[1]


class GuidedRelu(torch.autograd.Function):
    @staticmethod
    def forward(context, x):
        context.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(context, gradient):
        (x,) = context.saved_tensors
        return gradient * (x > 0) * (gradient > 0)


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
    for node in model.graph.node:
        node.ClearField("doc_string")
    onnx.checker.check_model(model)
    (FOLDER / name).write_bytes(model.SerializeToString())


# Maps


def maps(network, pictures, targets):
    """Of every method the absolute and the diverging view, [pictures, 16, 16] each."""

    def gradients(relu):
        x = pictures.clone().requires_grad_()
        last, scores = network.layers(x, relu)
        last.retain_grad()
        scores.gather(1, targets[:, None]).sum().backward()
        return x.grad, last.detach(), last.grad

    gradient, last, at_last = gradients(torch.relu)
    guided = gradients(GuidedRelu.apply)[0]

    def enlarged(plane):
        return nn.functional.interpolate(plane, size=(16, 16), mode="bilinear", align_corners=False)

    small = (last * at_last.mean((2, 3), keepdim=True)).sum(1, keepdim=True)
    cam = enlarged(small)
    product = gradient * pictures
    guided_cam = guided * enlarged(small.clamp(min=0))
    # One channel: magnitudes are sums over channels as they are.
    views = {
        "gradient": (gradient.abs(), gradient), "gradient-x-input": (product.abs(), product),
        "guided-backprop": (guided.abs(), guided), "gradcam": (cam.clamp(min=0), cam),
        "guided-gradcam": (guided_cam.abs(), guided_cam)}
    return {name: [view[:, 0].numpy() for view in pair] for name, pair in views.items()}


def correlation(first, second):
    first, second = first.ravel(), second.ravel()
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0 if (np.ptp(first) == 0) != (np.ptp(second) == 0) else np.nan
    return spearmanr(first, second).statistic


def is_empty(diverging):
    return np.ptp(diverging) == 0


def redrawn(network, names, seed):
    """A copy whose layers of these names are drawn anew: kernels by Kaiming, matrices truncated normal, biases 0."""
    random = np.random.default_rng([seed, 77])
    copy = DigitNetwork()
    copy.load_state_dict(network.state_dict())
    for name in LAYERS:
        # Every layer has its draws whichever others are drawn.
        layer = getattr(copy, name)
        shape = tuple(layer.weight.shape)
        fan_in = int(np.prod(shape[1:]))
        if name == "fc":
            values = scipy.stats.truncnorm.rvs(-2, 2, size=shape, random_state=random)
            values *= np.sqrt(1 / fan_in) / scipy.stats.truncnorm.std(-2, 2)
        else:
            values = random.normal(size=shape) * np.sqrt(2 / fan_in)
        if name in names:
            with torch.no_grad():
                layer.weight.copy_(torch.tensor(values))
                layer.bias.zero_()
    return copy.eval()


def curves(network, pictures, steps, rechosen=False):
    """Method, similarity: of every step the mean over draws and pictures, and its standard error over draws."""
    targets = network(pictures).argmax(1)
    own = maps(network, pictures, targets)
    sums = {name: {view: [] for view in ("spearman-abs", "spearman-diverging")} for name in own}
    for names in steps:
        draws = {name: [[], []] for name in own}
        for seed in range(DRAWS):
            changed = redrawn(network, names, seed)
            asked = changed(pictures).argmax(1) if rechosen else targets
            found = maps(changed, pictures, asked)
            for name in own:
                values = [
                    [correlation(own[name][view][k], found[name][view][k]) for view in (0, 1)]
                    for k in range(len(pictures)) if not is_empty(found[name][1][k])]
                for view in (0, 1):
                    if values:
                        draws[name][view].append(np.mean([row[view] for row in values]))
        for name in own:
            for view, similarity in enumerate(("spearman-abs", "spearman-diverging")):
                numbers = np.array(draws[name][view])
                sums[name][similarity].append(
                    {"mean": float(numbers.mean()), "error": float(numbers.std(ddof=1) / np.sqrt(len(numbers)))})
    return sums


def floors(network, pictures):
    """Method, similarity: the mean over all pairs of different pictures."""
    own = maps(network, pictures, network(pictures).argmax(1))
    pairs = list(combinations(range(len(pictures)), 2))
    return {
        name: {
            similarity: float(np.mean([correlation(views[view][a], views[view][b]) for a, b in pairs]))
            for view, similarity in enumerate(("spearman-abs", "spearman-diverging"))}
        for name, views in own.items()}


def labels_kept(network, other, pictures):
    """Method, similarity: the mean over pictures of the map and that of the network with permuted labels, for one class."""
    targets = network(pictures).argmax(1)
    first, second = maps(network, pictures, targets), maps(other, pictures, targets)
    result = {}
    for name in first:
        rows = [k for k in range(len(pictures)) if not is_empty(second[name][1][k])]
        result[name] = {
            similarity: float(np.mean([correlation(first[name][view][k], second[name][view][k]) for k in rows]))
            for view, similarity in enumerate(("spearman-abs", "spearman-diverging"))}
    return result


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
    cascading = [LAYERS[:count] for count in range(1, len(LAYERS) + 1)]
    golden = {
        "versions": {
            "torch": torch.__version__, "numpy": np.__version__, "scipy": scipy.__version__,
            "scikit-learn": sklearn.__version__},
        "seed": SEED,
        "draws": DRAWS,
        "accuracy": {
            "trained, test": accuracy(network, images[testing], labels[testing]),
            "permuted, learnt": accuracy(memorising, images[:400], permuted),
            "permuted, true labels": accuracy(memorising, images[testing], labels[testing])},
        "pictures": [[round(float(v), 6) for v in picture.flatten()] for picture in pictures],
        "classes": network(pictures).argmax(1).tolist(),
        "entropies": cases,
        "floor": floors(network, pictures),
        "labels": labels_kept(network, memorising, pictures),
        "cascading": curves(network, pictures, cascading),
        "cascading, rechosen": curves(network, pictures, cascading, rechosen=True),
        "independent": curves(network, pictures, [[name] for name in LAYERS]),
    }
    (FOLDER / "digits.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    print(golden["accuracy"], golden["classes"])
    for kind in ("cascading", "cascading, rechosen", "independent"):
        print(kind)
        for name, found in golden[kind].items():
            for similarity, points in found.items():
                print(f"  {name:18} {similarity:20}", " ".join(f"{p['mean']:+.2f}±{p['error']:.2f}" for p in points),
                      f" floor {golden['floor'][name][similarity]:+.2f} labels {golden['labels'][name][similarity]:+.2f}")


if __name__ == "__main__":
    main()
