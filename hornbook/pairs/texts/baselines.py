"""What stands beside a model that writes: the families that need no training."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from hornbook.pairs.data import PairData
from hornbook.pairs.evaluation import Said, said_on
from hornbook.pairs.models.contract import Writer
from hornbook.statistics import difference_interval
from hornbook.tasks import Baseline

if TYPE_CHECKING:
    from hornbook.tasks import Task

__all__ = ["baselines"]

HELD_OUT = ("dev", "test")
ASKED = 500  # sources of each split: the nearest of train is looked for among all of them
MOST = 200_000  # pairs of train up to which they are a comparison: some 10 s on two cores


@dataclass(frozen=True)
class Beside:
    """A baseline with what it says, by split."""

    said: Mapping[str, Said]
    seconds: float


KNOWN: WeakKeyDictionary[PairData, dict[str, Beside]] = WeakKeyDictionary()
"Several models may be made on the same data."


def baselines(task: Task[PairData], data: PairData, model: Writer) -> Iterator[Baseline]:
    """What each family without training reaches on dev and test, and how far from a model."""
    held = [split for split in HELD_OUT if split in data.sizes]
    if data.sizes["train"] > MOST:
        return
    own = {split: said_on(model, data, split, ASKED) for split in held}
    known = KNOWN.setdefault(data, {})
    for name, line in task.families.items():
        if line.trained or isinstance(model, line.load()):
            continue
        if name not in known:
            known[name] = fitted(line.load(), data, held)
        found = known[name]
        apart = {}
        for split, said in found.said.items():
            lengths = [max(1, len(right[0])) for right in said.right]
            interval = difference_interval(said.edits, own[split].edits, lengths)
            apart[split] = None if interval is None else (interval.low, interval.high)
        yield Baseline(
            name,
            {split: said.character_errors for split, said in found.said.items()},
            round(found.seconds, 3),
            family=name,
            apart=apart,
            further={split: {"exact": said.exact} for split, said in found.said.items()},
        )


def fitted(kind: type[Writer], data: PairData, held: list[str]) -> Beside:
    """A family with its defaults, and what it says."""
    began = time.perf_counter()
    model = kind(kind.Settings(), data.shape)  # type: ignore[call-arg]
    model.fit(data)  # type: ignore[attr-defined]
    said = {split: said_on(model, data, split, ASKED) for split in held}
    return Beside(said, time.perf_counter() - began)
