"""A small net and a batch of names, to check the net's gradients on."""

from __future__ import annotations

from typing import Any

import torch

from hornbook.settings import Settings
from hornbook.text.batch import Batch
from hornbook.text.batches import make_batches
from hornbook.text.corpus import load_corpus
from hornbook.text.models import family
from hornbook.text.models.network import Network
from hornbook.text.stream import encode_lines
from hornbook.tokenizers.characters import CharTokenizer

__all__ = ["gradient_case"]

LINES, ROWS = 200, 7


def gradient_case(
    name: str, settings: Settings, generator: torch.Generator, seed: int
) -> tuple[Network, Batch]:
    """A net of a family, and a batch of names.

    Args:
        name: of the family.
        settings: of the net.
        generator: of the start.
        seed: of the batch.
    """
    lines = tuple(load_corpus("names").lines[:LINES])
    tokenizer = CharTokenizer.fit(lines, boundary=True)
    model: Any = family(name).load()(settings, tokenizer.vocabulary, generator)
    batches = make_batches(
        encode_lines(lines, tokenizer), model.reads, block_size=model.block_size, batch_size=ROWS,
        seed=seed, lead=model.lead, mixed=model.mixed,
    )  # fmt: skip
    return model, next(batches)
