"""Rates of their own for some parameters: against torch.optim's groups, and what is refused."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from hornbook.errors import SettingsError
from hornbook.nn import BatchNorm1d, Embedding, Flatten, Linear, Sequential, Tanh
from hornbook.training import TrainingSettings
from hornbook.training.measures import Evaluation
from hornbook.training.parameters import FlatParameters
from hornbook.training.rates import own_rates, rate_factors
from hornbook.training.trainer import Trainer
from tests.referee import close


class Net(torch.nn.Module):
    """What decays and what does not, and matrices of one shape.

    No bias before BatchNorm: its gradient is rounding alone, which Adam would blow up.
    """

    def __init__(self) -> None:
        super().__init__()
        made = torch.Generator().manual_seed(0)
        self.net = Sequential(
            Embedding(9, 2), Flatten(), Linear(6, 6), Tanh(), Linear(6, 6, bias=False),
            BatchNorm1d(6), Linear(6, 6), Tanh(), Linear(6, 2),
        )  # fmt: skip
        for p in self.parameters():
            p.data.normal_(generator=made)

    def loss_vjp(self, batch: Tensor) -> tuple[Tensor, Callable[[], None]]:
        y, backward = self.net.vjp(batch)

        def back() -> None:
            backward(2 * y / y.numel())

        return (y * y).mean(), back

    def loss(self, batch: Tensor) -> Tensor:
        return self.loss_vjp(batch)[0]


class Ids:
    """Random ids, a function of the cursor."""

    cursor, per_epoch = 0, 10

    def __next__(self) -> Tensor:
        self.cursor += 1
        return torch.randint(0, 9, (16, 3), generator=torch.Generator().manual_seed(self.cursor))


def trainer(**changes: Any) -> Trainer:
    kept: dict[str, Any] = {"schedule": "constant", "learning_rate": 0.05, "steps": 12}
    made = TrainingSettings(**{**kept, "weight_decay": 0.3, "gradients": "hand", **changes})
    objective = Net().double()
    objective.train()
    return Trainer(objective, Ids(), made, Evaluation)


RULES: dict[str, dict[str, Any]] = {
    "sgd": {"optimizer": "sgd"},
    "momentum": {"optimizer": "sgd", "momentum": 0.9},
    "adamw": {"optimizer": "adamw"},
    "muon": {"optimizer": "muon"},
}
OWN = ("net.layers.0.weight=0.1", "net.layers.2.*=0", "net.layers.4.weight=2", "*.bias=3")


def factor(name: str) -> float:
    """What OWN means, written out."""
    if name == "net.layers.0.weight":
        return 0.1
    if name.startswith("net.layers.2."):
        return 0.0
    if name == "net.layers.4.weight":
        return 2.0
    return 3.0 if name.endswith(".bias") else 1.0


@pytest.mark.parametrize("clip", [0.0, 0.05])
@pytest.mark.parametrize("rule", RULES)
def test_groups_are_torchs(rule: str, clip: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.Tensor, "bfloat16", torch.Tensor.clone)  # Newton-Schulz exact
    mine = trainer(rates=OWN, clip=clip, **RULES[rule])
    theirs = copy.deepcopy(mine.module)
    assert isinstance(theirs, Net)
    weights = {id(m.weight) for m in theirs.modules() if isinstance(m, Linear)}
    groups: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    moving = []
    for name, p in theirs.named_parameters():
        if factor(name) == 0:
            p.requires_grad_(False)
            continue
        moving.append(p)
        decay = 0.3 if id(p) in weights else 0.0
        group = {"params": [p], "lr": 0.05 * factor(name), "weight_decay": decay}
        groups[rule == "muon" and id(p) in weights].append(group)
    s = mine.settings
    optimizers: list[torch.optim.Optimizer] = []
    if rule in ("sgd", "momentum"):
        optimizers.append(torch.optim.SGD(groups[False], momentum=s.momentum))
    else:
        optimizers.append(torch.optim.AdamW(groups[False], betas=(s.beta1, s.beta2)))
    if rule == "muon":
        optimizers.append(
            torch.optim.Muon(
                groups[True], momentum=0.95, nesterov=True, adjust_lr_fn="match_rms_adamw"
            )
        )
    batches = Ids()
    for _ in range(12):
        mine.update()
        for optimizer in optimizers:
            optimizer.zero_grad()
        theirs.loss(next(batches)).backward()  # type: ignore[no-untyped-call]
        if clip:
            torch.nn.utils.clip_grad_norm_(moving, clip)
        for optimizer in optimizers:
            optimizer.step()
    start = dict(Net().double().named_parameters())
    for (name, p), q in zip(mine.module.named_parameters(), theirs.parameters(), strict=True):
        close(p, q, 1e-5 if clip else 1e-9)  # torch divides by the norm + 1e-6
        assert torch.equal(p, start[name]) == (factor(name) == 0)


@pytest.mark.parametrize("rule", RULES)
def test_a_factor_for_all_is_a_rate(rule: str) -> None:
    one = trainer(rates=("*=0.5",), learning_rate=0.1, **RULES[rule])
    other = trainer(learning_rate=0.05, **RULES[rule])
    for made in (one, other):
        for _ in range(5):
            made.update()
    assert torch.equal(one.flat.values, other.flat.values)


@pytest.mark.parametrize("rule", RULES)
def test_a_state_that_is_loaded_goes_on_bit_for_bit(rule: str) -> None:
    whole, first, second = (trainer(rates=OWN, **RULES[rule]) for _ in range(3))
    for _ in range(9):
        whole.update()
    for _ in range(4):
        first.update()
    second.load_state(*first.state())
    for _ in range(5):
        second.update()
    assert torch.equal(second.flat.values, whole.flat.values)


def test_without_rates_there_are_two_groups_and_with_them_one_for_each_factor() -> None:
    flat = FlatParameters(Net())
    assert [(g.part.start, g.factor, g.decayed) for g in flat.groups] == [
        (0, 1, True), (flat.decayed, 1, False),
    ]  # fmt: skip
    assert flat.groups[-1].part.stop == len(flat.values)
    assert not flat.frozen
    flat = FlatParameters(Net(), OWN)
    assert [(g.factor, g.decayed) for g in flat.groups] == [
        (2, True), (1, True), (3, False), (1, False), (0.1, False),
    ]  # fmt: skip
    ends = [0, *(g.part.stop for g in flat.groups)]
    assert [g.part.start for g in flat.groups] == ends[:-1]
    assert ends[-1] == len(flat.values)


@given(st.lists(st.sampled_from(["a", "ab", "b.c", "b.d"]), unique=True, min_size=1), st.data())
@settings(max_examples=25)
def test_the_first_pattern_that_fits_decides(names: list[str], data: st.DataObject) -> None:
    pairs = data.draw(st.lists(st.tuples(st.sampled_from(names), st.floats(0, 9)), max_size=4))
    wanted = [next((f for n, f in pairs if n == name), 1.0) for name in names]
    rates = [f"{name}={value!r}" for name, value in pairs]
    if len({name for name, _ in pairs}) < len(pairs) or not any(wanted):
        with pytest.raises(SettingsError):
            rate_factors(names, rates)
    else:
        assert rate_factors(names, rates) == wanted


@pytest.mark.parametrize(
    "rate", ["weight", "=1", "weight=", "weight=x", "weight=-1", "weight=nan", "weight=inf", ""]
)
def test_what_is_no_rate_is_refused(rate: str) -> None:
    with pytest.raises(SettingsError, match="rates") as caught:
        TrainingSettings(rates=(rate,))
    assert "PATTERN=FACTOR" in caught.value.hint


def test_a_pattern_without_effect_is_refused_and_the_names_are_told() -> None:
    for rates, says in (
        (("nett*=1",), "it matches no parameter"),
        (("net.*=2", "net.layers.0.*=1"), "earlier patterns match"),
        (("*=0",), "nothing can be trained"),
    ):
        with pytest.raises(SettingsError, match=says) as caught:
            FlatParameters(Net(), rates)
        assert "net.layers.0.weight, net.layers.2.weight, net.layers.2.bias" in caught.value.hint
    assert own_rates(("a=b=2",)) == [("a=b", 2.0)]
