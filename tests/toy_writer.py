"""A run on pairs whose model needs no training: a speaker made of tables, as a family."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import hornbook
from hornbook.pairs.task import PairsTask
from hornbook.pairs.texts.task import TextsTask
from hornbook.runs import Run
from hornbook.tasks import Family
from tests.toy_speaker import ToySpeaker

__all__ = ["a_run", "with_speaker"]


class Fitted(ToySpeaker):
    """The same, for whatever tokens the data have."""

    def __init__(self, settings: Any, shape: Any) -> None:
        super().__init__(size=shape.target.size, boundary=shape.target.boundary, sharp=3.0)
        self.settings, self.shape = settings, shape

    def fit(self, data: Any) -> None:
        """Nothing is learned."""


@contextmanager
def with_speaker() -> Iterator[None]:
    """A context in which `toy` is a family of pairs."""
    with contextlib.ExitStack() as patches:
        for task in (PairsTask, TextsTask):
            families = {**task.families, "toy": Family(Fitted, "", "fitting")}
            patches.enter_context(patch.object(task, "families", families))
        yield


def a_run(folder: Path, lines: list[str], model: str = "toy", **options: Any) -> Run:
    """A run on tab-separated pairs."""
    path = folder / f"{model}.tsv"
    path.write_text("\n".join(["source\ttarget", *lines, ""]), encoding="utf-8")
    run: Run = hornbook.train(
        path, model=model, out=folder / f"run-{model}", baseline=False, **options
    )
    return run
