"""How pairs are read, split and cut into tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from hornbook.errors import SettingsError
from hornbook.settings import Bounds
from hornbook.tasks.shares import shares_of
from hornbook.tokenizers.settings import TokenSettings

__all__ = ["PairOptions", "longest_of"]

LONGEST_TEXT, LONGEST_LABELLED = 1_000, 10_000  # characters
# Attention between all positions of 64 sources of 1,000 characters takes about 1 GB in each block;
# what reads from both ends, or counts, needs memory by the length alone.


@dataclass(frozen=True)
class PairOptions(TokenSettings):
    """How pairs are read, split and cut into tokens."""

    source_column: str | None = None
    """Column of what is given: its name, or its number from 1 in a table without a header. By
    default the first, or the one beside the other."""
    target_column: str | None = None
    "Column of the text that belongs to it. By default the second, or the one beside it."
    label_column: str | None = None
    "Column of labels, of which each source has one; in place of a target."
    header: Literal["auto", "yes", "no"] = "auto"
    """Whether the first row of a table names its columns. auto: yes if it has one of the columns
    that were asked for, a usual name (source, target, text, label), those of two languages, or
    letters above numbers, dates or another script."""
    quotes: Literal["auto", "yes", "no"] = "auto"
    """Whether quotation marks around a cell of a table group what is between them, as in CSV. no:
    they are characters as others. auto: no for tab-separated lines where they do not pair."""
    target_tokens: str | None = None
    "What targets are cut into: one of the words that stand for tokens; by default the same."
    vocabularies: Literal["auto", "one", "two"] = "auto"
    """Whether sources and targets share their tokens, and with them the embeddings. auto: one where
    most characters of the targets occur in the sources."""
    bad_rows: Literal["refuse", "skip"] = "refuse"
    """Rows that cannot be read: a side is empty or too long, or there are too many or too few
    cells. skip: leave them out, and say how many there were."""
    longest_text: Annotated[int, Bounds(0, 10**8)] = 0
    """Most characters of a text on either side; a row with a longer one cannot be read, for a line
    that lost its breaks would need more memory than there is (0: 1,000; 10,000 of texts with
    labels)."""
    encoding: str = "auto"
    "Text encoding. auto: UTF-8, or what a byte order mark says."
    split: str = "auto"
    "Sizes of train/dev/test in percent, such as 80/10/10. auto: 80/10/10."
    split_seed: Annotated[int, Bounds(0, 2**32 - 1)] = 42
    "Seed for shuffling the sources before the split; all pairs of a source are on one side."

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.target_column is not None and self.label_column is not None:
            raise SettingsError(
                "`target_column` and `label_column` are both given; one is allowed.",
                hint="Leave one of them out.",
                setting="label_column",
            )
        for name in ("source_column", "target_column", "label_column"):
            if getattr(self, name) == "":
                raise SettingsError(
                    f"The name of the column in `{name}` is empty.",
                    hint="Give the column's name, or its number from 1.",
                    setting=name,
                )
        texts = self.label_column is None
        self.refuse_unless(
            texts, ("target_tokens", "vocabularies"), "a `target_column` in place of labels"
        )
        other = self.target_tokens not in (None, self.tokens)
        self.refuse_unless(not other or self.vocabularies != "one", ("target_tokens",),
                           "a `vocabularies` other than one")  # fmt: skip

    def most_characters(self, labels: bool) -> int:
        """Of a text on either side.

        Args:
            labels: whether targets are labels.
        """
        return self.longest_text or (LONGEST_LABELLED if labels else LONGEST_TEXT)

    @property
    def shares(self) -> tuple[int, int, int]:
        """The shares of train, dev and test, in percent.

        Raises:
            SettingsError: if `split` is not two or three whole numbers that add up to 100.
        """
        return (80, 10, 10) if self.split == "auto" else shares_of(self.split)


def longest_of(asked: int, options: Mapping[str, Any], labels: bool) -> int:
    """Most characters of a text that a run is asked about.

    Args:
        asked: what was said of it; 0: nothing.
        options: that the run's data were read with.
        labels: whether the run says labels.
    """
    trained = options.get("longest_text", 0)
    return PairOptions(longest_text=asked or trained).most_characters(labels)
