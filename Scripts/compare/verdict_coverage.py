"""How often the intervals of sanity checks hold the truth, by simulation, beside the percentile bootstrap.

    python Scripts/compare/verdict_coverage.py      (needs numpy and scipy; prints the table of Documentation/SanityChecks.md)

A picture's similarity s is normal, or uniform, or skewed (a gamma distribution of shape 4) around its mean; pairs of pictures have a part that
belongs to each of both and one that belongs to the pair. The truth is the part of the population's means.
"""
import numpy as np
from scipy import stats

SEED, ROUNDS, RESAMPLES = 0, 4000, 400


def shapes(rng, shape, size):
    if shape == "uniform":
        return (rng.random(size) - 0.5) * np.sqrt(12)
    if shape == "skewed":
        return (rng.gamma(4.0, size=size) - 4) / 2
    return rng.standard_normal(size)


def population(rng, shape, rounds, n, s, deviation, f, spread):
    own = s + deviation * shapes(rng, shape, (rounds, n))
    each = spread * shapes(rng, shape, (rounds, n))
    noise = spread * rng.standard_normal((rounds, n, n))
    pairs = f + (each[:, :, None] + each[:, None, :] + (noise + noise.transpose(0, 2, 1)) / np.sqrt(2)) / np.sqrt(3)
    pairs[:, np.arange(n), np.arange(n)] = 0
    return own, pairs


def means(own, pairs, weights):
    """Means with whole numbers of each picture; a picture beside itself is no pair."""
    s = (own * weights).sum(1) / weights.sum(1)
    both = weights[:, :, None] * weights[:, None, :]
    both = both * (1 - np.eye(own.shape[1]))
    total = both.sum((1, 2))
    f = np.where(total > 0, (pairs * both).sum((1, 2)) / np.maximum(total, 1e-12), 0)
    return s, np.maximum(f, 0)


def fieller(own, pairs, truth):
    """Whether the truth lies below the interval, and above it."""
    rounds, n = own.shape
    one = np.ones((rounds, n))
    s, f = means(own, pairs, one)
    whole = s - f - truth * (1 - f)
    pseudo = []
    for left in range(n):
        weights = one.copy()
        weights[:, left] = 0
        s, f = means(own, pairs, weights)
        pseudo.append(n * whole - (n - 1) * (s - f - truth * (1 - f)))
    error = np.std(pseudo, axis=0, ddof=1) / np.sqrt(n)
    limit = stats.t.ppf(0.975, n - 1) * error
    return np.mean(whole > limit), np.mean(whole < -limit)


def bootstrap(rng, own, pairs, truth):
    rounds, n = own.shape
    values = []
    for _ in range(RESAMPLES):
        weights = rng.multinomial(n, np.full(n, 1 / n), size=rounds).astype(float)
        s, f = means(own, pairs, weights)
        values.append((s - f) / (1 - f))
    low, high = np.quantile(values, [0.025, 0.975], axis=0)
    return np.mean(truth < low), np.mean(truth > high)


def main():
    rng = np.random.default_rng(SEED)
    print(f"seed {SEED}, {ROUNDS} rounds, {RESAMPLES} resamples; truth below / above the interval, in %; 2.5 / 2.5 is right")
    sizes = (3, 5, 10, 20)
    print("| numbers | " + " | ".join(f"n = {n}" for n in sizes) + " | bootstrap, n = 3 | n = 10 |\n|---|" + "---|" * (len(sizes) + 2))
    cases = [("gradient, signed", 0.0, 0.02, 0.0, 0.03), ("Grad-CAM, signed", 0.1, 0.3, 0.54, 0.15),
             ("Grad-CAM, edges", 0.31, 0.33, 0.08, 0.1), ("at the limit of FAIL", 0.75, 0.2, 0.5, 0.15)]
    for shape in ("normal", "uniform", "skewed"):
        for name, s, deviation, f, spread in cases:
            part = (s - f) / (1 - f)
            cells = {}
            for n in sizes:
                own, pairs = population(rng, shape, ROUNDS, n, s, deviation, f, spread)
                ours, theirs = fieller(own, pairs, part), bootstrap(rng, own, pairs, part)
                cells[n] = ["%.1f / %.1f" % (100 * a, 100 * b) for a, b in (ours, theirs)]
            row = [cells[n][0] for n in sizes] + [cells[n][1] for n in (3, 10)]
            print(f"| {name} (part {part:.2f}), {shape} | " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
