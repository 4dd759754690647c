"""Whether a model repeats its training data: what its samples have of them, and what that shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from hornbook.records import JSON, as_json
from hornbook.statistics import Interval
from hornbook.text.asked_conditions import with_conditions
from hornbook.text.byte_figures import by_byte
from hornbook.text.closeness import (
    Close,
    Held,
    Nearest,
    compared_at_most,
    mean_apart,
    memorised_share,
    nearest_examples,
)
from hornbook.text.copied_passages import Copied, copied_passages
from hornbook.text.likeness import Likeness, likeness
from hornbook.text.quality import held_stretches, refuse_without_text, spread
from hornbook.text.sampling import SamplingSettings, sample

if TYPE_CHECKING:
    from hornbook.runs import Run

__all__ = ["Memorising", "Verdict", "memorising"]

LINES, TEXTS = 1_000, 20  # samples where nothing else is asked
STRETCHES = 50  # of held-out text, at least
LITTLE = 0.1  # of the samples, or of their characters: from here on it is not a little

Verdict = Literal["none", "little", "memorised", "unknown"]


@dataclass(frozen=True)
class Memorising:
    """What samples have of the training data, beside what held-out data have of them."""

    verdict: Verdict
    """none: no more than chance explains. little: more, but of less than a tenth of the samples.
    memorised: of more. unknown: nothing was held out to tell by."""
    n: int
    "Samples that were drawn."
    temperature: float
    samples: Close | None
    "Of lines: how close they are to the examples of train; None of texts."
    held: Close | None
    "The same of held-out examples; None of texts, or if nothing was held out."
    apart: Interval | None
    "How much farther samples are from train than held-out examples: of the mean of relative edits."
    compared: int
    "How many different samples were held against all examples."
    memory: Held | None
    "Of lines: how much of the samples comes from memory; None if nothing was held out."
    repeated: tuple[int, int] | None
    "Of lines: how many different examples of train the samples repeat, and of those held out."
    sizes: tuple[int, int]
    "How many examples, or characters or bytes of a text, train has, and what was held out."
    nearest: tuple[Nearest, ...]
    "Of lines: the different samples with what they are nearest to, in the order drawn."
    edits: tuple[int, ...]
    "Of lines: of each sample to the nearest example of train."
    held_edits: tuple[int, ...]
    "The same of held-out examples."
    copied: Copied | None
    "Of texts: the passages that train has."
    like: Likeness
    "How like train the samples are as a whole."
    held_like: Likeness | None
    "The same of as many held-out examples, or stretches."

    def evidence(self) -> list[Nearest]:
        """The samples nearest to train, those first that are farthest from what was held out."""
        return sorted(
            self.nearest, key=lambda one: (one.relative, -(one.held_edits or 0), -len(one.text))
        )

    def as_dict(self) -> dict[str, JSON]:
        """All of it for machines."""
        found: dict[str, JSON] = as_json(self)
        return found


def memorising(
    run: Run,
    n: int = 0,
    temperature: float | None = None,
    *,
    seed: int = 0,
    longest: int = 0,
    condition: Sequence[str] = (),
) -> Memorising:
    """Hold samples of a run against its training data, and held-out data beside them.

    Args:
        run: of text.
        n: samples (0: 1,000 lines, or 20 texts).
        temperature: to draw at; None: that which suits the run, or 1.
        seed: of the samples.
        longest: most tokens in one (0: as in sampling).
        condition: given with each, as `NAME=VALUE`.

    Raises:
        RunError: if the run is without its data.
        SettingsError: if there is no such condition.
    """
    from hornbook.text.sample_question import own_temperature

    refuse_without_text(run, "Novelty")
    data = run.data
    lines = data.kind == "lines"
    drawn_at = temperature if temperature is not None else own_temperature(run) or 1.0
    settings = SamplingSettings(
        n=n or (LINES if lines else TEXTS), temperature=drawn_at, seed=seed, longest=longest
    )
    model = with_conditions(run.model, data, condition)
    made = [one.text for one in sample(model, data.tokenizer, settings, longest=data.longest)]
    return (of_lines if lines else of_text)(run, made, drawn_at)


def of_lines(run: Run, made: Sequence[str], temperature: float) -> Memorising:
    """Samples that are examples."""
    splits = run.data.splits
    train, held = splits.train, (*splits.dev, *splits.test)
    some = [one.text for one in spread(held, len(made))] if held else []
    most = compared_at_most([*made, *some], [*train, *held])
    asked, looked_at = within(made, most), within(some, most)
    if run.data.raw:  # bytes are compared where characters are bytes
        found = nearest_examples(*([by_byte(one) for one in texts] for texts in
                                   (asked, train, held)))  # fmt: skip
    else:
        found = nearest_examples(asked, train, held)
    kept = nearest_examples(looked_at, train) if looked_at else []
    memory = memorised_share(found, len(train), len(held))
    sets = run.data.novelty.sets
    different, of_held = set(made), sets["dev"] | sets["test"]
    every, beside = ([one for one in some for _ in range(one.count)] for some in (found, kept))
    return Memorising(
        verdict="unknown" if memory is None else judged(memory.interval.low, memory.memorised),
        n=len(made),
        temperature=temperature,
        samples=Close.of(found),
        held=Close.of(kept) if kept else None,
        apart=mean_apart(*([one.relative for one in some] for some in (every, beside))),
        compared=len(found),
        memory=memory,
        repeated=(len(different & sets["train"]), len(different & of_held)) if held else None,
        sizes=(len(train), len(held)),
        nearest=tuple(found),
        edits=tuple(one.edits for one in every),
        held_edits=tuple(one.edits for one in beside),
        copied=None,
        like=like_train(run, made),
        held_like=like_train(run, some) if some else None,
    )


def within(texts: Sequence[str], most: int) -> list[str]:
    """The first texts that are so many different ones."""
    known: set[str] = set()
    kept = []
    for text in texts:
        if text not in known and len(known) == most:
            continue
        known.add(text)
        kept.append(text)
    return kept


def of_text(run: Run, made: Sequence[str], temperature: float) -> Memorising:
    """Samples that are stretches of a text."""
    splits, raw = run.data.splits, run.data.raw
    train, held = "".join(splits.train), "".join(splits.dev or splits.test)
    size, number = max(map(len, made)), max(STRETCHES, len(made))
    some: list[str] = []
    if held:
        some = [one.text for one in held_stretches(held, number, "x" * size, raw=raw)]
    if raw:  # bytes are compared, with one character for each
        train, held = by_byte(train), by_byte(held)
        copied = copied_passages(list(map(by_byte, made)), list(map(by_byte, some)), train)
    else:
        copied = copied_passages(made, some, train)
    low = copied.apart.low if copied.apart is not None else -1.0
    told = copied.copied is not None and copied.apart is not None
    return Memorising(
        verdict=judged(low, copied.copied or 0.0) if told else "unknown",
        n=len(made),
        temperature=temperature,
        samples=None,
        held=None,
        apart=None,
        compared=len(made),
        memory=None,
        repeated=None,
        sizes=(len(train), len(held)),
        nearest=(),
        edits=(),
        held_edits=(),
        copied=copied,
        like=like_train(run, made),
        held_like=like_train(run, some) if some else None,
    )


def judged(low: float, share: float) -> Verdict:
    """A verdict.

    Args:
        low: the lower end of what is more than chance; above 0 if it is.
        share: of the samples, or of their characters, that comes from memory.
    """
    if low <= 0:
        return "none"
    return "memorised" if share >= LITTLE else "little"


def like_train(run: Run, texts: Sequence[str]) -> Likeness:
    """How like train some texts are as a whole, in the run's tokens."""
    stream, tokenizer = run.data.stream("train"), run.data.tokenizer
    boundary = run.data.shape.boundary
    ids = stream.ids[stream.first :].astype(np.int64)
    counts = np.bincount(ids, minlength=run.data.shape.size).astype(np.int64)
    if boundary is not None:
        counts[boundary] = 0
    lines = run.data.kind == "lines"
    lengths = np.diff(stream.bounds).astype(np.int64) - 1 if lines else None
    return likeness([tokenizer.encode(one).astype(np.int64) for one in texts], lengths, counts)
