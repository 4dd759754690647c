"""A toy task, to hold the contract: points in the plane, told apart by their class.

It maximises its measure, has no tokens, a dev split only where it is asked for one, a family that
is trained and one in closed form, and an option, a question, a finding and a view of its own.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from matplotlib.figure import Figure

from hornbook.nn import CrossEntropy, Linear, Net, Sequential, Tanh
from hornbook.reports import Finding, Report, View
from hornbook.settings import Bounds, Given, Settings
from hornbook.tasks import Claim, Family, Figures, Listed, NoOptions, Question, Task, Verb
from hornbook.tasks.arrays import ArrayData
from hornbook.training.batches import ArrayBatches
from hornbook.training.measures import Measure


@dataclass(frozen=True)
class Options(Settings):
    held_out: Annotated[int, Bounds(0, 90)] = 20


class Plane(Net):
    Settings = NoOptions

    def __init__(self, settings: Any, shape: Any, generator: Any = None) -> None:
        super().__init__()
        first, last = (Linear(*sizes, generator=generator) for sizes in ((2, 8), (8, 2)))
        self.net = Sequential(first, Tanh(), last)

    def loss_vjp(self, batch: Any) -> Any:
        scores, back = self.vjp(self.tensor(batch[0][:, :2]))
        loss, loss_back = CrossEntropy().vjp(scores, self.tensor(batch[0][:, 2]).long())
        return loss, lambda: back(loss_back())

    def scores(self, x: Any) -> Any:
        with self.in_use():
            return self(self.tensor(x)).numpy()


class Means:
    Settings, n_parameters = NoOptions, 4

    def __init__(self, settings: Any, shape: Any) -> None:
        self.held = {"means": np.zeros((2, 2))}
        self.arrays, self.load_arrays = lambda: self.held, self.held.update

    def fit(self, data: ArrayData) -> None:
        x, y = data.splits["train"][:, :2], data.splits["train"][:, 2]
        self.held["means"] = np.stack([x[y == k].mean(0) for k in (0, 1)])

    def scores(self, x: Any) -> Any:
        return -((x[:, None] - self.held["means"]) ** 2).sum(-1)


@dataclass(frozen=True)
class At(Settings):
    point: Annotated[tuple[float, ...], Given()]


class Guess(Question):
    description, options = "The class of a point.", At

    def ask(self, run: Any, *point: float, **_: Any) -> int:
        return int(run.model.scores(np.array([point], np.float32)).argmax())

    def answer(self, run: Any, options: At) -> Listed:
        return Listed([{"class": self.ask(run, *options.point)}])


class Toy(Task[ArrayData]):
    name, summary, options, open = "points", "points in the plane", Options, ArrayData.open
    decides = Measure("right", "of the points", best="highest")
    questions = {"guess": Verb("the class of a point", Guess)}
    net = Family(Plane, "a small net", training={"steps": 40, "batch_size": 16})
    families = {"plane": net, "nearest": Family(Means, "the nearer mean", made_by="fitting")}

    def recognise(self, source: Any, options: Any) -> Claim | None:
        return Claim(2, "it begins x,y,class") if source.head().startswith(b"x,y,class") else None

    def load(self, source: Any, options: Any) -> ArrayData:
        rows = np.loadtxt(io.BytesIO(source.read()), np.float32, delimiter=",", skiprows=1)
        cut = len(rows) * (100 - options.held_out) // 100
        return ArrayData(source.name, source.where, {"train": rows[:cut], "dev": rows[cut:]})

    def batches(self, model: Any, data: ArrayData, how: Any) -> ArrayBatches:
        return ArrayBatches(data.splits["train"], batch_size=how.batch_size, seed=how.seed)

    def evaluate(self, model: Any, data: ArrayData, split: str, limit: int = 0) -> Figures:
        rows = data.splits[split]
        right = model.scores(rows[:, :2]).argmax(1) == rows[:, 2]
        return Figures(measures={"right": float(right.mean())})

    def examine(self, source: Any, options: Any) -> Report:
        n = self.load(source, options).sizes["train"]
        few = Finding("few-points", "warning", "There are few points", f"{n}.", "Give more.")
        return Report({"points": f"{n}"}, (few,) if n < 50 else ())

    def views(self, run: Any, options: Any) -> list[View]:
        return [View("points", "the points", Figure)]
