"""Fitting the families that are counted."""

from __future__ import annotations

import time
from typing import Any

from hornbook.runs.run import Run
from hornbook.runs.watcher import Watcher, finish
from hornbook.storage import write_tensors
from hornbook.text.losses import mean_loss
from hornbook.text.models import family
from hornbook.text.stream import Stream

__all__ = ["count"]


def count(run: Run, streams: dict[str, Stream], about: dict[str, Any], watcher: Watcher) -> Run:
    """Fit a family that is counted."""
    model: Any = family(run.family).load()(run.settings, run.tokenizer.vocabulary)
    watcher.began(run, about)
    began = time.perf_counter()
    model.fit(streams["train"])
    seconds = time.perf_counter() - began
    write_tensors(run.directory.model, model.arrays(), {"run": run.plan["id"]})
    losses = {name: mean_loss(model, streams[name]) for name in ("train", "dev") if name in streams}
    summary = {
        "ending": "finished",
        "parameters": model.n_parameters,
        "seconds": round(seconds, 3),
        "losses": losses,
    }
    if run.family == "ngram" and model.settings.order == 2:
        from hornbook.text.views.counts import draw_counts

        draw_counts(model.count_matrix(), run.tokenizer, run.directory.counts)
        summary["picture"] = str(run.directory.counts)
    return finish(run, summary, watcher)
