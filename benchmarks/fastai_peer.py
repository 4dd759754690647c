"""fastai's collab_learner, run by a Python that has fastai.

    PEER_PYTHON benchmarks/fastai_peer.py JOBS.json

Nothing of hornbook is imported here. A job of `benchmarks.peer_process` names what to do:

lesson   train EmbeddingDotBias as the lesson does (one cycle), and predict the ratings asked for
speed    train it for some batches, and tell the ratings a processor second of each round
"""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from fastai.callback.core import Callback, CancelFitException
from fastai.collab import TabularCollab, collab_learner
from fastai.data.block import TransformBlock
from fastai.tabular.core import Categorify
from fastai.torch_core import set_seed

RANGE = (0, 5.5)
"The lesson's ends of the sigmoid."


def learner(train: Any, asked: Any, settings: dict[str, Any]) -> Any:
    """A learner of the train rows that is validated on those asked for."""
    both = [{name: rows[name] for name in ("users", "items", "values")} for rows in (train, asked)]
    frame = pd.concat([pd.DataFrame(rows) for rows in both], ignore_index=True)
    n = len(both[0]["users"])
    splits = (list(range(n)), list(range(n, len(frame))))
    rows = TabularCollab(
        frame,
        [Categorify],
        ["users", "items"],
        y_names=["values"],
        y_block=TransformBlock(),
        splits=splits,
    )
    loaders = rows.dataloaders(bs=settings["batch"], num_workers=0, device=torch.device("cpu"))
    return collab_learner(loaders, n_factors=settings["factors"], y_range=RANGE)


def lesson(train: Any, asked: Any, settings: dict[str, Any]) -> dict[str, Any]:
    """Predictions of the rows asked for, and processor seconds of loading and training."""
    set_seed(settings["seed"])
    began = time.process_time()
    learn = learner(train, asked, settings)
    with learn.no_bar(), learn.no_logging():
        learn.fit_one_cycle(settings["epochs"], settings["rate"], wd=settings["wd"])
        seconds = time.process_time() - began
        found, _ = learn.get_preds()
    parameters = sum(one.numel() for one in learn.model.parameters())
    return {"found": found.numpy().ravel(), "seconds": seconds, "parameters": parameters}


class Rounds(Callback):  # type: ignore[misc]
    """Takes the time of rounds of batches, after a first that does not count, and then ends."""

    def __init__(self, rounds: int, calls: int) -> None:
        super().__init__()
        self.rounds, self.calls = rounds, calls
        self.seen, self.times = 0, list[float]()

    def after_batch(self) -> None:
        """Look at the clock at the end of a round."""
        self.seen += 1
        if self.seen % self.calls == 0:
            self.times.append(time.process_time())
        if len(self.times) > self.rounds:
            raise CancelFitException


def speed(train: Any, asked: Any, settings: dict[str, Any]) -> dict[str, Any]:
    """Ratings a processor second in each round of the whole loop, and of drawing batches alone."""
    learn = learner(train, asked, settings)
    watch = Rounds(settings["rounds"], settings["calls"])
    with learn.no_bar(), learn.no_logging():
        learn.fit(1, 0.003, cbs=watch)
    each = settings["calls"] * settings["batch"]
    batches = iter(learn.dls.train)
    next(batches)
    began = time.process_time()
    for _ in range(settings["calls"]):
        next(batches)
    return {
        "found": each / np.diff(watch.times),
        "drawing": each / (time.process_time() - began),
        "users": len(learn.dls.classes["users"]) - 1,  # less the one for what is unknown
        "items": len(learn.dls.classes["items"]) - 1,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def main() -> None:
    """Answer every job."""
    warnings.simplefilter("ignore")
    for job in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")):
        torch.set_num_threads(job["settings"].get("threads", 1))
        answer = {"lesson": lesson, "speed": speed}[job["model"]]
        with np.load(job["train"]) as train, np.load(job["asked"]) as asked:
            np.savez(job["out"], **answer(train, asked, job["settings"]))


if __name__ == "__main__":
    main()
