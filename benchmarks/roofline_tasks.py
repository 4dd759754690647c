"""Who does the works of `benchmarks.roofline`, and how.

Every work is done by a peer, by hornbook without compiled kernels, and by hornbook as it is with
the extra `fast`. The nets, batches and peers are those of `benchmarks.gradients`,
`benchmarks.recurrent_steps` and `benchmarks.throughput`.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from benchmarks import gradients
from benchmarks.peers import MakeMore, NanoGPT, lecture_wavenet
from benchmarks.throughput import (
    AS_MAKEMORE,
    AS_NANOGPT,
    MAKEMORE_GRU,
    MAKEMORE_SHAPE,
    NANOGPT_SHAPE,
    draw,
    trained_by,
    useful,
)
from hornbook.errors import SettingsError
from hornbook.nn.decoding import decoding_by
from hornbook.sources.datasets import DATASETS, locate
from hornbook.text.models import family
from hornbook.text.stream import Stream, encode_lines, encode_text
from hornbook.tokenizers.characters import CharTokenizer
from hornbook.tokenizers.contract import Tokenizer
from hornbook.training.many_steps import ManySteps
from hornbook.training.trainer import Trainer

__all__ = [
    "TOKENS", "Place", "Side", "Task", "demo", "lecture_mlp", "lines_net", "lstm", "makemore",
    "many_names", "mlp", "nano", "nanogpt", "one_text", "ours", "sampled", "text", "tree",
    "wavenet",
]  # fmt: skip

Side = Literal["peer", "ours", "bare"]
"Who does a work: a peer, hornbook as it is, or hornbook in a process without Numba."
AT_ONCE = 0.2  # seconds of compiled steps in a call, about: a training's are as long
FAST = 1e11  # multiplications a second of such a step, about
BARE = "without `fast`"
HOWS = ("hand", "autograd")


@dataclass(frozen=True)
class Place:
    """Where the peers and the data are."""

    nanogpt: Path | None
    makemore: Path | None
    names: Path
    shakespeare: Path

    @classmethod
    def of(
        cls, nanogpt: Path | None, makemore: Path | None, names: Path | None, plays: Path | None
    ) -> Place:
        """With the bundled data in place of files that are not given."""
        return cls(
            nanogpt, makemore, names or locate(DATASETS["names"]),
            plays or locate(DATASETS["shakespeare"]),
        )  # fmt: skip


@dataclass(frozen=True)
class Task:
    """One way to do a work."""

    call: Callable[[], object]
    steps: float = 1.0
    "That a call makes."
    done: float = 1.0
    "Of useful work in a step, in a unit that all sides of a work share."


@functools.cache
def names(place: Place) -> tuple[tuple[str, ...], Tokenizer, Stream]:
    """Lines, their characters, and their ids."""
    words = tuple(x for x in place.names.read_text(encoding="utf-8").split("\n") if x)
    tokenizer = CharTokenizer.fit(words, boundary=True)
    return words, tokenizer, encode_lines(words, tokenizer)


@functools.cache
def plays(place: Place) -> tuple[Tokenizer, Stream]:
    """The first nine tenths of a text."""
    whole = place.shakespeare.read_text(encoding="utf-8")
    tokenizer = CharTokenizer.fit([whole], boundary=False)
    return tokenizer, encode_text(whole[: len(whole) * 9 // 10], tokenizer)


def ours(make: Callable[..., Trainer], side: Side, done: float = 1.0) -> dict[str, Task]:
    """hornbook's ways to make a training step."""
    if side == "bare":
        return {}
    found = {f"by {how}": Task(make(gradients=how).update, done=done) for how in HOWS}
    with contextlib.suppress(SettingsError, ValueError):  # there may be no kernels for it
        made = make(gradients="compiled")
        made.settings = replace(made.settings, threads=torch.get_num_threads())
        steps = ManySteps(made)
        each = 1e-5 + steps.program.multiplications / FAST
        count = max(2, int(AT_ONCE / each))
        found["compiled"] = Task(functools.partial(steps.advance, count), count, done)
    return found


def lecture_mlp(place: Place, side: Side, norm: str) -> dict[str, Task]:
    """The lectures' MLP and their loop."""
    if side == "peer":
        loop = gradients.lecture if norm == "batch" else gradients.lecture_plain
        return {"the lecture's loop": Task(loop(32))}
    return ours(lambda gradients: mlp(gradients, norm), side)


def mlp(how: str, norm: str) -> Trainer:
    """A trainer of the lectures' net."""
    return gradients.trainer(how, 32, "sgd", norm)


def tree(place: Place, form: str) -> Callable[..., Trainer]:
    """Trainers of the lecture's WaveNet."""
    _, tokenizer, stream = names(place)
    rule: dict[str, Any] = {"optimizer": "sgd", "learning_rate": 0.1, "weight_decay": 0.0}
    return functools.partial(
        trained_by, "wavenet", stream, tokenizer.vocabulary, {"form": form}, 32, **rule
    )


def wavenet(place: Place, side: Side, form: str) -> dict[str, Task]:
    """The lecture's WaveNet: predictions."""
    if side == "peer":
        _, _, stream = names(place)
        contexts, targets = stream.windows(np.arange(stream.first, len(stream.ids)), 8)
        step, _ = lecture_wavenet(*map(torch.from_numpy, (contexts, targets)), batch_size=32)
        return {"the lecture's loop": Task(step, done=32)}
    make = tree(place, form)
    return ours(make, side, useful(make())[0])


def lines_net(place: Place, kind: str) -> Callable[..., Trainer]:
    """Trainers of makemore's nets."""
    words, tokenizer, stream = names(place)
    longest = max(map(len, words)) + 1
    shape: dict[str, Any] = {**MAKEMORE_GRU, "block_size": longest}
    if kind == "gpt":
        shape = {**MAKEMORE_SHAPE, **AS_MAKEMORE, "block_size": longest}
    return functools.partial(trained_by, kind, stream, tokenizer.vocabulary, shape, 32)


def makemore(place: Place, side: Side, kind: str) -> dict[str, Task]:
    """Its transformer and its GRU: letters of names."""
    words, _, stream = names(place)
    if side == "peer":
        if place.makemore is None:
            return {}
        peer = MakeMore(place.makemore, place.names)
        step = peer.training("transformer" if kind == "gpt" else kind, batch_size=32, workers=0)
        return {"makemore": Task(step, done=32 * len(stream) / len(words))}
    make = lines_net(place, kind)
    return ours(make, side, useful(make())[0])


def nano(place: Place) -> Callable[..., Trainer]:
    """Trainers of nanoGPT's CPU recipe."""
    tokenizer, stream = plays(place)
    shape = {**NANOGPT_SHAPE, **AS_NANOGPT}
    return functools.partial(trained_by, "gpt", stream, tokenizer.vocabulary, shape, 12, clip=1.0)


def peer_gpt(place: Place) -> NanoGPT | None:
    """nanoGPT with the text, if it is there."""
    if place.nanogpt is None:
        return None
    tokenizer, stream = plays(place)
    return NanoGPT(place.nanogpt, np.asarray(stream.ids), tokenizer.vocab_size)


def nanogpt(place: Place, side: Side) -> dict[str, Task]:
    """Its CPU recipe."""
    if side == "peer":
        peer = peer_gpt(place)
        return {"nanoGPT": Task(peer.training(NANOGPT_SHAPE, batch_size=12))} if peer else {}
    return ours(nano(place), side)


def lstm(place: Place, side: Side) -> dict[str, Task]:
    """64 rows of 64, 256 wide."""
    if side == "bare":
        return {}
    from benchmarks.recurrent_steps import SIZES, torchs, trainer  # it needs Numba

    size = next(one for one in SIZES if one.name == "lstm")
    if side == "peer":
        return {"torch.nn.LSTM": Task(torchs(size))}
    made: Any = functools.partial(trainer, size)
    return ours(lambda gradients: made("hand" if gradients == "compiled" else gradients), side)


def demo(place: Place) -> Callable[..., Trainer]:
    """Trainers of `hornbook train names`: the family mlp as it comes."""
    _, tokenizer, stream = names(place)
    batch = family("mlp").training_for("lines").batch_size
    return functools.partial(trained_by, "mlp", stream, tokenizer.vocabulary, {}, batch)


SAMPLED = {"n_layer": 6, "n_head": 6, "n_embd": 384, "block_size": 256}
TOKENS, PIECES = 500, 10
MANY = 1_000


def one_text(place: Place) -> Callable[[], object]:
    """hornbook's way to a text."""
    tokenizer, stream = plays(place)
    made: Any = trained_by("gpt", stream, tokenizer.vocabulary, {**SAMPLED, **AS_NANOGPT}, 1)
    return functools.partial(draw, made.module, tokenizer, 1, TOKENS)


def text(place: Place, side: Side) -> dict[str, Task]:
    """A text of 500 symbols."""
    if side == "peer":
        peer = peer_gpt(place)
        if peer is None:
            return {}
        piece = peer.sampling(SAMPLED, length=TOKENS, pieces=PIECES)
        return {"nanoGPT": Task(piece, TOKENS / PIECES)}
    return decoded(one_text(place), side, TOKENS)


def decoded(call: Callable[[], object], side: Side, steps: int) -> dict[str, Task]:
    """hornbook's way to draw: in compiled code, or by layers where there is no Numba."""
    if side == "bare":
        return {BARE: Task(call, steps)}

    def compiled() -> None:
        with decoding_by("compiled"):
            call()

    return {"compiled": Task(compiled, steps)}


def many_names(place: Place) -> tuple[Any, Callable[[], object]]:
    """hornbook's way to a thousand names, and the net."""
    words, tokenizer, _ = names(place)
    made = lines_net(place, "gpt")()
    # Names have to end where names end; makemore's go on to the longest whatever the weights.
    for _ in range(300):
        made.update()
    return made.module, functools.partial(draw, made.module, tokenizer, MANY, max(map(len, words)))


def sampled(place: Place, side: Side) -> dict[str, Task]:
    """1,000 names of makemore's transformer."""
    if side == "peer":
        if place.makemore is None:
            return {}
        call = MakeMore(place.makemore, place.names).sampling("transformer", count=MANY)
        return {"makemore": Task(call)}
    return decoded(many_names(place)[1], side, 1)
