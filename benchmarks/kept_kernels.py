"""What compiling kernels takes, once on a machine, and loading them, in each process.

    python -m benchmarks.kept_kernels [--beside CHECKOUT] [--rounds 10]

Processor seconds of the kernels that the net of `make demo` takes, in float32: in a process that
finds an empty folder, and the median of as many others that find what it has kept. Importing Numba
is in them, where that is done, and torch is imported before. With `--beside` another checkout takes
turns with this one.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parents[1]
LOADING = """\
import sys, time
import torch
from hornbook.kernels.program import Kind

kinds = {int(Kind[word.upper().replace("-", "_")]) for word in sys.argv[1:]}
began = time.process_time()
from hornbook.kernels.ahead import load
load(kinds, "float32")
print(time.process_time() - began, "with" if "numba" in sys.modules else "without")
"""


def kinds_of_the_demo() -> list[str]:
    """Kinds of operations, as the Makefile names them."""
    found = re.search(r"^KERNELS := (.*)$", (HERE / "Makefile").read_text("utf-8"), re.M)
    assert found is not None
    return found[1].split()


def loaded(checkout: Path, folder: str, kinds: list[str]) -> tuple[float, str]:
    """Processor seconds, and whether with Numba or without."""
    told = subprocess.run(
        [sys.executable, "-c", LOADING, *kinds], cwd=checkout, capture_output=True, text=True,
        env={**os.environ, "NUMBA_CACHE_DIR": folder, "PYTHONPATH": str(checkout)}, check=True,
    )  # fmt: skip
    seconds, how = told.stdout.split()
    return float(seconds), how


def main() -> None:
    """Time and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--beside", type=Path, action="append", default=[], metavar="CHECKOUT")
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    kinds, checkouts = kinds_of_the_demo(), [HERE, *options.beside]
    with tempfile.TemporaryDirectory() as folder:
        folders = [str(Path(folder, str(k))) for k in range(len(checkouts))]
        pairs = list(zip(checkouts, folders, strict=True))
        compiled = [loaded(*pair, kinds)[0] for pair in pairs]
        kept = [[loaded(*pair, kinds) for pair in pairs] for _ in range(options.rounds)]
    for checkout, seconds, each in zip(checkouts, compiled, zip(*kept, strict=True), strict=True):
        print(
            f"{checkout.name}: compiled in {seconds:.1f} s, loaded {each[0][1]} Numba in "
            f"{statistics.median(one for one, _ in each):.3f} s"
        )


if __name__ == "__main__":
    main()
