"""What stands beside skip-gram: counting."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from hornbook.tasks import Baseline
from hornbook.words.evaluation import evaluate

if TYPE_CHECKING:
    from hornbook.tasks import Task
    from hornbook.words.data import WordsData

__all__ = ["baselines"]

KNOWN: WeakKeyDictionary[WordsData, Baseline] = WeakKeyDictionary()
"Several nets may be trained on the same data."
WORK = 3e9
"Squares of the number of words up to which the matrix of all pairs is factored: half a minute."


def baselines(task: Task[Any], data: WordsData) -> Iterator[Baseline]:
    """Counts of neighbours, factored, where that does not take long."""
    if len(data.words) ** 2 > WORK:
        return
    if data not in KNOWN:
        began = time.perf_counter()
        model = task.build("ppmi", task.family("ppmi").load().Settings(), data.shape)
        task.fit(model, data)
        reached = {
            split: evaluate(model, data, split).measures["neighbours"]
            for split in ("dev", "test")
            if split in data.sizes
        }
        seconds = round(time.perf_counter() - began, 3)
        KNOWN[data] = Baseline("counts of neighbours (PPMI)", reached, seconds, "ppmi")
    yield KNOWN[data]
