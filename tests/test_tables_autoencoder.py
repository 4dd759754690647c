"""The denoising autoencoder of tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from hornbook.tables import SwapAutoencoder
from hornbook.tables.gradient_case import made_up
from hornbook.tables.models.swap_net import SwapBatches, SwapNet, swapped

QUICK: dict[str, Any] = {"n_hidden": (16, 8), "steps": 150, "batch_size": 64,
                         "learning_rate": 0.01, "random_state": 0}  # fmt: skip


def table(n: int = 300, seed: int = 0) -> pd.DataFrame:
    """A colour that tells a number, a number of its own, and one that may be missing."""
    random = np.random.default_rng(seed)
    kinds = random.integers(0, 3, n)
    sizes = kinds * 2.0 + random.normal(size=n) * 0.1
    gaps = np.where(random.random(n) < 0.1, np.nan, -sizes)
    colours = np.array(["red", "green", "blue"])[kinds]
    columns = {"colour": colours, "size": sizes, "gap": gaps, "noise": random.normal(size=n)}
    return pd.DataFrame(columns)


def test_noise_keeps_columns_and_changes_about_its_share() -> None:
    whole = np.arange(40_000).reshape(10_000, 4)
    noisy = swapped(whole, whole, 0.2, np.random.default_rng(0))
    assert (noisy % 4 == np.arange(4)).all()
    assert (noisy != whole).mean() == pytest.approx(0.2, abs=0.01)


def test_a_batch_is_a_function_of_its_number() -> None:
    rows = made_up("number", 0).splits["train"].inputs
    first, other = (SwapBatches(rows, 0.5, batch_size=5, seed=3) for _ in range(2))
    drawn = [next(first) for _ in range(4)]
    other.cursor = 3
    for mine, its in zip(next(other), drawn[3], strict=True):
        np.testing.assert_array_equal(mine, its)
    noisy, shaken, codes, numbers = drawn[0]
    assert (noisy != codes).any()
    assert (shaken != numbers).any()


@pytest.mark.parametrize("categories", [True, False])
def test_gradients_by_hand_are_those_of_autograd(categories: bool) -> None:
    data = made_up("number", 1)
    shape, rows = data.shape, data.splits["train"].inputs
    if not categories:
        from dataclasses import replace

        shape, rows = replace(shape, codes=()), type(rows)(rows.codes[:, :0], rows.numbers)
    net = SwapNet(shape, (6, 5), torch.Generator().manual_seed(0)).double()
    batch = next(SwapBatches(rows, 0.3, batch_size=7, seed=0))
    loss, backward = net.loss_vjp(batch)
    backward()
    by_hand = [one.grad.clone() for one in net.parameters() if one.grad is not None]
    net.zero_grad()
    net.loss(batch).backward()  # type: ignore[no-untyped-call]
    wanted = [one.grad for one in net.parameters()]
    assert len(by_hand) == len(wanted)
    for mine, its in zip(by_hand, wanted, strict=True):
        torch.testing.assert_close(mine, its)
    assert loss.item() > 0


def test_codes_know_what_hangs_together() -> None:
    made = SwapAutoencoder(**QUICK).fit(table())
    assert made.loss_[1] < 0.8 * made.loss_[0]
    codes = made.transform(table(50, seed=1))
    assert codes.shape == (50, 24)
    assert len(made.get_feature_names_out()) == 24
    hidden = table(50, seed=1).assign(colour="red")
    # The colour is told by the sizes: a wrong one moves codes less than a wrong size does.
    moved = np.abs(made.transform(hidden) - codes).mean()
    wrong = table(50, seed=1).assign(size=lambda frame: frame["size"] + 50)
    assert 0 < moved < np.abs(made.transform(wrong) - codes).mean()


def test_it_is_the_same_for_the_same_seed_and_can_keep_the_columns() -> None:
    how = {**QUICK, "steps": 5, "keep": True, "layers": "last"}
    one, other = (SwapAutoencoder(**how).fit_transform(table()) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    made = SwapAutoencoder(**how).fit(table())
    names = made.get_feature_names_out().tolist()
    assert names[:4] == ["size", "gap", "noise", "gap is missing"]
    assert "colour=blue" in names
    assert one.shape[1] == len(names)


def test_it_works_in_scikit_learn() -> None:
    from sklearn.base import clone
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    frame = table()
    y = frame.pop("colour") == "red"
    made = clone(SwapAutoencoder(**{**QUICK, "steps": 30}))
    both = make_pipeline(made, LogisticRegression()).fit(frame, y)
    assert both.score(frame, y) > 0.9


WRONG: list[tuple[dict[str, Any], Any, str]] = [
    ({"swap": 1.0}, table(), "`swap` must be"),
    ({"n_hidden": ()}, table(), "`n_hidden` must name"),
    ({"n_hidden": (8, 0.5)}, table(), "`n_hidden` must name"),
    ({"layers": "first"}, table(), "`layers` must be"),
    ({"categorical": ["kind"]}, table(), "names 'kind'"),
    ({}, np.zeros((5, 2)), "nothing to learn"),
]


@pytest.mark.parametrize(("params", "x", "told"), WRONG, ids=[told for *_, told in WRONG])
def test_what_is_wrong_is_said(params: dict[str, Any], x: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        SwapAutoencoder(**params).fit(x)
