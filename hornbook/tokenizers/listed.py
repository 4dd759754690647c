"""Tokenizers whose ids are texts that stand in a list, one each: their check when they are read."""

from __future__ import annotations

from collections.abc import Sequence

from hornbook.errors import RunError

__all__ = ["refuse_repeated"]


def refuse_repeated(name: str, texts: Sequence[str], *, ordered: bool) -> None:
    """Refuse a list in which a text is empty or there twice.

    Args:
        name: of the list in the file.
        texts: in the list.
        ordered: whether they must be in the order of code points, too.

    Raises:
        RunError: if so.
    """
    different = len(set(texts)) == len(texts) and "" not in texts
    if not different or (ordered and list(texts) != sorted(texts)):
        raise RunError(
            f"The tokenizer file is damaged: {name}: must be different texts"
            f"{' in order' if ordered else ''}.",
            hint="Train again.",
        )
