"""The first layer of every net of tokens."""

from __future__ import annotations

import torch

from hornbook.nn import ConditionedEmbedding, Embedding
from hornbook.tokenizers.contract import Vocabulary

__all__ = ["token_embedding"]


def token_embedding(
    vocabulary: Vocabulary, size: int, generator: torch.Generator | None
) -> Embedding:
    """A table of tokens; where conditions may be given, one of their values beside it.

    Args:
        vocabulary: of the tokens.
        size: of an embedding.
        generator: of the random start.
    """
    if vocabulary.given:
        return ConditionedEmbedding(vocabulary.size, size, vocabulary.given, generator=generator)
    return Embedding(vocabulary.size, size, generator=generator)
