"""The works of `benchmarks.roofline`: what they have to do, and what hornbook is to reach."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from benchmarks.counted import Counted, counted_calls, counted_steps
from benchmarks.roofline_tasks import (
    TOKENS,
    Place,
    Side,
    Task,
    demo,
    lecture_mlp,
    lines_net,
    lstm,
    makemore,
    many_names,
    mlp,
    nano,
    nanogpt,
    one_text,
    ours,
    sampled,
    text,
    tree,
    wavenet,
)  # fmt: skip
from hornbook.training.trainer import Trainer

__all__ = ["WORKS", "Goal", "Work"]

COUNTED = 4  # steps of a training


@dataclass(frozen=True)
class Goal:
    """What hornbook is to reach, on a machine with AVX2 alone and on one with AVX-512 and bfloat16.

    Either so many times the peer's speed, or milliseconds a step.
    """

    avx2: float
    avx512: float
    unit: Literal["times", "ms"] = "times"


@dataclass(frozen=True)
class Work:
    """What is measured."""

    title: str
    step: str
    "What one step of it is."
    goal: Goal
    counted: Callable[[Place], Counted]
    tasks: Callable[[Place, Side], Mapping[str, Task]]
    "The ways of a side, by their names; those of a peer that is not there are none."
    counted_by: Side = "ours"
    "Where Numba does a part of it, that is not counted: it is to be done without."


def trained(make: Callable[[Place], Callable[..., Trainer]], place: Place) -> Counted:
    """What a training step has to do."""
    return counted_steps(make(place)(), COUNTED)


def lstm_trainer(place: Place) -> Callable[..., Trainer]:
    """Of the LSTM."""
    from benchmarks.recurrent_steps import SIZES, trainer

    size = next(one for one in SIZES if one.name == "lstm")
    return lambda: trainer(size, "hand")


def count_text(place: Place) -> Counted:
    """A text's token."""
    call: Any = one_text(place)
    call.args[0].double()
    return counted_calls(call, TOKENS, TOKENS)


def count_names(place: Place) -> Counted:
    """The names."""
    net, call = many_names(place)
    net.double()
    return counted_calls(call, 1, net.block_size)


def of_training(
    title: str, goal: Goal, make: Callable[[Place], Callable[..., Trainer]],
    tasks: Callable[[Place, Side], dict[str, Task]],
) -> Work:  # fmt: skip
    """A work whose steps are a training's."""
    return Work(title, "a step", goal, functools.partial(trained, make), tasks)


WORKS = {
    "mlp-batchnorm": of_training(
        "lecture's MLP, BatchNorm", Goal(8, 8), lambda place: lambda: mlp("hand", "batch"),
        functools.partial(lecture_mlp, norm="batch"),
    ),
    "mlp": of_training(
        "lecture's MLP", Goal(8, 8), lambda place: lambda: mlp("hand", "none"),
        functools.partial(lecture_mlp, norm="none"),
    ),
    "windows": of_training(
        "lecture's WaveNet on 32 windows", Goal(4, 4), functools.partial(tree, form="tree"),
        functools.partial(wavenet, form="tree"),
    ),
    "rows": of_training(
        "lecture's WaveNet on rows of 32 names", Goal(9, 10),
        functools.partial(tree, form="convolution"),
        functools.partial(wavenet, form="convolution"),
    ),
    "transformer": of_training(
        "makemore's transformer", Goal(4.5, 4.5), functools.partial(lines_net, kind="gpt"),
        functools.partial(makemore, kind="gpt"),
    ),
    "gru": of_training(
        "makemore's GRU", Goal(10, 12), functools.partial(lines_net, kind="gru"),
        functools.partial(makemore, kind="gru"),
    ),
    "nanogpt": of_training("nanoGPT's CPU recipe", Goal(1.7, 2.6), nano, nanogpt),
    "lstm": of_training("LSTM 64×64×256", Goal(1.3, 1.3), lstm_trainer, lstm),
    "demo": of_training(
        "`hornbook train names`, batches of 512", Goal(15 / 8, 10 / 8, "ms"), demo,
        lambda place, side: ours(demo(place), side) if side != "peer" else {},
    ),
    "text": Work(
        "a text of 500 symbols, GPT 6×384", "a symbol", Goal(16, 18), count_text, text, "bare"
    ),
    "names": Work(
        "1,000 names, makemore's transformer", "all", Goal(25, 35), count_names, sampled, "bare"
    ),
}  # fmt: skip
"A training of the demo is 8,000 steps, for which there are 15 or 10 seconds."
