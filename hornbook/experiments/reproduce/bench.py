"""Where the lectures' experiments are repeated: a folder of run directories, data, and a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hornbook.experiments.making import Budget, make_run
from hornbook.experiments.reproduce.data import find_dataset
from hornbook.runs import Run
from hornbook.runs.events import Fetched, Listener, nobody
from hornbook.runs.prepare import Prepared, prepare

__all__ = ["LECTURE_SGD", "SEED", "Bench", "loss_on", "size_and_losses"]

SEED = 1337
LECTURE_SGD: Mapping[str, Any] = {
    "optimizer": "sgd",
    "batch_size": 32,
    "learning_rate": 0.1,
    "schedule": "step",
    "weight_decay": 0.0,
}
"The lectures' update of nets of names: p.data += -lr * p.grad, with a rate that falls once."
AT_THE_END: Mapping[str, Any] = {"patience": 0, "precision": "float32"}
"The last weights count, as in the lectures: none are chosen by dev."


@dataclass
class Bench:
    """A place to repeat experiments.

    Args:
        folder: takes a run directory for each training. One that was stopped goes on there; one
            that is done is not trained again.
        full: the lectures' own number of steps; else the quick form.
        data: folder of files that are not had by name; None if there is none.
        seed: of initial weights and batches.
        listen: called with the events of downloads and trainings.
    """

    folder: Path
    full: bool = False
    data: Path | None = None
    seed: int = SEED
    listen: Listener = nobody
    prepared: dict[tuple[str, str], Prepared] = field(default_factory=dict, repr=False)

    def steps(self, full: int, quick: int) -> int:
        """A number of steps in this form."""
        return full if self.full else quick

    def dataset(self, name: str) -> Path:
        """The file of a data set by name.

        Raises:
            DataError, DownloadError: if it is another, or cannot be fetched.
        """
        return find_dataset(name, self.data, lambda done, total: self.listen(Fetched(done, total)))

    def load(self, path: Path, task: str, **options: Any) -> Prepared:
        """Data, read once for all experiments that want it so."""
        key = (str(path), repr(sorted(options.items())))
        if key not in self.prepared:
            self.prepared[key] = prepare(str(path), task, options)
        return self.prepared[key]

    def text(self, name: str, **options: Any) -> Prepared:
        """A data set of text."""
        return self.load(self.dataset(name), "text", **options)

    def place(self, name: str) -> Path:
        """The directory of a run; the two forms of a training stand beside each other."""
        return self.folder / name

    def train(
        self,
        name: str,
        data: Prepared,
        model: str,
        settings: Mapping[str, Any] | None = None,
        training: Mapping[str, Any] | None = None,
    ) -> Run:
        """A run, made now, or gone on with, or there already.

        Without other wishes it is evaluated and kept at its end alone.

        Args:
            name: of its directory, which has the number of steps in its name, and another seed.
            data: loaded.
            model: the family.
            settings: of the family.
            training: None for what is counted.

        Raises:
            HornbookError: whatever is wrong with data, settings or directory; RunError, too, if
                a run of another recipe is there.
            KeyboardInterrupt: if it was stopped; the same call goes on.
        """
        asked: dict[str, Any] = {}
        if training is not None:
            steps = training["steps"]
            ends = {"evaluate_every": max(1, steps), "checkpoint_every": max(1, -(-steps // 20))}
            asked = {**AT_THE_END, **ends, "seed": self.seed, **training}
            name = f"{name}-{steps}" + (f"-seed{self.seed}" if self.seed != SEED else "")
        seed = asked.pop("seed", None)
        path = self.place(name)
        return make_run(data, model, settings or {}, asked, seed, Budget(), path, self.listen)


def loss_on(run: Run, split: str) -> float:
    """The loss of a whole split."""
    extent = run.summary.measured_on.get(split)
    if split in run.summary.losses and (extent is None or extent.is_whole):
        return run.summary.losses[split]
    found = run.task.evaluate(run.model, run.data, split).loss
    assert found is not None, f"{run.path} has no {split} loss"
    return found


def size_and_losses(run: Run) -> dict[str, float]:
    """What the lectures say of each of their nets of names."""
    return {
        "parameters": float(run.model.n_parameters),
        "train loss": loss_on(run, "train"),
        "dev loss": loss_on(run, "dev"),
    }
