"""Codes of rows without a target: `SwapAutoencoder`, a transformer as scikit-learn has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt

from hornbook.errors import DataError, SettingsError
from hornbook.extras import needing

with needing("sklearn", "An estimator"):
    from sklearn.base import TransformerMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from hornbook.tables.estimator_inputs import as_value_errors, checked_features, column_kinds
from hornbook.tables.frame import Frame
from hornbook.tables.kept_estimator import KeptEstimator, Parts
from hornbook.tables.learned import ALWAYS
from hornbook.tables.learned_codes import LearnedCodes, learn_codes
from hornbook.tables.mapper import Mapped, Mapper
from hornbook.tables.table_estimator import Columns, Marks
from hornbook.training.settings import TrainingSettings

__all__ = ["SwapAutoencoder"]

WARMED = 0.05  # share of the steps in which the learning rate rises


class SwapAutoencoder(TransformerMixin, KeptEstimator):  # type: ignore[misc]
    """Learns to mend rows whose cells were swapped with other rows', and gives its hidden layers.

        codes = SwapAutoencoder(random_state=0).fit(X).transform(X_new)

    It asks for no target, so it learns from rows without one too; any model can read the codes.

    Args:
        n_hidden: units of each hidden layer.
        swap: share of the cells of a row that are replaced by those of other rows.
        layers: whose values are the codes: of all, or of the last.
        keep: whether standardised numbers, and categories as one-hot, stand before the codes.
        categorical: columns to read as categories, as of `TableRegressor`.
        missing: texts and numbers in X that say that nothing is known.
        steps: updates of training.
        batch_size: rows of each.
        learning_rate: peak of AdamW's, which falls by a cosine.
        random_state: of the start, the order and the noise: a number for the same net each time.

    Attributes:
        learned_: the net, and how columns become what it reads.
        loss_: of mending noisy rows of train, before and after training; 1 is knowing nothing.
    """

    held: ClassVar[type[Parts]] = LearnedCodes
    learned_: LearnedCodes

    def __init__(
        self,
        *,
        n_hidden: Sequence[int] = (256, 256, 256),
        swap: float = 0.15,
        layers: Literal["all", "last"] = "all",
        keep: bool = False,
        categorical: Columns = "auto",
        missing: Marks = (),
        steps: int = 2_000,
        batch_size: int = 256,
        learning_rate: float = 0.002,
        random_state: Any = None,
    ) -> None:
        self.n_hidden, self.swap, self.layers, self.keep = n_hidden, swap, layers, keep
        self.categorical, self.steps, self.batch_size = categorical, steps, batch_size
        self.learning_rate, self.random_state = learning_rate, random_state
        self.missing = missing

    def hold(self, learned: LearnedCodes) -> Self:
        """Take what was learned."""
        self.loss_ = learned.loss
        return super().hold(learned)

    @as_value_errors()
    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: N803 - scikit-learn's name
        """Learn from rows.

        Args:
            X: shape (n, columns).
            y: not looked at.

        Raises:
            ValueError: if no column tells rows apart, or a parameter is not allowed.
        """
        self.refuse_parameters()
        x = checked_features(self, X, reset=True)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        columns = column_kinds(x, self.categorical, self.missing)
        frame = Frame(len(x), {name: one for name, (_, one) in columns.items() if one is not None})
        mapper = Mapper.fit([column for column, _ in columns.values()], frame)
        if not mapper.categories and not mapper.numbers:
            raise DataError("No column of X has two different values: there is nothing to learn.")
        rows = mapper.apply(frame)
        training = TrainingSettings.from_dict({
            **ALWAYS, "steps": self.steps, "batch_size": min(self.batch_size, len(rows)),
            "learning_rate": self.learning_rate, "schedule": "cosine", "seed": seed,
            "warmup": int(WARMED * self.steps), "evaluate_every": max(1, self.steps),
            "patience": 0,
        })  # fmt: skip
        return self.hold(learn_codes(mapper, rows, tuple(self.n_hidden), self.swap, training))

    def refuse_parameters(self) -> None:
        """Refuse parameters that are not allowed.

        Raises:
            SettingsError: naming the first.
        """
        if not 0 < self.swap < 1:
            raise SettingsError(
                f"`swap` must be above 0 and below 1; it is {self.swap!r}.", setting="swap"
            )
        units = list(self.n_hidden)
        if not units or not all(isinstance(one, int | np.integer) and one > 0 for one in units):
            raise SettingsError(
                f"`n_hidden` must name the units of at least one layer; it is {self.n_hidden!r}.",
                setting="n_hidden",
            )
        if self.layers not in ("all", "last"):
            raise SettingsError(
                f"`layers` must be all or last; it is {self.layers!r}.", setting="layers"
            )

    @as_value_errors()
    def transform(self, X: Any) -> npt.NDArray[np.float64]:  # noqa: N803
        """The codes of rows, shape (n, codes).

        Raises:
            NotFittedError: if it was not fitted.
            ValueError: if X does not fit.
        """
        rows = self.read(X)
        found = self.learned_.codes(rows)
        found = found if self.layers == "all" else found[-1:]
        kept = [self.plain(rows)] if self.keep else []
        return np.concatenate([*kept, *found], axis=1).astype(np.float64)

    def plain(self, rows: Mapped) -> npt.NDArray[np.float32]:
        """Rows without codes: numbers, then each category as one-hot, shape (n, columns)."""
        parts = [rows.numbers]
        for place, category in enumerate(self.learned_.mapper.categories):
            parts.append(np.eye(category.codes, dtype=np.float32)[rows.codes[:, place]])
        return np.concatenate(parts, axis=1)

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[Any]:
        """A name for each code: `code 1`, `code 2`, ..., behind the names of columns if `keep`."""
        check_is_fitted(self)
        given = _check_feature_names_in(self, input_features)
        mapper, units = self.learned_.mapper, self.learned_.n_hidden
        called = {
            column.name: str(name) for column, name in zip(mapper.columns, given, strict=True)
        }
        number = sum(units if self.layers == "all" else units[-1:])
        codes = [f"code {at}" for at in range(1, number + 1)]
        kept: list[str] = []
        if self.keep:
            kept = [replaced_name(one.column, one.name, called) for one in mapper.numbers]
            kept += [f"{replaced_name(one.column, one.name, called)} is missing"
                     for one in mapper.flags]  # fmt: skip
            for one in mapper.categories:
                name = replaced_name(one.column, one.name, called)
                kept += [f"{name}={one.label(code)}" for code in range(one.codes)]
        return np.array([*kept, *codes], object)


def replaced_name(column: str, feature: str, called: dict[str, str]) -> str:
    """The name of a feature, with what its column is called."""
    return called[column] + feature.removeprefix(column)
