"""Fits the cubic B-splines in Sources/Imaging/ColourMap.swift; prints their controls (thousandths) and largest error.

Usage: python3 Scripts/golden/colour_map_fit.py   (needs numpy, matplotlib)
"""

import matplotlib
import numpy as np


def basis(intervals):
    matrix = np.zeros((256, intervals + 3))
    for row, x in enumerate(np.arange(256) / 255 * intervals):
        i = min(int(x), intervals - 1)
        u = x - i
        matrix[row, i : i + 4] = [(1 - u) ** 3, 3 * u**3 - 6 * u * u + 4, -3 * u**3 + 3 * u * u + 3 * u + 1, u**3]
    return matrix / 6


for name, intervals in [("viridis", 8), ("inferno", 14), ("turbo", 16), ("coolwarm", 12)]:
    truth = np.array([matplotlib.colormaps[name](i)[:3] for i in range(256)])
    matrix = basis(intervals)
    for channel in range(3):
        # Least squares whose weights grow where the error is large approach the minimax fit.
        weights, best = np.ones(256), (np.inf, None)
        for _ in range(300):
            root = weights[:, None] ** 0.5
            controls = np.linalg.lstsq(matrix * root, truth[:, channel] * root[:, 0], rcond=None)[0]
            rounded = np.round(controls * 1000)
            error = abs(matrix @ rounded / 1000 - truth[:, channel]).max()
            if error < best[0]:
                best = (error, rounded)
            weights *= (abs(matrix @ controls - truth[:, channel]) + 1e-6) ** 0.5
            weights /= weights.mean()
        print(name, "rgb"[channel], best[1].astype(int).tolist(), f"{best[0] * 255:.2f} of 255")
