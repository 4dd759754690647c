"""The lectures' faults, each planted and caught; healthy trainings, on which nothing is said."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from hornbook.errors import TrainingError
from hornbook.inspection.usage import examine_use
from hornbook.inspection.verdicts import CHECKS, examine
from hornbook.monitoring.history import History, Ignorance
from hornbook.monitoring.probe import Probe
from hornbook.monitoring.record import UpdateRecord
from hornbook.nn import BatchNorm1d
from hornbook.nn.layer import Backward
from hornbook.reports.finding import Finding
from hornbook.text.batches import make_batches
from hornbook.text.corpus import load_corpus
from hornbook.text.models import FAMILIES, family
from hornbook.text.models.network import Network
from hornbook.text.stream import Stream, encode_lines, encode_text
from hornbook.tokenizers.characters import CharTokenizer
from hornbook.training.measures import Evaluation
from hornbook.training.trainer import Trainer

NAMES = tuple(load_corpus("names").lines[:3000])
LECTURE: dict[str, Any] = {
    "block_size": 3, "n_embd": 10, "n_hidden": (200,), "activation": "tanh", "norm": "none"
}  # fmt: skip
DEEP = {**LECTURE, "n_hidden": (100,) * 5}
SGD: dict[str, Any] = {
    "optimizer": "sgd", "schedule": "constant", "learning_rate": 0.1, "batch_size": 32,
    "weight_decay": 0.0,
}  # fmt: skip


def world(mode: str = "lines") -> tuple[CharTokenizer, Stream]:
    if mode == "lines":
        tokenizer = CharTokenizer.fit(NAMES, boundary=True)
        return tokenizer, encode_lines(NAMES, tokenizer)
    text = "\n".join(NAMES)
    tokenizer = CharTokenizer.fit([text], boundary=False)
    return tokenizer, encode_text(text, tokenizer)


def watched(
    name: str,
    settings: dict[str, Any],
    training: dict[str, Any],
    *,
    mode: str = "lines",
    plant: Callable[[Network], None] = lambda model: None,
    every: int = 10,
) -> tuple[History, Network]:
    """A training that is watched, as far as it goes."""
    tokenizer, stream = world(mode)
    line = family(name)
    made = line.load()
    torch.manual_seed(1)
    model = made(made.Settings(**settings), tokenizer.vocabulary, torch.Generator().manual_seed(1))
    plant(model)
    pinned = {"gradients": "hand", "precision": "float32", **training}
    chosen = replace(line.training_for(mode), **pinned)
    batches = make_batches(
        stream, model.reads, block_size=model.block_size, batch_size=chosen.batch_size, seed=1,
        lead=model.lead, mixed=model.mixed,
        parallel=model.carries and stream.boundary is None,
    )  # fmt: skip
    records: list[UpdateRecord] = []
    probe = Probe(model, every, records.append)
    trainer = Trainer(model, batches, chosen, lambda: Evaluation({"train": 1.0}), probe=probe)
    model.train()
    try:
        for _ in range(chosen.steps):
            trainer.update()
    except TrainingError:
        pass  # it diverged; what was seen before tells why
    size = tokenizer.vocab_size
    even = Ignorance(math.log(size), f"guessing evenly costs ln {size} = {math.log(size):.2f}")
    return History(records, even, clip=chosen.clip), model


def faults(history: History) -> set[str]:
    return {finding.name for finding in examine(history)}


# --- planted -----------------------------------------------------------------------------------


def test_an_output_layer_that_is_too_confident() -> None:
    settings = {**LECTURE, "init": "normal", "output_gain": 1.0}
    history, _ = watched("mlp", settings, {**SGD, "steps": 3})
    assert history.first.loss > 15  # the lecture's had 27
    assert "confident-start" in faults(history)


def test_tanh_saturated_by_a_large_first_layer() -> None:
    history, _ = watched("mlp", {**LECTURE, "gain": 5.0}, {**SGD, "steps": 3})
    assert "saturated-start" in faults(history)


def test_saturation_is_told_by_its_share() -> None:
    history, _ = watched("mlp", {**LECTURE, "gain": 5.0}, {**SGD, "steps": 1})
    told = []
    for flat in (0.23, 0.26, 0.4, 0.8):
        layers = tuple(
            replace(one, flat=flat) if one.kind == "Tanh" else one for one in history.first.layers
        )
        some = replace(history, records=[replace(history.first, layers=layers)])
        found = [one for one in examine(some) if one.name == "saturated-start"]
        told.append([(one.severity, one.title[:4], one.detail) for one in found])
    assert [[one[:2] for one in found] for found in told] == [
        [], [("note", "26% ")], [("problem", "40% ")], [("problem", "80% ")],
    ]  # fmt: skip
    assert len({detail for found in told for *_, detail in found}) == 3


def test_missing_scaling_by_the_number_of_inputs() -> None:
    history, _ = watched("mlp", {**LECTURE, "init": "normal", "gain": 1.0}, {**SGD, "steps": 3})
    found = next(v for v in examine(history) if v.name == "unscaled-weights")
    assert "30 inputs" in found.title
    assert "0.18" in found.advice


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize(("gain", "fault"), [(0.5, "gain-too-small"), (3.0, "gain-too-large")])
def test_a_gain_that_does_not_suit_a_deep_net(gain: float, fault: str, activation: str) -> None:
    settings = {**DEEP, "gain": gain, "activation": activation}
    history, _ = watched("mlp", settings, {**SGD, "steps": 3})
    assert fault in faults(history)


@pytest.mark.parametrize(
    ("training", "fault"),
    [
        ({**SGD, "learning_rate": 1e-4}, "rate-too-low"),
        ({"learning_rate": 1e-6, "schedule": "constant"}, "rate-too-low"),
        ({**SGD, "learning_rate": 300.0}, "rate-too-high"),
        ({"learning_rate": 1.0, "schedule": "constant"}, "rate-too-high"),
    ],
)
def test_a_learning_rate_that_is_far_off(training: dict[str, Any], fault: str) -> None:
    history, _ = watched("mlp", {**LECTURE, "norm": "batch"}, {**training, "steps": 60})
    assert fault in faults(history)


def test_a_loss_that_goes_up() -> None:
    history, _ = watched("mlp", LECTURE, {**SGD, "learning_rate": 300.0, "steps": 60})
    assert "diverged" in faults(history)
    assert "rate-too-low" not in faults(history)  # though saturated units get no updates


def test_dead_relu_units() -> None:
    def plant(model: Network) -> None:
        torch.nn.init.constant_(model.net.chain[2].bias[:80], -20.0)  # type: ignore[index]

    settings = {**LECTURE, "activation": "relu"}
    history, _ = watched("mlp", settings, {**SGD, "steps": 30}, plant=plant)
    found = next(v for v in examine(history) if v.name == "dead-units")
    (relu,) = history.last.of_kind("ReLU")
    assert relu.idle is not None
    assert 0.4 <= relu.idle < 0.5
    assert f"{relu.idle:.0%}" in found.title


class NormOverTheBatchAlone(BatchNorm1d):
    """The lecture's own mistake: means over dimension 0 of (N, L, C), so that L·C are kept."""

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        if x.dim() == 2:
            return super().vjp(x)
        _, length, channels = x.shape
        if self.running_mean.shape != (length, channels):
            self.running_mean = torch.zeros(length, channels)
            self.running_var = torch.ones(length, channels)
        mean, var = x.mean(0), x.var(0)
        self.running_mean.lerp_(mean.detach(), self.momentum)
        y = (x - mean) * torch.rsqrt(var + self.eps) * self.weight + self.bias

        def backward(dy: Tensor) -> Tensor:
            with torch.inference_mode(False), torch.enable_grad():
                again = x.clone().requires_grad_()
                normal = (again - again.mean(0)) * torch.rsqrt(again.var(0) + self.eps)
                out = normal * self.weight.detach().clone()
                (dx,) = torch.autograd.grad(out, again, dy.clone())
            return dx

        return y, backward


def test_batchnorm_over_the_wrong_axes() -> None:
    def plant(model: Network) -> None:
        chain = list(model.net.chain)
        for at, layer in enumerate(chain):
            if isinstance(layer, BatchNorm1d):
                chain[at] = NormOverTheBatchAlone(layer.weight.shape[0])
        model.net.chain = tuple(chain)
        model.net.layers = torch.nn.ModuleList(chain)

    settings = {"form": "tree", "n_embd": 8, "n_hidden": 20}
    history, _ = watched("wavenet", settings, {**SGD, "steps": 12}, plant=plant)
    found = [v for v in examine(history) if v.name == "wrong-axes"]
    assert len(found) == 2  # the third level has one position left
    assert "80 means for 20 channels" in found[0].title


def test_exploding_recurrent_gradients() -> None:
    def plant(model: Network) -> None:
        for part in model.modules():
            if isinstance(getattr(part, "weight_hh", None), Tensor):
                part.weight_hh.data.mul_(6.0)  # type: ignore[operator]

    settings = {
        "n_embd": 8, "n_hidden": 32, "block_size": 32, "output_gain": 1.0, "identity": 0.5,
        "nonlinearity": "relu",
    }  # fmt: skip
    steps = {"steps": 30, "clip": 1.0}
    history, _ = watched("rnn", settings, steps, mode="text", plant=plant)
    found = next(v for v in examine(history) if v.name == "exploding-gradients")
    assert "at every time step" in found.detail
    assert "Clipping at 1" in found.detail


def test_batchnorm_left_in_training_mode() -> None:
    _, model = watched("mlp", {**LECTURE, "norm": "batch"}, {**SGD, "steps": 50})
    inputs = torch.arange(24).view(8, 3)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model.eval()
    assert examine_use(model, inputs) == []
    model.train()
    assert [v.name for v in examine_use(model, inputs)] == ["training-mode"]
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
    with pytest.raises(ValueError, match="at least 2 rows"):
        examine_use(model, inputs[:1])


def test_rows_that_meet_otherwise() -> None:
    class Mean(torch.nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.float() - x.float().mean(0)

    rows = torch.tensor([[0, 1, 2], [5, 0, 0], [1, 1, 7]])
    assert [v.name for v in examine_use(Mean(), rows)] == ["rows-meet"]


def test_statistics_that_lag_behind() -> None:
    settings = {**LECTURE, "norm": "batch", "norm_momentum": 1e-5, "gain": 5.0}
    history, _ = watched("mlp", settings, {**SGD, "steps": 130})
    assert "stale-statistics" in faults(history)


def test_what_is_frozen_is_not_too_slow() -> None:
    frozen = {"rates": ("net.layers.0.*=0", "net.layers.2.*=0")}
    settings = {**LECTURE, "norm": "batch", "output_gain": 0.5}
    history, _ = watched("mlp", settings, {**SGD, "steps": 60, **frozen})
    assert [one.frozen for one in history.last.parameters].count(True) == 2
    assert examine(history) == []
    slow = {**SGD, "learning_rate": 1e-5, "steps": 60, **frozen}
    history, _ = watched("mlp", settings, slow)
    assert "rate-too-low" in faults(history)


def test_a_loss_that_is_no_number_is_recorded() -> None:
    def plant(model: Network) -> None:
        torch.nn.init.constant_(model.net.chain[0].weight, math.inf)  # type: ignore[arg-type]

    history, _ = watched("mlp", LECTURE, {**SGD, "steps": 3}, plant=plant)
    assert len(history.records) == 1
    assert not math.isfinite(history.first.loss)
    assert "confident-start" in faults(history)


def test_dropout_left_on() -> None:
    _, model = watched("gru", {"n_embd": 8, "n_hidden": 16}, {"steps": 20})
    inputs = torch.arange(24).view(8, 3)
    model.train()
    assert [v.name for v in examine_use(model, inputs)] == ["dropout-on"]
    model.eval()
    assert examine_use(model, inputs) == []


# --- healthy -----------------------------------------------------------------------------------

NETS = [name for name, line in FAMILIES.items() if line.made_by == "training"]


@pytest.mark.parametrize("mode", ["lines", "text"])
@pytest.mark.parametrize("name", NETS)
def test_nothing_is_said_of_a_healthy_training(name: str, mode: str) -> None:
    steps = {"steps": 40, "batch_size": 8} if name not in ("mlp", "bigram") else {"steps": 150}
    if name == "gpt":  # Muon's iteration takes long where a processor knows no bfloat16
        steps = {"steps": 21, "batch_size": 8}
    history, _ = watched(name, {}, steps, mode=mode)
    assert examine(history) == []


@pytest.mark.parametrize(
    "settings",
    [
        {**LECTURE, "output_gain": 0.01},
        {**LECTURE, "norm": "batch"},
        {**DEEP, "norm": "batch", "output_norm": True},
        DEEP,
    ],
)
def test_nor_of_the_lectures_own(settings: dict[str, Any]) -> None:
    history, _ = watched("mlp", settings, {**SGD, "steps": 300})
    assert history.last.step > 100
    assert examine(history) == []


def test_every_finding_says_what_why_and_what_to_change() -> None:
    history, _ = watched("mlp", {**DEEP, "init": "normal", "output_gain": 1.0}, {**SGD, "steps": 3})
    found = examine(history)
    assert len(found) >= 3
    for finding in found:
        assert isinstance(finding, Finding)
        for text in (finding.title, finding.detail, finding.advice):
            assert text.endswith(".")
            assert text[0].isupper() or text[0].isdigit()
    assert len(CHECKS) == len(set(CHECKS))


def test_the_first_loss_is_held_against_what_knowing_nothing_costs() -> None:
    settings = {**LECTURE, "init": "normal", "output_gain": 1.0}
    history, _ = watched("mlp", settings, {**SGD, "steps": 3})
    found = next(v for v in examine(history) if v.name == "confident-start")
    assert "; guessing evenly costs ln 27 = 3.30." in found.title
    knows_less = dataclasses.replace(history, ignorance=Ignorance(100.0, "anything costs 100"))
    assert "confident-start" not in faults(knows_less)
