"""Blocks computed once more on the backward pass: bit for bit the same, for less memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import hornbook
from hornbook.compute.held import held_by
from hornbook.errors import SettingsError
from hornbook.nn import (
    GELU,
    BatchNorm1d,
    Dropout,
    Embedding,
    Layer,
    LayerNorm,
    Linear,
    Residual,
    SelfAttention,
    Sequential,
)
from hornbook.nn.recompute import recomputed_vjp
from hornbook.runs.events import Event, Noted
from hornbook.tensor_files import read_tensors
from hornbook.text.batch import Batch
from hornbook.text.models.gpt import GPT, GPTSettings
from hornbook.tokenizers.contract import Vocabulary
from hornbook.training import recomputation
from hornbook.training.measures import Evaluation
from hornbook.training.recomputation import blocks, choose_recompute, needed
from hornbook.training.settings import TrainingSettings
from hornbook.training.trainer import Trainer
from tests.referee import normal
from tests.some_names import write_names


def feed_forward() -> Layer:
    return Sequential(LayerNorm(6), Linear(6, 12), GELU(), Dropout(0.4), Linear(12, 6))


BLOCKS: list[Callable[[], Layer]] = [
    lambda: Residual(feed_forward()),
    lambda: Residual(Sequential(LayerNorm(6), SelfAttention(6, 2, dropout=0.3), Dropout(0.3))),
    lambda: Sequential(Linear(6, 6), BatchNorm1d(6), Dropout(0.5)),
]


def by_hand(run: Callable[[Layer, Tensor], Any], layer: Layer, x: Tensor) -> list[Tensor]:
    """Result, gradients, buffers, and the next random number."""
    layer.zero_grad()
    torch.manual_seed(4)
    with torch.inference_mode():
        y, backward = run(layer, x)
        torch.rand(3)  # what other layers draw in between
        dx = backward(torch.linspace(-1, 1, y.numel(), dtype=y.dtype).view(y.shape))
    gradients = [p.grad for p in layer.parameters()]
    buffers = [b.clone() for b in layer.buffers()]
    assert all(g is not None for g in gradients)
    return [y, dx, *(g for g in gradients if g is not None), *buffers, torch.rand(1)]


@pytest.mark.parametrize("make", BLOCKS)
def test_results_and_gradients_are_the_same_bits(make: Callable[[], Layer]) -> None:
    found = []
    for run in (lambda layer, x: layer.vjp(x), recomputed_vjp):
        torch.manual_seed(0)
        found.append(by_hand(run, make().double().train(), normal(2, 5, 6)))
    for one, other in zip(*found, strict=True):
        assert torch.equal(one, other)


def test_under_autograd_too() -> None:
    torch.manual_seed(0)
    net = Sequential(Embedding(5, 6), *(make() for make in BLOCKS[:2]), Linear(6, 2)).double()
    ids, found = torch.arange(10).view(2, 5) % 5, []
    for on in (False, True):
        for layer in net.chain[1:3]:
            layer.recompute = on
        net.zero_grad()
        torch.manual_seed(4)
        net.vjp(ids)[0].square().sum().backward()  # type: ignore[no-untyped-call]
        found.append([p.grad for p in net.parameters()])
    for one, other in zip(*found, strict=True):
        assert torch.equal(one, other)


def held(backward: Callable[..., Any]) -> int:
    return sum(t.untyped_storage().nbytes() for t in held_by(backward).values())


def test_only_the_input_is_held() -> None:
    layer, x = BLOCKS[0]().train(), torch.randn(64, 5, 6)
    with torch.inference_mode():
        plain = held(layer.vjp(x)[1])
        frugal = held(recomputed_vjp(layer, x)[1])
    states = torch.get_rng_state().nbytes
    assert x.nbytes <= frugal <= x.nbytes + states
    assert plain > 6 * x.nbytes


def test_what_is_held_is_found_in_closures_and_containers() -> None:
    a, b, c = torch.ones(3), torch.ones(4), torch.ones(5)
    inner = [lambda: a, (lambda: b.view(2, 2),)]
    kept = {"c": c}
    found = held_by(lambda: (inner, kept, a[1:]))
    assert sorted(t.numel() for t in found.values()) == [3, 4, 5]
    layer = Linear(3, 3)
    assert held_by(lambda: (layer, layer.weight)) == {}


SETTINGS = GPTSettings(n_embd=32, n_layer=4, n_head=2, block_size=32)


def gpt(**more: Any) -> tuple[GPT, Batch]:
    settings = GPTSettings.from_dict({**SETTINGS.as_dict(), **more})
    model = GPT(settings, Vocabulary(11, 0, 0), torch.Generator().manual_seed(1))
    ids = np.random.default_rng(0).integers(0, 11, (8, 33))
    return model, Batch(ids[:, :-1].copy(), ids[:, 1:].copy())


class Same:
    """One batch again and again."""

    cursor, per_epoch = 0, 1

    def __init__(self, batch: Batch) -> None:
        self.batch = batch

    def __next__(self) -> Batch:
        self.cursor += 1
        return self.batch


@pytest.mark.parametrize("accumulate", [1, 4])
def test_training_ends_at_the_same_bits(accumulate: int) -> None:
    ends = []
    for recompute in ("no", "yes"):
        model, batch = gpt()
        how = TrainingSettings.from_dict(
            {"steps": 3, "batch_size": 8, "accumulate": accumulate, "recompute": recompute}
        )
        trainer = Trainer(model, Same(batch), how, Evaluation)
        model.train()
        torch.manual_seed(5)
        losses = [trainer.update() for _ in range(3)]
        ends.append((losses, trainer.flat.values))
    assert ends[0][0] == ends[1][0]
    assert torch.equal(ends[0][1], ends[1][1])


def test_the_estimate_is_what_is_held() -> None:
    model, batch = gpt(dropout=0.0)
    model.train()
    settings = TrainingSettings(batch_size=8, optimizer="adamw")
    found = needed(model, batch, settings)
    numbers = 4 * model.n_parameters
    for plain, guess in ((True, found.plain), (False, found.frugal)):
        for layer in blocks(model):
            layer.recompute = not plain
        with torch.inference_mode():
            whole = held(model.loss_vjp(batch)[1])
        activations = (guess - 4 * numbers) / recomputation.PASSING
        most = 0 if plain else activations / 2  # the block that is computed once more
        assert whole - 80_000 < activations < 1.1 * whole + most
    recomputation.recompute_blocks(model, settings)
    assert found.frugal < 0.8 * found.plain
    half = needed(model, batch, TrainingSettings(batch_size=8, optimizer="adamw", accumulate=2))
    assert half.plain - 4 * numbers == pytest.approx((found.plain - 4 * numbers) / 2, rel=0.01)
    frozen = needed(
        model, batch, TrainingSettings(batch_size=8, optimizer="adamw", rates=("*.4.*=1", "*=0"))
    )
    assert frozen.plain < found.plain - 2 * numbers


def test_it_is_chosen_where_memory_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    model, batch = gpt()
    random, source = torch.get_rng_state(), Same(batch)
    settings = TrainingSettings(batch_size=8, optimizer="adamw")
    assert choose_recompute(model, source, settings)[0].recompute == "no"
    found = needed(model, batch, settings)
    for there, chosen, said in (
        (10 * found.plain, "no", ""),
        ((found.plain + found.frugal) // 2, "yes", "blocks are computed once more"),
        (found.frugal // 2, "yes", "may still be too much"),
        (None, "no", ""),
    ):
        monkeypatch.setattr(recomputation, "available_memory", lambda there=there: there)
        how, told = choose_recompute(model, source, settings)
        assert how.recompute == chosen
        assert said in (told or "")
        assert bool(said) == bool(told)
    assert source.cursor == 0
    assert torch.equal(torch.get_rng_state(), random)
    assert not any("vjp" in vars(layer) for layer in blocks(model))


def test_a_run_says_it_and_goes_on_with_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data, runs = write_names(tmp_path / "names.txt", slice(300)), []
    how: dict[str, Any] = {
        "steps": 4, "evaluate_every": 2, "batch_size": 16, "threads": 1, "precision": "float32",
        "gradients": "hand",
    }  # fmt: skip
    told: list[Event] = []
    for there in (10**12, 1):
        monkeypatch.setattr(recomputation, "available_memory", lambda there=there: there)
        runs.append(
            hornbook.train(
                data, model="gpt", settings={"n_embd": 8, "n_layer": 2, "n_head": 2},
                training=how, baseline=False, out=tmp_path / str(there), listen=told.append,
            )
        )  # fmt: skip
    assert [run.record.training.recompute for run in runs] == ["no", "yes"]  # type: ignore[union-attr]
    notes = [event.message for event in told if isinstance(event, Noted)]
    assert len(notes) == 1
    assert "0.0 GB are available" in notes[0]
    one, other = (read_tensors(run.directory.model)[0] for run in runs)
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name])


def test_a_net_without_blocks_is_refused() -> None:
    net = Sequential(Linear(2, 2))
    with pytest.raises(SettingsError, match="has no blocks"):
        recomputation.recompute_blocks(net, TrainingSettings(recompute="yes"))
    recomputation.recompute_blocks(net, TrainingSettings())
