"""The probe: what it writes is true, and nothing is changed by it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from hornbook.errors import SettingsError
from hornbook.monitoring.history import History
from hornbook.monitoring.measures import BINS, histogram, idle, sampled, saturation, spread
from hornbook.monitoring.probe import EARLY, LEAST, Probe, interval, label
from hornbook.nn import GRU, RNN, Linear, ReLU, Tanh
from hornbook.text.models.network import Network
from hornbook.training import TrainingSettings
from hornbook.training.trainer import Trainer
from tests.test_models import VARIANTS, Same, batch_of, build, world

Records = list[dict[str, Any]]


def trained(
    variant: str, steps: int, *, watch: bool, gradients: str = "hand", **changes: Any
) -> tuple[Network, Records]:
    tokenizer, stream = world()
    model = build(variant, tokenizer.vocabulary)
    records: Records = []
    probe = Probe(model, 1, records.append) if watch else None
    settings = TrainingSettings(
        steps=steps, schedule="constant", precision="float32",
        **{"gradients": gradients, "clip": 0.5, **changes},
    )  # fmt: skip
    torch.manual_seed(3)
    model.train()
    trainer = Trainer(model, Same(batch_of(model, stream)), settings, dict, probe=probe)
    for _ in range(steps):
        trainer.update()
    return model, records


@pytest.mark.parametrize("gradients", ["hand", "autograd"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_watched_training_is_the_same_bit_for_bit(variant: str, gradients: str) -> None:
    plain, _ = trained(variant, 3, watch=False, gradients=gradients)
    watched, records = trained(variant, 3, watch=True, gradients=gradients)
    for (name, one), other in zip(
        plain.state_dict().items(), watched.state_dict().values(), strict=True
    ):
        assert torch.equal(one, other), name
    assert [record["step"] for record in records] == [0, 1, 2]
    for part in watched.modules():
        assert "vjp" not in vars(part)
        assert "vjp_from" not in vars(part)
    names = {one["name"] for one in records[0]["parameters"]}
    assert names == {name for name, _ in watched.named_parameters()}


@pytest.mark.parametrize("variant", ["mlp deep", "gru", "gpt", "wavenet", "rnn window"])
def test_by_hand_and_by_autograd_the_same_is_seen(variant: str) -> None:
    _, by_hand = trained(variant, 1, watch=True)
    _, by_autograd = trained(variant, 1, watch=True, gradients="autograd")
    one, other = by_hand[0], by_autograd[0]
    assert [x["name"] for x in one["layers"]] == [x["name"] for x in other["layers"]]
    assert one["norm"] == pytest.approx(other["norm"], rel=1e-3)
    for mine, theirs in zip(one["layers"], other["layers"], strict=True):
        for key in ("mean", "std", "grad_std"):
            if key in mine:
                assert mine[key] == pytest.approx(theirs[key], rel=1e-2, abs=1e-7), mine["name"]
    assert sum("grad_std" in x for x in one["layers"]) >= len(one["layers"]) - 1


def test_the_figures_are_those_of_the_tensors() -> None:
    tokenizer, stream = world()
    model = build("mlp plain", tokenizer.vocabulary)
    batch = batch_of(model, stream)
    records: Records = []
    settings = TrainingSettings(
        optimizer="sgd", learning_rate=0.1, schedule="constant", weight_decay=0.0, steps=5,
        gradients="hand", precision="float32",
    )  # fmt: skip
    first = {name: p.detach().clone() for name, p in model.named_parameters()}
    twin = build("mlp plain", tokenizer.vocabulary)
    twin.loss(batch).backward()  # type: ignore[no-untyped-call]
    trainer = Trainer(model, Same(batch), settings, dict, probe=Probe(model, 1, records.append))
    trainer.update()
    (record,) = records
    assert record["loss"] == pytest.approx(twin.loss(batch).item(), rel=1e-5)
    grads = [p.grad for p in twin.parameters() if p.grad is not None]
    assert record["norm"] == pytest.approx(
        float(torch.cat([g.flatten() for g in grads]).norm()), rel=1e-4
    )
    for one in record["parameters"]:
        p = dict(twin.named_parameters())[one["name"]]
        assert p.grad is not None
        for key, x in (("size", first[one["name"]]), ("grad_size", p.grad)):
            assert one[key] == pytest.approx(float(x.square().mean().sqrt()), rel=1e-3)
        assert one["update_size"] == pytest.approx(0.1 * one["grad_size"], rel=1e-2)
    x = torch.from_numpy(batch.inputs)
    for layer, one in zip(twin.net.chain, record["layers"], strict=True):
        x = layer(x).detach()
        assert one["kind"] == type(layer).__name__
        assert one["std"] == pytest.approx(float(x.std(correction=0)), rel=1e-3)
        if isinstance(layer, Tanh):
            assert one["flat"] == pytest.approx(float((x.abs() > 0.97).float().mean()), abs=1e-4)


def test_an_update_of_several_parts_is_told_by_its_first() -> None:
    _, whole = trained("gpt", 2, watch=True)
    _, parts = trained("gpt", 2, watch=True, accumulate=3)
    assert len(parts) == 2
    assert parts[0]["norm"] == pytest.approx(whole[0]["norm"], rel=1e-3)


def test_measures() -> None:
    x = torch.tensor([[0.0, 1.0, -0.99], [0.0, 0.0, -0.98], [0.0, 3.0, 0.5]])
    assert saturation(Tanh(), x) == pytest.approx(4 / 9)
    assert saturation(ReLU(), x) == pytest.approx(4 / 9)
    assert saturation(Linear(1, 1), x) is None
    assert idle(ReLU(), x.relu()) == pytest.approx(1 / 3)
    assert idle(Tanh(), x[:2]) == pytest.approx(1 / 3)
    assert saturation(GRU(1, 1), x) == saturation(Tanh(), x)
    assert saturation(RNN(1, 1, nonlinearity="relu"), x) == saturation(ReLU(), x)
    assert spread(x) == pytest.approx((float(x.mean()), float(x.std(correction=0))))
    low, high, counts = histogram(torch.linspace(-1, 3, 400))
    assert (low, high) == (-1, 3)
    assert counts == [10] * BINS
    assert histogram(torch.full((5,), 2.0)) == (2.0, 2.0, [5])
    assert histogram(torch.tensor([math.inf, 1.0, 2.0]))[:2] == (1.0, 2.0)
    assert histogram(torch.tensor([math.nan])) == (0.0, 0.0, [])


def test_a_large_tensor_is_thinned_evenly() -> None:
    x = torch.arange(200_000.0).view(20_000, 10)
    some = sampled(x)
    assert 4_000 < some.numel() < 8_200
    assert float(some.mean()) == pytest.approx(100_000, rel=1e-2)


def test_when_it_is_due() -> None:
    assert interval(100) == LEAST
    assert interval(20_000) == 200
    probe = Probe(build("bigram", world()[0].vocabulary), 100, lambda record: None)
    assert [step for step in range(301) if probe.due(step)] == sorted({*EARLY, 100, 200, 300})


def test_names_for_people() -> None:
    assert label("net.layers.3.layer.layers.1.qkv.weight") == "3.1.qkv.weight"


def test_settings_that_cannot_be() -> None:
    with pytest.raises(SettingsError, match="compiled"):
        TrainingSettings(compile=True, watch=True)
    with pytest.raises(SettingsError, match="watch"):
        TrainingSettings(watch_every=3)


def test_shares_that_cannot_be_told_are_left_out() -> None:
    parameters = [
        {"name": "a", "shape": [2, 2], "size": 0.0, "update_size": 1.0, "frozen": False},
        {"name": "b", "shape": [2, 2], "size": 1.0, "update_size": 0.001, "frozen": False},
        {"name": "c", "shape": [2, 2], "size": 1.0, "update_size": 0.0, "frozen": False},
    ]
    record = {"step": 0, "loss": 1.0, "rate": 1.0, "parameters": parameters, "layers": []}
    history = History([record], 27)
    shares = dict(history.ratios(record))
    assert shares == {"b": pytest.approx(-3), "c": -math.inf}
    assert history.even == pytest.approx(float(np.log(27)))


def test_a_broken_update_leaves_the_doors() -> None:
    tokenizer, stream = world()
    model = build("gpt", tokenizer.vocabulary)
    batch = batch_of(model, stream)

    def broken(*given: Any) -> Any:
        raise KeyboardInterrupt

    model.cross_entropy.vjp = broken  # type: ignore[assignment,method-assign]
    settings = TrainingSettings(steps=5, gradients="hand", precision="float32")
    probe = Probe(model, 1, lambda record: None)
    trainer = Trainer(model, Same(batch), settings, dict, probe=probe)
    with pytest.raises(KeyboardInterrupt):
        trainer.update()
    assert not any("vjp" in vars(part) for part in model.net.modules())


def test_a_door_that_was_someones_own_is_given_back() -> None:
    model = build("mlp plain", world()[0].vocabulary)
    layer = model.net.chain[2]

    def own(x: Tensor) -> Any:
        return type(layer).vjp(layer, x)

    layer.vjp = own  # type: ignore[method-assign]
    probe = Probe(model, 1, lambda record: None)
    probe.begin(None)  # type: ignore[arg-type]
    assert layer.vjp is not own
    probe.leave()
    assert layer.vjp is own
