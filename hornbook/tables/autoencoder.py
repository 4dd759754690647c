"""Codes of rows without a target: `SwapAutoencoder`, a transformer as scikit-learn has them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from hornbook.errors import DataError, SettingsError
from hornbook.sources.cells import Cells
from hornbook.tables.frame import Frame, Typed, typed
from hornbook.tables.kinds import Column, Seen, kind_of
from hornbook.tables.mapper import Mapped, Mapper
from hornbook.tables.models.contract import Shape
from hornbook.tables.raw import Raw, RawColumn
from hornbook.tables.written import MISSING

__all__ = ["SwapAutoencoder"]

WARMED = 0.05  # share of the steps in which the learning rate rises
MEASURED = 4_096  # rows whose loss is told


class SwapAutoencoder:
    """Learns to mend rows whose cells were swapped with other rows', and gives its hidden layers.

        codes = SwapAutoencoder(seed=0).fit(X).transform(X_new)

    It asks for no target, so it learns from rows without one too; any model can read the codes. It
    works in scikit-learn's `Pipeline` and `clone`, and needs nothing of scikit-learn itself.

    Args:
        n_hidden: units of each hidden layer.
        swap: share of the cells of a row that are replaced by those of other rows.
        layers: whose values are the codes: of all, or of the last.
        keep: whether standardised numbers, and categories as one-hot, stand before the codes.
        categorical: names of columns to read as categories, whatever they look like.
        steps: updates of training.
        batch_size: rows of each.
        learning_rate: peak of AdamW's, which falls by a cosine.
        seed: of the start, the order and the noise.

    Attributes:
        mapper: how columns become what the net reads; known when it is fitted.
        net: the net.
        loss: of mending noisy rows of train, before and after training; 1 is knowing nothing.
    """

    mapper: Mapper
    loss: tuple[float, float]

    def __init__(
        self,
        *,
        n_hidden: Sequence[int] = (256, 256, 256),
        swap: float = 0.15,
        layers: Literal["all", "last"] = "all",
        keep: bool = False,
        categorical: Sequence[str] = (),
        steps: int = 2_000,
        batch_size: int = 256,
        learning_rate: float = 0.002,
        seed: int = 0,
    ) -> None:
        self.n_hidden, self.swap, self.layers, self.keep = n_hidden, swap, layers, keep
        self.categorical, self.steps, self.batch_size = categorical, steps, batch_size
        self.learning_rate, self.seed = learning_rate, seed
        self.net: Any = None

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self.get_params().items())
        return f"SwapAutoencoder({told})"

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The arguments by name."""
        names = list(inspect.signature(type(self).__init__).parameters)[1:]
        return {name: getattr(self, name) for name in names}

    def set_params(self, **params: Any) -> Self:
        """Change some arguments.

        Raises:
            SettingsError: if there is none of such a name.
        """
        known = self.get_params()
        for name, value in params.items():
            if name not in known:
                raise SettingsError(
                    f"SwapAutoencoder has no argument {name!r}.",
                    hint=f"Arguments: {', '.join(known)}.",
                )
            setattr(self, name, value)
        return self

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn asks of a transformer that needs no target."""
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags

        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(),
            input_tags=InputTags(categorical=True, string=True, allow_nan=True),
        )

    def __sklearn_is_fitted__(self) -> bool:
        """Whether it is."""
        return self.net is not None

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: N803 - scikit-learn's name
        """Learn from rows.

        Args:
            X: a data frame, a mapping of columns, or an array, shape (n, columns).
            y: not looked at.

        Raises:
            DataError: if there are no rows, or no column tells them apart.
            SettingsError: if an argument is not allowed.
        """
        if not 0 < self.swap < 1:
            raise SettingsError(
                f"`swap` must be above 0 and below 1; it is {self.swap!r}.", setting="swap"
            )
        if not self.n_hidden or self.layers not in ("all", "last"):
            raise SettingsError(
                "`n_hidden` must name at least one layer, and `layers` must be all or last; they "
                f"are {self.n_hidden!r} and {self.layers!r}."
            )
        raw = columns_of(X)
        columns = [self.column(name, column) for name, column in raw.items()]
        frame = frame_of(raw, columns)
        self.mapper = Mapper.fit(columns, frame)
        rows = self.mapper.apply(frame)
        if not rows.codes.shape[1] + rows.numbers.shape[1]:
            raise DataError("No column of X has two different values: there is nothing to learn.")
        self.train(rows)
        return self

    def column(self, name: str, raw: Raw) -> Column:
        """What a column is read as: as was asked for, or else as it looks."""
        if name in self.categorical:
            return Column(name, "category", "asked for")
        return kind_of(Seen(name, raw))

    def train(self, rows: Mapped) -> None:
        """Train a net on rows."""
        import torch

        from hornbook.tables.models.swap_net import SwapBatches, SwapNet
        from hornbook.training.measures import Evaluation
        from hornbook.training.settings import TrainingSettings
        from hornbook.training.trainer import Trainer

        mapper = self.mapper
        shape = Shape(tuple(one.codes for one in mapper.categories), len(mapper.numbers),
                      len(mapper.flags), 1, len(rows))  # fmt: skip
        generator = torch.Generator().manual_seed(self.seed)
        net = SwapNet(shape, tuple(self.n_hidden), generator)
        settings = TrainingSettings(
            steps=self.steps, batch_size=min(self.batch_size, len(rows)), schedule="cosine",
            learning_rate=self.learning_rate, seed=self.seed, gradients="hand",
            warmup=int(WARMED * self.steps), evaluate_every=max(1, self.steps), patience=0,
        )  # fmt: skip
        batches = SwapBatches(rows, self.swap, batch_size=settings.batch_size, seed=self.seed)
        measured = next(SwapBatches(rows, self.swap, batch_size=MEASURED, seed=self.seed + 1))
        losses = []

        def evaluate() -> Evaluation:
            with net.in_use():
                losses.append(float(net.loss(measured)))
            return Evaluation({"train": losses[-1]})

        Trainer(net, batches, settings, evaluate).run()
        self.net, self.loss = net, (losses[0], losses[-1])

    def transform(self, X: Any) -> npt.NDArray[np.float32]:  # noqa: N803
        """The codes of rows, shape (n, codes).

        Raises:
            SettingsError: if it is not fitted.
            DataError: if a column is missing.
        """
        rows = self.read(X)
        found = self.net.coded(rows)
        found = found if self.layers == "all" else found[-1:]
        return np.concatenate([*([self.plain(rows)] if self.keep else []), *found], axis=1)

    def fit_transform(self, X: Any, y: Any = None) -> npt.NDArray[np.float32]:  # noqa: N803
        """Learn from rows, and give their codes."""
        return self.fit(X, y).transform(X)

    def read(self, X: Any) -> Mapped:  # noqa: N803
        """Rows as the net reads them.

        Raises:
            SettingsError: if it is not fitted.
            DataError: if a column is missing.
        """
        if self.net is None:
            raise SettingsError("SwapAutoencoder is not fitted.", hint="Call `fit` first.")
        raw = columns_of(X)
        missing = [column.name for column in self.mapper.needed if column.name not in raw]
        if missing:
            raise DataError(
                f"X has no column {missing[0]!r}; its columns are {', '.join(map(repr, raw))}.",
                hint="Give the columns that `fit` was given.",
            )
        return self.mapper.apply(frame_of(raw, self.mapper.needed))

    def plain(self, rows: Mapped) -> npt.NDArray[np.float32]:
        """Rows without codes: numbers, then each category as one-hot, shape (n, columns)."""
        parts = [rows.numbers]
        for place, category in enumerate(self.mapper.categories):
            parts.append(np.eye(category.codes, dtype=np.float32)[rows.codes[:, place]])
        return np.concatenate(parts, axis=1)

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[Any]:
        """A name for each code: `code 1`, `code 2`, ..., behind the names of columns if `keep`."""
        units = list(self.n_hidden) if self.layers == "all" else [self.n_hidden[-1]]
        codes = [f"code {number}" for number in range(1, sum(units) + 1)]
        kept = []
        if self.keep:
            kept = list(self.mapper.number_names)
            for one in self.mapper.categories:
                kept += [f"{one.name}={one.label(code)}" for code in range(one.codes)]
        return np.array([*kept, *codes], object)


def columns_of(table: Any) -> dict[str, Raw]:
    """The columns of a data frame, a mapping or an array, by name.

    Raises:
        DataError: if it is none of these, has no rows, or columns of several lengths.
    """
    if hasattr(table, "columns"):
        given = {str(name): table[name].to_numpy() for name in table.columns}
    elif isinstance(table, Mapping):
        given = {str(name): np.asarray(values) for name, values in table.items()}
    else:
        array = np.asarray(table)
        if array.ndim != 2:
            raise DataError(f"X must have rows and columns; its shape is {array.shape}.")
        given = {f"x{number}": column for number, column in enumerate(array.T)}
    lengths = {len(column) for column in given.values()}
    if len(lengths) != 1 or not min(lengths):
        raise DataError(f"X must have rows, and columns of one length; they have {lengths or 0}.")
    return {name: raw_of(column) for name, column in given.items()}


def raw_of(column: npt.NDArray[Any]) -> Raw:
    """A column of values as one that was read."""
    if column.dtype.kind in "iuf":
        numbers = column.astype(np.float64)
        numbers[np.isinf(numbers)] = np.nan
        return Raw(len(column), numbers, None, (), frozenset(MISSING))
    if column.dtype.kind == "M":
        column = np.datetime_as_string(column.astype("datetime64[s]"))
    gathered = RawColumn()
    gathered.add(Cells(["" if one is None or one != one else str(one) for one in column.tolist()]))
    return gathered.finish()


def frame_of(raw: Mapping[str, Raw], columns: Sequence[Column]) -> Frame:
    """Columns as what they are; those that are left out are not there."""
    made: dict[str, Typed] = {
        column.name: typed(raw[column.name], column)[0]
        for column in columns
        if column.kind != "left out"
    }
    return Frame(next(iter(raw.values())).n, made)
