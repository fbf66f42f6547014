"""Quantiles of Student's t, and intervals of a part of a map by leaving one picture out after the other.

Writes Tests/EvaluationTests/Golden/intervals.json. The intervals are found by search: all c at which a t test (SciPy's) of the jackknife's
pseudo-values of s - f - c (1 - f) against 0 is not significant. Needs numpy, scipy.
"""
import itertools
import json
import pathlib

import numpy as np
import scipy
from scipy import stats
from scipy.optimize import brentq

SEED = 5
rng = np.random.default_rng(SEED)


def pseudo_values(own, pairs, other, part):
    """Tukey's: n θ - (n - 1) θ without picture i, of D(c) = s - f - c (1 - f)."""
    n = len(own)

    def statistic(left):
        s = np.mean([own[i] for i in range(n) if i != left])
        f = max(np.mean([o for pair, o in zip(pairs, other) if left not in pair]), 0)
        return s - f - part * (1 - f)

    whole = statistic(None)
    return np.array([n * whole - (n - 1) * statistic(i) for i in range(n)]), whole


def bounds(own, pairs, other, confidence):
    n = len(own)

    def excess(part):
        values, whole = pseudo_values(own, pairs, other, part)
        return abs(whole) / (values.std(ddof=1) / np.sqrt(n)) - stats.t.ppf((1 + confidence) / 2, n - 1)

    s, f = np.mean(own), max(np.mean(other), 0)
    centre = (s - f) / (1 - f)
    low, high = centre, centre
    step = 0.01
    while excess(low - step) < 0:
        low -= step
    while excess(high + step) < 0:
        high += step
    return brentq(excess, low - step, low), brentq(excess, high, high + step)


def main():
    quantiles = [{"probability": p, "degrees": d, "value": float(stats.t.ppf(p, d))}
                 for p in (0.6, 0.9, 0.95, 0.975, 0.9875, 0.995, 0.9999) for d in (1, 2, 3, 4, 5, 9, 29, 99, 1000)]
    intervals = []
    for n, mean, deviation, floor, spread in [(3, 0.1, 0.1, 0.3, 0.05), (4, 0.6, 0.1, 0.5, 0.06), (6, 0.0, 0.2, -0.3, 0.05),
                                              (10, 0.3, 0.3, 0.1, 0.2), (14, 0.8, 0.05, 0.6, 0.1)]:
        own = np.clip(mean + deviation * rng.standard_normal(n), -1, 1)
        pairs = list(itertools.combinations(range(n), 2))
        if len(pairs) > 50:
            pairs = [pairs[i] for i in sorted(rng.choice(len(pairs), 50, replace=False))]
        each = floor + spread * rng.standard_normal(n)
        other = np.clip([(each[i] + each[j]) / 2 + spread * rng.standard_normal() for i, j in pairs], -1, 1)
        for confidence in (0.95, 0.975):
            low, high = bounds(own, pairs, other, confidence)
            intervals.append({"own": own.tolist(), "pairs": pairs, "other": other.tolist(), "confidence": confidence,
                              "low": low, "high": high})
    path = pathlib.Path(__file__).resolve().parents[2] / "Tests/EvaluationTests/Golden/intervals.json"
    path.write_text(json.dumps({"tools": {"numpy": np.__version__, "scipy": scipy.__version__}, "seed": SEED,
                                "quantiles": quantiles, "intervals": intervals}) + "\n")
    print(path, path.stat().st_size)


if __name__ == "__main__":
    main()
