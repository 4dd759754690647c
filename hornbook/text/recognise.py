"""What text is claimed as: all of a file, or one column of a table."""

from __future__ import annotations

import contextlib

from hornbook.errors import HornbookError
from hornbook.sources.columns import read_column
from hornbook.sources.encoding import codec_of
from hornbook.sources.formats import is_number, look
from hornbook.sources.source import Source
from hornbook.tasks import Claim

__all__ = ["recognise"]

LOOKED = 2**16  # bytes of a look


def recognise(source: Source) -> Claim:
    """Anything that no other task claims is text; of a table one column is to be learned.

    A data set with a name is not fetched for it.
    """
    column = ""
    if source.dataset is None:
        with contextlib.suppress(HornbookError, ValueError):
            column = textual_column(source.first)
    return Claim(0, "any file can be read as text", settings={"column": column} if column else {})


def textual_column(file: Source) -> str:
    """The column of a table that looks most like text; empty of what is not a table."""
    if file.dataset is not None:
        return ""
    head = file.head(LOOKED)
    codec, mark = codec_of(head, "auto")
    text = head[len(mark) :].decode(codec, "replace")
    whole = text if len(head) < LOOKED else text.rpartition("\n")[0]
    form = look(whole)
    if form is None or form.kind != "table" or not form.best:
        return ""
    values = read_column(whole, file.where, form.best).values
    return form.best if sum(map(is_number, values)) < len(values) / 2 else ""
