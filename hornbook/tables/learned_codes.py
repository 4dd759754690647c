"""A net that codes rows, trained in memory: what `SwapAutoencoder` holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hornbook.compute.pinned import pinned
from hornbook.errors import RunError
from hornbook.records import JSONObject, as_json, read_record
from hornbook.tables.learned import Arrays, refuse_format, refuse_more_than, weights_of
from hornbook.tables.mapper import Mapped, Mapper
from hornbook.tables.models.contract import Shape
from hornbook.training.measures import Evaluation
from hornbook.training.settings import TrainingSettings

if TYPE_CHECKING:
    from hornbook.tables.models.swap_net import SwapNet

__all__ = ["LearnedCodes", "learn_codes"]

FORMAT = 1
MEASURED = 4_096  # rows whose loss is told


@dataclass(frozen=True)
class CodesRecord:
    """What is kept of a net beside its weights."""

    format: int
    n_hidden: tuple[int, ...]
    rows: int
    loss: tuple[float, float]
    mapper: Mapping[str, Any]


@dataclass(frozen=True)
class LearnedCodes:
    """A trained net, and how columns become what it reads.

    The net computes in float64, so that the codes of a row do not hang on the rows beside it.
    """

    mapper: Mapper
    net: SwapNet
    n_hidden: tuple[int, ...]
    rows: int
    "Of train."
    loss: tuple[float, float]
    "Of mending noisy rows of train, before and after training; 1 is knowing nothing."
    n_classes = 0

    @pinned()
    def codes(self, inputs: Mapped) -> list[npt.NDArray[np.float32]]:
        """What each hidden layer makes of rows, each (n, units)."""
        return self.net.coded(inputs)

    def parts(self) -> tuple[Arrays, JSONObject]:
        """The weights, and everything else as JSON."""
        record = CodesRecord(FORMAT, self.n_hidden, self.rows, self.loss, self.mapper.as_dict())
        made: JSONObject = as_json(record)
        return weights_of(self.net), made

    @classmethod
    @pinned()
    def from_parts(cls, arrays: Arrays, record: Any, where: str) -> LearnedCodes:
        """What `parts` gave.

        Raises:
            RunError: if they are something else.
        """
        from hornbook.compute.shapes import shapes_only
        from hornbook.tables.models.swap_net import SwapNet

        kept = read_record(CodesRecord, record, where)
        refuse_format(kept.format, FORMAT, where)
        try:
            mapper = Mapper.from_dict(kept.mapper)
            if kept.rows < 1 or not kept.n_hidden or min(kept.n_hidden) < 1:
                raise ValueError("rows or units of layers are out of range")
        except (KeyError, TypeError, ValueError) as error:
            raise RunError(f"{where} is damaged: {error}.") from error
        shape = shape_of(mapper, kept.rows)
        with shapes_only():
            asked = SwapNet(shape, kept.n_hidden).n_parameters
        refuse_more_than(arrays, asked, where)
        net = SwapNet(shape, kept.n_hidden)
        net.load_arrays(dict(arrays))
        return cls(mapper, net.double(), kept.n_hidden, kept.rows, kept.loss)


def shape_of(mapper: Mapper, rows: int) -> Shape:
    """What a net must know of a table to be built."""
    codes = tuple(one.codes for one in mapper.categories)
    return Shape(codes, len(mapper.numbers), len(mapper.flags), 1, rows)


@pinned()
def learn_codes(
    mapper: Mapper,
    rows: Mapped,
    n_hidden: tuple[int, ...],
    swap: float,
    training: TrainingSettings,
) -> LearnedCodes:
    """Train a net to mend rows, without a run.

    Args:
        mapper: how columns became rows.
        rows: of train.
        n_hidden: units of each hidden layer.
        swap: share of the cells that are replaced.
        training: how.

    Raises:
        DivergedError: if the loss is no longer a finite number.
    """
    import torch

    from hornbook.compute.threads import threads
    from hornbook.tables.models.swap_net import SwapBatches, SwapNet
    from hornbook.training.trainer import Trainer

    seed, size = training.seed, training.batch_size
    net = SwapNet(shape_of(mapper, len(rows)), n_hidden, torch.Generator().manual_seed(seed))
    batches = SwapBatches(rows, swap, batch_size=size, seed=seed)
    measured = next(SwapBatches(rows, swap, batch_size=MEASURED, seed=seed + 1))
    losses: list[float] = []

    def evaluate() -> Evaluation:
        with net.in_use():
            losses.append(float(net.loss(measured)))
        return Evaluation({"train": losses[-1]})

    with threads(training.threads):
        Trainer(net, batches, training, evaluate).run()
    return LearnedCodes(mapper, net.double().eval(), n_hidden, len(rows), (losses[0], losses[-1]))
