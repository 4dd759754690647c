"""Is what `novelty` says of memory right, and how fast: `python -m benchmarks.novelty`.

Made-up models: a share of each one's samples is copied from train, the others are drawn from the
distribution of the data, from a narrower one (more typical than the data, as at a low temperature)
or from a wider one. How often the interval holds the share, and how often it lies above.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro

from hornbook.text.closeness import memorised_share, nearest_examples
from hornbook.text.corpus import load_corpus, split_corpus
from hornbook.text.matching import longest_passages

LETTERS = "aeinrlsmtkod"
KINDS = {"as the data": 1.0, "more typical": 2.0, "less typical": 0.3}
SHARES = (0.0, 0.1, 0.3, 0.6, 1.0)


@dataclass(frozen=True)
class Arguments:
    """What to measure."""

    repetitions: int = 200
    "Made-up models of each kind."
    examples: int = 1_000
    "Examples of each data set, 80 % of them in train."
    samples: int = 200
    "Samples of each model."
    text: Path | None = None
    "A long text to time the search for passages in."


def word(draw: random.Random, evenness: float) -> str:
    """A made-up name."""
    weights = [(1 / (place + 1)) ** evenness for place in range(len(LETTERS))]
    return "".join(draw.choices(LETTERS, weights, k=draw.choice([3, 4, 5, 6, 7])))


def coverage(asked: Arguments) -> None:
    """How often the interval of the share from memory holds the truth."""
    draw = random.Random(0)
    print(f"{'others':<14}{'truth':>6}{'mean':>8}{'within':>8}{'above':>8}")
    for kind, evenness in KINDS.items():
        for truth in SHARES:
            estimates, within, above = [], 0, 0
            for _ in range(asked.repetitions):
                words = sorted({word(draw, 1.0) for _ in range(asked.examples * 5 // 4)})
                draw.shuffle(words)
                words = words[: asked.examples]
                cut = len(words) * 4 // 5
                train, held = words[:cut], words[cut:]
                made = [
                    draw.choice(train) if draw.random() < truth else word(draw, evenness)
                    for _ in range(asked.samples)
                ]
                found = memorised_share(nearest_examples(made, train, held), cut, len(held))
                assert found is not None
                estimates.append(found.memorised)
                within += truth in found.interval
                above += found.interval.low > truth
            n = asked.repetitions
            print(f"{kind:<14}{truth:>6.0%}{np.mean(estimates):>8.1%}{within / n:>8.1%}"
                  f"{above / n:>8.1%}")  # fmt: skip


def speed(text: Path | None) -> None:
    """Processor seconds of both searches."""
    splits = split_corpus(load_corpus("names"))
    held = (*splits.dev, *splits.test)
    began = time.process_time()
    nearest_examples(splits.dev[:1_000], splits.train, held)
    print(f"1,000 names against {len(splits.train) + len(held):,}: "
          f"{time.process_time() - began:.2f} s")  # fmt: skip
    if text is None:
        return
    whole = text.read_text(encoding="utf-8")
    train, rest = whole[: len(whole) * 9 // 10], whole[len(whole) * 9 // 10 :]
    some = [rest[at : at + 500] for at in range(0, len(rest) - 500, len(rest) // 40)]
    began = time.process_time()
    longest_passages(some, train)
    print(f"{len(some)} stretches of 500 characters in {len(train):,}: "
          f"{time.process_time() - began:.2f} s")  # fmt: skip


def main() -> None:
    """Print both tables."""
    asked = tyro.cli(Arguments)
    speed(asked.text)
    coverage(asked)


if __name__ == "__main__":
    main()
