"""What estimators share that learn from columns: how they read X, and how they are kept.

A fitted one is pickled without its net: its weights are safetensors, all else that was learned is
JSON, and both are checked when they are read, as the files of a run are.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

from hornbook.extras import needing

with needing("sklearn", "An estimator"):
    from sklearn.base import BaseEstimator
    from sklearn.utils.validation import check_is_fitted

from hornbook.tables.estimator_files import ESTIMATOR, load_estimator, save_estimator
from hornbook.tables.estimator_inputs import as_value_errors, checked_features, frame_in
from hornbook.tables.mapper import Mapper
from hornbook.tensor_files import tensor_bytes, tensors_in

if TYPE_CHECKING:
    from hornbook.records import JSONObject
    from hornbook.tables.learned import Arrays

__all__ = ["KeptEstimator", "Parts"]


class Parts(Protocol):
    """What was learned: a net, and how columns become what it reads."""

    @property
    def mapper(self) -> Mapper:
        """How columns become features."""
        ...

    @property
    def n_classes(self) -> int:
        """How many classes are predicted; 0 if none."""
        ...

    def parts(self) -> tuple[Arrays, JSONObject]:
        """The weights, and everything else as JSON."""
        ...

    @classmethod
    def from_parts(cls, arrays: Arrays, record: Any, where: str) -> Self:
        """What `parts` gave.

        Raises:
            RunError: if they are something else.
        """
        ...


class KeptEstimator(BaseEstimator):  # type: ignore[misc]
    """An estimator that reads columns of any kind.

    Attributes:
        held: what it learns.
        learned_: that, when it is fitted.
    """

    held: ClassVar[type[Parts]]
    learned_: Any
    missing: Any = ()
    "A parameter; pickles from before it was one are without."

    def hold(self, learned: Any) -> Self:
        """Take what was learned."""
        self.learned_ = learned
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "learned_")

    @as_value_errors()
    def read(self, x: Any) -> Any:
        """X as the net reads it.

        Raises:
            NotFittedError: if it was not fitted.
            ValueError: if X does not fit.
        """
        check_is_fitted(self)
        x = checked_features(self, x, reset=False)
        return self.learned_.mapper.apply(frame_in(self.learned_.mapper, x, self.missing))

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
            self.learned_ = self.held.from_parts(*tensors_in(kept, where, ESTIMATOR), where)

    def save(self, path: str | Path) -> None:
        """Write it into a file of its own: weights as safetensors, all else as JSON, no pickle.

        Raises:
            NotFittedError: if it was not fitted.
            SettingsError: if a parameter is not a JSON value, such as a random generator.
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
