"""Muon's iteration in bfloat16 and in float32: which is faster on this processor.

python -m benchmarks.orthogonal
"""

from __future__ import annotations

import torch

from benchmarks.machine import instructions
from benchmarks.timing import in_turns, use_threads
from hornbook.compute import products
from hornbook.training.muon import orthogonal

SHAPES = ((4, 64, 64), (4, 256, 64), (4, 512, 128))  # of the transformers of the ladder


def main() -> None:
    """Time and print."""
    use_threads(1)
    print(f"{instructions()}. One thread:")
    for shape in SHAPES:
        x = torch.randn(shape, generator=torch.Generator().manual_seed(0))

        def run(low: bool, x: torch.Tensor = x) -> None:
            products.BFLOAT16 = low
            orthogonal(x)

        found = in_turns(
            {"bfloat16": lambda: run(True), "float32": lambda: run(False)}, calls=2, rounds=7
        )
        times = ", ".join(f"{name} {seconds * 1e3:.2f} ms" for name, seconds in found.items())
        print(f"{shape}: {times}, ratio {found['bfloat16'] / found['float32']:.2f}")


if __name__ == "__main__":
    main()
