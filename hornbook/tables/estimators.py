"""Estimators of scikit-learn: a net that predicts a column, and the vectors that it learns.

    TableRegressor().fit(X, y).predict(X)
    make_pipeline(EntityEmbeddings(), HistGradientBoostingRegressor())

X is an array or a data frame with columns of any kind; nothing has to be encoded or scaled before.
They train in memory with the trainer of every run, on one thread, the same for the same
`random_state`. A fitted one is pickled without its net: its weights are safetensors, all else that
was learned is JSON, and both are checked when they are read, as the files of a run are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from hornbook.extras import needing

with needing("sklearn", "An estimator"):
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin
    from sklearn.utils import check_random_state, compute_class_weight
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from hornbook.tables.estimator_files import load_estimator, save_estimator
from hornbook.tables.estimator_inputs import (
    as_value_errors,
    checked_features,
    checked_target,
    column_kinds,
    frame_in,
    held_out,
)
from hornbook.tables.learned import Learned, learn
from hornbook.tables.mapper import Mapper
from hornbook.tables.target import Target
from hornbook.tables.training_data import data_of, target_of_classes, target_of_numbers
from hornbook.tensor_files import tensor_bytes, tensors_in

__all__ = ["EntityEmbeddings", "TableClassifier", "TableRegressor"]

Floats = npt.NDArray[np.float64]
Columns = Literal["auto"] | Sequence[int | str | bool]


class TableEstimator(BaseEstimator):  # type: ignore[misc]
    """What the estimators share: parameters, training, and how they are kept.

    Attributes:
        learned_: the net, and how columns become what it reads.
        n_steps_: updates until the weights that were kept.
    """

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
        min_count: int = 2,
        early_stopping: bool | Literal["auto"] = "auto",
        validation_fraction: float = 0.1,
        random_state: Any = None,
    ) -> None:
        self.model, self.settings, self.steps = model, settings, steps
        self.batch_size, self.learning_rate, self.training = batch_size, learning_rate, training
        self.categorical, self.min_count = categorical, min_count
        self.early_stopping, self.validation_fraction = early_stopping, validation_fraction
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.target_tags.required = True
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "learned_")

    @as_value_errors()
    def learn(self, x: Any, target: Target, y: npt.NDArray[Any]) -> Self:
        """Train on checked X and y."""
        random = check_random_state(self.random_state)
        seed = int(random.randint(2**31 - 1))
        columns = column_kinds(x, self.categorical)
        classes = y if target.kind == "class" else None
        dev = held_out(len(y), classes, self.early_stopping, self.validation_fraction, random)
        data = data_of(columns, target, y, dev, self.min_count)
        named = {
            "steps": self.steps, "batch_size": self.batch_size, "learning_rate": self.learning_rate
        }  # fmt: skip
        training = {name: value for name, value in named.items() if value is not None}
        self.learned_ = learn(
            data, self.model, self.settings, {**training, "seed": seed, **(self.training or {})}
        )
        self.n_steps_ = self.learned_.steps
        return self

    @as_value_errors()
    def read(self, x: Any) -> Any:
        """X as the net reads it.

        Raises:
            NotFittedError: if it was not fitted.
            ValueError: if X does not fit.
        """
        check_is_fitted(self)
        x = checked_features(self, x, reset=False)
        return self.learned_.mapper.apply(frame_in(self.learned_.mapper, x))

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        if "learned_" in state:
            state["learned_"] = tensor_bytes(*self.learned_.parts())
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        kept = state.pop("learned_", None)
        super().__setstate__(state)
        if kept is not None:
            where = f"the pickled {type(self).__name__}"
            self.learned_ = Learned.from_parts(*tensors_in(kept, where), where)

    def save(self, path: str | Path) -> None:
        """Write it into a file of its own: weights as safetensors, all else as JSON, no pickle.

        Raises:
            NotFittedError: if it was not fitted.
            SettingsError: if a parameter is no JSON value, such as a random generator.
            RunError: if the file cannot be written.
        """
        check_is_fitted(self)
        save_estimator(self, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """What `save` wrote.

        Raises:
            RunError: if it is something else, or damaged.
        """
        made: Self = load_estimator(cls, Path(path))
        return made


class TableRegressor(RegressorMixin, TableEstimator):  # type: ignore[misc]
    """A net that predicts numbers.

    Args:
        model: a family of nets, such as `mixed-input` or `linear`.
        settings: of the family: `{"n_hidden": (200, 100)}`.
        steps: updates; None: as suits the number of rows, as are the two below.
        batch_size: rows in a batch.
        learning_rate: the highest of the schedule.
        training: further training settings: `{"weight_decay": 0.1, "patience": 5}`.
        categorical: names or places of columns to read as categories, or a mask; all others are
            numbers then, or dates by their type. `auto`: texts, and few different whole numbers.
        min_count: a category with fewer rows in train is read as an unseen one.
        early_stopping: whether to hold out rows, to keep the weights that do best on them and end
            when they do no better. `auto`: from 200 rows on.
        validation_fraction: how much to hold out.
        log_target: learn the logarithm: what counts then is how many percent a prediction is off.
        random_state: a number for the same net each time.
    """

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
        min_count: int = 2,
        early_stopping: bool | Literal["auto"] = "auto",
        validation_fraction: float = 0.1,
        log_target: bool = False,
        random_state: Any = None,
    ) -> None:
        super().__init__(
            model=model, settings=settings, steps=steps, batch_size=batch_size,
            learning_rate=learning_rate, training=training, categorical=categorical,
            min_count=min_count, early_stopping=early_stopping,
            validation_fraction=validation_fraction, random_state=random_state,
        )  # fmt: skip
        self.log_target = log_target

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803 - scikit-learn's name
        """Train.

        Args:
            X: shape (n, columns).
            y: numbers, shape (n,).

        Raises:
            ValueError: if they cannot be learned from, or a parameter is not allowed.
        """
        x = checked_features(self, X, reset=True, y=y)
        values = checked_target(x, y, numbers=True)
        target = target_of_numbers(values, log=self.log_target)
        return self.learn(x, target, values)

    def predict(self, X: Any) -> Floats:  # noqa: N803
        """Numbers, shape (n,).

        Raises:
            NotFittedError: if it was not fitted.
            ValueError: if X does not fit.
        """
        inputs = self.read(X)
        return self.learned_.predict(inputs)


class TableClassifier(ClassifierMixin, TableEstimator):  # type: ignore[misc]
    """A net that predicts classes and their probabilities.

    Args:
        model: as of `TableRegressor`; so are those after it.
        settings: of the family.
        steps: updates.
        batch_size: rows in a batch.
        learning_rate: the highest of the schedule.
        training: further training settings.
        categorical: columns to read as categories.
        min_count: a category with fewer rows in train is read as an unseen one.
        early_stopping: whether to hold out rows; a part of each class.
        validation_fraction: how much to hold out.
        class_weight: weights of the classes in the loss: `balanced`, or a mapping.
        random_state: a number for the same net each time.

    Attributes:
        classes_: in the order of the probabilities.
    """

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
        min_count: int = 2,
        early_stopping: bool | Literal["auto"] = "auto",
        validation_fraction: float = 0.1,
        class_weight: Any = None,
        random_state: Any = None,
    ) -> None:
        super().__init__(
            model=model, settings=settings, steps=steps, batch_size=batch_size,
            learning_rate=learning_rate, training=training, categorical=categorical,
            min_count=min_count, early_stopping=early_stopping,
            validation_fraction=validation_fraction, random_state=random_state,
        )  # fmt: skip
        self.class_weight = class_weight

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803
        """Train.

        Args:
            X: shape (n, columns).
            y: classes, shape (n,).

        Raises:
            ValueError: if they cannot be learned from, or a parameter is not allowed.
        """
        x = checked_features(self, X, reset=True, y=y)
        values = checked_target(x, y, numbers=False)
        check_classification_targets(values)
        self.classes_, numbers = np.unique(values, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"y has one class, {self.classes_[0]!r}: at least two classes are needed."
            )
        weights = compute_class_weight(self.class_weight, classes=self.classes_, y=values)
        target = target_of_classes(self.classes_, numbers, weights)
        return self.learn(x, target, numbers.astype(np.int64))

    def predict_proba(self, X: Any) -> Floats:  # noqa: N803
        """Probabilities of the classes, shape (n, classes).

        Raises:
            NotFittedError: if it was not fitted.
            ValueError: if X does not fit.
        """
        inputs = self.read(X)
        return self.learned_.predict(inputs)

    def predict(self, X: Any) -> npt.NDArray[Any]:  # noqa: N803
        """The likeliest class, shape (n,)."""
        likeliest = self.predict_proba(X).argmax(1)
        found: npt.NDArray[Any] = self.classes_[likeliest]
        return found


class EntityEmbeddings(TransformerMixin, TableEstimator):  # type: ignore[misc]
    """Categories as the vectors that a net learns for them (Guo and Berkhahn 2016).

    It fits a net that predicts y from X, and turns each category into its vector; dates become
    those of their parts. A category that was not there in training gets the mean.

    Args:
        model: a family of nets with embeddings; so are those after it.
        settings: of the family: `{"embedding_size": 4}`.
        steps: updates.
        batch_size: rows in a batch.
        learning_rate: the highest of the schedule.
        training: further training settings.
        categorical: columns to read as categories.
        min_count: a category with fewer rows in train is read as an unseen one.
        early_stopping: whether to hold out rows.
        validation_fraction: how much to hold out.
        predicts: `number` or `class`; `auto`: a class where y holds texts or two different values.
        passthrough: whether the numbers stand behind the vectors: standardised, the median in place
            of missing ones, then flags of these.
        random_state: a number for the same vectors each time.
    """

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
        min_count: int = 2,
        early_stopping: bool | Literal["auto"] = "auto",
        validation_fraction: float = 0.1,
        predicts: Literal["auto", "number", "class"] = "auto",
        passthrough: bool = True,
        random_state: Any = None,
    ) -> None:
        super().__init__(
            model=model, settings=settings, steps=steps, batch_size=batch_size,
            learning_rate=learning_rate, training=training, categorical=categorical,
            min_count=min_count, early_stopping=early_stopping,
            validation_fraction=validation_fraction, random_state=random_state,
        )  # fmt: skip
        self.predicts, self.passthrough = predicts, passthrough

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803
        """Train the net.

        Args:
            X: shape (n, columns).
            y: numbers or classes, shape (n,).

        Raises:
            ValueError: if they cannot be learned from, or a parameter is not allowed.
        """
        if self.predicts not in ("auto", "number", "class"):
            raise ValueError(f"predicts must be auto, number or class; it is {self.predicts!r}.")
        x = checked_features(self, X, reset=True, y=y)
        values = checked_target(x, y, numbers=self.predicts == "number")
        distinct, numbers = np.unique(values, return_inverse=True)
        texts = values.dtype.kind not in "iuf"
        if self.predicts == "class" or (
            self.predicts == "auto" and (texts or len(distinct) == 2)
        ):  # fmt: skip
            check_classification_targets(values)
            if len(distinct) < 2:
                raise ValueError(f"y has one class, {distinct[0]!r}: at least two are needed.")
            target = target_of_classes(distinct, numbers, np.ones(len(distinct)))
            return self.learn(x, target, numbers.astype(np.int64))
        values = values.astype(np.float64)
        return self.learn(x, target_of_numbers(values), values)

    @as_value_errors()
    def transform(self, X: Any) -> Floats:  # noqa: N803
        """Vectors of the categories side by side, then the numbers, shape (n, all of these).

        Raises:
            NotFittedError: if it was not fitted.
            ValueError: if X does not fit, or the family learns no vectors.
        """
        inputs = self.read(X)
        parts = [
            self.learned_.vectors(place)[inputs.codes[:, place]]
            for place in range(inputs.codes.shape[1])
        ]
        if self.passthrough:
            parts.append(inputs.numbers.astype(np.float64))
        return np.concatenate(parts, 1) if parts else np.empty((len(inputs), 0))

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[Any]:
        """What the columns of `transform` are called: `State_0`, `State_1`, ..., `Price`."""
        check_is_fitted(self)
        given = _check_feature_names_in(self, input_features)
        mapper: Mapper = self.learned_.mapper
        called = {
            column.name: str(name) for column, name in zip(mapper.columns, given, strict=True)
        }

        def name_of(column: str, part: str) -> str:
            return f"{called[column]}_{part.replace(' ', '_')}" if part else called[column]

        names = []
        for place, one in enumerate(mapper.categories):
            length = self.learned_.vectors(place).shape[1]
            names += [f"{name_of(one.column, one.part)}_{at}" for at in range(length)]
        if self.passthrough:
            names += [name_of(one.column, one.part) for one in mapper.numbers]
            names += [f"{name_of(one.column, one.part)}_missing" for one in mapper.flags]
        return np.array(names, object)
