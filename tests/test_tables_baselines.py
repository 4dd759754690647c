"""Guessing and trees beside a net: measured on the same rows, with how far they are apart."""

from __future__ import annotations

import builtins
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from hornbook.errors import MissingPackageError, why
from hornbook.runs.beside import with_baselines
from hornbook.tables.baselines import baselines, guess, predictions, trees
from hornbook.tables.data import TableData
from hornbook.tables.gradient_case import made_up
from hornbook.tables.mapper import Mapped


class Guessing:
    """A model that gives what guessing gives."""

    n_parameters = 0

    def __init__(self, data: TableData) -> None:
        self.data = data

    def predict(self, inputs: Mapped) -> Any:
        """0, or the shares of the classes."""
        if self.data.kind != "class":
            return np.zeros(len(inputs))
        shares = np.bincount(self.data.train.target, minlength=3) / len(self.data.train)
        return np.tile(shares, (len(inputs), 1))

    def arrays(self) -> dict[str, Any]:
        """Nothing."""
        return {}


def split_up(kind: str, rows: int = 300) -> TableData:
    """Made-up data of which a third is dev."""
    whole = made_up(kind, 0, rows=rows)
    train = whole.train
    parts = {"train": slice(0, 200), "dev": slice(200, rows)}
    splits = {name: train.take(part) for name, part in parts.items()}
    return TableData("made up", "memory", splits, whole.mapper, whole.target)


@pytest.mark.parametrize("kind", ["number", "logarithm", "class"])
def test_trees_are_measured_beside_a_guess(kind: str) -> None:
    data = split_up(kind)
    found = {one.name: one for one in baselines(data, Guessing(data))}
    names = list(found)
    assert names[1:3] == ["random forest", "boosted trees"]
    assert found[names[0]].apart["dev"] == (0.0, 0.0)  # the model is the same guess
    for one in found.values():
        assert set(one.further.get("dev", {})) == ({"accuracy"} if kind == "class" else set())
    if kind != "class":  # classes are drawn at random: there is nothing to learn
        forest = found["random forest"]
        assert forest.reached["dev"] < found[names[0]].reached["dev"]
        ends = forest.apart["dev"]
        assert ends is not None
        low, high = ends
        apart = forest.reached["dev"] - found[names[0]].reached["dev"]
        assert low < apart < high < 0


def test_a_class_that_train_has_not_has_no_probability() -> None:
    data = split_up("class")
    rows = data.train
    rows.target[:] = np.where(rows.target == 2, 0, rows.target)
    found = trees(data, "boosted trees").predicted["dev"]
    assert found.shape == (100, 3)
    assert (found[:, 2] == 0).all()
    np.testing.assert_allclose(found.sum(1), 1)
    assert guess(data).predicted["dev"][:, 2].max() == 0


def test_a_warning_tells_in_one_line_and_once_how_to_mend_it() -> None:
    error = MissingPackageError("Trees require it.", hint="Install it:  pip install trees")
    assert str(error) == "Trees require it.\nInstall it:  pip install trees"
    assert why(error) == "Trees require it. Install it:  pip install trees"
    assert why(MemoryError()) == "out of memory"

    def fails(*of: Any) -> Any:
        raise error

    told: list[Any] = []
    run: Any = SimpleNamespace(task=SimpleNamespace(baselines=fails), model=None)
    summary: Any = object()
    assert with_baselines(run, cast("Any", None), summary, told.append) is summary
    assert told[0].message.endswith("cannot be evaluated: " + why(error))


def test_what_is_missing_is_named_after_the_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    data, usual = split_up("number"), builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("sklearn"):
            raise ModuleNotFoundError("No module named 'sklearn'", name="sklearn")
        return usual(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    found = baselines(data, Guessing(data))
    assert next(found).name == "mean of train"
    with pytest.raises(MissingPackageError, match="requires scikit-learn"):
        next(found)


def test_predictions_are_in_the_order_of_the_classes() -> None:
    class Reversed:
        classes_ = np.array([2, 0])

        def predict_proba(self, rows: Any) -> Any:
            return np.tile([0.9, 0.1], (len(rows), 1))

    inputs = split_up("class").train.inputs.take(slice(0, 2))
    np.testing.assert_allclose(predictions(Reversed(), inputs, 3), [[0.1, 0, 0.9]] * 2)
