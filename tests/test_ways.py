"""The ways to get gradients: which can be used, which is taken, and that they agree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args, get_type_hints

import pytest
import torch
from torch import Tensor

from hornbook.errors import SettingsError
from hornbook.nn import Linear
from hornbook.training import TrainingSettings
from hornbook.training.gradients import WAYS, Autograd, ByHand, choose_way, compiled, refusals
from tests.referee import close

NONE: Any = None  # batches, at which only compiled steps look


class OnlyLoss(torch.nn.Module):
    """An objective that leaves its gradients to autograd."""

    def __init__(self) -> None:
        super().__init__()
        self.line = Linear(3, 1, generator=torch.Generator().manual_seed(0))

    def loss(self, batch: Tensor) -> Tensor:
        return self.line(batch).square().mean()  # type: ignore[no-any-return]


class OnlyBackward(torch.nn.Module):
    """The same with its own gradients, and no other."""

    def __init__(self) -> None:
        super().__init__()
        self.line = Linear(3, 1, generator=torch.Generator().manual_seed(0))

    def loss_vjp(self, batch: Tensor) -> tuple[Tensor, Callable[[], None]]:
        y, backward = self.line.vjp(batch)

        def back() -> None:
            backward(2 * y / y.numel())

        return y.square().mean(), back


class Both(OnlyLoss, OnlyBackward):
    """Both ways."""


def test_the_setting_and_the_table_name_the_same() -> None:
    hint = get_type_hints(TrainingSettings)["gradients"]
    assert get_args(hint) == ("auto", *WAYS)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_ways_agree(precision: Any) -> None:
    batch = torch.randn(8, 3, generator=torch.Generator().manual_seed(1))
    found = []
    for name in ("hand", "autograd"):
        objective = Both()
        settings = TrainingSettings(gradients=name, precision=precision)
        way = choose_way(objective, settings, NONE)
        assert way.name == name
        loss = way.loss_and_gradients(batch)
        again = way.loss_and_gradients(batch)  # adds
        assert again == loss
        grad = objective.line.weight.grad
        assert grad is not None
        found.append((loss, grad / 2))
    relative = 1e-6 if precision == "float32" else 0.02
    assert found[0][0] == pytest.approx(found[1][0], rel=relative)
    close(found[0][1], found[1][1], relative)


def test_the_precision_of_the_settings_is_that_of_the_products() -> None:
    for way in (ByHand, Autograd):
        for precision, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
            made = way(Both(), TrainingSettings(precision=precision))  # type: ignore[arg-type]
            with made.products():
                assert torch.mm(torch.ones(1, 1), torch.ones(1, 1)).dtype is dtype


@pytest.mark.parametrize(
    ("objective", "changes", "taken"),
    [
        (Both(), {}, "hand"),
        (OnlyLoss(), {}, "autograd"),
        (OnlyBackward(), {}, "hand"),
        (Both(), {"gradients": "autograd"}, "autograd"),
        (Both(), {"compile": True}, "autograd"),
    ],
)
def test_auto_takes_the_first_that_can_be_used(
    objective: torch.nn.Module,
    changes: dict[str, Any],
    taken: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch, "compile", lambda loss: loss)
    assert choose_way(objective, TrainingSettings(**changes), NONE).name == taken


@pytest.mark.parametrize(
    ("objective", "changes", "says", "hint"),
    [
        (OnlyLoss(), {"gradients": "hand"}, "cannot be hand here: OnlyLoss has no", "=autograd`"),
        (
            OnlyBackward(),
            {"gradients": "autograd"},
            "OnlyBackward has no method loss",
            "`gradients=hand`",
        ),
        (torch.nn.Linear(1, 1), {}, "No way to compute gradients", ""),
        (OnlyBackward(), {"compile": True}, "No way to compute gradients", ""),
    ],
)
def test_what_cannot_be_used_is_refused(
    objective: torch.nn.Module, changes: dict[str, Any], says: str, hint: str
) -> None:
    with pytest.raises(SettingsError, match=says) as caught:
        choose_way(objective, TrainingSettings(**changes), NONE)
    assert hint in caught.value.hint


def test_every_refusal_has_its_reason() -> None:
    assert refusals(Both(), TrainingSettings(), NONE) == {
        "hand": None, "autograd": None, "compiled": "there are no kernels for nets of this kind",
    }  # fmt: skip
    found = refusals(OnlyLoss(), TrainingSettings(), NONE)
    assert found["autograd"] is None
    assert found["hand"] == "OnlyLoss has no method loss_vjp"
    assert "autograd" in str(refusals(Both(), TrainingSettings(compile=True), NONE)["hand"])


def test_only_the_compilers_errors_are_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    # Those of the compiler: tests/test_parts.py.
    def broken(batch: Any) -> Tensor:
        raise RuntimeError("the model's own")

    monkeypatch.setattr(torch, "compile", lambda loss: loss)
    with pytest.raises(RuntimeError, match="the model's own") as caught:
        compiled(broken)(None)
    assert caught.type is RuntimeError
