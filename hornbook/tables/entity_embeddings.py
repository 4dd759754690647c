"""Categories as the vectors that a net learns for them: a transformer, as scikit-learn has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from hornbook.extras import needing

with needing("sklearn", "An estimator"):
    from sklearn.base import TransformerMixin
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from hornbook.tables.estimator_inputs import as_value_errors, checked_features, checked_target
from hornbook.tables.mapper import Mapper
from hornbook.tables.table_estimator import Columns, Marks, TableEstimator
from hornbook.tables.training_data import target_of_classes, target_of_numbers
from hornbook.tables.weighted_rows import weighted_rows

__all__ = ["EntityEmbeddings"]

Floats = npt.NDArray[np.float64]


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
        missing: texts and numbers in X that say that nothing is known.
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
        missing: Marks = (),
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
            missing=missing, min_count=min_count, early_stopping=early_stopping,
            validation_fraction=validation_fraction, random_state=random_state,
        )  # fmt: skip
        self.predicts, self.passthrough = predicts, passthrough

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:  # noqa: N803
        """Train the net.

        Args:
            X: shape (n, columns).
            y: numbers or classes, shape (n,).
            sample_weight: of the rows in the loss, 0 or more, shape (n,); None: all count alike.

        Raises:
            ValueError: if they cannot be learned from, or a parameter is not allowed.
        """
        if self.predicts not in ("auto", "number", "class"):
            raise ValueError(f"predicts must be auto, number or class; it is {self.predicts!r}.")
        x = checked_features(self, X, reset=True, y=y)
        values = checked_target(x, y, numbers=self.predicts == "number")
        x, values, weights = weighted_rows(x, values, sample_weight)
        distinct, numbers = np.unique(values, return_inverse=True)
        texts = values.dtype.kind not in "iuf"
        if self.predicts == "class" or (
            self.predicts == "auto" and (texts or len(distinct) == 2)
        ):  # fmt: skip
            check_classification_targets(values)
            if len(distinct) < 2:
                raise ValueError(f"y has one class, {distinct[0]!r}: at least two are needed.")
            target = target_of_classes(distinct, numbers, np.ones(len(distinct)))
            return self.learn(x, target, numbers.astype(np.int64), weights)
        values = values.astype(np.float64)
        return self.learn(x, target_of_numbers(values), values, weights)

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
