"""Names a second from the lectures' MLP and from counts, many at once.

python -m benchmarks.sampling RUN [RUN ...] [-n 10000]
"""

from __future__ import annotations

import argparse
import statistics
import time

from hornbook.runs import Run
from hornbook.text.sampling import SamplingSettings, sample


def main() -> None:
    """Time and print."""
    parser = argparse.ArgumentParser(description="Names a second, many at once.")
    parser.add_argument("runs", nargs="+")
    parser.add_argument("-n", type=int, default=10_000)
    arguments = parser.parse_args()
    for path in arguments.runs:
        run = Run(path)
        rates = []
        for seed in range(7):
            settings = SamplingSettings(n=arguments.n, seed=seed)
            began = time.perf_counter()
            for _ in sample(run.model, run.tokenizer, settings, longest=run.longest):
                pass
            rates.append(arguments.n / (time.perf_counter() - began))
        print(
            f"{run.family}, {run.model.n_parameters:,} parameters, {arguments.n:,} at once: "
            f"{statistics.median(rates[1:]):,.0f} a second "
            f"(from {min(rates[1:]):,.0f} to {max(rates[1:]):,.0f})"
        )


if __name__ == "__main__":
    main()
