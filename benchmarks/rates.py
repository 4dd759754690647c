"""Ways to read the learning-rate finder's curve, judged by the trainings that they lead to.

    python -m benchmarks.rates [--steps 1000] [--families mlp gru ...]

Each family goes through the finder and then trains on the names at the rate of each rule and at its
own default: the rate at which the smoothed loss has made a share of its fall, that of its steepest
place, and a tenth of that of its lowest place. What is printed is the loss on dev after the steps.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import hornbook
from hornbook.text.models import FAMILIES, NETS
from hornbook.training.finder import MEMORY, Found


def after(share: float) -> Callable[[Found], float]:
    """The rule that takes the rate at which so much of the fall is made."""

    def rule(found: Found) -> float:
        start, bottom = np.mean(found.losses[:MEMORY]), min(found.smoothed)
        below = np.array(found.smoothed) <= start - share * (start - bottom)
        return found.rates[int(np.argmax(below))]

    return rule


def steepest(found: Found) -> float:
    """The rate at which the smoothed loss falls fastest over the logarithm of the rate."""
    lowest = int(np.argmin(found.smoothed))
    slope = np.gradient(found.smoothed, np.log(found.rates))
    return found.rates[int(np.argmin(slope[: lowest + 1]))]


def tenth(found: Found) -> float:
    """A tenth of the rate at which the smoothed loss is lowest."""
    return found.rates[int(np.argmin(found.smoothed))] / 10


RULES = {"80 %": after(0.8), "90 %": after(0.9), "steepest": steepest, "lowest / 10": tenth}


def trained(name: str, steps: int, changes: dict[str, Any]) -> float:
    """The loss on dev, in nats, after so many steps."""
    training = {"steps": steps, "evaluate_every": steps, "patience": 0, "threads": 1, **changes}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        run = hornbook.train("names", model=name, out=out, training=training, baseline=False)
        return float(run.summary.losses["dev"])


def main() -> None:
    """Find, train and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--families", nargs="+", choices=NETS, default=NETS)
    arguments = parser.parse_args()
    excess: dict[str, list[float]] = {rule: [] for rule in (*RULES, "default")}
    for name in arguments.families:
        found = hornbook.find_rate("names", model=name, training={"threads": 1})
        rates = {rule: rate(found) for rule, rate in RULES.items()}
        rates["default"] = FAMILIES[name].training["learning_rate"]
        losses = {
            rule: trained(name, arguments.steps, {"learning_rate": float(f"{rate:.2g}")})
            for rule, rate in rates.items()
        }
        best = min(losses.values())
        for rule, loss in losses.items():
            excess[rule].append(loss - best)
            print(f"{name:8} {rule:12} rate {rates[rule]:9.2g}  dev {loss:.4f}", flush=True)
    for rule, more in excess.items():
        print(f"{'mean':8} {rule:12} above the best of these by {np.mean(more):.4f}")


if __name__ == "__main__":
    main()
