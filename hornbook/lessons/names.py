"""The bundled names as the lecture's `build_dataset` makes them: contexts and what follows each."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from hornbook.text.corpus import load_corpus
from hornbook.text.stream import encode_lines
from hornbook.tokenizers.characters import CharTokenizer

__all__ = ["windows_of_names"]


@lru_cache(maxsize=4)
def windows_of_names(block_size: int) -> tuple[Tensor, Tensor]:
    """Every prediction in the bundled names, in their order.

    Args:
        block_size: length T of a context; before a name it is filled with id 0, the boundary.

    Returns:
        Contexts of shape (N, T) and the ids that follow them, (N,). Ids are 0 for the boundary and
        1 to 26 for the letters.
    """
    names = load_corpus("names").examples
    stream = encode_lines(tuple(names), CharTokenizer.fit(names, boundary=True))
    contexts, targets = stream.windows(np.arange(stream.first, len(stream.ids)), block_size)
    return torch.from_numpy(contexts), torch.from_numpy(targets)
