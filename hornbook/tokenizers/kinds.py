"""The kinds of tokenizers, by the name that each has in a file. A new one is one line here."""

from __future__ import annotations

from collections.abc import Mapping

from hornbook.errors import RunError
from hornbook.records import JSON
from hornbook.tokenizers.characters import CharTokenizer
from hornbook.tokenizers.contract import Tokenizer

__all__ = ["KINDS", "read_tokenizer"]

KINDS: dict[str, type[Tokenizer]] = {kind.kind: kind for kind in (CharTokenizer,)}


def read_tokenizer(value: JSON) -> Tokenizer:
    """The tokenizer that its `as_dict` described, whatever its kind.

    Raises:
        RunError: if the value describes none, or one of a kind that is not known here.
    """
    kind = value.get("kind") if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping) or not isinstance(kind, str):
        raise RunError("The tokenizer file is damaged: it has no kind.", hint="Train again.")
    if kind not in KINDS:
        raise RunError(
            f"The tokenizer has an unknown kind, {kind!r}; known kinds: {', '.join(KINDS)}.",
            hint="Open the run with the version of hornbook that made it, or train again.",
        )
    return KINDS[kind].from_dict(value)
