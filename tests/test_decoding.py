"""Rows read token by token in compiled code: as their layers read them, and taken where it pays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from hornbook.nn import decoding as choosing
from hornbook.nn import keeping_outputs
from hornbook.nn.compiled_decoding import CompiledRows
from hornbook.nn.decoding import Account, decoding_by
from hornbook.nn.decoding_plan import DecodingPlan
from hornbook.text.models import family
from hornbook.text.models.gpt import GPT, GPTSettings
from hornbook.text.sampling import SamplingSettings, sample
from hornbook.tokenizers.characters import CharTokenizer

pytest.importorskip("numba", reason="Numba is not installed")

TOKENIZER = CharTokenizer.fit(["".join(map(chr, range(97, 123)))], boundary=True)
PLAIN: dict[str, Any] = {"n_layer": 2, "n_head": 2, "n_embd": 36, "block_size": 12}
AS_GPT2 = {"position": "learned", "norm": "layer", "feed_forward": "gelu", "qk_norm": False}
NETS: dict[str, dict[str, Any]] = {
    "default": {},
    "shared keys": {"n_kv_head": 1, "norm_gain": True, "bias": True},
    "GPT-2": {**AS_GPT2, "bias": True, "tied": True},
    "GPT-2 without biases": {**AS_GPT2, "feed_forward": "gelu_tanh"},
    "Llama": {"feed_forward": "swiglu", "norm_gain": True, "qk_norm": False, "softcap": 5.0},
    "no residuals": {"residual": False, "feed_forward": "relu", "norm": "none"},
    "attention alone": {"attention_projection": False, "feed_forward": "none"},
}


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    """One of its own for each test."""
    made = Account()
    monkeypatch.setattr(choosing, "ACCOUNT", made)
    return made


def gpt(**settings: Any) -> GPT:
    """A small net whose weights all say something."""
    made = GPT(
        GPTSettings(**{**PLAIN, **settings}), TOKENIZER.vocabulary, torch.Generator().manual_seed(1)
    )
    with torch.no_grad():
        for p in made.parameters():
            p.add_(torch.randn(p.shape, generator=torch.Generator().manual_seed(2)), alpha=0.1)
    return made.eval()


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("rows", [1, 3, 133])
def test_kernels_read_as_layers_do(name: str, rows: int) -> None:
    model, numbers = gpt(**NETS[name]), np.random.default_rng(0)
    steps = 8 if "position" in NETS[name] else 20  # beyond the window, whose cache is a ring
    begun = torch.from_numpy(numbers.integers(0, 27, (rows, 3)))
    with torch.no_grad():
        _, compiled = model.net.begin(begun)
        double = model.double().net
        _, state = double.begin(begun)
        ours: Any = CompiledRows.of(compiled, DecodingPlan([gpt(**NETS[name]).net]))
        for step in range(steps):
            if step == 4:  # some rows leave, and one comes twice
                left = numbers.integers(0, rows, max(1, rows // 2))
                places = torch.from_numpy(left)
                ours, state = ours.pick(places), double.pick(state, places)
                rows = len(left)
            ids = numbers.integers(0, 27, rows)
            logits, state = double.advance(torch.from_numpy(ids), state)
            found, ours = ours.step(ids)
            np.testing.assert_allclose(found, logits.numpy(), rtol=2e-5, atol=2e-5)


def drawn(model: Any, **settings: Any) -> list[str]:
    """Samples, as text."""
    chosen = SamplingSettings(**{"n": 1, "seed": 3, "longest": 40, **settings})
    return [one.text for one in sample(model, TOKENIZER, chosen, longest=40)]


@pytest.mark.parametrize("name", ["default", "GPT-2"])
@pytest.mark.parametrize("settings", [{}, {"n": 40}, {"temperature": 0.0}, {"top_p": 0.8, "n": 3}])
def test_samples_are_the_same(name: str, settings: dict[str, Any]) -> None:
    model = gpt(**NETS[name])
    with decoding_by("layers"):
        expected = drawn(model, **settings)
    with decoding_by("compiled"):
        assert drawn(model, **settings) == expected


def test_a_sampling_after_training_reads_the_new_weights() -> None:
    model = gpt()
    with decoding_by("compiled"):
        before = drawn(model, n=40)
        with torch.no_grad():
            for p in model.parameters():
                p.mul_(-1.5)
        after = drawn(model, n=40)
    with decoding_by("layers"):
        assert drawn(model, n=40) == after != before


def test_what_has_no_kernels_goes_by_layers() -> None:
    gru = family("gru").load()
    recurrent = gru(gru.Settings(n_embd=8, n_hidden=8), TOKENIZER.vocabulary)
    models: list[Any] = [recurrent, gpt().double(), gpt().in_eight_bits()]
    models[2], _ = models[2]
    for model in models:
        with decoding_by("compiled"):
            assert drawn(model)
        assert model.decoding.refused


def test_adapters_that_are_merged_have_kernels() -> None:
    model = gpt(lora_rank=2)
    with decoding_by("compiled"):
        apart = drawn(model)
        assert model.decoding.refused
        model.merge()
        assert drawn(model) == apart
        assert not model.decoding.refused


def test_layers_that_are_observed_are_asked() -> None:
    model = gpt()
    with decoding_by("compiled"), keeping_outputs(model.net):
        assert drawn(model)
        head = model.net.chain[-1]
        assert head.out.shape == (1, 27)
    with decoding_by("compiled"):
        assert drawn(model)


def test_they_are_taken_once_they_pay(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    from hornbook.kernels import kept

    model, asked = gpt(), []

    def are_kept(which: list[str]) -> bool:
        asked.extend(which)
        return False

    monkeypatch.setattr(kept, "are_kept", are_kept)
    drawn(model, n=20, longest=4)
    assert 0 < account.saved < choosing.LOADING
    assert account.ready is None
    assert not asked
    account.saved = choosing.LOADING  # they would pay if they were kept
    drawn(model, n=20, longest=4)
    assert asked == ["decoding"]
    assert account.ready is None
    account.saved = choosing.COMPILING
    assert account.takes(1, 1)
    assert account.ready


def test_they_are_taken_in_the_middle_of_a_text(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hornbook.kernels import kept

    monkeypatch.setattr(kept, "are_kept", lambda what: True)
    for name in ("default", "GPT-2"):
        model = gpt(**NETS[name])
        vars(account).update(
            ready=None, asked=False, saved=choosing.LOADING - 100 * choosing.PRICE
        )  # 5 tokens
        text = drawn(model)
        assert len(text[0]) > 8
        assert account.takes(1, 1)
        with decoding_by("layers"):
            assert drawn(model) == text


def test_large_products_are_a_librarys() -> None:
    model = gpt()
    _, state = model.memory.start(model, np.zeros((1, 2), np.int64))
    with decoding_by("compiled"):
        assert model.decoding.rows(model.net, state, 3)
        many = 1 + choosing.LARGE // model.decoding.multiplications
        assert model.decoding.rows(model.net, state, many - 1)
        assert model.decoding.rows(model.net, state, many) is None
        model.decoding.multiplications = choosing.HEAVY + 1  # turning its weights takes long
        assert model.decoding.rows(model.net, state, 3)
        assert model.decoding.rows(model.net, state, 4) is None


@pytest.mark.parametrize("rows", [1, 300])
def test_threads_make_the_same_bits(rows: int) -> None:

    model, ids = gpt(n_embd=64), np.random.default_rng(0).integers(0, 27, (rows, 4))
    found = []
    for threads in (1, 2, 3):
        _, state = model.memory.start(model, ids[:, :2])
        ours: Any = CompiledRows.of(state, DecodingPlan([model.net]))
        _, ours = ours.step(ids[:, 2], threads)
        found.append(ours.step(ids[:, 3], threads)[0])
    assert (found[0] == found[1]).all()
    assert (found[0] == found[2]).all()


def test_gelu_is_exact_to_rounding() -> None:
    from hornbook.kernels.decoding_layers import gelu

    x = np.concatenate([np.linspace(-14, 14, 4_001), [0.0, 1e-30, -1e-30]]).astype(np.float32)
    made = x.copy()
    gelu(made, 0, len(made))
    exact = x * torch.erfc(torch.from_numpy(x).double() * -(0.5**0.5)).numpy() / 2
    # ε of the result, and of what is computed of x²: where that is large the result is tiny.
    bound = 2 * np.finfo(np.float32).eps * (1 + np.square(x, dtype=np.float64)) * np.abs(exact)
    assert (np.abs(made - exact) <= bound + 1e-37).all()
