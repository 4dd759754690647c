"""Where the lectures' experiments are repeated: a folder of run directories, data, and a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hornbook.errors import HornbookError
from hornbook.experiments.making import Budget, begun, make_run
from hornbook.experiments.reproduce.data import find_dataset
from hornbook.experiments.reproduce.figures import NotRunError
from hornbook.experiments.together import RunPlan, make_together
from hornbook.runs import Run
from hornbook.runs.events import Event, Fetched, Listener, Progressed, nobody
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
        trains: whether nets are trained; else only runs that are finished are taken.
    """

    folder: Path
    full: bool = False
    data: Path | None = None
    seed: int = SEED
    listen: Listener = nobody
    trains: bool = True
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

    def place(self, name: str, steps: int | None = None, seed: int | None = None) -> Path:
        """The directory of a run; the two forms of a training stand beside each other.

        Args:
            name: of it.
            steps: of training; None for what is counted.
            seed: None for the bench's.
        """
        seed = self.seed if seed is None else seed
        if steps is not None:
            name = f"{name}-{steps}" + (f"-seed{seed}" if seed != SEED else "")
        return self.folder / name

    def has(self, name: str, steps: int) -> bool:
        """Whether a training has been done, here or on a machine from which its run was copied."""
        return begun(self.place(name, steps)) == "done"

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
            NotRunError: if nothing is trained here and the run is not finished.
            HornbookError: whatever is wrong with data, settings or directory; RunError, too, if
                a run of another recipe is there.
            KeyboardInterrupt: if it was stopped; the same call goes on.
        """
        if training is None:
            path = self.place(name)
            return make_run(data, model, settings or {}, {}, None, Budget(), path, self.listen)
        path = self.place(name, training["steps"])
        self.may_train(path)
        asked = {**to_the_end(training["steps"]), **training}
        return make_run(data, model, settings or {}, asked, self.seed, Budget(), path, self.listen)

    def train_seeds(
        self,
        name: str,
        data: Prepared,
        model: str,
        settings: Mapping[str, Any],
        training: Mapping[str, Any],
        seeds: int,
    ) -> list[Run]:
        """Runs of one recipe that differ in their seed, the bench's and those after it.

        By compiled steps at once where there are such, else in turn; and otherwise as `train`.

        Args:
            name: of their directories, as in `train`.
            data: loaded.
            model: the family.
            settings: of the family.
            training: what all of them have.
            seeds: how many.

        Raises:
            NotRunError, HornbookError, KeyboardInterrupt: as `train`.
        """
        steps, plans = training["steps"], []
        for seed in range(self.seed, self.seed + seeds):
            path = self.place(name, steps, seed)
            self.may_train(path)
            asked = {**to_the_end(steps), **training, "seed": seed}
            plans.append(RunPlan(path, settings, asked))

        def listen(at: int, event: Event) -> None:
            if at == 0 or not isinstance(event, Progressed):  # one of them tells how far they are
                self.listen(event)

        made = []
        for run in make_together(data, model, plans, listen=listen):
            if isinstance(run, HornbookError):
                raise run
            made.append(run)
        return made

    def may_train(self, path: Path) -> None:
        """Ask whether the run of a place can be had.

        Raises:
            NotRunError: if nothing is trained here and it is not finished.
        """
        if not self.trains and (state := begun(path)) != "done":
            what = "was stopped before its end" if state else "is not there"
            raise NotRunError(f"it takes longer than `minutes` allows, and the run {path} {what}.")


def to_the_end(steps: int) -> dict[str, Any]:
    """Training settings by which a run is evaluated and kept at its end alone."""
    ends = {"evaluate_every": max(1, steps), "checkpoint_every": max(1, -(-steps // 20))}
    return {**AT_THE_END, **ends}


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
