"""What a model reads before the first draw."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hornbook.errors import SamplingError
from hornbook.text.models.contract import Ids
from hornbook.tokenizers.contract import Tokenizer

__all__ = ["Prompt", "prompt_of", "prompt_to_go_on", "room_after"]


@dataclass(frozen=True)
class Prompt:
    """A prefix as a model reads it, and what is drawn first."""

    ids: Ids
    "What the model reads, at least one id."
    text: str
    "The part of the prefix that they are."
    tail: bytes
    """The rest of it, as UTF-8. It is drawn, as one token or several that may go on beyond it: a
    prefix "Hel" can become "Hello", though "Hello" is one token and does not begin with one for
    "Hel". Empty where no token goes on from the end of the prefix."""
    left: int
    "How many tokens the tail is."
    begins: bool
    "Whether nothing of the prefix was read: what is drawn is the beginning of the text."


def prompt_of(tokenizer: Tokenizer, prefix: str) -> Ids:
    """The ids that a model reads first; where there is a boundary, it stands before the prefix.

    Raises:
        UnknownTokenError: if the prefix cannot be written in the vocabulary.
    """
    return after_start(tokenizer, tokenizer.encode(prefix))


def after_start(tokenizer: Tokenizer, ids: Ids) -> Ids:
    """Ids with what a context begins with, where they do not say it themselves."""
    if len(ids) and tokenizer.boundary is None:
        return ids
    return np.concatenate([[tokenizer.start], ids]).astype(np.int64)


def prompt_to_go_on(tokenizer: Tokenizer, prefix: str) -> Prompt:
    """A prefix whose last tokens are left to be drawn again, where others go on beyond its end.

    Raises:
        UnknownTokenError: if the prefix cannot be written in the vocabulary.
    """
    ids, written = tokenizer.encode(prefix), list(tokenizer.written(prefix))
    if written:  # as tokens go on from each other, with what stands before the text
        written[0] = tokenizer.lead + written[0]
    left = tokens_to_draw_again(tokenizer, written)
    kept = len(ids) - left
    head, tail = b"".join(written[:kept]), b"".join(written[kept:])
    text = decoded(tokenizer, head.removeprefix(tokenizer.lead))
    return Prompt(after_start(tokenizer, ids[:kept]), text, tail, left, not kept)


def decoded(tokenizer: Tokenizer, data: bytes) -> str:
    """Whole characters as text."""
    errors = "surrogatepass" if tokenizer.errors == "replace" else tokenizer.errors
    return data.decode("utf-8", errors)


def tokens_to_draw_again(tokenizer: Tokenizer, written: Sequence[bytes]) -> int:
    """How many of the last tokens of a text are together the beginning of another token.

    The most that are, if they begin with a whole character: what stands before is text then.

    Args:
        tokenizer: of the tokens.
        written: what each token of the text is.
    """
    silent = tokenizer.silent
    pieces = sorted({p for token, p in enumerate(tokenizer.pieces) if p and token not in silent})
    longest = max(map(len, pieces), default=0)
    found, tail = 0, b""
    for left, piece in enumerate(reversed(written), start=1):
        tail = piece + tail
        if len(tail) >= longest:
            break
        at = bisect.bisect_right(pieces, tail)
        goes_on = at < len(pieces) and pieces[at].startswith(tail)
        if goes_on and tail[0] & 0xC0 != 0x80:
            found = left
    return found


def room_after(
    tokenizer: Tokenizer, prefix: str, *, longest: int, context: int | None, crop: bool
) -> int:
    """Most tokens to draw after a prefix.

    Args:
        tokenizer: the model's.
        prefix: what the sample begins with.
        longest: most tokens in the sample, the prefix's among them.
        context: how many tokens back the model sees; None if there is no end to it.
        crop: whether the prefix may be longer than that.

    Raises:
        SamplingError: if the prefix is too long.
        UnknownTokenError: if it cannot be written in the vocabulary.
    """
    length = len(tokenizer.encode(prefix))
    if context is not None and length > context and not crop:
        raise SamplingError(
            f"The prefix has {length:,} tokens; the model's context holds {context:,}.",
            hint="Shorten `prefix`, or set `crop_prefix`: the model then sees only the end of it.",
        )
    if length >= longest:
        raise SamplingError(
            f"The prefix has {length:,} tokens; the maximum length of a sample is {longest:,}.",
            hint="Raise `longest`, or shorten `prefix`.",
        )
    return longest - length
