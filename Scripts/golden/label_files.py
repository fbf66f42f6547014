"""Writes Tests/GazeTests/Golden/label-files.json: names of classes in the forms in which they are passed on.

The texts are what Python's `csv`, `json` and `repr` and PyYAML (which timm needs) make of seeded names with commas, quotes and signs of
other scripts.
Run `.peers/bin/python Scripts/golden/label_files.py` from the root of the project.
"""
import csv
import io
import json
import pathlib
import platform
import random

import yaml

DESTINATION = pathlib.Path(__file__).resolve().parents[2] / "Tests/GazeTests/Golden/label-files.json"
WORDS = ["tench", "Tinca tinca", "it's", "Öl", "日本", "crane", "7 up", "a-b", "(old)", "T-shirt", "Siamese", "true", "no", "null", "3", "#1"]


def table(rows, **options):
    text = io.StringIO()
    csv.writer(text, **options).writerows(rows)
    return text.getvalue()


def forms(names, identifiers, order):
    count = len(names)
    known = dict(enumerate(names))
    yield "ordered.json", json.dumps(names), names
    yield "unicode.json", json.dumps(names, ensure_ascii=False, indent=1), names
    yield "known.json", json.dumps(known), names
    yield "imagenet.json", json.dumps({k: [identifiers[k], v] for k, v in known.items()}), names
    yield "config.json", json.dumps({"architectures": ["Net"], "num_labels": count, "id2label": known, "label2id": {}}), names
    yield "annotations.json", json.dumps({"images": [], "categories": [{"supercategory": "x", "id": k, "name": known[k]} for k in order]}), names
    yield "python.txt", repr(known), names
    yield "index-name.csv", table([(k, known[k]) for k in order]), names
    yield "name-index.csv", table([(known[k], k) for k in order]), names
    yield "heading.csv", table([("class_id", "class_name")] + [(k, known[k]) for k in order]), names
    yield "other-heading.csv", table([("name", "id")] + [(known[k], k) for k in order]), names
    yield "identifiers.csv", table([(k, identifiers[k], known[k]) for k in order]), names
    yield "semicolons.csv", table([("id", "name")] + [(k, known[k]) for k in order], delimiter=";"), names
    yield "tabs.tsv", table([(k, known[k]) for k in order], delimiter="\t"), names
    yield "quoted.csv", table([(k, known[k]) for k in order], quoting=csv.QUOTE_ALL), names
    yield "data.yaml", yaml.safe_dump({"path": "../data", "train": "images", "nc": count, "names": known}, allow_unicode=True), names
    yield "ordered.yaml", yaml.safe_dump(names), names
    yield "data.yml", yaml.safe_dump({"nc": count, "names": names}, allow_unicode=True), names
    yield "flow.yaml", yaml.safe_dump({"names": names}, default_flow_style=True, width=60), names
    if len(set(names)) == count:
        yield "indices.json", json.dumps({known[k]: k for k in order}), names
    plain = [n for n in names if not n.startswith("#")]
    if plain == names:
        yield "one-column.csv", table([("name",)] + [(v,) for v in names], quoting=csv.QUOTE_ALL), names
        yield "synsets.txt", "".join(f"{identifiers[k]} {v}\n" for k, v in known.items()), names
        for mark, ending in [("", "\n"), ("\ufeff", "\r\n"), ("", "\r")]:
            yield "colons.txt", mark + ending.join(f"{k}: {known[k]}" for k in order) + ending * 3, names
        yield "spaces.txt", "# classes\n\n" + "".join(f"{k} {known[k]}\n" for k in order), names


def main():
    random.seed(31)
    cases = []
    for count in [1, 2, 3, 12]:
        for _ in range(4):
            names = [", ".join(random.sample(WORDS, random.randint(1, 2))) for _ in range(count)]
            identifiers = [f"n{random.randrange(10**8):08d}" for _ in range(count)]
            order = random.sample(range(count), count)
            # Two columns of numbers tell nothing.
            if all(name == "3" for name in names):
                continue
            for file, text, expected in forms(names, identifiers, order):
                cases.append({"file": file, "text": text, "names": expected, "identifiers": identifiers if identifiers[0] in text else []})
    DESTINATION.write_text(
        json.dumps({"versions": {"python": platform.python_version(), "pyyaml": yaml.__version__}, "cases": cases}) + "\n")


if __name__ == "__main__":
    main()
