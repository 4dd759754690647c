"""The gradient check finds nothing where nothing is, and what is planted where it is."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import pytest
import torch
from torch import Tensor

from benchmarks.ladder import BACKPROP
from hornbook.cli.gradcheck import verdict
from hornbook.errors import SettingsError
from hornbook.lessons.gradcheck import (
    DIFFERENCES,
    HAND,
    TRIES,
    FamilyCheck,
    ParameterCheck,
    along_directions,
    check_family,
    slope_along,
    small,
    worst,
)
from hornbook.nn import BatchNorm1d, Linear
from hornbook.nn.layer import Backward
from hornbook.text.models import NETS
from hornbook.text.models.gpt import GPTSettings
from hornbook.text.models.mlp import MLPSettings
from hornbook.training import TrainingSettings
from tests.command import typed


@pytest.mark.parametrize("name", NETS)
def test_every_family_is_right(name: str) -> None:
    check = check_family(name, directions=1)
    assert check.right
    assert check.parameters
    for parameter in check.parameters:
        assert parameter.hand <= HAND
        assert max(parameter.hand_differences, parameter.autograd_differences) <= DIFFERENCES
    excess = [parameter.excess for parameter in check.parameters]
    assert excess == sorted(excess, reverse=True)
    assert check.settings == small(name).as_dict()


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("mlp", MLPSettings(block_size=3, n_embd=4, n_hidden=(9,), bias_before_norm=True)),
        ("gpt", GPTSettings(n_layer=1, n_head=2, n_embd=8, block_size=8, feed_forward="relu",
                            position="learned", dropout=0.2)),
    ],
)  # fmt: skip
def test_zero_gradients_and_dropout_are_no_obstacle(name: str, settings: Any) -> None:
    assert check_family(name, settings, directions=1).right


def test_the_lecture_s_training_by_hand_has_the_lecture_s_net() -> None:
    (rung,) = BACKPROP
    assert rung.training["gradients"] == "hand"
    TrainingSettings.from_dict(dict(rung.training))
    check = check_family(rung.model, MLPSettings(**rung.settings), directions=1)
    assert check.right
    assert sum(math.prod(parameter.shape) for parameter in check.parameters) == 12_297


def wrong_by_hand(monkeypatch: pytest.MonkeyPatch, factor: float) -> None:
    """Make BatchNorm's gradient of its gain wrong by a factor."""
    real = BatchNorm1d.vjp

    def planted(self: BatchNorm1d, x: Tensor) -> tuple[Tensor, Backward]:
        y, backward = real(self, x)

        def wrong(dy: Tensor) -> Tensor:
            before = self.weight.grad.clone() if self.weight.grad is not None else 0.0
            dx = backward(dy)
            assert self.weight.grad is not None
            self.weight.grad.copy_(before + factor * (self.weight.grad - before))
            return dx

        return y, wrong

    monkeypatch.setattr(BatchNorm1d, "vjp", planted)


@pytest.mark.parametrize("factor", [2.0, -1.0, 1 + 1e-6, 0.0])
def test_a_wrong_derivative_by_hand_is_named_first(
    monkeypatch: pytest.MonkeyPatch, factor: float
) -> None:
    wrong_by_hand(monkeypatch, factor)
    check = check_family("mlp", MLPSettings(n_hidden=(9,), n_embd=4), directions=1)
    assert not check.right
    first, *others = check.parameters
    assert first.name == "net.layers.3.weight"
    assert first.hand > HAND
    assert first.autograd_differences <= DIFFERENCES
    assert all(other.excess <= 1 for other in others)


def test_a_wrong_derivative_upstream_spoils_all_below(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Linear.vjp

    def planted(self: Linear, x: Tensor) -> tuple[Tensor, Backward]:
        y, backward = real(self, x)
        return y, lambda dy: backward(dy) * 1.5

    monkeypatch.setattr(Linear, "vjp", planted)
    check = check_family("mlp", MLPSettings(n_hidden=(9,), n_embd=4, norm="none"), directions=1)
    right = {p.name for p in check.parameters if p.excess <= 1}
    assert right == {"net.layers.4.weight", "net.layers.4.bias"}


def test_an_autograd_that_is_wrong_is_told_from_a_hand_that_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = Linear.vjp

    def planted(self: Linear, x: Tensor) -> tuple[Tensor, Backward]:
        y, backward = real(self, x)
        return (y.detach() + 2 * (y - y.detach()) if y.requires_grad else y), backward

    monkeypatch.setattr(Linear, "vjp", planted)
    settings = MLPSettings(n_hidden=(9,), n_embd=4, norm="none")
    first = check_family("mlp", settings, directions=1).parameters[0]
    assert first.hand > HAND
    assert first.hand_differences <= DIFFERENCES < first.autograd_differences


def test_the_slope_beside_a_kink_is_found_with_shorter_steps() -> None:
    p = torch.full((1,), 2e-3, dtype=torch.float64)
    slope, doubt = slope_along(lambda: abs(float(p)) + float(p) ** 3, p, torch.ones(1), 1e-10)
    assert slope == pytest.approx(1 + 3 * 4e-6, abs=1e-9)
    assert doubt < 1e-9
    assert float(p) == 2e-3


@pytest.mark.parametrize("stop", [ValueError, KeyboardInterrupt])
def test_a_parameter_is_put_back_even_if_the_loss_stops(stop: type[BaseException]) -> None:
    p = torch.full((1,), 0.3, dtype=torch.float64)

    def loss() -> float:
        assert float(p) != 0.3  # it is asked for beside the point, not in it
        raise stop

    with pytest.raises(stop):
        slope_along(loss, p, torch.ones(1), 1e-10)
    assert float(p) == 0.3


def test_a_loss_that_is_nowhere_smooth_enough_is_not_called_right() -> None:
    p = torch.zeros(2, dtype=torch.float64)

    def loss() -> float:
        return float((p.sign() * p.abs().sqrt()).sum())

    measured, kinks = along_directions(loss, p, 1.0, 2, torch.Generator().manual_seed(1))
    # Along (1, -1) the two roots cancel, and the slope is that of nothing at all.
    assert kinks > 0
    assert all(slope == 0 and direction.sum() == 0 for direction, slope in measured)
    unchecked = ParameterCheck("p", (2,), 0.0, worst(p, []), worst(p, []), TRIES)
    assert unchecked.excess == math.inf
    assert "could not be checked" in verdict(FamilyCheck("x", {}, (unchecked,)))
    rough = ParameterCheck("p", (2,), 0.0, 0.1, 0.1, 0)
    assert "wrong both by hand and by autograd" in verdict(FamilyCheck("x", {}, (rough,)))


def test_without_a_measured_slope_neither_side_is_blamed() -> None:
    for hand in (0.5, math.nan):
        unmeasured = ParameterCheck("p", (2,), hand, math.nan, math.nan, TRIES)
        said = verdict(FamilyCheck("x", {}, (unmeasured,)))
        assert "differs between hand and autograd" in said
        assert "is wrong by" not in said


def test_a_gradient_by_hand_that_is_nan_is_wrong_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong_by_hand(monkeypatch, math.nan)
    check = check_family("mlp", MLPSettings(n_hidden=(9,), n_embd=4), directions=1)
    first = check.parameters[0]
    assert math.isnan(first.hand)
    assert math.isnan(first.hand_differences)
    assert first.autograd_differences <= DIFFERENCES
    assert verdict(check) == "net.layers.3.weight is wrong by hand."


@pytest.mark.parametrize("name", ["ngram", "mixture", "nosuch"])
def test_what_has_no_gradients_is_refused(name: str) -> None:
    with pytest.raises(SettingsError) as error:
        check_family(name)
    assert "bigram" in error.value.hint


def test_one_family_with_settings(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    mlp = ("gradcheck", "mlp", "--n-hidden", "7", "--activation", "tanh")
    status, out, _ = typed(capsys, *mlp)
    assert status == 0
    assert "7 × 64" in out
    assert "All gradients are right" in out
    wrong_by_hand(monkeypatch, 1.5)
    status, out, _ = typed(capsys, *mlp)
    assert status == 1
    assert "net.layers.3.weight is wrong by hand." in out
    status, out, _ = typed(capsys, *mlp, "--json")
    told = json.loads(out)[0]
    assert status == 1
    assert told["parameters"][0]["hand"] == pytest.approx(0.5)
    assert told["settings"]["n_hidden"] == [7]
    assert not told["right"]


def test_all_families(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    status, out, _ = typed(capsys, "gradcheck", "--directions", "1")
    assert status == 0
    for name in NETS:
        assert f"\n{name} " in out
    wrong_by_hand(monkeypatch, 1.5)
    status, out, _ = typed(capsys, "gradcheck", "--directions", "1")
    assert status == 1
    assert re.findall(r"(\S+): \S+ is wrong by hand", out) == [
        "mlp", "wavenet", "mixed-input",
    ]  # fmt: skip
    status, _, err = typed(capsys, "gradcheck", "--directions", "0")
    assert status == 1
    assert "directions must be from 1 to" in err
