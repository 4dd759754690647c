"""A small net and a batch of made-up words, to check the net's gradients on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from hornbook.settings import Settings
from hornbook.training.settings import TrainingSettings
from hornbook.words.data import Passages, WordsData

if TYPE_CHECKING:
    from hornbook.words.task import WordsTask

__all__ = ["gradient_case", "made_up"]

WORDS, TOKENS, BATCH = 9, 60, 7


def made_up(seed: int = 0, words: int = WORDS, tokens: int = TOKENS) -> WordsData:
    """A text of passages in which each word likes those with numbers near its own."""
    random = np.random.default_rng(seed)
    ids = (np.cumsum(random.integers(-1, 2, tokens)) % words).astype(np.int32)
    ids[:words] = np.arange(words)
    lengths = np.full(tokens // 10, 10, np.int32)
    lengths[-1] += tokens - int(lengths.sum())
    text = Passages(ids, lengths)
    counts = np.bincount(ids, minlength=words).tolist()
    names = list(map(str, range(words)))
    return WordsData("made up", "memory", {"train": text, "dev": text}, names, counts)


def gradient_case(
    task: WordsTask, name: str, settings: Settings, generator: torch.Generator, seed: int
) -> tuple[Any, Any]:
    """A net of a family, with context vectors that are not all 0, and a batch."""
    data = made_up(seed)
    model = task.family(name).load()(settings, data.shape, generator)
    with torch.no_grad():
        for table in (model.inputs.weight, model.outputs.weight):
            table.normal_(generator=generator)
    batches = task.batches(model, data, TrainingSettings(batch_size=BATCH, seed=seed))
    return model, next(batches)
