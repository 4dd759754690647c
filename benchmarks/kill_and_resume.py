"""A run that is killed with SIGKILL at random moments and resumed each time ends bit for bit as one
that was left alone.

    python -m benchmarks.kill_and_resume [--kills 20] [--data names]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from hornbook.tensor_files import read_tensors

SETTINGS = ["--steps", "8000", "--dropout", "0.1", "--patience", "0", "--evaluate-every", "100"]


def figures(path: Path) -> list[dict[str, Any]]:
    """The lines of the metrics without the time they took."""
    lines = (path / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in lines]


def step_of(path: Path) -> int:
    """The step of the last checkpoint."""
    if not (path / "checkpoint.safetensors").exists():
        return 0
    return int(read_tensors(path / "checkpoint.safetensors")[1]["step"])


def main() -> None:
    """Train once undisturbed, once with kills, and compare."""
    parser = argparse.ArgumentParser(description="Kill, resume, compare.")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--data", default="names")
    arguments = parser.parse_args()
    verb = [sys.executable, "-m", "hornbook", "train"]
    chance = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        whole, killed = Path(folder) / "whole", Path(folder) / "killed"
        began = time.perf_counter()
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL}
        subprocess.run([*verb, arguments.data, "--out", str(whole), *SETTINGS], check=True, **quiet)
        alone = time.perf_counter() - began
        command = [*verb, arguments.data, "--out", str(killed), *SETTINGS]
        kills, since = 0, 0
        while kills < arguments.kills:
            process = subprocess.Popen(command, **quiet)
            # From the start of the program to somewhat beyond a share of the whole training.
            wait = chance.uniform(0.0, 2.5 + 1.2 * alone / arguments.kills)
            try:
                process.wait(wait)
                break  # it was faster than the kill
            except subprocess.TimeoutExpired:
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
            kills += 1
            if (killed / "run.json").exists():
                command = [*verb, "--resume", str(killed)]
            else:
                command = [*verb, arguments.data, "--out", str(killed), "--overwrite", *SETTINGS]
            now = step_of(killed)
            print(f"kill {kills:2} after {wait:5.2f} s: step {since:,} -> {now:,}", flush=True)
            since = now
        if (killed / "summary.json").exists() and kills < arguments.kills:
            raise SystemExit(f"training ended after {kills} kills: give it more --kills or steps")
        subprocess.run(command, check=True, **quiet)
        for name in ("model", "checkpoint"):
            one, about = read_tensors(whole / f"{name}.safetensors")
            other, about_other = read_tensors(killed / f"{name}.safetensors")
            assert one.keys() == other.keys()
            assert all(np.array_equal(one[key], other[key]) for key in one), name
            same = about.keys() - {"seconds", "compiling", "run"}
            assert all(about[key] == about_other[key] for key in same), name
        assert figures(whole) == figures(killed)
        print(
            f"{kills} kills: weights, optimizer state, cursor, random numbers and all "
            f"{len(figures(whole))} records equal the undisturbed run's, bit for bit"
        )


if __name__ == "__main__":
    main()
