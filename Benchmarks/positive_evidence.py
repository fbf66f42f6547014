"""How large is the largest positive value of a map beside the largest negative one, for the classes that a network finds likeliest?

Runs gaze over photographs and prints, rank by rank, how many maps fall below each fraction: where `PositiveEvidence` draws its line.

    python3 Benchmarks/positive_evidence.py .build/release/gaze MODEL.onnx FOLDER [--methods gradcam hirescam] [--limit 40]
"""
import argparse
import json
import pathlib
import subprocess
import tempfile

FRACTIONS = [0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gaze")
    parser.add_argument("model")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--methods", nargs="+", default=["gradcam"])
    parser.add_argument("--limit", type=int, default=40)
    arguments = parser.parse_args()
    pictures = sorted(p for p in arguments.folder.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg", ".png"))[: arguments.limit]
    methods = [word for method in arguments.methods for word in ("-m", method)]
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            [arguments.gaze, "explain", arguments.model, *map(str, pictures), "-c", "top5", "-l", "structural", "--format", "json", "--json", "-o", folder, *methods],
            capture_output=True, text=True)
    ratios = {}
    for record in json.loads(run.stdout):
        rank = [entry["index"] for entry in record["top"]].index(record["prediction"]["index"]) + 1
        low, high = record["range"]["minimum"], record["range"]["maximum"]
        ratios.setdefault((record["method"], rank), []).append(high / -low if low < 0 else float("inf"))
    print("method and rank    maps   smallest   " + "  ".join(f"<{f:g}" for f in FRACTIONS))
    for (method, rank), values in sorted(ratios.items()):
        counts = "  ".join(str(sum(v < f for v in values)).rjust(len(f"<{f:g}")) for f in FRACTIONS)
        print(f"{method} {rank}".ljust(18), str(len(values)).rjust(5), f"{min(values):10.4f}  ", counts)


if __name__ == "__main__":
    main()
