"""What a sample is, how long it may be, and which of those that were drawn are kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from hornbook.records import JSON
from hornbook.rendering import many
from hornbook.text.novelty import Novelty, Origin

__all__ = ["Piece", "Sample", "Selection", "robust_longest"]

MOST = 1_000  # new samples that are held against train for near copies
LARGE = 5_000_000  # characters of train: with more of them that takes seconds


@dataclass(frozen=True)
class Sample:
    """One sample."""

    text: str
    ended: bool
    "Whether the model ended it; if not, it was cut at the maximum length."
    origin: Origin | None = None
    "Where it occurs in the data; None if no data was given."
    longest_copy: int | None = None
    "For one long text: length of the longest passage copied verbatim from train, in `unit`s."
    nats_per_token: float | None = None
    "Mean of -ln p over its tokens under the model itself, whatever the temperature; if measured."
    unit: str = "character"
    "What lengths are counted in: `byte` where the files are not text."

    @property
    def copied(self) -> str:
        """How long the longest passage is that is copied from train, in words."""
        length = many(self.longest_copy or 0, self.unit)
        return f"longest passage copied from train: {length}"

    def as_dict(self) -> dict[str, JSON]:
        """What is known of it, by name."""
        known: dict[str, JSON] = {"text": self.text, "origin": self.origin, "ended": self.ended}
        if self.longest_copy is not None:
            known["longest_copy"] = self.longest_copy
        if self.nats_per_token is not None:
            known["nats_per_token"] = self.nats_per_token
        return known


@dataclass(frozen=True)
class Piece:
    """What is added to the sample in the making; its pieces together are its text."""

    text: str
    "The first starts with the prefix, but for what of it is drawn again; the last may be empty."
    sample: Sample | None
    "The complete sample, with its last piece."


class Selection:
    """Looks at each sample that is drawn, and keeps what is wanted.

    It counts where they stand in the data, and remembers of those that were kept, where none may
    come twice, 64 bits of each.

    Args:
        novelty: tells what stands in the data.
        only_new: keep only what stands nowhere in the data.
        no_repeats: keep each text only once.
        best_of: of so many that are wanted otherwise, keep the most probable.
    """

    def __init__(
        self, novelty: Novelty | None, *, only_new: bool, no_repeats: bool, best_of: int = 1
    ) -> None:
        self.novelty, self.only_new, self.no_repeats = novelty, only_new, no_repeats
        self.best_of = best_of
        self.drawn = self.passed = self.kept = 0
        self.origins: Counter[Origin] = Counter()
        self.seen: set[int] = set()
        self.new: list[str] = []
        self.rivals: list[Sample] = []

    def keep(
        self, text: str, ended: bool, *, nats: float | None = None, passed: bool = True
    ) -> Sample | None:
        """The sample, or the best of some; None if it is not wanted, or not yet.

        Args:
            text: of the sample.
            ended: whether the model ended it.
            nats: mean of -ln p over its tokens, where that was measured.
            passed: whether it passes a filter.
        """
        self.drawn += 1
        self.passed += passed
        origin = self.novelty.origin(text) if self.novelty is not None else None
        if origin is not None:
            self.origins[origin] += 1
        if origin == "new" and len(self.new) < MOST:
            self.new.append(text)
        if not passed or (self.only_new and origin != "new"):
            return None
        if self.no_repeats:
            known = fingerprint(text)
            if known in self.seen:
                return None
            self.seen.add(known)
        copy, unit = None, "character" if self.novelty is None else self.novelty.unit
        if self.novelty is not None and self.novelty.splits.mode != "lines":
            copy = self.novelty.longest_copy(text)
        best = Sample(text, ended, origin, copy, nats, unit)
        if self.best_of > 1:
            self.rivals.append(best)
            if len(self.rivals) < self.best_of:
                return None
            best = min(self.rivals, key=lambda one: one.nats_per_token or 0.0)
            self.rivals.clear()
        self.kept += 1
        return best

    @property
    def near(self) -> int | None:
        """How many of those drawn are near copies; None if it is not known.

        It is known of lines, where few are new and the data are not large: it is asked for when the
        drawing is over, and nobody waits for it.
        """
        if self.novelty is None or self.novelty.splits.mode != "lines":
            return None
        if self.origins["new"] > len(self.new) or self.novelty.size > LARGE:
            return None
        return sum(self.novelty.near(self.new))

    @property
    def rate(self) -> float:
        """Share of those drawn that were wanted, best or not."""
        wanted = self.kept * self.best_of + len(self.rivals)
        return wanted / self.drawn if self.drawn else 1.0


def fingerprint(text: str) -> int:
    """64 bits of a text, to know it again; Python's own `hash` is another in each process.

    Of a million texts there are two with the same bits in one of 37 million cases; one of them is
    then taken for a repeat.
    """
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest())


def robust_longest(lengths: npt.NDArray[np.int64]) -> int:
    """Most tokens in a sample, by the lengths in tokens of all examples.

    Twice the longest example, or four times the length that 99 of 100 do not exceed, whichever is
    less: one line that is much longer than all others says nothing of what examples are like, and
    a sample of a model that does not end need not be as long. Nothing is cut for it unless the
    longest is more than twice as long as nearly all of the others.
    """
    nearly_all = int(np.quantile(lengths, 0.99, method="lower"))
    return min(2 * int(lengths.max()), 4 * max(1, nearly_all))
