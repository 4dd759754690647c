"""Many steps at once against the trainer's own, one by one: batches, dropout, updates, state."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
import torch

from hornbook.errors import DivergedError, TrainingError
from hornbook.text.batch import Batch
from hornbook.text.batches import make_batches
from hornbook.text.models import family
from hornbook.text.stream import encode_lines, encode_text
from hornbook.tokenizers.characters import CharTokenizer
from hornbook.training import TrainingSettings
from hornbook.training.compilable import refusal
from hornbook.training.many_steps import ManySteps
from hornbook.training.measures import Evaluation
from hornbook.training.trainer import Trainer

pytest.importorskip("numba", reason="Numba is not installed")

LINES = ("anna", "emil", "lina", "norma", "marlon", "ella", "romeo", "milo")
MLP = {"block_size": 3, "n_embd": 4, "n_hidden": (17,), "activation": "tanh", "norm": "none"}
GPT = {"block_size": 6, "n_layer": 2, "n_head": 2, "n_embd": 12, "zero_init": False}
GPT2 = {
    "position": "learned", "norm": "layer", "feed_forward": "gelu_tanh", "qk_norm": False,
    "tied": True, "softcap": 9.0, "dropout": 0.1,
}  # fmt: skip
LLAMA = {
    "n_kv_head": 1, "norm_gain": True, "feed_forward": "swiglu", "qk_norm": False, "bias": True,
    "dropout": 0.0,
}  # fmt: skip
NETS: dict[str, tuple[str, dict[str, Any]]] = {
    "the lecture's": ("mlp", MLP),
    "BatchNorm and dropout": ("mlp", {**MLP, "norm": "batch", "dropout": 0.2}),
    "deep": ("mlp", {**MLP, "n_hidden": (9, 21, 9), "norm": "batch", "output_norm": True}),
    "LayerNorm and ReLU": ("mlp", {**MLP, "norm": "layer", "activation": "relu"}),
    "tree": ("wavenet", {"form": "tree", "block_size": 4, "n_embd": 4, "n_hidden": 9}),
    "rows of trees": (
        "wavenet",
        {"block_size": 4, "n_embd": 3, "n_hidden": 9, "dropout": 0.2, "row_size": 5},
    ),
    "rows of trees, all kept": (
        "wavenet",
        {"block_size": 4, "n_embd": 3, "n_hidden": 9, "dropout": 0.0, "row_size": 5},
    ),
    "LayerNorm in rows of wide trees": (
        "wavenet",
        {"fan": 3, "block_size": 9, "n_embd": 3, "n_hidden": 9, "norm": "layer"},
    ),
    "no norm in rows of trees": (
        "wavenet",
        {
            "block_size": 8,
            "n_embd": 3,
            "n_hidden": 9,
            "norm": "none",
            "row_size": 9,
            "activation": "relu",
        },
    ),
    "gated": (
        "wavenet",
        {
            "kind": "gated",
            "block_size": 4,
            "n_embd": 3,
            "n_hidden": 5,
            "n_skip": 9,
            "n_cycles": 2,
            "dropout": 0.2,
        },
    ),
    "bag of words": ("bow", {"n_embd": 4, "n_hidden": 9, "dropout": 0.2}),
    "bigram": ("bigram", {}),
    "RNN": ("rnn", {"n_embd": 4, "n_hidden": 9, "dropout": 0.0}),
    "GRU": ("gru", {"n_embd": 4, "n_hidden": 17, "n_layer": 2}),
    "LSTM": ("lstm", {"n_embd": 3, "n_hidden": 9, "n_layer": 2}),
    "GPT": ("gpt", {**GPT, "dropout": 0.2}),
    "GPT-2": ("gpt", {**GPT, **GPT2}),
    "Llama": ("gpt", {**GPT, **LLAMA}),
    "GRU on windows": ("gru", {"block_size": 3, "n_embd": 4, "n_hidden": 9, "predict": "last"}),
}
WAYS: dict[str, dict[str, Any]] = {
    "adam": {"optimizer": "adam", "weight_decay": 0.3},
    "adamw": {"weight_decay": 0.3},
    "clip": {"clip": 0.3, "schedule": "cosine", "warmup": 5},
    "sgd": {"optimizer": "sgd", "learning_rate": 0.1, "weight_decay": 0.1},
    "muon": {"optimizer": "muon", "clip": 0.3, "learning_rate": 1e-3},
    "momentum": {"optimizer": "sgd", "momentum": 0.9, "rates": ("*bias=0.5",)},
}
STEPS = 30  # more than an epoch


def trainer(
    net: str, kind: torch.dtype = torch.float64, *, along: bool = False, text: bool = False,
    **how: Any,
) -> Trainer:  # fmt: skip
    """One on lines, on a text, or on parallel streams along it."""
    whole, lines = " ".join(LINES), not (along or text)
    tokenizer = CharTokenizer.fit(LINES if lines else [whole], boundary=lines)
    stream = encode_lines(LINES, tokenizer) if lines else encode_text(whole, tokenizer)
    name, settings = NETS[net]
    if along:
        settings = {**settings, "block_size": 4}
    made = family(name).load()
    seed = how.get("seed", 1337)
    generator = torch.Generator().manual_seed(seed)
    model = made(made.Settings(**settings), tokenizer.vocabulary, generator).to(kind)
    batches = make_batches(
        stream, model.reads, block_size=model.block_size, parallel=along, seed=seed,
        batch_size=5 if model.reads == "window" else 3, lead=model.lead, mixed=model.mixed,
    )  # fmt: skip
    training = TrainingSettings(**{"steps": 100, "learning_rate": 0.02, "gradients": "hand", **how})
    model.train()
    torch.default_generator.manual_seed(seed)
    found = Trainer(model, batches, training, lambda: Evaluation({}))
    found.random = torch.Generator().manual_seed(seed)
    return found


def one_by_one(made: Trainer, steps: int) -> list[float]:
    return [made.update() for _ in range(steps)]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    ("net", "way"),
    [(net, "adamw") for net in NETS]
    + [("BatchNorm and dropout", w) for w in WAYS]
    + [("GPT", "muon")],
)
def test_many_steps_are_the_steps_one_by_one(net: str, way: str, threads: int) -> None:
    one, many = trainer(net, **WAYS[way]), trainer(net, threads=threads, **WAYS[way])
    torch.default_generator.manual_seed(1337)
    losses = one_by_one(one, STEPS)
    steps = ManySteps(many)
    steps.advance(1)
    assert many.loss_sum == pytest.approx(losses[0], rel=1e-13)
    steps.advance(STEPS - 1)
    assert many.loss_sum == pytest.approx(sum(losses), rel=1e-12)
    assert (many.step, many.batches.cursor, many.loss_count) == (STEPS, STEPS, STEPS)
    one.random = None
    (own, counters), (theirs, others) = many.state(), one.state()
    assert own.keys() == theirs.keys()
    for name, array in own.items():
        np.testing.assert_allclose(array, theirs[name], rtol=1e-9, atol=1e-12, err_msg=name)
    aside = {"seconds": 0, "compiling": 0, "loss_sum": 0}
    assert {**counters, **aside} == {**others, **aside}


@pytest.mark.parametrize("threads", [3, 4, 5, 9])
@pytest.mark.parametrize("net", ["BatchNorm and dropout", "tree", "GRU on windows", "GPT"])
def test_threads_may_be_as_many_as_a_batch_has_rows(net: str, threads: int) -> None:
    """Or more. BatchNorm needs several rows, but not of each thread."""
    one, many = trainer(net), trainer(net, threads=threads)
    torch.default_generator.manual_seed(1337)
    losses = one_by_one(one, 9)
    ManySteps(many).advance(9)
    assert many.loss_sum == pytest.approx(sum(losses), rel=1e-12)
    torch.testing.assert_close(many.flat.values, one.flat.values, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("net", "threads"), [("RNN", 1), ("LSTM", 1), ("LSTM", 3)])
def test_a_state_is_carried_along_a_text_and_kept(net: str, threads: int) -> None:
    """From batch to batch, from call to call, past a measurement and through a checkpoint."""
    one, many = trainer(net, along=True), trainer(net, along=True, threads=threads)
    torch.default_generator.manual_seed(1337)
    losses = one_by_one(one, 9)
    assert any(one.batches.batch(n).follows for n in range(9))  # type: ignore[attr-defined]
    steps = ManySteps(many)
    steps.advance(2)
    batch = many.batches.batch(0)  # type: ignore[attr-defined]
    steps.losses(batch.inputs, batch.targets)
    steps.advance(3)
    arrays, counters = many.state()
    again = trainer(net, along=True, threads=threads)
    again.load_state({name: array.copy() for name, array in arrays.items()}, counters)
    ManySteps(again).advance(4)
    assert again.loss_sum == pytest.approx(sum(losses), rel=1e-12)
    (own, _), (theirs, _) = again.state(), one.state()
    np.testing.assert_allclose(own["carried.state"], theirs["carried.state"], rtol=1e-9)
    torch.testing.assert_close(again.flat.values, one.flat.values, rtol=1e-9, atol=1e-12)


def test_trees_that_begin_within_a_text_see_what_stands_before_them() -> None:
    """A row's first predictions look at ids before them, or at none before the text's beginning."""
    one, many = (trainer("rows of trees", text=True) for _ in range(2))
    batches: Any = many.batches
    firsts = [(one.targets >= 0).argmax(1) for one in map(batches.batch, range(STEPS))]
    assert {0, 3} <= {*np.concatenate(firsts).tolist()}
    torch.default_generator.manual_seed(1337)
    losses = one_by_one(one, STEPS)
    steps = ManySteps(many)
    steps.advance(STEPS)
    assert many.loss_sum == pytest.approx(sum(losses), rel=1e-12)
    torch.testing.assert_close(many.flat.values, one.flat.values, rtol=1e-9, atol=1e-12)
    batch = batches.batch(STEPS)
    found = steps.losses(batch.inputs, batch.targets)
    assert found is not None
    model: Any = one.module
    np.testing.assert_allclose(found, model.token_losses(batch.inputs, batch.targets), rtol=1e-9)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_lone_prediction_is_refused_by_batchnorm(
    threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = trainer("rows of trees, all kept", threads=threads)
    lone = Batch(np.array([[0]]), np.array([[1]]))
    monkeypatch.setattr(type(made.batches), "batch", lambda self, n: lone)
    with pytest.raises(TrainingError, match="a single row has no variance"):
        ManySteps(made).advance(2)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_batch_larger_than_all_before_gets_room(threads: int) -> None:
    """Rows of a batch may be longer, or more, than those that the first had."""
    made = trainer("GRU", threads=threads)
    steps = ManySteps(made)
    steps.make_room(steps.program_like(2, 1, of_rows=True))
    steps.advance(6)
    whole = trainer("GRU", threads=threads)
    ManySteps(whole).advance(6)
    assert torch.equal(made.flat.values, whole.flat.values)


@pytest.mark.parametrize("net", NETS)
def test_in_float32_they_differ_by_rounding(net: str) -> None:
    one, many = (trainer(net, torch.float32, optimizer="sgd") for _ in range(2))
    losses = one_by_one(one, STEPS)
    ManySteps(many).advance(STEPS)
    assert many.loss_sum == pytest.approx(sum(losses), rel=1e-6)
    torch.testing.assert_close(many.flat.values, one.flat.values, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_checkpoint_goes_on_in_either_way(threads: int) -> None:
    whole = trainer("BatchNorm and dropout", threads=threads)
    steps = ManySteps(whole)
    steps.advance(8)
    arrays, counters = whole.state()
    kept = {name: array.copy() for name, array in arrays.items()}
    steps.advance(9)
    again = trainer("BatchNorm and dropout", threads=threads)
    again.load_state(kept, counters)
    ManySteps(again).advance(9)
    assert torch.equal(again.flat.values, whole.flat.values)  # bit for bit
    alone = trainer("BatchNorm and dropout")
    alone.random = None
    alone.load_state(kept, counters)
    one_by_one(alone, 9)
    torch.testing.assert_close(alone.flat.values, whole.flat.values, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_loss_that_is_no_number_ends_before_its_update(threads: int) -> None:
    one, many = (
        trainer("the lecture's", torch.float32, optimizer="sgd", learning_rate=1e6,
                weight_decay=1000.0, threads=count)
        for count in (1, threads)
    )  # fmt: skip
    with pytest.raises(DivergedError) as alone:
        one_by_one(one, STEPS)
    with pytest.raises(DivergedError) as together:
        ManySteps(many).advance(STEPS)
    assert str(together.value) == str(alone.value)
    assert many.step == one.step
    assert many.batches.cursor == one.step


ROWS = ("rows of trees, all kept", "gated", "bag of words", "RNN", "GRU", "LSTM", "GPT", "Llama")


@pytest.mark.parametrize("net", ROWS)
def test_threads_have_nothing_to_do_of_a_small_batch(
    net: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last one of an epoch may have fewer rows than there are threads."""
    nets = [trainer(net, threads=threads) for threads in (1, 3)]
    batches: Any = nets[0].batches
    small = [batches.batch(n) for n in range(6)]
    for rows in (1, 2):
        for at in (rows, 2 + rows):
            small[at] = Batch(small[at].inputs[:rows], small[at].targets[:rows])
    monkeypatch.setattr(type(batches), "batch", lambda self, n: small[n])
    unheard: list[Any] = []  # what is raised by an operation that compiled code calls
    monkeypatch.setattr(sys, "unraisablehook", unheard.append)
    for one in nets:
        steps = ManySteps(one)
        assert steps.threads == one.settings.threads
        torch.default_generator.manual_seed(1337)
        steps.advance(6)
    assert not unheard
    torch.testing.assert_close(nets[0].flat.values, nets[1].flat.values, rtol=1e-9, atol=1e-12)
    assert nets[1].loss_sum == pytest.approx(nets[0].loss_sum, rel=1e-12)


def test_calls_are_cut_where_many_batches_would_fill_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole, cut = (trainer("the lecture's") for _ in range(2))
    ManySteps(whole).advance(STEPS)
    monkeypatch.setattr("hornbook.training.many_steps.AT_ONCE", 4 * 15)
    ManySteps(cut).advance(STEPS)
    assert torch.equal(cut.flat.values, whole.flat.values)
    assert cut.step == STEPS


@pytest.mark.parametrize(
    ("training", "why"),
    [
        ({"accumulate": 2}, "accumulate"),
        ({"watch": True}, "watch"),
        ({"precision": "bfloat16"}, "bfloat16"),
        ({"gradients": "autograd"}, "autograd"),
        ({"device": "cuda"}, "cuda"),
        ({"compile": True}, "compile"),
    ],
)
def test_settings_that_kernels_do_not_know_are_refused(training: Any, why: str) -> None:
    found = refusal(TrainingSettings(**training))
    assert found is not None
    assert why in found
    assert refusal(TrainingSettings()) is None


@pytest.mark.parametrize("rates", [("*bias=0",), ("*layers.0*=0",)])
def test_frozen_parameters_are_refused(rates: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="frozen"):
        ManySteps(trainer("the lecture's", rates=rates))


@pytest.mark.parametrize(
    ("name", "settings", "why"),
    [
        ("bigram", {"l2": 0.1}, "`l2`"),
        ("bigram", {"one_hot": True}, "OneHot"),
        ("rnn", {"join": "added"}, "AddedRNN"),
        ("gpt", {"lora_rank": 2}, "LoRALinear"),
    ],
)
def test_nets_without_kernels_say_why(
    name: str, settings: dict[str, Any], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(NETS, name, (name, settings))
    with pytest.raises(ValueError, match=why):
        ManySteps(trainer(name))
