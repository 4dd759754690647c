"""A small net and a batch of made-up pairs, to check the net's gradients on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from hornbook.pairs.data import PairData, Side
from hornbook.pairs.models.families import LABELLERS
from hornbook.settings import Settings
from hornbook.tokenizers.characters import CharTokenizer
from hornbook.training.settings import TrainingSettings

if TYPE_CHECKING:
    from hornbook.pairs.task import PairsTask

__all__ = ["gradient_case", "made_up"]

PAIRS, BATCH = 24, 7
LETTERS, LABELS = "abcde", ("x", "y", "z")


def made_up(seed: int, *, labels: bool, pairs: int = PAIRS) -> PairData:
    """Words of unequal lengths, each with itself backwards, or with a label by its first letter.

    Args:
        seed: of the words.
        labels: whether labels are to be said.
        pairs: how many in train; dev has half as many.
    """
    random = np.random.default_rng(seed)
    splits = {}
    for split, n in (("train", pairs), ("dev", (pairs + 1) // 2)):
        sizes = random.integers(1, 6, n).tolist()
        words = tuple("".join(random.choice(list(LETTERS), size)) for size in sizes)
        said = tuple(
            LABELS[(LETTERS.index(word[0]) + (random.random() < 0.2)) % 3] if labels else word[::-1]
            for word in words
        )
        splits[split] = Side(words, said)
    tokens = CharTokenizer.fit([LETTERS], boundary=True)
    said_in = None if labels else tokens
    return PairData("made up", "memory", splits, tokens, said_in, LABELS if labels else ())


def gradient_case(
    task: PairsTask, name: str, settings: Settings, generator: torch.Generator, seed: int
) -> tuple[Any, Any]:
    """A net of a family, and a batch of what it learns: texts or labels."""
    data = made_up(seed, labels=name in LABELLERS)
    model = task.family(name).load()(settings, data.shape, generator)
    batches = task.batches(model, data, TrainingSettings(batch_size=BATCH, seed=seed))
    return model, next(batches)
