"""Writes Tests/ImagingTests/Golden/regions.json: the hottest region of maps laid over photographs, by NumPy.

A cell's value stands at its centre, between centres it is linear, and outside of the outer ones it repeats. The region is what is
connected (sides and corners) with the largest value and reaches half of it.

Run `.peers/bin/python Scripts/golden/regions.py` from the root of the project.
"""
import json
import pathlib

import numpy as np

DESTINATION = pathlib.Path(__file__).resolve().parents[2] / "Tests/ImagingTests/Golden/regions.json"
RULES = [
    ("squash:56x48", (90, 120)), ("squash:48x56", (120, 70)), ("crop:40x40,short=48", (96, 150)), ("crop:40x40,short=48", (150, 80)),
    ("letterbox:56x56,fill=#727272,anchor=centre", (60, 140)), ("letterbox:56x56,fill=#727272,anchor=top-left", (140, 90)),
]


def geometry(rule, height, width):
    """(input height and width, scaled height and width, where the scaled photograph starts in the input)"""
    kind, _, rest = rule.partition(":")
    columns, rows = (int(n) for n in rest.split(",")[0].split("x"))
    if kind == "squash":
        return rows, columns, rows, columns, 0, 0
    if kind == "crop":
        short = int(rest.split("short=")[1])
        long = int(short * max(height, width) / min(height, width))
        scaled = (short, long) if height <= width else (long, short)
        top, left = (-round((s - n) / 2) for s, n in zip(scaled, (rows, columns)))
        return rows, columns, *scaled, top, left
    ratio = min(rows / height, columns / width)
    scaled = round(height * ratio), round(width * ratio)
    top, left = ((rows - scaled[0]) // 2, (columns - scaled[1]) // 2) if "centre" in rule else (0, 0)
    return rows, columns, *scaled, top, left


def axis(length, scaled, start, size, cells):
    """for every pixel of the photograph: its place among the cells, and whether the model sees it"""
    place = (np.arange(length) + 0.5) * scaled / length + start
    seen = (place >= 0) & (place < size)
    return np.clip(place / (size / cells) - 0.5, 0, cells - 1), seen


def laid(heat, rule, height, width):
    rows, columns, scaled_height, scaled_width, top, left = geometry(rule, height, width)
    y, seen_y = axis(height, scaled_height, top, rows, heat.shape[0])
    x, seen_x = axis(width, scaled_width, left, columns, heat.shape[1])

    def between(values, place):
        low = np.minimum(np.floor(place).astype(int), values.shape[0] - 1)
        high = np.minimum(low + 1, values.shape[0] - 1)
        part = (place - low)[:, None]
        return values[low] * (1 - part) + values[high] * part

    drawn = between(between(heat, y).T, x).T
    drawn[~(seen_y[:, None] & seen_x[None])] = np.nan
    cells = {
        "columns": {"centre": (columns / heat.shape[1] / 2 - left) * width / scaled_width, "step": columns / heat.shape[1] * width / scaled_width, "count": heat.shape[1]},
        "rows": {"centre": (rows / heat.shape[0] / 2 - top) * height / scaled_height, "step": rows / heat.shape[0] * height / scaled_height, "count": heat.shape[0]},
    }
    return drawn, cells


def region(drawn):
    values = np.nan_to_num(drawn, nan=-np.inf)
    start = np.unravel_index(values.argmax(), values.shape)
    inside = np.zeros(values.shape, bool)
    level = values[start] / 2
    frontier = [start]
    inside[start] = True
    while frontier:
        y, x = frontier.pop()
        for v in range(max(y - 1, 0), min(y + 2, values.shape[0])):
            for u in range(max(x - 1, 0), min(x + 2, values.shape[1])):
                if not inside[v, u] and values[v, u] >= level:
                    inside[v, u] = True
                    frontier.append((v, u))
    y, x = np.nonzero(inside)
    heat = np.maximum(np.nan_to_num(drawn, nan=0), 0)
    return [int(x.min()), int(y.min()), int(x.max() + 1), int(y.max() + 1)], float(heat[inside].sum() / heat.sum()), float(inside.mean())


def main():
    random = np.random.default_rng(17)
    cases = []
    for rule, (height, width) in RULES:
        for _ in range(3):
            # A hill in the middle half, which no rule cuts away, on an uneven ground with a ditch.
            rows, columns = random.integers(5, 9, 2)
            y, x = np.mgrid[:rows, :columns]
            centre = [int(random.integers(n // 4 + 1, n - n // 4 - 1)) for n in (rows, columns)]
            heat = 4 * np.exp(-((y - centre[0]) ** 2 + (x - centre[1]) ** 2) / 2) + random.uniform(-1, 0.8, (rows, columns))
            heat = np.round(heat * 256) / 256
            heat[tuple(centre)] = 5
            drawn, cells = laid(heat, rule, height, width)
            box, inside, area = region(drawn)
            peak = [cells["columns"]["centre"] + cells["columns"]["step"] * centre[1], cells["rows"]["centre"] + cells["rows"]["step"] * centre[0]]
            cases.append({
                "rule": rule, "height": height, "width": width, "shape": [int(rows), int(columns)], "map": heat.ravel().tolist(),
                "box": box, "heat": inside, "area": area, "peak": peak, "cells": cells})
    DESTINATION.write_text(json.dumps({"versions": {"numpy": np.__version__}, "cases": cases}) + "\n")


if __name__ == "__main__":
    main()
