"""What a model reads before the first draw."""

from __future__ import annotations

import numpy as np

from hornbook.errors import SamplingError
from hornbook.text.models.contract import Ids
from hornbook.tokenizers.contract import Tokenizer

__all__ = ["prompt_of", "room_after"]


def prompt_of(tokenizer: Tokenizer, prefix: str) -> Ids:
    """The ids that a model reads first; where there is a boundary, it stands before the prefix.

    Raises:
        UnknownTokenError: if the prefix cannot be written in the vocabulary.
    """
    ids = tokenizer.encode(prefix)
    if len(ids) and tokenizer.boundary is None:
        return ids
    return np.concatenate([[tokenizer.start], ids])


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
