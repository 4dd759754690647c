"""How long the command line takes to say what it can do, and that it imports no torch for it.

python -m benchmarks.startup
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

COMMANDS = {
    "hornbook --help": ["--help"],
    "hornbook models": ["models"],
    "hornbook sample --help": ["sample", "--help"],
    "hornbook train --model ngram --help": ["train", "--model", "ngram", "--help"],
    "hornbook train --help": ["train", "--help"],
}


def main() -> None:
    """Time and print."""
    for name, arguments in COMMANDS.items():
        times = []
        for _ in range(11):
            began = time.perf_counter()
            subprocess.run([sys.executable, "-m", "hornbook", *arguments], capture_output=True)
            times.append(time.perf_counter() - began)
        listed = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "hornbook", *arguments],
            capture_output=True,
            text=True,
        ).stderr
        torch = any(line.split("|")[-1].strip() == "torch" for line in listed.splitlines())
        print(
            f"{name:36} {statistics.median(times):.3f} s"
            f"   torch {'imported' if torch else 'not imported'}"
        )


if __name__ == "__main__":
    main()
