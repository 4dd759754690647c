"""A training step of the lectures' MLP: by hand, by autograd, compiled, and the lectures' own loop.

    python -m benchmarks.gradients [--threads 1] [--batch 32] [--norm batch|none] [--processor]

The net (12,097 parameters with BatchNorm, 11,897 without) and the batches are the same for all but
the last, which is written as the lecture writes it, with indexing, torch.std and a list of
parameters. With `--processor` seconds are a processor's, for a machine that is busy.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from benchmarks.machine import instructions
from benchmarks.peers import descend
from benchmarks.timing import in_turns, use_threads
from hornbook.extras import has
from hornbook.text.batches import make_batches
from hornbook.text.models.mlp import MLP, MLPSettings
from hornbook.text.stream import encode_lines
from hornbook.tokenizers.characters import CharTokenizer
from hornbook.training import TrainingSettings
from hornbook.training.measures import Evaluation
from hornbook.training.trainer import Trainer


def lines() -> tuple[str, ...]:
    """Made-up names: only their number and length matter here."""
    chance = random.Random(0)
    letters = "abcdefghijklmnopqrstuvwxyz"
    return tuple("".join(chance.choices(letters, k=chance.randint(3, 9))) for _ in range(25_000))


def trainer(gradients: str, batch: int, optimizer: str, norm: str = "batch") -> Trainer:
    """A trainer of the lectures' net, one step of which is to be timed."""
    names = lines()
    tokenizer = CharTokenizer.fit(names, boundary=True)
    settings = MLPSettings(block_size=3, n_embd=10, n_hidden=(200,), activation="tanh", norm=norm)  # type: ignore[arg-type]
    model = MLP(settings, tokenizer.vocabulary, torch.Generator().manual_seed(0))
    stream = encode_lines(names, tokenizer)
    batches = make_batches(stream, "window", block_size=3, batch_size=batch, seed=0)
    training: Any = {"gradients": gradients, "optimizer": optimizer, "steps": 10**9}
    model.train()
    return Trainer(model, batches, TrainingSettings(**training), Evaluation)


def gradients_alone(made: Trainer) -> Callable[[], None]:
    """Loss and gradients of one batch, without the update."""
    batch = next(made.batches)
    model: Any = made.module

    def by_hand() -> None:
        with torch.inference_mode():
            made.flat.grads.zero_()
            model.loss_vjp(batch)[1]()

    def by_autograd() -> None:
        made.flat.grads.zero_()
        model.loss(batch).backward()

    return by_hand if made.settings.gradients == "hand" else by_autograd


def compiled(made: Trainer, calls: int) -> Callable[[], None]:
    """So many compiled steps, by as many threads as torch has."""
    from hornbook.training.many_steps import ManySteps

    made.settings = replace(made.settings, threads=torch.get_num_threads())
    steps = ManySteps(made)
    return lambda: steps.advance(calls)


def repeated(step: Callable[[], object], calls: int) -> Callable[[], None]:
    """So many of others."""

    def run() -> None:
        for _ in range(calls):
            step()

    return run


def lecture_plain(batch: int) -> Callable[[], None]:
    """One step as in the lecture's second part, without BatchNorm."""
    generator = torch.Generator().manual_seed(0)
    contexts = torch.randint(0, 27, (182_625, 3), generator=generator)
    targets = torch.randint(0, 27, (182_625,), generator=generator)
    shapes = ((27, 10), (30, 200), (200,), (200, 27), (27,))
    parameters = [torch.randn(shape, generator=generator) for shape in shapes]
    for p in parameters:
        p.requires_grad = True
    table, w1, b1, w2, b2 = parameters

    def step() -> None:
        ix = torch.randint(0, len(targets), (batch,), generator=generator)
        hidden = torch.tanh(table[contexts[ix]].view(-1, 30) @ w1 + b1)
        loss = F.cross_entropy(hidden @ w2 + b2, targets[ix])
        descend(loss, parameters)

    return step


def lecture(batch: int) -> Callable[[], None]:
    """One step as in the lecture's third part."""
    generator = torch.Generator().manual_seed(0)
    contexts = torch.randint(0, 27, (182_625, 3), generator=generator)
    targets = torch.randint(0, 27, (182_625,), generator=generator)
    table = torch.randn(27, 10, generator=generator)
    w1 = torch.randn(30, 200, generator=generator) * (5 / 3) / 30**0.5
    w2, b2 = torch.randn(200, 27, generator=generator) * 0.01, torch.zeros(27)
    gain, bias = torch.ones(1, 200), torch.zeros(1, 200)
    running = {"mean": torch.zeros(1, 200), "std": torch.ones(1, 200)}
    parameters = [table, w1, w2, b2, gain, bias]
    for p in parameters:
        p.requires_grad = True

    def step() -> None:
        ix = torch.randint(0, len(targets), (batch,), generator=generator)
        x, y = contexts[ix], targets[ix]
        hidden = table[x].view(len(x), -1) @ w1
        mean, std = hidden.mean(0, keepdim=True), hidden.std(0, keepdim=True)
        with torch.no_grad():
            running["mean"] = 0.999 * running["mean"] + 0.001 * mean
            running["std"] = 0.999 * running["std"] + 0.001 * std
        logits = torch.tanh(gain * (hidden - mean) / std + bias) @ w2 + b2
        loss = F.cross_entropy(logits, y)
        descend(loss, parameters)

    return step


def worst_difference() -> float:
    """The largest difference of any gradient by hand from autograd's, relative, in float64."""
    made = trainer("hand", 32, "sgd")
    model: Any = made.module.double()
    batch = next(made.batches)
    model.zero_grad()
    model.loss(batch).backward()
    theirs = [p.grad.clone() for p in model.parameters() if p.grad is not None]
    model.zero_grad()
    with torch.no_grad():
        model.loss_vjp(batch)[1]()
    found = zip(model.parameters(), theirs, strict=True)
    return max(
        float((p.grad - g).abs().max() / g.abs().max()) for p, g in found if p.grad is not None
    )


def main() -> None:
    """Time and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--norm", choices=["batch", "none"], default="batch")
    parser.add_argument("--processor", action="store_true", help="count a processor's seconds")
    arguments = parser.parse_args()
    use_threads(arguments.threads)

    def made(kind: str, optimizer: str = "sgd") -> Trainer:
        return trainer(kind, arguments.batch, optimizer, arguments.norm)

    hand, auto, adam = made("hand"), made("autograd"), made("hand", "adamw")
    theirs = lecture if arguments.norm == "batch" else lecture_plain
    calls = max(20, 20_000 // max(32, arguments.batch))
    tasks = {
        name: repeated(step, calls)
        for name, step in {
            "loss and gradients, by hand": gradients_alone(hand),
            "loss and gradients, by autograd": gradients_alone(auto),
            "whole step (SGD), by hand": hand.update,
            "whole step (SGD), by autograd": auto.update,
            "whole step (AdamW), by hand": adam.update,
            "the lecture's own loop (SGD)": theirs(arguments.batch),
        }.items()
    }
    if has("numba"):
        tasks["whole step (SGD), compiled"] = compiled(made("compiled"), calls)
        tasks["whole step (AdamW), compiled"] = compiled(made("compiled", "adamw"), calls)
    clock = time.process_time if arguments.processor else time.perf_counter
    taken = in_turns(tasks, calls=1, clock=clock)
    found = {name: seconds / calls for name, seconds in taken.items()}
    print(
        f"{instructions()}; batch {arguments.batch}, "
        f"{arguments.threads} thread(s), norm={arguments.norm}, medians of 15 rounds"
        + (", of a processor" if arguments.processor else "")
    )
    for name, seconds in found.items():
        print(f"{name:34} {seconds * 1e6:9.1f} µs")
    names = list(found)
    pairs = [(0, 1), (2, 3), (2, 5)]
    pairs += [(6, 5), (7, 5), (6, 2), (7, 4)] if len(names) > 6 else []
    for fast, slow in pairs:
        ratio = found[names[slow]] / found[names[fast]]
        print(f"{names[slow]} / {names[fast]}: {ratio:.2f}")
    print(f"largest relative difference of a gradient, float64: {worst_difference():.1e}")
    assert np.isfinite(list(found.values())).all()


if __name__ == "__main__":
    main()
