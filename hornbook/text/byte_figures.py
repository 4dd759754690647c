"""How much there is of files that are not text, whose bytes are learned as they are."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from hornbook.tokenizers.single_bytes import ByteTokenizer, bytes_of

__all__ = ["by_byte", "count_bytes", "from_bytes", "labelled"]


def count_bytes(texts: Iterable[str]) -> npt.NDArray[np.int64]:
    """How often each byte occurs in some texts that `surrogateescape` wrote, shape (256,).

    Raises:
        UnknownTokenError: as `bytes_of`.
    """
    found = np.zeros(256, dtype=np.int64)
    for text in texts:
        found += np.bincount(np.frombuffer(bytes_of(text), dtype=np.uint8), minlength=256)
    return found


def labelled(counts: npt.NDArray[np.int64]) -> dict[str, int]:
    """The bytes that occur, by the labels that tokens have (`<FF>`), the most frequent first."""
    labels = ByteTokenizer(has_boundary=False, breaks=True).labels
    order = np.argsort(-counts, kind="stable").tolist()
    return {labels[byte]: int(counts[byte]) for byte in order if counts[byte]}


def by_byte(text: str) -> str:
    """A text that `surrogateescape` wrote with one character for each byte, U+0000 to U+00FF.

    Raises:
        UnknownTokenError: as `bytes_of`.
    """
    return bytes_of(text).decode("latin-1")


def from_bytes(text: str) -> str:
    """The text that `by_byte` was given."""
    return text.encode("latin-1").decode("utf-8", "surrogateescape")
