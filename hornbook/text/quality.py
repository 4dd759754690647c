"""Samples held against the data: what a loss does not tell.

A lower loss does not promise better samples. What is measured here is measured in the same way of
lines or stretches that were held out of training, which says what real data score: no sampler needs
to do better, and one that does (fewer characters apart than real lines are, say) has learned by
heart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from hornbook.actions import Action
from hornbook.errors import RunError, SettingsError
from hornbook.records import JSONObject, as_json
from hornbook.text.byte_figures import by_byte, from_bytes
from hornbook.text.filtering import LineFilter
from hornbook.text.near_copies import near_copies
from hornbook.text.sampling import SamplingSettings, sample

if TYPE_CHECKING:
    from hornbook.runs import Run

__all__ = ["TEMPERATURES", "Quality", "held_stretches", "quality", "refuse_without_text", "spread"]

TEMPERATURES = (0.6, 0.8, 1.0, 1.2)
LINES, TEXTS = 1_000, 10  # samples of each temperature where nothing else is asked
RARE = 0.001  # share of lines below which a length is an exception
SECONDS = 60.0  # that a filter may take for the samples of one temperature


@dataclass(frozen=True)
class Quality:
    """Figures of some samples, or of some held-out data. All but the lengths are shares.

    Attributes:
        temperature: of the samples; None: what was held out of training.
    """

    temperature: float | None
    n: int
    "How many samples, lines or stretches of text."
    length: float
    "Mean length in characters; of files that are not text here and below in bytes."
    length_sd: float
    "Standard deviation of the lengths."
    characters: float
    """Total variation distance between the characters' shares and those of train: 0 if they are
    the same, 1 if they have none in common."""
    repeats: float
    "Share that came before among these."
    in_train: float
    "Share that occurs in train word for word."
    ended: float | None = None
    "Share that the model ended, of lines; the others were cut at the maximum length."
    known_length: float | None = None
    "Share of lines with a length that at least one in a thousand of train has."
    first: float | None = None
    "Distance, as above, between the lines' first characters and those of train."
    last: float | None = None
    "The same of the last characters."
    in_dev: float | None = None
    "Share of samples that occur in dev or test, and not in train."
    near: float | None = None
    "Share of lines that are in no split, and one character from a line of train."
    known_words: float | None = None
    "Share of the words of a text that occur in train."
    longest_copy: float | None = None
    "Mean length in characters of the longest passage of a text that stands in train."
    passed: float | None = None
    "Share that passes the filter."
    usable: float | None = None
    """Share of lines that are sound, stand nowhere in the data, and came once. Sound is what passes
    the filter; without one, what ended at a length as in train."""

    @property
    def distance(self) -> float:
        """Mean of the distances to train: how much narrower or other the samples are."""
        found = (self.characters, self.first, self.last)
        return float(np.mean([value for value in found if value is not None]))

    def as_dict(self) -> JSONObject:
        """All figures by name."""
        return {name: as_json(value) for name, value in asdict(self).items()}


@dataclass(frozen=True)
class Drawn:
    """A text, and whether it is whole."""

    text: str
    ended: bool = True


def quality(
    run: Run,
    n: int = 0,
    temperatures: Sequence[float] = TEMPERATURES,
    filter_command: str = "",
    *,
    seed: int = 0,
    longest: int = 0,
    filter_seconds: float = SECONDS,
) -> tuple[Quality, ...]:
    """Hold samples of a run against its data.

    Args:
        run: of text.
        n: samples of each temperature (0: 1,000 lines, or 10 texts).
        temperatures: to draw at.
        filter_command: reads a sample a line and prints those that pass; empty: none.
        seed: of the samples.
        longest: most tokens in one (0: as in sampling).
        filter_seconds: that the filter may take for the samples of one temperature.

    Returns:
        The figures of what was held out first, where something was; then of each temperature.

    Raises:
        RunError: if the run is without its data.
        SettingsError: if there is no temperature, or a text is to be filtered.
        ToolError: if the filter fails.
    """
    data = run.data
    refuse_without_text(run, "The quality of samples")
    if not temperatures:
        raise SettingsError(
            "`temperatures` is empty.", hint="Give one or more.", setting="temperatures"
        )
    lines = data.kind == "lines"
    if filter_command and not lines:
        raise SettingsError(
            "`filter` reads one sample per line, and this run makes long texts of many lines.",
            hint="Leave `filter` out.",
            setting="filter",
        )
    told = LineFilter(filter_command, filter_seconds) if filter_command else None
    n = n or (LINES if lines else TEXTS)
    drawn: list[tuple[float | None, list[Drawn]]] = []
    for temperature in temperatures:
        settings = SamplingSettings(n=n, temperature=temperature, seed=seed, longest=longest)
        made = sample(run.model, data.tokenizer, settings, longest=data.longest)
        drawn.append((temperature, [Drawn(one.text, one.ended) for one in made]))
    held = data.splits["dev"] or data.splits["test"]
    if held:
        first = drawn[0][1][0].text
        drawn.insert(
            0,
            (
                None,
                spread(held, n) if lines else held_stretches("".join(held), n, first, raw=data.raw),
            ),
        )
    measure = line_figures if lines else text_figures
    return tuple(measure(run, drawn, told))


def refuse_without_text(run: Run, what: str) -> None:
    """Refuse to hold samples against a text that is not there.

    Args:
        run: of text.
        what: is measured, as the subject of a sentence.

    Raises:
        RunError: if the run is without its text, or that is too large to be held.
    """
    if run.data.kept:
        return
    if run.data.large:
        _ = run.data.splits  # raises, for it is too large
    if run.record.start.kind == "import":
        raise RunError(
            f"{what} is measured against the text that a run was trained on, and this one was "
            "imported without it.",
            hint="Fine-tune it on a text of yours:",
            action=Action("train", ("DATA",), {"init_from": str(run.path)}),
        )
    raise RunError(
        f"{what} is measured against the text that the run was trained on, and this run no longer "
        "has it.",
        hint="Copy the folder data/ from the original run.",
    )


def spread(lines: Sequence[str], n: int) -> list[Drawn]:
    """Some lines, evenly spread; all if there are no more."""
    kept = min(n, len(lines))
    return [Drawn(lines[at * len(lines) // kept]) for at in range(kept)]


def held_stretches(text: str, n: int, like: str, *, raw: bool) -> list[Drawn]:
    """Some stretches of a text that are as long as another; in bytes, where they are counted."""
    if not raw:
        return stretches(text, n, len(like))
    parts = stretches(by_byte(text), n, len(by_byte(like)))
    return [Drawn(from_bytes(one.text)) for one in parts]


def stretches(text: str, n: int, length: int) -> list[Drawn]:
    """Some stretches of a text that do not overlap, evenly spread."""
    length = min(length, len(text))
    kept = max(1, min(n, len(text) // length))
    room = len(text) - length
    return [Drawn(text[(at := room * k // max(1, kept - 1)) : at + length]) for k in range(kept)]


Given = Sequence[tuple[float | None, list[Drawn]]]


def line_figures(run: Run, drawn: Given, told: LineFilter | None) -> Iterable[Quality]:
    """The figures of examples that are lines."""
    splits, sets = run.data.splits, run.data.novelty.sets
    train = splits.train
    lengths = Counter(map(len, train))
    usual = {length for length, count in lengths.items() if count >= RARE * len(train)}
    whole = Counter("".join(train))
    first, last = (Counter(line[at] for line in train if line) for at in (0, -1))
    every = [one.text for _, some in drawn for one in some]
    near = dict(zip(every, near_copies(every, train), strict=True))
    for temperature, some in drawn:
        texts = [one.text for one in some]
        known = [text in sets["train"] for text in texts]
        later = [text in sets["dev"] or text in sets["test"] for text in texts]
        fits = [len(one.text) in usual for one in some]
        passed = told.passing(texts) if told is not None else None
        sound = passed or [one.ended and fit for one, fit in zip(some, fits, strict=True)]
        new = {
            one.text
            for one, good, a, b in zip(some, sound, known, later, strict=True)
            if good and not a and not b
        }
        # A blank before a text is not its own: a sample may be nothing else.
        filled = list(filter(None, texts)) or [" "]
        yield Quality(
            temperature,
            len(texts),
            *mean_and_sd(texts),
            characters=apart(Counter("".join(texts)), whole),
            repeats=1 - len(set(texts)) / len(texts),
            in_train=share(known),
            ended=None if temperature is None else share([one.ended for one in some]),
            known_length=share(fits),
            first=apart(Counter(text[0] for text in filled), first),
            last=apart(Counter(text[-1] for text in filled), last),
            in_dev=None
            if temperature is None
            else share([b and not a for a, b in zip(known, later, strict=True)]),
            near=share(
                [
                    near[text] and not (a or (b and temperature is not None))
                    for text, a, b in zip(texts, known, later, strict=True)
                ]
            ),
            passed=share(passed) if passed is not None else None,
            usable=None if temperature is None else len(new) / len(texts),
        )


def text_figures(run: Run, drawn: Given, told: LineFilter | None) -> Iterable[Quality]:
    """The figures of stretches of one long text."""
    novelty, raw = run.data.novelty, run.data.raw
    train = "".join(novelty.train)
    whole, words = Counter(train), set(train.split())
    for temperature, some in drawn:
        copied = [novelty.longest_copy(one.text) for one in some]
        texts = [by_byte(one.text) if raw else one.text for one in some]
        # The first and the last word of a stretch may be cut.
        found = [word for text in texts for word in text.split()[1:-1]]
        yield Quality(
            temperature,
            len(texts),
            *mean_and_sd(texts),
            characters=apart(Counter("".join(texts)), whole),
            repeats=1 - len(set(texts)) / len(texts),
            in_train=share([text in train for text in texts]),
            known_words=share([word in words for word in found]),
            longest_copy=float(np.mean(copied)),
        )


def mean_and_sd(texts: Sequence[str]) -> tuple[float, float]:
    """Of their lengths in characters."""
    lengths = [len(text) for text in texts]
    return float(np.mean(lengths)), float(np.std(lengths))


def share(answers: Sequence[bool]) -> float:
    """How many of them are yes, as a share."""
    return sum(answers) / len(answers) if answers else 0.0


def apart(some: Counter[str], others: Counter[str]) -> float:
    """The total variation distance of two distributions, from their counts."""
    a, b = max(1, some.total()), max(1, others.total())
    return sum(abs(some[key] / a - others[key] / b) for key in some.keys() | others.keys()) / 2
