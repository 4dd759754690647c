"""Estimators of scikit-learn: a net that predicts a column of numbers, or of classes.

    TableRegressor().fit(X, y).predict(X)

X is an array or a data frame with columns of any kind; nothing has to be encoded or scaled before.
They train in memory with the trainer of every run, on one thread, the same for the same
`random_state`.
"""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from hornbook.extras import needing

with needing("sklearn", "An estimator"):
    from sklearn.base import ClassifierMixin, RegressorMixin
    from sklearn.utils import compute_class_weight
    from sklearn.utils.multiclass import check_classification_targets

from hornbook.tables.estimator_inputs import checked_features, checked_target
from hornbook.tables.table_estimator import Columns, Marks, TableEstimator
from hornbook.tables.training_data import target_of_classes, target_of_numbers
from hornbook.tables.weighted_rows import weighted_rows

__all__ = ["TableClassifier", "TableRegressor"]

Floats = npt.NDArray[np.float64]


def is_weight(value: Any) -> bool:
    """Whether a value is a weight: a finite number above 0."""
    return isinstance(value, numbers.Real) and 0 < float(value) < np.inf


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
        missing: texts and numbers in X that say that nothing is known, beside None, NaN and the
            usual texts (NA, null, ?): `[-999, "k.A."]`.
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
        missing: Marks = (),
        min_count: int = 2,
        early_stopping: bool | Literal["auto"] = "auto",
        validation_fraction: float = 0.1,
        log_target: bool = False,
        random_state: Any = None,
    ) -> None:
        super().__init__(
            model=model, settings=settings, steps=steps, batch_size=batch_size,
            learning_rate=learning_rate, training=training, categorical=categorical,
            missing=missing, min_count=min_count, early_stopping=early_stopping,
            validation_fraction=validation_fraction, random_state=random_state,
        )  # fmt: skip
        self.log_target = log_target

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:  # noqa: N803 - its name
        """Train.

        Args:
            X: shape (n, columns).
            y: numbers, shape (n,).
            sample_weight: of the rows in the loss, 0 or more, shape (n,); None: all count alike.

        Raises:
            ValueError: if they cannot be learned from, or a parameter is not allowed.
        """
        x = checked_features(self, X, reset=True, y=y)
        values = checked_target(x, y, numbers=True)
        x, values, weights = weighted_rows(x, values, sample_weight)
        target = target_of_numbers(values, log=self.log_target)
        return self.learn(x, target, values, weights)

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
        missing: texts and numbers in X that say that nothing is known.
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
        missing: Marks = (),
        min_count: int = 2,
        early_stopping: bool | Literal["auto"] = "auto",
        validation_fraction: float = 0.1,
        class_weight: Any = None,
        random_state: Any = None,
    ) -> None:
        super().__init__(
            model=model, settings=settings, steps=steps, batch_size=batch_size,
            learning_rate=learning_rate, training=training, categorical=categorical,
            missing=missing, min_count=min_count, early_stopping=early_stopping,
            validation_fraction=validation_fraction, random_state=random_state,
        )  # fmt: skip
        self.class_weight = class_weight

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:  # noqa: N803
        """Train.

        Args:
            X: shape (n, columns).
            y: classes, shape (n,).
            sample_weight: of the rows in the loss, 0 or more, shape (n,); None: all count alike.

        Raises:
            ValueError: if they cannot be learned from, or a parameter is not allowed.
        """
        x = checked_features(self, X, reset=True, y=y)
        values = checked_target(x, y, numbers=False)
        x, values, weights = weighted_rows(x, values, sample_weight)
        check_classification_targets(values)
        self.classes_, places = np.unique(values, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"y has one class, {self.classes_.tolist()[0]!r}: at least two classes are needed."
            )
        target = target_of_classes(self.classes_, places, self.weights_of(values))
        return self.learn(x, target, places.astype(np.int64), weights)

    def weights_of(self, values: npt.NDArray[Any]) -> Floats:
        """The weights of the classes in the loss, shape (classes,).

        Raises:
            ValueError: if `class_weight` is not a weight above 0 for each.
        """
        given = self.class_weight
        odd = [
            (label, weight) for label, weight in given.items() if not is_weight(weight)
        ] if isinstance(given, Mapping) else []  # fmt: skip
        if odd:
            raise ValueError(
                f"`class_weight` gives the class {odd[0][0]!r} the weight {odd[0][1]!r}: a number "
                "above 0 was expected. To leave a class out, leave out its rows."
            )
        if not (given is None or given == "balanced" or isinstance(given, Mapping)):
            raise ValueError(
                f"`class_weight` must be None, 'balanced', or a mapping of classes to weights; it "
                f"is {given!r}."
            )
        found: Floats = compute_class_weight(given, classes=self.classes_, y=values)
        return found

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
