"""`gaze explain` of a 100 MB model from process start to files on disk, against Python scripts that do the same.

Run `.peers/bin/python Benchmarks/cold_explain.py .build/release/gaze` from the root of the project, on an idle machine. ResNet-50 with
random weights; the first round warms the file cache and is dropped; medians of the wall time and the largest peak memory are printed.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent


def default_image():
    """The cat that scikit-image carries, found without importing it: this process must stay small (see `run`)."""
    import importlib.util

    return pathlib.Path(importlib.util.find_spec("skimage").origin).parent / "data/chelsea.png"


def run(command, output):
    """Wall seconds, peak memory in MiB and number of files of one process.

    Linux counts the memory of the process that starts another into the other's peak, so nothing heavy is imported here.
    """
    with tempfile.TemporaryFile() as talk:
        start = time.perf_counter()
        process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=talk, stderr=talk)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        files = [path for path in output.rglob("*") if path.is_file() and path.stat().st_size > 0] if output.exists() else []
        if process.returncode != 0 or not files:
            talk.seek(0)
            raise SystemExit(f"{' '.join(map(str, command))}\nended with {process.returncode}, {len(files)} files\n{talk.read().decode()}")
    return seconds, usage.ru_maxrss / 1024, len(files)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gaze", type=pathlib.Path)
    parser.add_argument("--image", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--pause", type=float, default=0.5, help="seconds before each start")
    parser.add_argument("--threads", type=int, default=2, help="PyTorch's")
    arguments = parser.parse_args()
    image = arguments.image or default_image()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        subprocess.run([sys.executable, HERE / "resnet50_files.py", folder], check=True, stdout=subprocess.DEVNULL)
        script = [sys.executable, "-W", "ignore", HERE / "cold_explain_python.py", folder / "resnet50.pt", image]
        contestants = {
            "gaze explain": lambda output: [arguments.gaze, "explain", folder / "resnet50.onnx", image, "-l", "structural", "-o", output],
            "with layers tried": lambda output: [arguments.gaze, "explain", folder / "resnet50.onnx", image, "-o", output],
            "pytorch-grad-cam": lambda output: [*script, output, "--threads", arguments.threads],
            "torch.autograd.grad": lambda output: [*script, output, "--threads", arguments.threads, "--by", "autograd"],
        }
        results = {name: [] for name in contestants}
        for turn in range(arguments.rounds + 1):
            for name, command in contestants.items():
                output = folder / f"{name.replace(' ', '-')}-{turn}"
                time.sleep(arguments.pause)
                result = run(command(output), output)
                if turn > 0:
                    results[name].append(result)
    medians = {name: statistics.median(seconds for seconds, _, _ in values) for name, values in results.items()}
    print(f"{'':20s} {'median s':>9s} {'least':>7s} {'most':>7s} {'ratio':>6s} {'peak MiB':>9s} {'files':>6s}   ({arguments.rounds} rounds)")
    for name, values in results.items():
        seconds = [value[0] for value in values]
        print(f"{name:20s} {medians[name]:9.2f} {min(seconds):7.2f} {max(seconds):7.2f} {medians[name] / medians['gaze explain']:6.2f} "
              f"{max(value[1] for value in values):9.0f} {values[-1][2]:6d}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
