"""A net on a table, trained in memory: what estimators hold in place of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hornbook.compute.pinned import pinned
from hornbook.errors import RunError, SettingsError
from hornbook.records import JSONObject, as_json, read_record
from hornbook.runs.prepare import family_settings
from hornbook.runs.session import Session
from hornbook.settings import Settings
from hornbook.tables.data import TableData
from hornbook.tables.evaluation import DECIDES, scores_of, some
from hornbook.tables.mapper import Mapped, Mapper
from hornbook.tables.target import Target
from hornbook.tasks import Family, Task, task_named
from hornbook.training.measures import Evaluation

if TYPE_CHECKING:
    from hornbook.tables.models.table_net import TableNet

__all__ = ["Learned", "learn", "refuse_format", "refuse_more_than", "weights_of"]

FORMAT = 1
ALWAYS: Mapping[str, Any] = {
    "gradients": "hand", "precision": "float32", "device": "cpu", "threads": 1
}  # fmt: skip
"Nothing is measured to choose these, so that one seed gives one net."
Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class LearnedRecord:
    """What is kept of a net beside its weights."""

    format: int
    family: str
    settings: Mapping[str, Any]
    steps: int
    rows: int
    counts: tuple[tuple[int, ...], ...]
    mapper: Mapping[str, Any]
    target: Mapping[str, Any]


@dataclass(frozen=True)
class Learned:
    """A trained net, and how columns become what it reads.

    The net computes in float64, so that what it says of a row does not hang on the rows beside it.
    """

    family: str
    settings: Settings
    mapper: Mapper
    target: Target
    net: TableNet
    steps: int
    "Updates until the weights that were kept."
    rows: int
    "Of train."
    counts: tuple[tuple[int, ...], ...]
    "Of each category how many rows of train have each code."

    @property
    def n_classes(self) -> int:
        """How many classes are predicted; 0 where numbers are."""
        return len(self.target.labels)

    @pinned()
    def predict(self, inputs: Mapped) -> npt.NDArray[np.float64]:
        """Numbers in the units of the table, shape (n,); or probabilities, shape (n, classes)."""
        found = self.net.predict(inputs)
        return found if self.target.kind == "class" else self.target.decode(found)

    def vectors(self, place: int) -> npt.NDArray[np.float64]:
        """The learned vectors of one category.

        A code that no row of train had has learned nothing: it gets the mean over all rows.

        Returns:
            Shape (codes, length).

        Raises:
            SettingsError: if the family learns none.
        """
        found = self.net.category_vectors(place)
        if found is None:
            raise SettingsError(
                f"The family {self.family} learns no vectors of categories.",
                hint="Choose another `model`.",
                setting="model",
            )
        counts = np.array(self.counts[place], np.float64)
        vectors = found.astype(np.float64)
        vectors[counts == 0] = counts @ vectors / counts.sum()
        return vectors

    def parts(self) -> tuple[Arrays, JSONObject]:
        """The weights, and everything else as JSON."""
        record = LearnedRecord(
            FORMAT, self.family, self.settings.as_dict(), self.steps, self.rows, self.counts,
            self.mapper.as_dict(), self.target.as_dict(),
        )  # fmt: skip
        made: JSONObject = as_json(record)
        return weights_of(self.net), made

    @classmethod
    @pinned()
    def from_parts(cls, arrays: Arrays, record: Any, where: str) -> Learned:
        """What `parts` gave.

        Args:
            arrays: the weights.
            record: the rest.
            where: what to call them in messages.

        Raises:
            RunError: if they are something else.
        """
        kept = read_record(LearnedRecord, record, where)
        refuse_format(kept.format, FORMAT, where)
        try:
            mapper, target = Mapper.from_dict(kept.mapper), Target.from_dict(kept.target)
            line, task = net_family(kept.family, target.kind)
            settings = family_settings(line, kept.family, kept.settings)
            sizes = [one.codes for one in mapper.categories]
            if kept.rows < 1 or [len(one) for one in kept.counts] != sizes:
                raise ValueError("rows or counts do not fit the categories")
            if any(min(one) < 0 or sum(one) != kept.rows for one in kept.counts):
                raise ValueError("counts of categories do not add up to the rows")
        except (KeyError, TypeError, ValueError, SettingsError) as error:
            raise RunError(f"{where} is damaged: {error}.") from error
        data = TableData("", "", {}, mapper, target, rows=kept.rows)
        asked = task.refuse_too_large(kept.family, settings, data.shape).n_parameters
        refuse_more_than(arrays, asked, where)
        net = task.build(kept.family, settings, data.shape)
        net.load_arrays(dict(arrays))
        return cls(
            kept.family, settings, mapper, target, net.double(), kept.steps, kept.rows, kept.counts
        )


def weights_of(net: Any) -> Arrays:
    """The weights of a net that computes in float64, as it was trained: in float32."""
    return {
        name: array.astype(np.float32) if array.dtype == np.float64 else array
        for name, array in net.arrays().items()
    }


def refuse_more_than(arrays: Arrays, asked: int, where: str) -> None:
    """Refuse settings that ask for more parameters than weights are held, before memory is taken.

    Raises:
        RunError: if they do.
    """
    held = sum(array.size for array in arrays.values())
    if asked > 2 * held:
        raise RunError(
            f"The settings in {where} ask for {asked:,} parameters, and it has {held:,}.",
            hint="Restore it from an intact copy.",
        )


def refuse_format(found: int, wanted: int, where: str) -> None:
    """Refuse what was written in another way.

    Raises:
        RunError: if it was.
    """
    if found != wanted:
        raise RunError(
            f"{where} has format {found}, and this version reads {wanted}.",
            hint="Open it with a newer version of hornbook.",
        )


def net_family(name: str, kind: str) -> tuple[Family, Task[Any]]:
    """A family that is trained, and its task.

    Raises:
        SettingsError: if there is none of that name.
    """
    task = task_named("tables").for_data({"kind": kind})
    line = task.family(name)
    if not line.trained:
        nets = [one for one, other in task.families.items() if other.trained]
        raise SettingsError(
            f"{name} is not a net, and only nets are estimators.",
            hint=f"Choose a net: {', '.join(nets)}.",
            setting="model",
        )
    return line, task


def weighed(model: TableNet, data: TableData, limit: int) -> Evaluation:
    """The deciding figure on rows of dev that have weights."""
    rows = some(data.splits["dev"], limit)
    scores = scores_of(data.target, model.predict(rows.inputs), rows)
    mean = np.average(scores.losses, weights=rows.weights)
    figure = float(scores.of(np.array(mean)))
    if data.kind == "class":
        return Evaluation({"dev": figure}, {})
    return Evaluation({}, {"dev": {DECIDES[data.kind]: figure}})


@pinned()
def learn(
    data: TableData,
    family: str,
    settings: Mapping[str, Any] | None,
    training: Mapping[str, Any],
) -> Learned:
    """Train a net on a table, without a run.

    Args:
        data: with train, and dev where training is to end early.
        family: of nets.
        settings: of the family; those left out have their defaults.
        training: settings; those left out have the values recommended for the data.

    Raises:
        SettingsError: if a setting is unknown or not allowed.
        DivergedError: if the loss is no longer a finite number.
    """
    from hornbook.training.trainer import Trainer

    line, task = net_family(family, data.kind)
    how = line.suiting(data).with_own({**ALWAYS, **training})
    session = Session(task, data, family, family_settings(line, family, settings), how)
    has_dev = "dev" in data.sizes
    best: dict[str, npt.NDArray[Any]] = {}
    kept_at = 0

    def measure() -> Evaluation:
        if not has_dev:
            return Evaluation()
        if data.splits["dev"].weights is not None:
            return weighed(session.model, data, session.training.evaluate_on)
        found = task.evaluate(session.model, data, "dev", session.training.evaluate_on)
        losses = {} if found.loss is None else {"dev": found.loss}
        return Evaluation(losses, {"dev": found.measures})

    def keep() -> None:
        nonlocal kept_at
        kept_at = trainer.step
        if has_dev:  # else the last weights are the best
            best.update({name: array.copy() for name, array in session.model.arrays().items()})

    trainer = Trainer(
        session.model, session.batches, session.training, measure,
        decides=task.decides, keep_start=not how.steps, on_best=keep,
    )  # fmt: skip
    with session.working():
        trainer.run()
    if best:
        session.model.load_arrays(best)
    codes = data.train.inputs.codes
    counts = tuple(
        tuple(np.bincount(codes[:, place], minlength=one.codes).tolist())
        for place, one in enumerate(data.mapper.categories)
    )
    net = session.model.double().eval()
    return Learned(
        family, session.settings, data.mapper, data.target, net, kept_at, len(data.train), counts
    )
