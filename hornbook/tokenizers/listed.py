"""Tokenizers whose ids are texts that stand in a list, one each: how they are kept in a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from hornbook.errors import RunError
from hornbook.records import JSON, JSONObject, read_record

__all__ = ["as_listed", "read_listed"]

T = TypeVar("T")


def as_listed(
    kind: str, name: str, texts: Sequence[str], *, boundary: bool, **more: JSON
) -> dict[str, JSON]:
    """Such a tokenizer as JSON values.

    Args:
        kind: of the tokenizer.
        name: of the list.
        texts: in it.
        boundary: whether there is one.
        more: what else it has.
    """
    return {"kind": kind, "boundary": boundary, **more, name: list(texts)}


def read_listed(described: type[T], value: JSONObject, name: str, *, ordered: bool) -> T:
    """What `as_listed` wrote.

    Args:
        described: a record of it, with a field of each name.
        value: that was read.
        name: of the list.
        ordered: whether its texts must be in the order of code points.

    Raises:
        RunError: if the value describes none, or a text is empty, out of order or there twice.
    """
    record = read_record(described, value, "The tokenizer")
    texts: Sequence[Any] = getattr(record, name)
    different = len(set(texts)) == len(texts) and "" not in texts
    if not different or (ordered and list(texts) != sorted(texts)):
        raise RunError(
            f"The tokenizer file is damaged: {name}: must be different texts"
            f"{' in order' if ordered else ''}.",
            hint="Train again.",
        )
    return record
