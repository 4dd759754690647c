"""When a text is read in pieces: the setting, and what it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hornbook.settings import Settings

if TYPE_CHECKING:
    from hornbook.sources.source import Source

__all__ = ["LARGE", "LargeSettings", "size_on_disk"]

LARGE = 500_000_000  # bytes of files, from which a text is read in pieces


@dataclass(frozen=True)
class LargeSettings(Settings):
    """Large data."""

    large: Literal["auto", "yes", "no"] = "auto"
    """Read the text in pieces, write its tokens to files in the cache, and train from these: for
    more text than memory holds. The run then refers to your files instead of copying them.
    auto: from 500 MB on."""


def size_on_disk(source: Source) -> int:
    """Bytes of the files of a source; 0 of one that cannot be read again, or is a data set."""
    if not source.can_be_read_again:
        return 0
    return sum(file.path.stat().st_size for file in source.files if file.dataset is None)
