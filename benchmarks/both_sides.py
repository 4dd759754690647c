"""What an encoder sees that a decoder cannot: a letter left out of a name, guessed from around it.

    python -m benchmarks.both_sides [--steps 2000] [--seeds 3]

In each of the bundled names one letter is replaced by a gap, and the same net says at the gap
which letter stood there: once without a mask, as an encoder, where the gap sees both sides; once
with the mask of a language model, where it sees what stands before it. Nothing else differs, the
start included. Names are split as `hornbook train` splits them, none on two sides; each letter of
each name of test is left out once. The loss is in nats, with an interval over names.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import numpy.typing as npt
import torch

from hornbook.nn import Embedding, Encoder, EncoderBlock, Linear, Padding, Rotary
from hornbook.nn.transformer_parts import TransformerParts
from hornbook.statistics import difference_interval, ratio_interval
from hornbook.text.corpus import SplitSettings, load_corpus, split_corpus

CHANNELS, HEADS, BLOCKS, BATCH, RATE = 64, 4, 2, 128, 3e-3
EMPTY, GAP, FIRST = 0, 1, 2  # ids: behind a name, for what is left out, of the letter a
LETTERS = 26
Ids = npt.NDArray[np.int64]


class Guesser(torch.nn.Module):
    """Names with a gap (B, S) to a score for each letter at each position (B, S, 26)."""

    def __init__(self, seed: int, *, causal: bool) -> None:
        super().__init__()
        start = torch.Generator().manual_seed(seed)
        parts = TransformerParts(CHANNELS, HEADS, 4 * CHANNELS)
        rotary = Rotary(CHANNELS // HEADS)
        blocks = [EncoderBlock(parts, rotary, start, causal=causal) for _ in range(BLOCKS)]
        embedding = Embedding(FIRST + LETTERS, CHANNELS, generator=start)
        self.encoder = Encoder([embedding], blocks, parts.norms())
        self.head = Linear(CHANNELS, LETTERS, generator=start)

    def losses(self, names: Names, rows: Ids, gaps: Ids) -> torch.Tensor:
        """What the letters that are left out cost in nats, shape (B,).

        Args:
            names: all.
            rows: numbers of some, shape (B,).
            gaps: the place of the letter that is left out of each, shape (B,).
        """
        ids, at = names.ids[rows], np.arange(len(rows))
        wanted = torch.from_numpy(ids[at, gaps] - FIRST)
        ids[at, gaps] = GAP
        padding = Padding.of(torch.from_numpy(names.lengths[rows]), ids.shape[1])
        seen = self.encoder(torch.from_numpy(ids), padding)  # (B, S, C)
        logits = self.head(seen[torch.from_numpy(at), torch.from_numpy(gaps)])  # (B, 26)
        return torch.nn.functional.cross_entropy(logits, wanted, reduction="none")


class Names:
    """Names as ids (N, S), and their lengths (N,)."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.lengths = np.array([len(name) for name in names])
        self.ids = np.full((len(names), int(self.lengths.max())), EMPTY, np.int64)
        for row, name in zip(self.ids, names, strict=True):
            row[: len(name)] = [FIRST + ord(letter) - ord("a") for letter in name]


def trained(names: Names, seed: int, steps: int, *, causal: bool) -> Guesser:
    """A net that has learned to fill gaps."""
    net, random = Guesser(seed, causal=causal), np.random.default_rng(seed)
    how = torch.optim.AdamW(net.parameters(), RATE)
    course = torch.optim.lr_scheduler.OneCycleLR(how, RATE, total_steps=steps)
    for _ in range(steps):
        rows = random.integers(0, len(names.lengths), BATCH)
        gaps = random.integers(0, names.lengths[rows])
        how.zero_grad()
        net.losses(names, rows, gaps).mean().backward()  # type: ignore[no-untyped-call]
        how.step()
        course.step()
    return net.eval()


def measured(net: Guesser, names: Names) -> npt.NDArray[np.float64]:
    """What all letters of each name cost together, each left out by itself; shape (N,)."""
    rows = np.repeat(np.arange(len(names.lengths)), names.lengths)
    gaps = np.concatenate([np.arange(length) for length in names.lengths])
    with torch.no_grad():
        parts = zip(np.array_split(rows, 20), np.array_split(gaps, 20), strict=True)
        costs = np.concatenate([net.losses(names, *part).double().numpy() for part in parts])
    return np.bincount(rows, costs).astype(np.float64)


def main() -> None:
    """Train both with each seed, measure, print."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--steps", type=int, default=2_000)
    asked.add_argument("--seeds", type=int, default=3)
    given = asked.parse_args()
    splits = split_corpus(load_corpus("names"), SplitSettings(distinct=True))
    train, test = Names(splits.train), Names(splits.test)
    print("| seed | both sides seen | only what stands before | difference | s |")
    print("|--:|--:|--:|--:|--:|")
    for seed in range(1, 1 + given.seeds):
        begun = time.process_time()
        nets = [trained(train, seed, given.steps, causal=causal) for causal in (False, True)]
        sums = [measured(net, test) for net in nets]
        told = []
        for one in sums:
            interval = ratio_interval(one, test.lengths)
            assert interval is not None
            told.append(f"{one.sum() / test.lengths.sum():.3f} "
                        f"({interval.low:.3f} to {interval.high:.3f})")  # fmt: skip
        apart = difference_interval(sums[1], sums[0], test.lengths)
        assert apart is not None
        seconds = time.process_time() - begun
        print(f"| {seed} | {told[0]} | {told[1]} | {apart.low:+.3f} to {apart.high:+.3f} "
              f"| {seconds:.0f} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
