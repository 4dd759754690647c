"""The denoising autoencoder of tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from hornbook.errors import DataError, SettingsError
from hornbook.tables.autoencoder import SwapAutoencoder
from hornbook.tables.gradient_case import made_up
from hornbook.tables.models.swap_net import SwapBatches, SwapNet, swapped

QUICK: dict[str, Any] = {"n_hidden": (16, 8), "steps": 150, "batch_size": 64,
                         "learning_rate": 0.01}  # fmt: skip


def table(n: int = 300, seed: int = 0) -> dict[str, Any]:
    """A colour that tells a number, a number of its own, and one that may be missing."""
    random = np.random.default_rng(seed)
    kinds = random.integers(0, 3, n)
    sizes = kinds * 2.0 + random.normal(size=n) * 0.1
    gaps = np.where(random.random(n) < 0.1, np.nan, -sizes)
    colours = np.array(["red", "green", "blue"])[kinds]
    return {"colour": colours, "size": sizes, "gap": gaps, "noise": random.normal(size=n)}


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
    assert made.loss[1] < 0.8 * made.loss[0]
    codes = made.transform(table(50, seed=1))
    assert codes.shape == (50, 24)
    assert len(made.get_feature_names_out()) == 24
    hidden = {**table(50, seed=1), "colour": np.array(["red"] * 50)}
    # The colour is told by the sizes: a wrong one moves codes less than a wrong size does.
    moved = np.abs(made.transform(hidden) - codes).mean()
    wrong = {**table(50, seed=1), "size": table(50, seed=1)["size"] + 50}
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
    pandas, base = pytest.importorskip("pandas"), pytest.importorskip("sklearn.base")
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    frame = pandas.DataFrame(table())
    y = frame.pop("colour") == "red"
    made = base.clone(SwapAutoencoder(**{**QUICK, "steps": 30}))
    both = make_pipeline(made, LogisticRegression()).fit(frame, y)
    assert both.score(frame, y) > 0.9


def test_what_is_wrong_is_said() -> None:
    with pytest.raises(SettingsError, match="`swap` must be"):
        SwapAutoencoder(swap=1.0).fit(table())
    with pytest.raises(SettingsError, match="n_hidden"):
        SwapAutoencoder(n_hidden=()).fit(table())
    with pytest.raises(SettingsError, match="no argument 'layer'"):
        SwapAutoencoder().set_params(layer=1)
    with pytest.raises(SettingsError, match="not fitted"):
        SwapAutoencoder().transform(table())
    with pytest.raises(DataError, match="shape is"):
        SwapAutoencoder().fit(np.zeros(3))
    with pytest.raises(DataError, match="nothing to learn"):
        SwapAutoencoder().fit(np.zeros((5, 2)))
    made = SwapAutoencoder(**{**QUICK, "steps": 1}).fit(table())
    with pytest.raises(DataError, match="no column 'size'"):
        made.transform({"colour": ["red"], "gap": [1.0], "noise": [0.0]})
