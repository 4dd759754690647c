"""A toy task, to hold the contract: points in the plane, told apart by their class."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from matplotlib.figure import Figure

from hornbook.nn import CrossEntropy, Linear, Net, Sequential, Tanh
from hornbook.reports import Finding, Report, View
from hornbook.settings import Bounds, Given, Settings
from hornbook.tasks import Claim, Data, Family, Figures, Listed, Question, Task, Verb
from hornbook.training.batches import ArrayBatches
from hornbook.training.measures import Measure


@dataclass(frozen=True)
class Options(Settings):
    held_out: Annotated[int, Bounds(0, 90)] = 20


class Points(Data):
    shape = 2

    def __init__(self, name: str, source: str, raw: bytes, held_out: Any) -> None:
        self.name, self.source, self.raw, self.details = name, source, raw, {"held_out": held_out}
        rows = np.loadtxt(io.BytesIO(raw), np.float32, delimiter=",", skiprows=1)
        cut = len(rows) * (100 - held_out) // 100
        self.splits = {"train": rows[:cut]} | ({"dev": rows[cut:]} if held_out else {})
        self.sizes = {split: len(rows) for split, rows in self.splits.items()}

    def keep(self, files: Any) -> None:
        files.write("points.csv", self.raw)


@dataclass(frozen=True)
class Width(Settings):
    n_hidden: int = 8


class Plane(Net):
    Settings = Width

    def __init__(self, settings: Width, shape: int, generator: Any = None) -> None:
        super().__init__()
        sizes = [shape, settings.n_hidden, 2]
        first, last = (Linear(m, n, generator=generator) for m, n in zip(sizes, sizes[1:]))
        self.net = Sequential(first, Tanh(), last)

    def loss_vjp(self, batch: Any) -> Any:
        rows = self.tensor(batch[0])
        scores, back = self.vjp(rows[:, :2])
        loss, loss_back = CrossEntropy().vjp(scores, rows[:, 2].long())
        return loss, lambda: back(loss_back())

    def scores(self, x: Any) -> Any:
        with self.in_use():
            return self(self.tensor(x)).numpy()


class Means:
    Settings = Options
    n_parameters = 4

    def __init__(self, settings: Any, shape: int) -> None:
        self.held = {"means": np.zeros((2, shape))}
        self.arrays, self.load_arrays = lambda: self.held, self.held.update

    def fit(self, data: Points) -> None:
        rows = data.splits["train"]
        self.held["means"] = np.stack([rows[rows[:, 2] == k, :2].mean(0) for k in (0, 1)])

    def scores(self, x: Any) -> Any:
        return -((x[:, None] - self.held["means"]) ** 2).sum(-1)
