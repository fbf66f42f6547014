"""Writes Tests/EvaluationTests/Golden/faithfulness: a tiny network, a picture, a map, and what metrics measure at it.

Run `.peers/bin/python Scripts/golden/faithfulness.py` from the root of the project (needs torch, onnx, scipy, captum, grad-cam and
quantus 0.6.0). Values come from the papers' formulas in PyTorch's float64, written here without a look at Gaze, and from libraries where they
have the same definition; `source` says which.

faithfulness.json holds `versions`, `seed`, `target`, `tolerance` with its `reason`, and
- `exact`: `metric` (SPEC; segments.npy stands for the array `segments`), `value`, `details` where Gaze keeps the same, `source`,
- `sampled`: the same for metrics that draw random numbers, with `samples` pictures a seed, over `seeds` seeds, and `allowed`, five standard
  errors of the difference,
- `elsewhere`: what libraries return that define the metric otherwise; the test forms it from Gaze's numbers.
faithfulness.npz holds `input` [1, 3, H, W], `raw` (gradient x input) [3, H, W], `map` [H, W] and `segments` [H, W].
"""
import functools
import importlib.metadata
import json
import pathlib
import sys
import tempfile
import warnings

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from scipy.stats import pearsonr, spearmanr

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "compare"))
import tvshim  # noqa: F401
import captum.metrics
import quantus
from compact import publish, shortened, strip_metadata
from exporters import export
from faithfulness_peers import GivenMap
from odd_networks import FunctionalBlock, Head, OddNetwork, built
from pytorch_grad_cam.metrics.road import NoisyLinearImputer
from quantus.helpers.utils import get_superpixel_segments
from torchcam.metrics import ClassificationMetric, DeletionInsertionMetric

# Quantus 0.6.0 asks for NumPy's old name.
np.trapz = np.trapezoid
DESTINATION = pathlib.Path(__file__).resolve().parents[2] / "Tests/EvaluationTests/Golden/faithfulness"
LIBRARIES = ["torch", "onnx", "numpy", "scipy", "captum", "grad-cam", "quantus", "torchcam"]
HEIGHT, WIDTH = 12, 16
SEED = 11
TOLERANCE = 2e-4
REASON = "the network runs in float32 in Gaze and in float64 here: about 1e-6 of the scores, some more where differences are divided"
PERCENTAGES = [10, 30, 50, 70, 90]


class Question:
    """The network, the picture, the class and the map."""

    def __init__(self):
        network = OddNetwork("residual", lambda: Head(FunctionalBlock(3, 6, 2), 6), "features", shapes=((3, HEIGHT, WIDTH),))
        self.single, self.model, generator = built(network, SEED)
        self.x = torch.from_numpy(shortened(torch.randn(1, 3, HEIGHT, WIDTH, generator=generator).numpy())).double()
        self.target = int(self.model(self.x).argmax())
        self.raw = torch.from_numpy(shortened(self.product(self.x)[0].numpy())).double()
        self.map = torch.from_numpy(shortened(self.raw.sum(0).numpy())).double().numpy()
        self.weights = self.scaled(self.map)

    def score(self, x):
        with torch.no_grad():
            return self.model(x)[:, self.target].numpy()

    def probability(self, x):
        with torch.no_grad():
            return self.model(x).softmax(1)[:, self.target].numpy()

    def gradient(self, x, target=None):
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            return torch.autograd.grad(self.model(x)[:, self.target if target is None else target].sum(), x)[0]

    def product(self, x, target=None):
        return (self.gradient(x, target) * x).detach()

    @staticmethod
    def scaled(values, by_maximum=False):
        evidence = np.maximum(values, 0)
        low = 0 if by_maximum else evidence.min()
        return (evidence - low) / (evidence.max() - low)

    def weighted(self, weights):
        return self.x * torch.from_numpy(weights)


def area(curve):
    return float(np.trapezoid(curve) / (len(curve) - 1))


def replaced(question, start, end, groups, ask):
    """The scores while groups of places come from the other picture."""
    current, pictures = start.clone(), [start.clone()]
    for group in groups:
        current.view(3, -1)[:, torch.as_tensor(np.asarray(group))] = end.view(3, -1)[:, torch.as_tensor(np.asarray(group))]
        pictures.append(current.clone())
    return ask(torch.cat(pictures))


def pieces(order, count):
    return [order[k * len(order) // count:(k + 1) * len(order) // count] for k in range(count)]


def blurred(x, sigma):
    return torch.from_numpy(np.stack([gaussian_filter(plane, sigma, truncate=4) for plane in x[0].numpy()]))[None]


def rise_blur(x):
    """RISE's code: a Gaussian of deviation 5 on a single 1 among 11 x 11, as a convolution with zeros around the picture."""
    dirac = np.zeros((11, 11))
    dirac[5, 5] = 1
    kernel = torch.zeros(3, 3, 11, 11, dtype=torch.float64)
    for channel in range(3):
        kernel[channel, channel] = torch.from_numpy(gaussian_filter(dirac, 5))
    return torch.nn.functional.conv2d(x, kernel, padding=5)


def windows(side):
    columns = -(-WIDTH // side)
    rows, places = np.divmod(np.arange(HEIGHT * WIDTH), WIDTH)
    return rows // side * columns + places // side


def ranked(question, labels):
    values = question.map.ravel()
    means = [values[labels == label].mean() for label in range(labels.max() + 1)]
    return [np.flatnonzero(labels == label) for label in np.argsort(-np.asarray(means), kind="stable")]


def bits(picture, low, high):
    """Entropy of the residuals of the median edge detector, per channel, in 8 bits between the channel's low and high."""
    total = 0.0
    for plane, least, most in zip(picture[0].numpy(), low, high):
        levels = np.floor(np.clip((plane - least) * 255 / (most - least), 0, 255) + 0.5).astype(int)
        residuals = []
        for row in range(HEIGHT):
            for column in range(WIDTH):
                if row == 0 and column == 0:
                    predicted = 0
                elif row == 0:
                    predicted = levels[0, column - 1]
                elif column == 0:
                    predicted = levels[row - 1, 0]
                else:
                    left, above, corner = levels[row, column - 1], levels[row - 1, column], levels[row - 1, column - 1]
                    predicted = sorted([left, above, left + above - corner])[1]
                residuals.append(levels[row, column] - predicted)
        _, counts = np.unique(residuals, return_counts=True)
        shares = counts / counts.sum()
        total += -len(residuals) * (shares * np.log2(shares)).sum()
    return total


def replacement_cases(question):
    order = np.argsort(-question.map.ravel(), kind="stable")
    x, zero = question.x, torch.zeros_like(question.x)
    mean = x.mean((2, 3), keepdim=True).expand_as(x)
    rise = "RISE's rules, https://github.com/eclique/RISE evaluation.py"
    for spec, start, end, ask in [
            ("deletion:steps=7", x, zero, question.probability), ("deletion:steps=192,score=target", x, zero, question.score),
            ("deletion:steps=8,baseline=mean", x, mean, question.probability),
            ("deletion:steps=8,baseline=blur:1.5", x, blurred(x, 1.5), question.probability),
            ("insertion:steps=7", rise_blur(x), x, question.probability),
            ("insertion:steps=8,baseline=0,score=target", zero, x, question.score)]:
        steps = int(spec.split("steps=")[1].split(",")[0])
        curve = replaced(question, start, end, pieces(order, steps), ask)
        yield {"metric": spec, "value": area(curve), "details": curve.tolist(), "source": rise}
    regions = ranked(question, windows(5))
    for name, groups in [("morf", regions), ("lerf", regions[::-1])]:
        curve = replaced(question, x, zero, groups[:6], question.probability)
        yield {"metric": f"pixel-flipping:region=5,steps=6,order={name}", "value": float((curve[0] - curve).mean()), "details": curve.tolist(),
               "source": "Samek et al. 2017, equation 12"}
    curve = replaced(question, x, zero, ranked(question, windows(4)), question.score)
    yield {"metric": "selectivity:patch=4", "value": area(curve), "details": curve.tolist(), "source": "Montavon et al. 2018"}
    rising = np.argsort(np.abs(question.map).ravel(), kind="stable")
    curve = replaced(question, zero, x, pieces(rising, 12), question.probability)
    rises = np.diff(curve) >= 0
    yield {"metric": "monotonicity:steps=12,variant=share", "value": float(rises.mean()), "details": curve.tolist(), "source": "Arya et al. 2019"}
    yield {"metric": "monotonicity:steps=12", "value": float(rises.all()), "source": "Arya et al. 2019"}


def imputation_cases(question):
    """pytorch-grad-cam's imputer without noise; its mask is 1 where pixels stay."""
    order = np.argsort(-question.map.ravel(), kind="stable")
    imputer, scores = NoisyLinearImputer(noise=0), {}
    for name, one in [("lerf", order[::-1]), ("morf", order)]:
        pictures = []
        for percentage in PERCENTAGES:
            mask = torch.ones(HEIGHT * WIDTH)
            mask[torch.from_numpy(one[:round(percentage * len(one) / 100)].copy())] = 0
            pictures.append(imputer(question.x[0].float(), mask.view(HEIGHT, WIDTH)).double())
        scores[name] = question.probability(torch.stack(pictures))
    text = "road:noise=0,percentages=" + "+".join(str(one) for one in PERCENTAGES)
    source = "pytorch-grad-cam's NoisyLinearImputer (Rong et al.'s code)"
    yield {"metric": text, "value": float((scores["lerf"] - scores["morf"]).mean() / 2),
           "details": np.concatenate([scores["lerf"], scores["morf"]]).tolist(), "source": source}
    yield {"metric": text + ",order=morf", "value": float(scores["morf"].mean()), "source": source}


def information_case(question):
    x, start = question.x, blurred(question.x, 1.5)
    low, high = x[0].amin((1, 2)).numpy(), x[0].amax((1, 2)).numpy()
    order = np.argsort(-question.map.ravel(), kind="stable")
    pictures = []
    for count in [0, *[round(percentage * len(order) / 100) for percentage in PERCENTAGES], len(order)]:
        picture = start.clone()
        picture.view(3, -1)[:, torch.from_numpy(order[:count].copy())] = x.view(3, -1)[:, torch.from_numpy(order[:count].copy())]
        pictures.append(picture)
    information = np.array([bits(picture, low, high) for picture in pictures])
    performance = question.probability(torch.cat(pictures))
    information, performance = (np.clip((one - one[0]) / (one[-1] - one[0]), 0, 1) for one in (information, performance))
    performance = np.maximum.accumulate(performance)
    points = np.argsort(information, kind="stable")
    return {"metric": "pic:baseline=blur:1.5,percentages=" + "+".join(str(one) for one in PERCENTAGES),
            "value": float(np.trapezoid(performance[points], information[points])),
            "details": np.stack([information, performance], 1).ravel().tolist(),
            "source": "Kapishnikov et al. 2019 with the entropy of JPEG-LS's residuals"}


def weighting_cases(question):
    clean = float(question.probability(question.x)[0])
    for scale in ["range", "maximum"]:
        found = float(question.probability(question.weighted(question.scaled(question.map, scale == "maximum")))[0])
        drop, gain = max(0, clean - found) / clean, max(0, found - clean) / (1 - clean)
        for name, value in [("average-drop", 100 * drop), ("average-gain", 100 * gain), ("increase", 100 * float(found > clean))]:
            yield {"metric": f"{name}:scale={scale}", "value": value, "details": [clean, found], "source": "Chattopadhyay et al. 2018; Zhang et al. 2024"}
    weights = question.weights
    again = question.scaled(question.product(question.weighted(weights))[0].sum(0).numpy())
    coherency = float((1 + pearsonr(weights.ravel(), again.ravel())[0]) / 2)
    kept = 1 - max(0, clean - float(question.probability(question.weighted(weights))[0])) / clean
    parts = [coherency, 1 - float(weights.mean()), kept]
    yield {"metric": "coherency", "value": coherency, "source": "Poppi et al. 2021"}
    yield {"metric": "adcc", "value": 100 * 3 / sum(1 / one for one in parts), "details": parts, "source": "Poppi et al. 2021, equation 7"}


def library_cases(question):
    """What libraries return that define a metric as Gaze does."""
    def summary(metric):
        metric.update(question.x.float(), question.target)
        return {name: float(value) for name, value in metric.summary().items()}
    softmax, source = functools.partial(torch.softmax, dim=-1), f"torchcam {importlib.metadata.version('torchcam')}"
    curves = summary(DeletionInsertionMetric(GivenMap(question.single, question.map.astype(np.float32)), softmax, steps=8))
    yield {"metric": "deletion:steps=8", "value": curves["deletion_auc"], "source": source}
    yield {"metric": "insertion:steps=8,baseline=0", "value": curves["insertion_auc"], "source": source}
    found = summary(ClassificationMetric(GivenMap(question.single, question.weights.astype(np.float32)), softmax))
    yield {"metric": "average-drop", "value": 100 * found["avg_drop"], "source": source}
    yield {"metric": "increase", "value": 100 * found["conf_increase"], "source": source}
    missed = captum.metrics.infidelity(question.model, lambda inputs: (inputs, torch.zeros_like(inputs)), question.x, question.raw[None],
                                       target=question.target, n_perturb_samples=1)
    yield {"metric": "infidelity:side=65536,samples=2,normalise=false", "value": float(missed), "source": "captum 0.9.0"}
    # Before zero nothing is lost; before two there is a drop.
    weights = torch.from_numpy(question.weights)
    clean, left = (float(question.probability(one)[0]) for one in (question.x, weights * question.x + (1 - weights) * 2))
    yield {"metric": "average-drop:baseline=2", "value": 100 * max(0, clean - left) / clean, "details": [clean, left],
           "source": "Chattopadhyay et al. 2018"}


def quantus_value(metric, question, values=None, softmax=True):
    values = question.map if values is None else values
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return metric(model=question.single, x_batch=question.x.float().numpy(), y_batch=np.array([question.target]),
                      a_batch=values[None, None].astype(np.float32).copy(), device="cpu", channel_first=True, softmax=softmax)


def map_cases(question):
    plain = {"normalise": False, "disable_warnings": True}
    shares = np.abs(question.map).ravel() / np.abs(question.map).sum()
    for name, value in [("complexity", quantus_value(quantus.Complexity(**plain), question)),
                        ("sparseness", quantus_value(quantus.Sparseness(**plain), question))]:
        yield {"metric": name, "value": float(np.ravel(value)[0]), "source": "Quantus 0.6.0"}
    yield {"metric": "complexity", "value": float(-(shares * np.log(shares)).sum()), "source": "Bhatt et al. 2020"}


def sensitivity_n(question, samples, generator):
    """Correlations for 10 and 50 % of the pixels."""
    values, found = question.map.ravel(), []
    for percentage in [10, 50]:
        masks = torch.ones(samples, 1, HEIGHT * WIDTH, dtype=torch.float64)
        sums = np.zeros(samples)
        for sample in range(samples):
            chosen = generator.permutation(HEIGHT * WIDTH)[:round(percentage * HEIGHT * WIDTH / 100)]
            masks[sample, 0, torch.from_numpy(chosen)] = 0
            sums[sample] = values[chosen].sum()
        scores = question.score(question.x * masks.view(samples, 1, HEIGHT, WIDTH))
        found.append(float(pearsonr(sums, question.score(question.x)[0] - scores)[0]))
    return found


def squares(question, side, baseline=0.0):
    """Predictions and changes for every place of a square."""
    predicted, pictures = [], []
    for top in range(HEIGHT - side + 1):
        for left in range(WIDTH - side + 1):
            picture = question.x.clone()
            picture[..., top:top + side, left:left + side] = baseline
            pictures.append(picture)
            predicted.append(float(((question.x - picture)[0] * question.raw).sum()))
    return np.array(predicted), question.score(question.x)[0] - question.score(torch.cat(pictures))


def sampled_cases(question):
    generator = np.random.default_rng(SEED)
    torch.manual_seed(SEED)
    seeds, samples = 10, 200
    correlations = sensitivity_n(question, 20000, generator)
    error = np.mean([(1 - one**2) / np.sqrt(samples * seeds) for one in correlations])
    yield {"metric": f"sensitivity-n:percentages=10+50,samples={samples}", "value": float(np.mean(correlations)), "seeds": seeds,
           "allowed": 5 * float(error) + 0.005, "source": "Ancona et al. 2018"}
    # The fitted factor of 200 samples makes the error smaller by a share of about 1/200.
    for normalised in [False, True]:
        predicted, change = squares(question, 5)
        factor = (predicted * change).mean() / (predicted**2).mean() if normalised else 1
        errors = (factor * predicted - change)**2
        yield {"metric": f"infidelity:side=5,samples={samples},normalise={str(normalised).lower()}", "value": float(errors.mean()),
               "seeds": seeds, "allowed": float(5 * errors.std() / np.sqrt(samples * seeds) + errors.mean() / samples),
               "source": "Yeh et al. 2019, every square"}

        def noise(inputs):
            change = torch.randn_like(inputs) * 0.2
            return change, inputs - change
        runs = [float(captum.metrics.infidelity(question.model, noise, question.x, question.raw[None], target=question.target,
                                                n_perturb_samples=samples, normalize=normalised)) for _ in range(200)]
        yield {"metric": f"infidelity:perturbation=gaussian,sigma=0.2,samples={samples},normalise={str(normalised).lower()}",
               "value": float(np.mean(runs)), "seeds": seeds, "allowed": float(5 * np.std(runs) * np.sqrt(1 / seeds + 1 / 200)),
               "source": "captum 0.9.0"}
    runs = [float(captum.metrics.sensitivity_max(lambda inputs: (question.product(inputs[0]),), question.x, perturb_radius=0.05, n_perturb_samples=10))
            for _ in range(300)]
    yield {"metric": "max-sensitivity:radius=0.05,samples=10", "value": float(np.mean(runs)), "seeds": 30,
           "allowed": float(5 * np.std(runs) * np.sqrt(1 / 30 + 1 / 300)), "source": "captum 0.9.0"}
    others = [spearmanr(question.map.ravel(), question.product(question.x, other)[0].sum(0).numpy().ravel())[0]
              for other in range(question.model(question.x).shape[1]) if other != question.target]
    yield {"metric": "random-logit:samples=20", "value": float(np.mean(others)), "seeds": seeds,
           "allowed": float(5 * np.std(others) / np.sqrt(20 * seeds)), "source": "Sixt et al. 2020 with Spearman's correlation"}


def all_channels(arr, mask, **options):
    """Quantus 0.6.0 hands a mask without channels to a function that wants one for each, so its IROF fails on colour pictures."""
    return quantus.functions.perturb_func.baseline_replacement_by_mask(arr, np.broadcast_to(mask, arr.shape), **options)


def elsewhere(question):
    plain = {"normalise": False, "disable_warnings": True, "perturb_baseline": 0.0}
    monotone = quantus.Monotonicity(features_in_step=16, abs=False, **plain)
    return {
        "quantus_irof": float(np.ravel(quantus_value(quantus.IROF(return_aggregate=False, perturb_func=all_channels, **plain), question))[0]),
        "quantus_selectivity": [float(one) for one in np.ravel(quantus_value(quantus.Selectivity(patch_size=4, **plain), question))],
        "quantus_pixel_flipping": [float(one) for one in np.ravel(quantus_value(quantus.PixelFlipping(features_in_step=48, **plain), question))],
        "quantus_monotonicity": [bool(np.ravel(quantus_value(monotone, question, values))[0]) for values in (question.map, -question.map)],
    }


def main():
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    question = Question()
    segments = get_superpixel_segments(img=np.moveaxis(question.x[0].numpy(), 0, -1), segmentation_method="slic")
    labels = np.unique(segments, return_inverse=True)[1].reshape(segments.shape)
    curve = replaced(question, question.x, torch.zeros_like(question.x), ranked(question, labels.ravel()), question.probability)
    irof = {"metric": "irof:segments=segments.npy,baseline=0", "value": 1 - area(curve) / float(curve[0]), "details": curve.tolist(),
            "source": "Rieger and Hansen 2020"}
    exact = [*replacement_cases(question), irof, *imputation_cases(question), information_case(question), *weighting_cases(question),
             *map_cases(question), *library_cases(question)]
    record = {
        "tolerance": TOLERANCE, "reason": REASON, "seed": SEED, "target": question.target,
        "versions": {name: importlib.metadata.version(name) for name in LIBRARIES},
        "exact": exact, "sampled": list(sampled_cases(question)), "elsewhere": elsewhere(question)}
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        export(question.single, [question.x.float()], folder / "faithfulness.onnx", "torchscript", ["x"], ["logits"])
        strip_metadata(folder / "faithfulness.onnx", [])
        np.savez_compressed(folder / "faithfulness.npz", input=question.x.float().numpy(), raw=question.raw.float().numpy(),
                            map=question.map.astype(np.float32), segments=labels.astype(np.int64))
        (folder / "faithfulness.json").write_text(json.dumps(record, indent=1))
        publish(folder, DESTINATION)


if __name__ == "__main__":
    main()
