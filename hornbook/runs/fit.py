"""A model that is made in one pass: fitted, measured, drawn and kept."""

from __future__ import annotations

import time
from dataclasses import replace

from hornbook.errors import HornbookError, why
from hornbook.runs.beside import with_baselines
from hornbook.runs.events import Began, Ended, Listener, Warned
from hornbook.runs.record import Summary
from hornbook.runs.run import Run
from hornbook.tasks import Data
from hornbook.training.measures import Extent

__all__ = ["fit"]

MEASURED = 5_000_000  # predictions of a split, at most: beyond that the figure hardly changes


def fit(run: Run, data: Data, listen: Listener) -> None:
    """Fit a model that is made in one pass, and keep it."""
    task = run.task
    model = task.build(run.family, run.settings, data.shape)
    listen(Began(run.path, run.record, None, "cpu", resumed=False))
    began = time.perf_counter()
    remarks = tuple(task.fit(model, data))
    seconds = round(time.perf_counter() - began, 3)
    run.directory.write_tensors(run.directory.model, model.arrays(), run.record)
    for remark in remarks:
        listen(Warned(remark))
    sizes = {name: data.sizes[name] for name in ("train", "dev") if name in data.sizes}
    found = {
        name: task.evaluate(model, data, name, limit=MEASURED if size > MEASURED else 0)
        for name, size in sizes.items()
    }
    summary = Summary(
        "finished",
        parameters=model.n_parameters,
        seconds=seconds,
        remarks=remarks,
        losses={name: one.loss for name, one in found.items() if one.loss is not None},
        measures={name: one.measures for name, one in found.items() if one.measures},
        measured_on={
            name: Extent(found[name].predictions or min(size, MEASURED), size)
            for name, size in sizes.items()
        },
    )
    run.directory.write_summary(summary)  # before what only decorates it is drawn
    try:
        pictures = tuple(task.draw(run.directory.files(run.record), model, data))
    except (HornbookError, OSError, MemoryError) as error:
        listen(Warned(f"The run is complete, but its picture cannot be drawn: {why(error)}"))
    else:
        summary = replace(summary, pictures=pictures)
        run.directory.write_summary(summary)
    run.directory.settle()
    if run.record.baseline:
        summary = with_baselines(run, data, summary, listen)
    listen(Ended(Run(run.path), summary))
