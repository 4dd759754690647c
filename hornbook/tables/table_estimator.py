"""What estimators share that train a net to predict y: parameters, and training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt

from hornbook.extras import needing

with needing("sklearn", "An estimator"):
    from sklearn.utils import check_random_state

from hornbook.tables.estimator_inputs import as_value_errors, column_kinds, held_out
from hornbook.tables.kept_estimator import KeptEstimator, Parts
from hornbook.tables.learned import Learned, learn
from hornbook.tables.target import Target
from hornbook.tables.training_data import data_of

__all__ = ["Columns", "Marks", "TableEstimator"]

Columns = Literal["auto"] | Sequence[int | str | bool]
Marks = str | float | Sequence[str | float]


class TableEstimator(KeptEstimator):
    """Trains a net.

    Attributes:
        learned_: the net, and how columns become what it reads.
        n_steps_: updates until the weights that were kept.
    """

    held: ClassVar[type[Parts]] = Learned
    learned_: Learned

    def __init__(
        self,
        *,
        model: str = "mixed-input",
        settings: Mapping[str, Any] | None = None,
        steps: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        training: Mapping[str, Any] | None = None,
        categorical: Columns = "auto",
        missing: Marks = (),
        min_count: int = 2,
        early_stopping: bool | Literal["auto"] = "auto",
        validation_fraction: float = 0.1,
        random_state: Any = None,
    ) -> None:
        self.model, self.settings, self.steps = model, settings, steps
        self.batch_size, self.learning_rate, self.training = batch_size, learning_rate, training
        self.categorical, self.missing, self.min_count = categorical, missing, min_count
        self.early_stopping, self.validation_fraction = early_stopping, validation_fraction
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def hold(self, learned: Learned) -> Self:
        """Take what was learned."""
        self.n_steps_ = learned.steps
        return super().hold(learned)

    @as_value_errors()
    def learn(
        self,
        x: Any,
        target: Target,
        y: npt.NDArray[Any],
        weights: npt.NDArray[np.float64] | None = None,
    ) -> Self:
        """Train on checked X, y, and weights of the rows, as `weighted_rows` gives them."""
        random = check_random_state(self.random_state)
        seed = int(random.randint(2**31 - 1))
        columns = column_kinds(x, self.categorical, self.missing)
        classes = y if target.kind == "class" else None
        dev = held_out(len(y), classes, self.early_stopping, self.validation_fraction, random)
        data = data_of(columns, target, y, dev, self.min_count, weights)
        named = {
            "steps": self.steps, "batch_size": self.batch_size, "learning_rate": self.learning_rate
        }  # fmt: skip
        training = {name: value for name, value in named.items() if value is not None}
        learned = learn(
            data, self.model, self.settings, {**training, "seed": seed, **(self.training or {})}
        )
        return self.hold(learned)
