"""Sampling token by token: by layers, in compiled code, and what the machine could do.

    python -m benchmarks.decoding [--rounds 5] [--nanogpt DIR --shakespeare FILE]
        [--makemore DIR --names FILE]

Milliseconds of a processor on one thread (of a machine that is shared, what this program took), the
least of some rounds in which all take turns: a token of one text, and a step of many rows. Beside
them what it takes to read all weights once, and to multiply as much, at the speed that NumPy's BLAS
has here. Where checkouts of the peers are given (see benchmarks/peers.py), whole samplings are
timed beside theirs: works e and f of benchmarks/throughput.py, whose clock a busy machine stops.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.throughput import (
    AS_MAKEMORE,
    AS_NANOGPT,
    MAKEMORE_SHAPE,
    WORKS,
    Options,
)
from benchmarks.timing import use_threads
from hornbook.compute.memory import keep_freed_memory
from hornbook.nn.decoding import Wanted, decoding_by
from hornbook.text.models.gpt import GPT, GPTSettings
from hornbook.tokenizers.contract import Vocabulary

TEXT = {"n_layer": 6, "n_head": 6, "n_embd": 384, "block_size": 256, **AS_NANOGPT}
NAMES = {**MAKEMORE_SHAPE, **AS_MAKEMORE, "block_size": 16}
DEFAULT: dict[str, Any] = {}
WORKED: list[tuple[str, dict[str, Any], int, int, int]] = [
    # title, settings, tokens of the vocabulary, rows, tokens before
    ("6×384, one text", TEXT, 65, 1, 128),
    ("the default GPT, 4×128, one text", DEFAULT, 65, 1, 32),
    ("4×64, one name", NAMES, 27, 1, 5),
    ("4×64, 20 names", NAMES, 27, 20, 5),
    ("4×64, 1,000 names", NAMES, 27, 1000, 5),
]
WAYS: tuple[Wanted, ...] = ("layers", "compiled")


def processor(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Seconds of a processor that each call takes, the least of some rounds."""
    best = dict.fromkeys(calls, float("inf"))
    for call in calls.values():
        call()
    for _ in range(rounds):
        for name, call in calls.items():
            began = time.process_time()
            call()
            best[name] = min(best[name], time.process_time() - began)
    return best


def reading(model: GPT) -> Callable[[], object]:
    """A product of each weight and one row: all are read once."""
    pairs = [
        (p.detach().numpy(), np.ones(p.shape[1], np.float32))
        for p in model.parameters()
        if p.dim() == 2
    ]
    return lambda: [weight @ x for weight, x in pairs]


def multiplying(model: GPT, rows: int) -> Callable[[], object]:
    """As much as a step of some rows multiplies."""
    pairs = [
        (np.ones((rows, p.shape[1]), np.float32), p.detach().numpy().T)
        for p in model.parameters()
        if p.dim() == 2
    ]
    return lambda: [x @ weight for x, weight in pairs]


def steps(model: GPT, before: int, rows: int, wanted: Wanted, count: int) -> Callable[[], object]:
    """Some steps after so many tokens, and one that only begins."""
    ids = np.zeros(rows, np.int64)
    with decoding_by(wanted), model.stepping(rows):
        _, state = model.start(np.zeros((rows, before - 1), np.int64))
        _, state = model.step(ids, state)

    def call() -> None:
        here = state
        with decoding_by(wanted), model.stepping(rows):
            for _ in range(count):
                _, here = model.step(ids, here)

    return call


def single_steps(rounds: int) -> None:
    """The first table."""
    print("| one step, ms of a processor | by layers | compiled | ratio | reading | multiplying |")
    print("|---|--:|--:|--:|--:|--:|")
    for title, settings, size, rows, before in WORKED:
        model = GPT(
            GPTSettings(**settings), Vocabulary(size, 0, 0), torch.Generator().manual_seed(0)
        ).eval()
        count = 8 if rows < 100 else 3
        calls = {way: steps(model, before, rows, way, count) for way in WAYS}
        found = processor({way: calls[way] for way in WAYS}, rounds * 4)
        limits = processor(
            {"reading": reading(model), "multiplying": multiplying(model, rows)}, rounds * 8
        )
        layers, compiled = (found[way] / count * 1e3 for way in WAYS)
        read, multiplied = (seconds * 1e3 for seconds in limits.values())
        print(
            f"| {title} | {layers:.3f} | {compiled:.3f} | {layers / compiled:.1f} "
            f"| {read:.3f} | {multiplied:.3f} |",
            flush=True,
        )


def beside(letter: str, options: Options, rounds: int) -> None:
    """A line of the second table."""
    work = WORKS[letter](options)
    # A piece of a peer's text is longer than the one before: all pieces of a text are a turn.
    ways = {way.note or way.side: way for way in work.ways}
    counts = {
        name: work.calls if work.calls and way.side != "hornbook" else 1
        for name, way in ways.items()
    }

    def turn(name: str) -> Callable[[], object]:
        return lambda: [ways[name].call() for _ in range(counts[name])]

    found = processor({name: turn(name) for name in ways}, rounds)
    rates = {name: way.work * counts[name] / found[name] for name, way in ways.items()}
    peer, *ours = rates
    told = " | ".join(f"{rates[name]:,.0f} ({rates[name] / rates[peer]:.1f})" for name in ours)
    print(f"| {work.rows[0].title} | {rates[peer]:,.0f} {work.unit} | {told} |", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("nanogpt", "makemore", "names", "shakespeare"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    use_threads(1)
    keep_freed_memory()
    single_steps(given.rounds)
    options = Options(
        given.nanogpt, given.makemore, given.names, given.shakespeare, (1,), seconds=0.25
    )
    letters = ("e" if given.nanogpt else "") + ("f" if given.makemore else "")
    if letters:
        print("\n| per second of a processor | the peer | by layers | compiled |")
        print("|---|--:|--:|--:|")
    for letter in letters:
        beside(letter, options, given.rounds)


if __name__ == "__main__":
    main()
