#!/usr/bin/env python3
"""Resident memory over a long run: many pictures through `gaze evaluate` with three methods, and through `gaze explain`.

    Benchmarks/soak.py .build/release/gaze MODEL.onnx FOLDER [--pictures 2000] [--options "--preset imagenet"]

The photographs of FOLDER are copied again and again under new names until there are so many, each with a comment of its own, so
that no result is known from an equal file; the temporary folder goes away at the end. A leak shows as a line that keeps climbing; caches fill and stay. Needs nothing beside Python.
"""
import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import time

PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff")


def copy(source: str, target: str, number: int) -> None:
    """A JPEG with a comment behind its first marker, any other file with bytes behind its end."""
    with open(source, "rb") as file:
        data = file.read()
    note = f"picture {number}".encode()
    if data[:2] == b"\xff\xd8":
        data = data[:2] + b"\xff\xfe" + (len(note) + 2).to_bytes(2, "big") + note + data[2:]
    else:
        data += note
    with open(target, "wb") as file:
        file.write(data)


def resident(process: int) -> int:
    """Resident memory in KiB; 0 when the process has gone."""
    try:
        with open(f"/proc/{process}/status") as status:
            return next((int(line.split()[1]) for line in status if line.startswith("VmRSS:")), 0)
    except OSError:
        return 0


def soak(name: str, command: list[str], progress, total: int) -> int:
    """Runs a command and prints its memory at every tenth of its work; returns the exit code."""
    print(f"\n{name}: {shlex.join(command[:3])} …", flush=True)
    print("| pictures | seconds | resident MiB |\n|---|---|---|", flush=True)
    start, due, peak = time.time(), 0, 0
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        while process.poll() is None:
            memory = resident(process.pid)
            peak = max(peak, memory)
            done = progress()
            if done >= due and memory:
                print(f"| {done} | {time.time() - start:.0f} | {memory / 1024:.0f} |", flush=True)
                due = max(due + total // 10, done + 1)
            time.sleep(0.5)
        errors.seek(0)
        said = errors.read().decode("utf8", "replace").strip().splitlines()
    print(f"| {progress()}, end | {time.time() - start:.0f} | peak {peak / 1024:.0f} |")
    print(f"exit code {process.returncode}" + (f", last words: {said[-1][:200]}" if said else ""), flush=True)
    return process.returncode


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("gaze")
    arguments.add_argument("model")
    arguments.add_argument("folder")
    arguments.add_argument("--pictures", type=int, default=2000)
    arguments.add_argument("--options", default="", help="preprocessing and the like, as for both commands")
    given = arguments.parse_args()
    options = shlex.split(given.options)
    found = [
        os.path.join(folder, name)
        for folder, _, names in sorted(os.walk(given.folder)) for name in sorted(names)
        if name.lower().endswith(PICTURES)
    ]
    if not found:
        sys.exit(f"no pictures in {given.folder}")
    model = os.path.abspath(given.model)
    with tempfile.TemporaryDirectory() as home:
        photographs = os.path.join(home, "pictures")
        os.mkdir(photographs)
        for number in range(given.pictures):
            source = os.path.abspath(found[number % len(found)])
            copy(source, os.path.join(photographs, f"{number:05d}{os.path.splitext(source)[1].lower()}"), number)
        lines = os.path.join(home, "evaluation")

        def evaluated() -> int:
            names = os.listdir(lines) if os.path.isdir(lines) else []
            partial = [name for name in names if name.startswith("results.jsonl")]
            if not partial:
                return 0
            # Three methods, and the references without the model, have a line each.
            with open(os.path.join(lines, partial[0]), "rb") as file:
                return sum(b'"method":"gradcam"' in line for line in file)

        maps = os.path.join(home, "maps")

        def explained() -> int:
            return sum(name.endswith(".json") for name in os.listdir(maps)) if os.path.isdir(maps) else 0

        codes = [
            soak("evaluate", [
                given.gaze, "evaluate", model, photographs, "-m", "gradcam", "-m", "gradient", "-m",
                "integrated-gradients:steps=10", "--metrics", "average-drop,sparseness", "-o", lines, *options,
            ], evaluated, given.pictures),
            soak("explain", [
                given.gaze, "explain", model,
                *(os.path.join(photographs, name) for name in sorted(os.listdir(photographs))), "-o", maps, *options,
            ], explained, given.pictures),
        ]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
