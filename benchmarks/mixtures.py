"""Ways to make one prediction out of a net's and n-gram counts': their loss, and their samples.

    python -m benchmarks.mixtures NET COUNTS [--filter COMMAND] [-n 1000] [--limit 60000]

NET is a run that reads rows, COUNTS one of the family `ngram`, on the same lines. The depth of a
place is the length of the longest context that the counts have seen there. All is fitted on dev:

    average             weights that sum to 1
    average by depth    such weights for each depth
    by likelihood       each member weighed by how likely it finds the sample so far
    product             exponents
    product, sum 1      the same exponents, divided by their sum
    product by depth    exponents for each depth
    product by doubt    exponents for each of six groups, by how sure the surest of them is
    the end by itself   exponents for whether the line ends, and for what comes if it does not: as
                        `hornbook mix` does it
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.runs import Run
from hornbook.text.filtering import LineFilter
from hornbook.text.models.contract import Ids
from hornbook.text.models.mixture import Mixture
from hornbook.text.models.ngram import NGram
from hornbook.text.models.pooling import (
    best_exponents,
    best_exponents_with_end,
    best_weights,
    log_mean,
    log_product,
    log_product_with_end,
    log_softmax,
)
from hornbook.text.next_token import choose
from hornbook.text.stream import IGNORED, Stream

Doubles = npt.NDArray[np.float64]
Pool = Callable[[Doubles, Ids], Doubles]
"From ln p of both, (2, B, V), and depths, (B,), to ln p, (B, V)."

ENOUGH = 300  # predictions of a depth from which weights of its own are fitted


DOUBTS = (0.001, 0.01, 0.05, 0.2, 0.5)  # what the surest leaves to all other tokens


def doubt(logp: Doubles) -> Ids:
    """The group of each prediction, from ln p of both, (2, B, V)."""
    found: Ids = np.digitize(1 - np.exp(logp.max(axis=2)).max(axis=0), DOUBTS)
    return found


class Pair:
    """Both models."""

    def __init__(self, net: Run, counts: Run) -> None:
        self.data, self.mixture = net.data, Mixture.__new__(Mixture)
        self.mixture.vocabulary = net.data.shape
        self.mixture.members = [net.model, counts.model]
        assert isinstance(counts.model, NGram)
        self.counts = counts.model

    def depth(self, windows: Ids) -> Ids:
        """How many of the last tokens the counts have seen together."""
        found = np.zeros(len(windows), dtype=np.int64)
        for length, nodes in enumerate(self.counts.walk(windows)[0]):
            found[nodes >= 0] = length
        return found

    def predictions(self, stream: Stream, limit: int) -> Iterator[tuple[Doubles, Ids, Ids]]:
        """ln p of both, targets and depths, some at a time."""
        at_once = max(256, 2**21 // self.data.shape.size)
        for inputs, targets in stream.all_rows(1024, at_once, limit=min(limit, len(stream))):
            real = targets != IGNORED
            logits = self.mixture.member_logits(inputs, real)
            windows = self.mixture.windows(self.counts, inputs)[real]
            logp = np.stack([log_softmax(own) for own in logits])
            yield logp, targets[real], self.depth(windows)


def fitted(pair: Pair, limit: int) -> dict[str, Pool]:
    """Every way, fitted on dev."""
    parts = list(pair.predictions(pair.data.stream("dev"), limit))
    logp = np.concatenate([part[0].astype(np.float32) for part in parts], axis=1)
    targets = np.concatenate([part[1] for part in parts])
    depth = np.concatenate([part[2] for part in parts])
    losses = -logp[:, np.arange(len(targets)), targets].astype(np.float64)
    weights, exponents = best_weights(losses), best_exponents(logp, targets)
    end = pair.data.shape.boundary
    assert end is not None
    with_end = best_exponents_with_end(logp, targets, end)
    by_doubt = np.tile(exponents, (len(DOUBTS) + 1, 1))
    for at in range(len(by_doubt)):
        here = doubt(logp) == at
        if here.sum() >= ENOUGH:
            by_doubt[at] = best_exponents(logp[:, here], targets[here])
    own_weights = np.tile(weights, (pair.counts.settings.order, 1))
    own_exponents = np.tile(exponents, (pair.counts.settings.order, 1))
    for at in range(len(own_weights)):
        here = depth == at
        if here.sum() >= ENOUGH:
            own_weights[at] = best_weights(losses[:, here])
            own_exponents[at] = best_exponents(logp[:, here], targets[here])
    print(f"weights {weights.round(2)}, exponents {exponents.round(2)}; of each depth:")
    print(np.concatenate([own_weights, own_exponents], axis=1).round(2).tolist())
    return {
        "net": lambda logp, depth: logp[0],
        "counts": lambda logp, depth: logp[1],
        "average": lambda logp, depth: log_mean(logp, weights),
        "average by depth": lambda logp, depth: np.log(
            np.einsum("bk,kbv->bv", own_weights[depth], np.exp(logp))
        ),
        "by likelihood": lambda logp, depth: log_mean(logp, weights),
        "product": lambda logp, depth: log_product(list(logp), exponents),
        "product, sum 1": lambda logp, depth: log_product(list(logp), exponents / exponents.sum()),
        "product by depth": lambda logp, depth: log_softmax(
            np.einsum("bk,kbv->bv", own_exponents[depth], logp)
        ),
        "product by doubt": lambda logp, depth: log_softmax(
            np.einsum("bk,kbv->bv", by_doubt[doubt(logp)], logp)
        ),
        "the end by itself": lambda logp, depth: log_product_with_end(list(logp), with_end, end),
    }


def losses(
    pair: Pair, ways: dict[str, Pool], split: str, limit: int
) -> dict[str, tuple[float, float]]:
    """Nats per token of each way, and the mean entropy of its predictions."""
    total, count = {name: np.zeros(2) for name in ways}, 0
    for logp, targets, depth in pair.predictions(pair.data.stream(split), limit):
        count += len(targets)
        for name, way in ways.items():
            mixed = way(logp, depth)
            lost = -mixed[np.arange(len(targets)), targets].sum()
            p = np.exp(mixed)
            total[name] += lost, -(p * np.where(p > 0, mixed, 0)).sum()
    return {name: (value[0] / count, value[1] / count) for name, value in total.items()}


def samples(pair: Pair, way: Pool, n: int, *, weighed: bool) -> list[str]:
    """Samples at temperature 1; with `weighed`, each member's weight grows with what it foresaw."""
    rng, tokenizer = np.random.default_rng(0), pair.data.tokenizer
    read, alive = np.full(n, tokenizer.start), np.arange(n)
    windows = np.full((n, pair.counts.block_size), tokenizer.start)
    states: list[Any] = [None, None]
    made: list[list[int]] = [[] for _ in range(n)]
    foreseen = np.zeros((2, n))
    for time in range(pair.data.longest):
        told = [m.step(read, s) for m, s in zip(pair.mixture.members, states, strict=True)]
        logp = np.stack([log_softmax(logits) for logits, _ in told])
        windows = np.concatenate([windows, read[:, None]], axis=1)[:, 1:]
        if weighed:
            weights = np.exp(foreseen - foreseen.max(axis=0))
            mixed = np.log(np.einsum("kb,kbv->bv", weights / weights.sum(axis=0), np.exp(logp)))
        else:
            mixed = way(logp, pair.depth(windows))
        if time == 0:
            mixed[:, tokenizer.boundary] = -np.inf
        ids = choose(np.exp(mixed - mixed.max(axis=1, keepdims=True)), rng)
        foreseen += logp[:, np.arange(len(ids)), ids]
        going = np.flatnonzero(ids != tokenizer.boundary)
        read, alive, windows, foreseen = (
            ids[going],
            alive[going],
            windows[going],
            foreseen[:, going],
        )
        for place, token in zip(alive.tolist(), read.tolist(), strict=True):
            made[place].append(token)
        if not len(alive):
            break
        members = zip(pair.mixture.members, told, strict=True)
        states = [member.select(state, going) for member, (_, state) in members]
    return [tokenizer.decode(ids) for ids in made]


def main() -> None:
    """Fit, measure, sample, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("net")
    parser.add_argument("counts")
    parser.add_argument("--filter", default="")
    parser.add_argument("-n", type=int, default=1000)
    parser.add_argument("--limit", type=int, default=60_000, help="predictions on dev and test")
    given = parser.parse_args()
    pair = Pair(Run(given.net), Run(given.counts))
    ways = fitted(pair, given.limit)
    dev, test = (losses(pair, ways, split, given.limit) for split in ("dev", "test"))
    known = pair.data.novelty.sets["train"]
    print("| way | dev | entropy | test | pass | new | length |\n|---|--:|--:|--:|--:|--:|--:|")
    for name, way in ways.items():
        texts = samples(pair, way, given.n, weighed=name == "by likelihood")
        passed = "-"
        if given.filter:
            passed = f"{np.mean(LineFilter(given.filter, 600).passing(texts)):.1%}"
        new = np.mean([text not in known for text in texts])
        length = np.mean([len(text) for text in texts])
        figures = "| | |"
        if name != "by likelihood":  # which predicts otherwise in each sample
            loss, entropy = dev[name]
            figures = f"| {loss:.4f} | {entropy:.4f} | {test[name][0]:.4f}"
        print(f"| {name} {figures} | {passed} | {new:.1%} | {length:.1f} |", flush=True)


if __name__ == "__main__":
    main()
