"""Writes Tests/ExplanationsTests/Golden/metadata.json: names of classes as exporters write them into a file's metadata.

The texts are what Python's `repr` and `json` make of seeded names with quotes, backslashes and signs beyond 16 bits.
Run `.peers/bin/python Scripts/golden/metadata.py` from the root of the project.
"""
import json
import pathlib
import platform
import random

DESTINATION = pathlib.Path(__file__).resolve().parents[2] / "Tests/ExplanationsTests/Golden/metadata.json"
PIECES = ["cat", "it's", 'a "b"', "Öl", "日本", "😀", "\\", "\n", "\t", "\x07", "[3]", "{", "}", ",", ":", "#", "é", "/", " ", "1"]


def main():
    random.seed(12)
    cases = []
    for count in [1, 2, 3, 5, 40]:
        for _ in range(4):
            names = ["".join(random.choices(PIECES, k=random.randint(1, 6))) for _ in range(count)]
            table = dict(enumerate(names))
            forms = {
                "names": [repr(names), repr(table), repr(tuple(names)), json.dumps(names), json.dumps(table)],
                "id2label": [json.dumps(table, ensure_ascii=False, indent=2), repr({str(k): v for k, v in table.items()})],
                "categories": [json.dumps([{"id": k, "name": v, "supercategory": "x"} for k, v in table.items()])],
            }
            if len(set(names)) == count:
                forms["label2id"] = [json.dumps({v: k for k, v in table.items()})]
            cases += [{"key": key, "text": text, "names": names} for key, texts in forms.items() for text in texts]
    DESTINATION.write_text(json.dumps({"versions": {"python": platform.python_version()}, "cases": cases}) + "\n")


if __name__ == "__main__":
    main()
