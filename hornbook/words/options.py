"""How the words of a text are read and split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from hornbook.settings import Bounds, Settings
from hornbook.tasks.shares import shares_of

__all__ = ["WordsOptions"]


@dataclass(frozen=True)
class WordsOptions(Settings):
    """How the words of a text are read and split."""

    min_count: Annotated[int, Bounds(1, 10**9)] = 5
    "Words that stand fewer times in train are left out."
    lowercase: bool = True
    "Whether capital letters are read as small ones."
    passages: Literal["auto", "line", "paragraph"] = "auto"
    """What windows of words end at, and what is held out. paragraph: parts between blank lines.
    auto: these if there are blank lines, else lines."""
    encoding: str = "auto"
    "Text encoding. auto: UTF-8, or what a byte order mark says."
    split: str = "auto"
    "Sizes of train/dev/test in percent, such as 80/10/10. auto: 90/5/5."
    split_seed: Annotated[int, Bounds(0, 2**32 - 1)] = 42
    "Seed for shuffling the passages before the split."

    @property
    def shares(self) -> tuple[int, int, int]:
        """The shares of train, dev and test, in percent.

        Raises:
            SettingsError: if `split` is not two or three whole numbers that add up to 100.
        """
        return (90, 5, 5) if self.split == "auto" else shares_of(self.split)
