"""The contract that every family keeps, asked of each of them; then what each is by itself."""

from __future__ import annotations

import gc
import math
import weakref
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from hornbook.errors import HornbookError, RunError, SettingsError
from hornbook.text.batch import Batch
from hornbook.text.batches import make_batches
from hornbook.text.conditions import Given
from hornbook.text.losses import mean_loss, measure
from hornbook.text.models import FAMILIES, NETS, family
from hornbook.text.models.bigram import Bigram, BigramSettings
from hornbook.text.models.bow import BagOfWords, BagOfWordsSettings
from hornbook.text.models.guided import Guided
from hornbook.text.models.mixture import Mixture, MixtureSettings
from hornbook.text.models.mlp import MLP, MLPSettings
from hornbook.text.models.network import Network
from hornbook.text.models.ngram import NGram, NGramSettings
from hornbook.text.models.pooling import log_softmax
from hornbook.text.models.presets import GPT2_PARTS
from hornbook.text.savings import example_nats
from hornbook.text.scores import score
from hornbook.text.stream import Stream, encode_lines, encode_text
from hornbook.tokenizers.characters import CharTokenizer
from hornbook.tokenizers.contract import Vocabulary
from hornbook.training import TrainingSettings
from hornbook.training.measures import Evaluation
from hornbook.training.parameters import FlatParameters
from hornbook.training.trainer import Trainer
from tests.referee import close
from tests.stopping import stopped_at

LINES = ("emma", "olivia", "ava", "isabella", "sophia", "mia", "amelia", "harper", "ann", "bo") * 3
TEXT = "to be, or not to be: that is the question.\n" * 8

# Some families drop a share by default, which is a variant of its own.
STILL: dict[str, Any] = {"dropout": 0.0}
DRY: dict[str, Any] = {**STILL, "embedding_dropout": 0.0}

# Every family, and every variant whose computation differs.
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "bigram": ("bigram", {}),
    "bigram one-hot": ("bigram", {"one_hot": True}),
    "bigram l2": ("bigram", {"l2": 0.5}),
    "mlp": ("mlp", {"n_hidden": (12,), "n_embd": 4}),
    "mlp plain": ("mlp", {"n_hidden": (12,), "n_embd": 4, "norm": "none", "block_size": 3}),
    "mlp relu layer norm": ("mlp", {"n_hidden": (9, 8), "activation": "relu", "norm": "layer"}),
    "mlp deep": ("mlp", {"n_hidden": (8, 8, 8), "output_norm": True, "init": "xavier"}),
    "mlp bias before norm": ("mlp", {"n_hidden": (8,), "bias_before_norm": True}),
    "mlp deep, output bias": (
        "mlp", {"n_hidden": (8,), "output_norm": True, "bias_before_norm": True}
    ),
    "mlp torch's BatchNorm": (
        "mlp", {"n_hidden": (8,), "biased_variance": True, "norm_momentum": 0.01}
    ),
    "gpt": ("gpt", {**STILL, "n_layer": 2, "n_head": 2, "n_embd": 8, "block_size": 16}),
    "gpt lecture's first": ("gpt", {**STILL, "n_layer": 0, "n_embd": 8, "position": "learned"}),
    "gpt lecture's one head": (
        "gpt",
        {**STILL, "n_layer": 1, "n_head": 1, "n_embd": 8, "position": "learned", "norm": "none",
         "feed_forward": "none", "residual": False, "attention_projection": False,
         "qk_norm": False, "zero_init": False},
    ),
    "gpt lecture's last": (
        "gpt",
        {**STILL, "n_layer": 2, "n_head": 2, "n_embd": 8, "position": "learned", "norm": "layer",
         "feed_forward": "relu", "qk_norm": False, "zero_init": False, "bias": True,
         "dropout": 0.2, "block_size": 16},
    ),
    "gpt gelu, tied, capped": (
        "gpt",
        {**STILL, "n_layer": 1, "n_head": 2, "n_embd": 8, "feed_forward": "gelu", "tied": True,
         "softcap": 8.0, "zero_init": False},
    ),
    "gpt swiglu, no position": (
        "gpt",
        {**STILL, "n_layer": 1, "n_head": 2, "n_embd": 8, "feed_forward": "swiglu", "widen": 2.0,
         "position": "none", "zero_init": False},
    ),
    "gpt window shorter than the row": (
        "gpt",
        {**STILL, "n_layer": 2, "n_head": 2, "n_embd": 8, "block_size": 4, "zero_init": False},
    ),
    "gpt as GPT-2": (
        "gpt",
        {**STILL, **GPT2_PARTS, "n_layer": 2, "n_head": 2, "n_embd": 8, "block_size": 16},
    ),
    "gpt as Llama": (
        "gpt",
        {**STILL, "n_layer": 2, "n_head": 4, "n_kv_head": 2, "n_embd": 16, "block_size": 8,
         "norm_gain": True, "norm_eps": 1e-5, "feed_forward": "swiglu", "n_hidden": 11,
         "rotary_base": 500.0, "qk_norm": False, "zero_init": False},
    ),
    "bow": ("bow", {"n_embd": 8, "n_hidden": 12}),
    "bow loop": ("bow", {"n_embd": 8, "n_hidden": 12, "form": "loop"}),
    "bow softmax": ("bow", {"n_embd": 8, "n_hidden": 12, "form": "softmax"}),
    "bow dropout": ("bow", {"n_embd": 8, "n_hidden": 12, "dropout": 0.2}),
    "wavenet": ("wavenet", {"n_embd": 4, "n_hidden": 8}),
    "wavenet on windows": ("wavenet", {"n_embd": 4, "n_hidden": 8, "form": "tree"}),
    "wavenet relu, no norm": (
        "wavenet",
        {"n_embd": 4, "n_hidden": 10, "block_size": 4, "norm": "none", "activation": "relu"},
    ),
    "wavenet threes, layer norm, dropout": (
        "wavenet",
        {"n_embd": 4, "n_hidden": 10, "fan": 3, "block_size": 9, "norm": "layer",
         "dropout": 0.1, "row_size": 16},
    ),
    "wavenet gated": (
        "wavenet", {"kind": "gated", "n_embd": 6, "n_hidden": 8, "n_skip": 10}
    ),
    "wavenet gated, two cycles of threes, dropout": (
        "wavenet",
        {"kind": "gated", "n_embd": 6, "n_hidden": 8, "n_skip": 10, "n_cycles": 2, "fan": 3,
         "block_size": 9, "dropout": 0.1},
    ),
    "mlp dropout": ("mlp", {"n_hidden": (8, 8), "dropout": 0.3}),
    "rnn": ("rnn", {**DRY, "n_embd": 4, "n_hidden": 10}),
    "rnn relu from the identity, two layers": (
        "rnn",
        {**DRY, "n_embd": 4, "n_hidden": 8, "n_layer": 2, "nonlinearity": "relu", "identity": 0.7},
    ),
    "rnn added": ("rnn", {**DRY, "n_embd": 4, "n_hidden": 10, "join": "added"}),
    "rnn concatenated": ("rnn", {**DRY, "n_embd": 4, "n_hidden": 10, "join": "concatenated"}),
    "rnn window": ("rnn", {**DRY, "n_embd": 4, "n_hidden": 12, "predict": "last", "block_size": 5}),
    "rnn dropout": (
        "rnn", {"n_embd": 8, "n_hidden": 12, "dropout": 0.2, "embedding_dropout": 0.1}
    ),
    "gru": ("gru", {**DRY, "n_embd": 4, "n_hidden": 8}),
    "gru two layers": ("gru", {**DRY, "n_embd": 4, "n_hidden": 8, "n_layer": 2, "block_size": 6}),
    "lstm": ("lstm", {**DRY, "n_embd": 4, "n_hidden": 8}),
    "lstm two layers, dropout": (
        "lstm", {"n_embd": 4, "n_hidden": 10, "n_layer": 2, "dropout": 0.1}
    ),
    "lstm window": (
        "lstm", {**DRY, "n_embd": 4, "n_hidden": 10, "predict": "last", "block_size": 4}
    ),
    "wavenet with the lecture's bug": (
        "wavenet", {"n_embd": 4, "n_hidden": 8, "form": "tree", "norm_by_position": True}
    ),
}  # fmt: skip


STEPWISE = [name for name, (_, settings) in VARIANTS.items() if "norm_by_position" not in settings]
"Those that read on token by token, as exports do."

# One of each way to read and to remember: with conditions what they read is other numbers.
CONDITIONED = (
    "bigram", "mlp", "gpt", "gpt gelu, tied, capped", "gpt lecture's last", "bow", "wavenet",
    "wavenet on windows", "wavenet gated", "rnn", "rnn window", "gru", "lstm two layers, dropout",
)  # fmt: skip
SIZES = (3, 4)  # values of two conditions, not given among them


def world(mode: str = "lines") -> tuple[Any, Stream]:
    if mode == "lines":
        tokenizer = CharTokenizer.fit(LINES, boundary=True)
        return tokenizer, encode_lines(LINES, tokenizer)
    if mode == "given":
        tokenizer = TakingConditions.fit(LINES, boundary=True)
        return tokenizer, encode_lines(LINES, tokenizer, some_given(tokenizer.vocabulary))
    tokenizer = CharTokenizer.fit([TEXT], boundary=False)
    return tokenizer, encode_text(TEXT, tokenizer)


class TakingConditions(CharTokenizer):
    """Characters, and a vocabulary with two conditions."""

    @property
    def vocabulary(self) -> Vocabulary:
        return replace(super().vocabulary, given=SIZES)


def some_given(vocabulary: Vocabulary, examples: int = len(LINES)) -> Given:
    rng = np.random.default_rng(5)
    return Given(np.stack([rng.integers(0, n, examples) for n in SIZES], 1), vocabulary)


def build(variant: str, vocabulary: Vocabulary, seed: int = 0) -> Network:
    name, changes = VARIANTS[variant]
    made = family(name).load()
    model: Network = made(made.Settings(**changes), vocabulary, torch.Generator().manual_seed(seed))
    return model


def batch_of(model: Network, stream: Stream, size: int = 7) -> Batch:
    return next(
        make_batches(
            stream,
            model.reads,
            block_size=model.block_size,
            batch_size=size,
            seed=1,
            lead=model.lead,
        )
    )


class Same:
    """One batch over and over."""

    cursor, per_epoch = 0, 1

    def __init__(self, batch: Any) -> None:
        self.batch = batch

    def __next__(self) -> Any:
        return self.batch


def away_from_zero(model: Network, std: float = 0.3) -> None:
    """Parameters away from zeros and ones, where a wrong factor could hide."""
    for p in model.parameters():
        p.data.add_(torch.randn(p.shape, generator=torch.Generator().manual_seed(9)) * std)


each = pytest.mark.parametrize("variant", VARIANTS)
modes = pytest.mark.parametrize("mode", ["lines", "text"])
everywhere = pytest.mark.parametrize(
    ("variant", "mode"),
    [(variant, mode) for variant in VARIANTS for mode in ("lines", "text")]
    + [(variant, "given") for variant in CONDITIONED],
)


def test_every_family_of_nets_is_held_to_the_contract() -> None:
    assert set(NETS) == {name for name, _ in VARIANTS.values()}
    assert set(NETS) == {n for n, line in FAMILIES.items() if issubclass(line.load(), Network)}


@everywhere
def test_shapes(variant: str, mode: str) -> None:
    tokenizer, stream = world(mode)
    model = build(variant, tokenizer.vocabulary)
    batch = batch_of(model, stream)
    inputs, targets = batch.inputs, batch.targets
    logits = model(torch.from_numpy(inputs))
    assert logits.shape == (*targets.shape, tokenizer.vocab_size)
    losses = model.token_losses(inputs, targets)
    assert losses.shape == targets.shape
    assert (losses[targets < 0] == 0).all()
    assert (losses[targets >= 0] > 0).all()


@everywhere
def test_next_logits_are_what_losses_are_made_of(variant: str, mode: str) -> None:
    tokenizer, stream = world(mode)
    model = build(variant, tokenizer.vocabulary)
    batch = batch_of(model, stream)
    inputs, targets = batch.inputs, batch.targets
    logits = model.next_logits(inputs)
    assert logits.shape == (*targets.shape, tokenizer.vocab_size)
    real = targets >= 0
    logp = log_softmax(logits[real])
    found = -logp[np.arange(real.sum()), targets[real]]
    np.testing.assert_allclose(found, model.token_losses(inputs, targets)[real], atol=1e-5)


@everywhere
def test_by_hand_equals_autograd(variant: str, mode: str) -> None:
    tokenizer, stream = world(mode)
    model = build(variant, tokenizer.vocabulary).double()
    away_from_zero(model)
    batch = batch_of(model, stream)
    rng = torch.get_rng_state()
    loss = model.loss(batch)
    loss.backward()  # type: ignore[no-untyped-call]
    theirs = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    assert len(theirs) == len(list(model.parameters()))
    model.zero_grad()
    torch.set_rng_state(rng)
    with torch.no_grad():
        again, backward = model.loss_vjp(batch)
        backward()
    close(again, loss)
    largest = max(float(g.abs().max()) for g in theirs.values())
    for name, p in model.named_parameters():
        assert p.grad is not None, name
        # A bias before BatchNorm has a gradient of zero, in either way up to rounding.
        if float(theirs[name].abs().max()) > 1e-12 * largest:
            close(p.grad, theirs[name])
        else:
            assert float(p.grad.abs().max()) <= 1e-12 * largest


@everywhere
def test_the_first_loss_is_near_that_of_guessing(variant: str, mode: str) -> None:
    tokenizer, stream = world(mode)
    loss = mean_loss(build(variant, tokenizer.vocabulary), stream)
    assert loss == pytest.approx(math.log(tokenizer.vocab_size), abs=0.15)


def test_one_text_is_drawn_on_one_thread() -> None:
    model = build("gpt", world()[0].vocabulary)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with model.stepping(1):
            assert torch.get_num_threads() == 1
        with model.stepping(5):
            assert torch.get_num_threads() == 2
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


@everywhere
def test_step_equals_forward(variant: str, mode: str) -> None:
    tokenizer, stream = world(mode)
    model = build(variant, tokenizer.vocabulary).eval()
    away_from_zero(model, std=0.1)
    ids = stream.ids[stream.first : stream.first + 12].astype(np.int64)
    if mode != "text":
        ids = tokenizer.encode("isabella")
    before = np.concatenate([[tokenizer.start], ids[:-1]])
    given = None if mode != "given" else np.array([[2, 1], [2, 1]])
    logits, state = model.start(np.array([[tokenizer.start]] * 2), given)
    stepped = [logits[0]]
    for token in before[1:]:
        logits, state = model.step(np.array([token, token]), state)
        stepped.append(logits[0])
        np.testing.assert_allclose(logits[0], logits[1], atol=1e-6)
    if mode != "given":
        assert_first_step_is_a_start(model, tokenizer.start, stepped[0])
    if mode == "given":
        told = Given(np.array([[2, 1]]), tokenizer.vocabulary)
        rows = encode_lines(("isabella",), tokenizer, told)
        inputs = rows.rows(np.array([1]), np.array([len(ids)]))[0]
        if model.reads == "window":
            inputs = rows.windows(1 + np.arange(len(ids)), model.block_size)[0]
    elif model.reads == "window":
        padded = np.concatenate([np.full(model.block_size, tokenizer.start), ids[:-1]])
        inputs = np.lib.stride_tricks.sliding_window_view(padded, model.block_size).copy()
        assert len(inputs) == len(ids)
    else:
        inputs = before[None]
    whole = model(torch.from_numpy(inputs)).detach().numpy()
    np.testing.assert_allclose(np.stack(stepped), whole.reshape(len(ids), -1), atol=1e-5)


def assert_first_step_is_a_start(model: Network, start: int, logits: Any) -> None:
    """Without a state the tokens that are read are the first."""
    np.testing.assert_allclose(model.step(np.array([start]), None)[0][0], logits, atol=1e-6)


@pytest.mark.parametrize("variant", [*CONDITIONED, "counts", "mixture"])
def test_what_is_given_holds_for_all_that_follows(variant: str) -> None:
    """Read at once, token by token, and in places that were selected; and given to a `Guided`."""
    tokenizer, stream = world("given")
    model = conditioned(variant, tokenizer, stream)
    ids = np.stack(
        [tokenizer.encode(text) for text in ("isabellaava", "oliviaamean", "harperperha")]
    )
    ids = np.pad(ids, ((0, 0), (1, 0)), constant_values=tokenizer.start)
    given = np.array([[1, 3], [0, 0], [2, 0]])
    logits, state = model.start(ids[:, :4], given)
    places = np.array([2, 0, 0])
    state = model.select(state, places)
    for at in range(4, 12):
        logits, state = model.step(ids[places, at], state)
    whole, _ = model.start(ids, given)
    np.testing.assert_allclose(logits, whole[places], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(model.start(ids[1:2])[0], whole[1:2], rtol=1e-5, atol=1e-5)
    assert not np.allclose(model.start(ids)[0][0], whole[0], atol=1e-3)
    for row, values in enumerate(given):
        own = Guided(model, values)
        np.testing.assert_allclose(own.start(ids[row])[0][0], whole[row], rtol=1e-5, atol=1e-5)
    plain, told = (log_softmax(model.start(ids[:1], g)[0]) for g in (None, given[:1]))
    more = Guided(model, given[0], guidance=2.5)
    logits, state = more.start(ids[:1, :6])
    for at in range(6, 12):
        logits, state = more.step(ids[:1, at], more.select(state, np.array([0])))
    expected = log_softmax(plain + 2.5 * (told - plain))
    np.testing.assert_allclose(log_softmax(logits), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("variant", [*CONDITIONED, "counts", "mixture"])
def test_losses_of_rows_are_those_of_a_model_with_the_values_given(variant: str) -> None:
    tokenizer, stream = world("given")
    model = conditioned(variant, tokenizer, stream)
    line, values = "isabella", np.array([[1, 2]])
    told = encode_lines((line,), tokenizer, Given(values, tokenizer.vocabulary))
    found = float(example_nats(model, told)[0])
    own = Guided(model, values[0])
    assert score(own, tokenizer, line).total == pytest.approx(found, rel=1e-5)
    bare = encode_lines((line,), tokenizer)
    assert example_nats(own, bare)[0] == pytest.approx(found, rel=1e-5)
    guided = Guided(model, values[0], guidance=1.5)
    assert example_nats(guided, bare)[0] == pytest.approx(
        score(guided, tokenizer, line).total, rel=1e-5
    )
    assert example_nats(model, bare)[0] == pytest.approx(
        score(model, tokenizer, line).total, rel=1e-5
    )


def conditioned(variant: str, tokenizer: Any, stream: Stream) -> Any:
    """A model with conditions, of which each value tells something."""
    if variant == "counts":
        counts = NGram(NGramSettings(order=3, smoothing="add"), tokenizer.vocabulary).fit(stream)
        assert counts.conditioned is not None
        counts.conditioned.shares = [np.full(n, 0.4) for n in SIZES]
        return counts
    if variant == "mixture":
        families = ("gru", "ngram")
        settings = ('{"n_hidden": 8, "n_embd": 4}', '{"order": 2, "smoothing": "add"}')
        mixture = Mixture(MixtureSettings(families, settings), tokenizer.vocabulary)
        away_from_zero(mixture.members[0])  # type: ignore[arg-type]
        mixture.members[1].fit(stream)  # type: ignore[attr-defined]
        return mixture
    model = build(variant, tokenizer.vocabulary).eval()
    away_from_zero(model)
    return model


AFTER = 3  # tokens read one by one after a prompt


@each
@pytest.mark.parametrize(("kind", "near"), [(torch.float32, 1e-5), (torch.float64, 1e-10)])
def test_a_prompt_is_read_at_once_as_token_by_token(
    variant: str, kind: torch.dtype, near: float
) -> None:
    tokenizer, _ = world("text")
    model = build(variant, tokenizer.vocabulary).to(kind).eval()
    away_from_zero(model)
    size = min(model.block_size, model.context or model.block_size)
    lengths = sorted({1, 2, size, size + 1, 2 * size + 5})
    ids = np.random.default_rng(0).integers(0, tokenizer.vocab_size, (2, lengths[-1] + AFTER))
    state: Any = None
    stepped = []
    for column in ids.T:
        logits, state = model.step(column, state)
        stepped.append(logits)
    for length in lengths:
        logits, state = model.start(ids[:, :length])
        np.testing.assert_allclose(logits, stepped[length - 1], rtol=near, atol=near)
        for at in range(length, length + AFTER):
            logits, state = model.step(ids[:, at], state)
            np.testing.assert_allclose(logits, stepped[at], rtol=near, atol=near)


@each
def test_one_beginning_goes_on_in_many_places(variant: str) -> None:
    tokenizer, _ = world()
    model = build(variant, tokenizer.vocabulary).eval()
    prompt = np.concatenate([[tokenizer.start], tokenizer.encode("ann")])
    logits, state = model.start(prompt)
    assert logits.shape == (1, tokenizer.vocab_size)
    state = model.select(state, np.zeros(3, dtype=np.int64))
    for tokens in tokenizer.encode("abeisoeee").reshape(3, 3):
        logits, state = model.step(tokens, state)
        prompt = np.concatenate(
            [np.broadcast_to(prompt, (3, prompt.shape[-1])), tokens[:, None]], 1
        )
        np.testing.assert_allclose(logits, model.start(prompt)[0], rtol=1e-5, atol=1e-5)


def test_a_generation_begins_with_something() -> None:
    model = build("mlp", world()[0].vocabulary)
    with pytest.raises(ValueError, match="at least one token"):
        model.start(np.empty(0, dtype=np.int64))


def test_of_a_long_beginning_no_more_is_read_than_matters() -> None:
    tokenizer, _ = world()
    model = build("gpt window shorter than the row", tokenizer.vocabulary).eval()
    seen: list[int] = []
    first = model.net.chain[0]
    begin = first.begin
    first.begin = lambda x: seen.append(x.shape[1]) or begin(x)  # type: ignore[method-assign, func-returns-value]
    ids = np.random.default_rng(0).integers(0, tokenizer.vocab_size, 40)
    logits, _ = model.start(ids)
    # Two layers that each see three positions before their own.
    assert seen == [1 + 2 * 3]
    np.testing.assert_allclose(logits, model.start(ids[-20:])[0], atol=1e-5)


@each
def test_a_model_is_freed_when_it_is_let_go(variant: str) -> None:
    # Its parts do not hold it: large ones cannot wait for the garbage collector.
    model = build(variant, world()[0].vocabulary)
    model.start(np.array([0]))
    there = weakref.ref(model)
    gc.disable()
    try:
        del model
        assert there() is None
    finally:
        gc.enable()


@each
def test_the_future_is_not_seen(variant: str) -> None:
    tokenizer, _ = world()
    model = build(variant, tokenizer.vocabulary).eval()
    for p in model.parameters():
        p.data.add_(torch.randn(p.shape, generator=torch.Generator().manual_seed(9)))
    ids = tokenizer.encode("isabella")
    changed = ids.copy()
    changed[5:] = 1

    def logits(ids: Any) -> Any:
        if model.reads == "sequence":
            return model(torch.from_numpy(ids[None]))[0].detach().numpy()
        stream = Stream(np.concatenate([[0], ids, [0]]), 1, boundary=0, start=0)
        contexts, _ = stream.windows(np.arange(1, len(ids) + 1), model.block_size)
        return model(torch.from_numpy(contexts)).detach().numpy()

    # In a window the first five see what stands before them; in a row, up to themselves.
    np.testing.assert_array_equal(logits(ids)[:5], logits(changed)[:5])
    assert not np.array_equal(logits(ids), logits(changed))


@each
@pytest.mark.parametrize("gradients", ["hand", "autograd"])
@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_resumes_exactly(variant: str, gradients: str, optimizer: str) -> None:
    tokenizer, stream = world()
    changes: dict[str, Any] = {"gradients": gradients, "optimizer": optimizer}
    if optimizer == "sgd":
        changes["momentum"] = 0.9
    settings = TrainingSettings(
        steps=12, learning_rate=0.02, evaluate_every=5, checkpoint_every=3, **changes
    )

    def trainer() -> Trainer:
        torch.manual_seed(0)
        model = build(variant, tokenizer.vocabulary)
        size, lead = model.block_size, model.lead
        batches = make_batches(
            stream, model.reads, block_size=size, batch_size=8, seed=3, lead=lead
        )
        return Trainer(
            model, batches, settings, lambda: Evaluation({"dev": mean_loss(model, stream)})
        )

    whole = trainer()
    whole.run()
    first = trainer()
    with stopped_at(7):
        assert first.run() == "interrupted"
    kept = first.state()
    second = trainer()
    second.load_state(*kept)
    assert second.run() == "finished"
    for (name, array), other in zip(
        whole.state()[0].items(), second.state()[0].values(), strict=True
    ):
        np.testing.assert_array_equal(array, other, err_msg=name)
    assert second.best == whole.best


@each
def test_one_batch_can_be_learned_by_heart(variant: str) -> None:
    tokenizer, stream = world()
    # A head that must do without a residual is easily stuck: two places that see the same one.
    seed = 2 if variant == "gpt lecture's one head" else 0
    model = build(variant, tokenizer.vocabulary, seed)
    batch = batch_of(model, stream, 6)
    if model.reads == "sequence":
        # A bigram cannot tell the two a of ava apart: a batch without such pairs.
        single = encode_lines(("mia",), tokenizer)
        batch = batch_of(model, single, 1)

    settings = TrainingSettings(
        steps=500, learning_rate=0.03, weight_decay=0.0, schedule="constant", patience=0
    )
    limit = {"bigram l2": 1.0, "mlp dropout": 0.5, "bow dropout": 0.5}.get(variant, 0.1)
    limit += ambiguity(batch.inputs, batch.targets)

    def learned() -> bool:
        model.eval()
        with torch.no_grad():
            logits = model(torch.from_numpy(batch.inputs))
            found = float(model.cross_entropy(logits, torch.from_numpy(batch.targets)))
        model.train()
        return found < limit

    trainer = Trainer(model, Same(batch), settings, lambda: Evaluation({"dev": 0.0}))
    model.train()
    # Within 500 steps, and no more of them than it takes.
    while trainer.step < settings.steps and not (trainer.step % 20 == 0 and learned()):
        trainer.update()
    assert learned()


def ambiguity(inputs: Any, targets: Any) -> float:
    """The least possible loss of a batch in which the same context has several targets."""
    if targets.ndim > 1:
        return 0.0
    seen: dict[tuple[int, ...], list[int]] = {}
    for row, target in zip(inputs.tolist(), targets.tolist(), strict=True):
        seen.setdefault(tuple(row), []).append(target)
    total = sum(
        -math.log(group.count(target) / len(group)) for group in seen.values() for target in group
    )
    return total / len(targets)


@each
def test_a_net_that_was_used_can_be_trained(variant: str) -> None:
    # What a layer remembers of its use must not be taken for what it says of its parameters.
    tokenizer, stream = world()
    model = build(variant, tokenizer.vocabulary)
    mean_loss(model, stream)
    assert FlatParameters(model, ()).values.numel()


@each
def test_arrays_bring_a_model_back(variant: str) -> None:
    tokenizer, stream = world()
    model = build(variant, tokenizer.vocabulary, seed=1)
    other = build(variant, tokenizer.vocabulary, seed=2)
    with torch.no_grad():
        model(torch.from_numpy(batch_of(model, stream).inputs))  # BatchNorm's statistics move too
        for p in model.parameters():
            p.add_(0.1)
    other.load_arrays(model.arrays())
    assert mean_loss(model, stream) == mean_loss(other, stream)
    arrays = model.arrays()
    arrays.popitem()
    with pytest.raises(RunError, match="do not match"):
        other.load_arrays(arrays)


def test_settings_are_their_json() -> None:
    for name, changes in VARIANTS.values():
        kind = family(name).load().Settings
        made = kind(**changes)
        assert kind.from_dict(made.as_dict()) == made


def test_an_unknown_family_is_an_error_that_names_the_known() -> None:
    with pytest.raises(SettingsError, match="Unknown model family 'gpt9'") as caught:
        family("gpt9")
    assert "mlp" in caught.value.hint


# --- the lectures' sizes ----------------------------------------------------------------------

LETTERS = Vocabulary(27, boundary=0, start=0)


@pytest.mark.parametrize(
    ("changes", "parameters"),
    [
        ({"norm": "none"}, 11_897),
        ({}, 12_097),
        ({"bias_before_norm": True}, 12_297),
        ({"n_hidden": (100,) * 5, "output_norm": True}, 47_024),
        ({"n_hidden": (100,) * 5, "norm": "none"}, 46_497),
        ({"block_size": 8}, 22_097),
    ],
)
def test_the_lectures_nets_are_settings_of_the_mlp(
    changes: dict[str, Any], parameters: int
) -> None:
    base: dict[str, Any] = {"block_size": 3, "n_embd": 10, "n_hidden": (200,)}
    assert MLP(MLPSettings(**{**base, **changes}), LETTERS).n_parameters == parameters


def test_a_confident_start_is_the_lectures_first_mistake() -> None:
    tokenizer, stream = world()
    settings = MLPSettings(
        block_size=3, n_embd=10, n_hidden=(200,), norm="none", init="normal", gain=1.0,
        output_gain=1.0,
    )  # fmt: skip
    model = MLP(settings, tokenizer.vocabulary, torch.Generator().manual_seed(0))
    assert mean_loss(model, stream) > 10


def test_settings_without_effect_are_refused() -> None:
    wrong: list[dict[str, Any]] = [
        {"norm": "none", "output_norm": True},
        {"norm": "layer", "bias_before_norm": True},
        {"n_hidden": ()},
        {"n_hidden": (0,)},
        {"n_embd": -1},
        {"gain": 0.0},
    ]
    for changes in wrong:
        with pytest.raises(HornbookError):
            MLPSettings(**changes)


# --- the bigram net ----------------------------------------------------------------------------


def test_one_hot_times_the_matrix_is_a_row_of_the_table() -> None:
    tokenizer, stream = world()
    table = Bigram(BigramSettings(), tokenizer.vocabulary).double()
    product = Bigram(BigramSettings(one_hot=True), tokenizer.vocabulary).double()
    logits = torch.randn(tokenizer.vocab_size, tokenizer.vocab_size, dtype=torch.float64)
    table.weight.data.copy_(logits)
    product.weight.data.copy_(logits.t())
    batch = batch_of(table, stream)
    found = []
    for model in (table, product):
        with torch.no_grad():
            loss, backward = model.loss_vjp(batch)
            backward()
        assert model.weight.grad is not None
        found.append((loss, model.weight.grad))
    close(found[0][0], found[1][0])
    close(found[0][1], found[1][1].t())
    close(table.matrix(), product.matrix())


@cache
def trained_bigram(**changes: Any) -> tuple[Bigram, NGram, Stream]:
    lines = tuple(random_lines())
    tokenizer = CharTokenizer.fit(lines, boundary=True)
    stream = encode_lines(lines, tokenizer)
    counts = NGram(NGramSettings(order=2, smoothing="mle"), tokenizer.vocabulary).fit(stream)
    model = Bigram(BigramSettings(**changes), tokenizer.vocabulary)
    settings = TrainingSettings(
        steps=800, batch_size=64, learning_rate=0.1, weight_decay=0.0, patience=0
    )
    batches = make_batches(stream, "sequence", block_size=64, batch_size=64, seed=0)
    Trainer(model, batches, settings, lambda: Evaluation({"dev": 0.0})).run()
    return model, counts, stream


def random_lines() -> list[str]:
    rng = np.random.default_rng(0)
    return ["".join(rng.choice(list("abcd"), rng.integers(1, 9))) for _ in range(600)]


def test_the_bigram_net_learns_the_counts() -> None:
    model, counts, stream = trained_bigram()
    assert mean_loss(model, stream) == pytest.approx(mean_loss(counts, stream), abs=0.003)
    learned = torch.softmax(model.matrix(), 1).numpy()
    rows = np.arange(len(learned))[:, None]
    np.testing.assert_allclose(learned, counts.probabilities(rows), atol=0.02)


def test_weight_decay_treats_both_forms_alike() -> None:
    tokenizer, stream = world()
    found = []
    for one_hot in (False, True):
        model = Bigram(BigramSettings(one_hot=one_hot), tokenizer.vocabulary)
        settings = TrainingSettings(steps=50, learning_rate=0.1, weight_decay=1.0, patience=0)
        batches = make_batches(stream, "sequence", block_size=64, batch_size=8, seed=0)
        Trainer(model, batches, settings, lambda: Evaluation({"dev": 0.0})).run()
        found.append(model.matrix())
    close(found[0], found[1], 1e-4)


def test_l2_pulls_towards_uniform() -> None:
    free, _, _ = trained_bigram()
    pulled, _, _ = trained_bigram(l2=1.0)
    v = pulled.vocabulary.size
    spread = [float((torch.softmax(m.matrix(), 1) - 1 / v).abs().max()) for m in (free, pulled)]
    assert spread[1] < 0.7 * spread[0]


def test_the_seed_decides_the_start() -> None:
    tokenizer, _ = world()
    first, same, other = (build("mlp", tokenizer.vocabulary, seed) for seed in (4, 4, 5))
    start, again, different = (dict(m.named_parameters()) for m in (first, same, other))
    for name, p in start.items():
        assert torch.equal(p, again[name])
    assert any(not torch.equal(p, different[name]) for name, p in start.items())


# --- the bag of words --------------------------------------------------------------------------


def bag_of_words(tokenizer: CharTokenizer, **changes: Any) -> BagOfWords:
    settings = BagOfWordsSettings(**{"n_embd": 8, "n_hidden": 12, **changes})
    return BagOfWords(settings, tokenizer.vocabulary, torch.Generator().manual_seed(0))


@pytest.mark.parametrize("block_size", [1, 2, 3, 5, 8])
def test_a_bag_begins_with_the_row_that_stepping_would_have_come_to(block_size: int) -> None:
    tokenizer, _ = world("text")
    model = bag_of_words(tokenizer, block_size=block_size, output_gain=1.0)
    ids = tokenizer.encode(TEXT[:40])
    stepped: Any = None
    for at in range(len(ids)):
        expected, stepped = model.step(ids[at : at + 1], stepped)
        found, state = model.start(ids[: at + 1])
        np.testing.assert_allclose(found, expected, atol=1e-5)
        assert (state.count, state.recent.tolist()) == (stepped.count, stepped.recent.tolist())


@pytest.mark.parametrize("block_size", [1, 2, 5, 8])
@modes
def test_a_bag_reads_on_past_its_block_as_it_is_measured(mode: str, block_size: int) -> None:
    tokenizer, _ = world(mode)
    model = bag_of_words(tokenizer, block_size=block_size, output_gain=1.0)
    long = "isabellaolivia" * 2 if mode == "lines" else TEXT[:37]
    lines = mode == "lines"
    stream = encode_lines((long,), tokenizer) if lines else encode_text(long, tokenizer)
    loss = measure(model, stream, tokenizer)
    assert loss.tokens == len(stream) > 2 * block_size
    assert score(model, tokenizer, long).total == pytest.approx(loss.total)


def test_a_bag_past_its_block_sees_half_of_it_at_least() -> None:
    tokenizer, _ = world("text")
    model = bag_of_words(tokenizer, block_size=6)
    ids = tokenizer.encode(TEXT[:40])
    state = None
    for at, token in enumerate(ids):
        logits, state = model.step(np.array([token]), state)
        # Rows begin at 0, and, the first being full, at 3 (read again from there at 6), 6, 9, ...
        begin = 0 if at < 6 else at - 3 - at % 3
        row = model(torch.from_numpy(ids[None, begin : at + 1]))[0, -1]
        np.testing.assert_allclose(logits[0], row.detach().numpy(), atol=1e-5)


def test_places_of_a_bag_go_on_by_themselves() -> None:
    tokenizer, _ = world()
    model = bag_of_words(tokenizer, block_size=4)
    words = np.stack([tokenizer.encode(word) for word in ("isabella", "sophiaaa", "emmamiaa")])
    places = np.array([2, 0])
    whole: Any = None
    some: Any = None
    for at in range(words.shape[1]):
        logits, whole = model.step(words[:, at], whole)
        if at == 2:
            some = model.select(whole, places)
        elif at > 2:
            found, some = model.step(words[places, at], some)
            np.testing.assert_allclose(found, logits[places], atol=1e-6)


def test_the_form_of_the_average_changes_nothing() -> None:
    tokenizer, stream = world()
    found = [
        mean_loss(bag_of_words(tokenizer, form=form), stream)
        for form in ("loop", "product", "softmax")
    ]
    assert found == pytest.approx([found[0]] * 3, rel=1e-6)


@pytest.mark.parametrize("variant", ["gpt", "gpt gelu, tied, capped", "mlp", "lstm", "wavenet"])
def test_losses_of_a_large_vocabulary_are_made_in_parts(
    variant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer, stream = world()
    model = build(variant, tokenizer.vocabulary)
    batch = batch_of(model, stream)
    whole = model.token_losses(batch.inputs, batch.targets)
    monkeypatch.setattr("hornbook.text.models.network.MANY", 3 * tokenizer.vocab_size)
    parts = model.token_losses(batch.inputs, batch.targets)
    assert parts.shape == whole.shape
    assert np.allclose(parts, whole, rtol=1e-5, atol=1e-6)
