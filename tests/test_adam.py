"""Adam's step: torch's private kernel, and the public operations that stand in for it."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from hornbook.nn import Embedding, Linear, Sequential, Tanh
from hornbook.training import TrainingSettings
from hornbook.training.adam import (
    Adam,
    Part,
    TableAdam,
    choose_step,
    fused_step,
    plain_step,
)
from hornbook.training.muon import Muon
from hornbook.training.optimizers import make_optimizer
from hornbook.training.parameters import FlatParameters
from tests.referee import close

SETTINGS = TrainingSettings(beta1=0.8, beta2=0.95)
COUPLED = TrainingSettings(optimizer="adam", beta1=0.8, beta2=0.95)


def part(dtype: torch.dtype, decay: float) -> Part:
    """Nineteen numbers: not a whole number of a kernel's vectors."""
    made = torch.Generator().manual_seed(0)
    values, grads, mean, square = torch.randn(4, 19, dtype=torch.float64, generator=made).to(dtype)
    return Part(values, grads, mean, square.square(), 0.5, decay)


@pytest.mark.parametrize("settings", [SETTINGS, COUPLED], ids=["adamw", "adam"])
@pytest.mark.parametrize("decay", [0.0, 0.3])
@pytest.mark.parametrize(("dtype", "relative"), [(torch.float64, 1e-12), (torch.float32, 1e-6)])
def test_the_plain_step_is_the_fused_one(
    dtype: torch.dtype, relative: float, decay: float, settings: TrainingSettings
) -> None:
    one, other = part(dtype, decay), part(dtype, decay)
    for count in range(1, 30):
        for each in (one, other):
            each.grads.copy_(torch.randn(19, generator=torch.Generator().manual_seed(count)))
        fused_step([one], 0.05, count, settings)
        plain_step([other], 0.05, count, settings)
        for name in ("values", "mean", "square"):
            close(getattr(other, name), getattr(one, name), relative)


def refusing(*given: Any, **named: Any) -> None:
    raise NotImplementedError("'aten::_fused_adamw_' is not implemented for this device")


def test_the_plain_step_is_taken_where_the_kernel_is_missing_or_refuses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    like = torch.zeros(3)
    assert choose_step(like, SETTINGS) is fused_step
    assert choose_step(torch.zeros(3, dtype=torch.complex64), SETTINGS) is plain_step
    monkeypatch.setattr(torch, "_fused_adamw_", refusing)
    assert choose_step(like, SETTINGS) is plain_step
    monkeypatch.setattr(torch, "_fused_adamw_", lambda values: None)  # other arguments
    assert choose_step(like, SETTINGS) is plain_step
    monkeypatch.delattr(torch, "_fused_adamw_")
    assert choose_step(like, SETTINGS) is plain_step


@pytest.mark.parametrize("rule", ["adamw", "muon"])
def test_every_rule_goes_without_the_kernel(rule: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for missing in (False, True):
        if missing:
            monkeypatch.delattr(torch, "_fused_adamw_")
        torch.manual_seed(0)
        net = Sequential(Embedding(9, 4, sparse=True), Linear(4, 4), Tanh(), Linear(4, 2))
        flat = FlatParameters(net)
        optimizer = make_optimizer(flat, TrainingSettings(optimizer=rule, weight_decay=0.1))
        dense, tables = optimizer.rules
        assert isinstance(dense, Muon if rule == "muon" else Adam)
        assert isinstance(tables, TableAdam)
        assert dense.step is tables.step is (plain_step if missing else fused_step)
        for turn in range(5):
            flat.zero_grad()
            net(torch.tensor([turn, 3])).square().sum().backward()
            with torch.inference_mode():
                flat.collect()
                optimizer.update(0.01)
        found.append([p.detach() for p in net.parameters()])
    for one, other in zip(*found, strict=True):
        close(one, other, 1e-5)
