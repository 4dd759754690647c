"""What was perhaps meant by a name that is not known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

__all__ = ["did_you_mean"]


def did_you_mean(given: str, known: Iterable[str], *, also: Mapping[str, str] | None = None) -> str:
    """`Did you mean gru? ` with the nearest known name; empty if none is near.

    Args:
        given: what was given.
        known: the names there are.
        also: other words for them, in lowercase: `{"transformer": "gpt"}`.
    """
    import difflib

    names = {name.lower(): name for name in known}
    others = {word: name for word, name in (also or {}).items() if name.lower() in names}
    words = {**names, **others}
    near = difflib.get_close_matches(given.lower(), words, 1)
    return f"Did you mean {words[near[0]]}? " if near else ""
