"""Attention, rotary positions, and what the transformer brought, in float64 against torch's own."""

from __future__ import annotations

import gc
import math
import weakref
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from hornbook.nn import (
    Rotary,
    SelfAttention,
    scaled_dot_product,
)
from hornbook.nn.cross_attention import CrossAttention
from hornbook.nn.scaled_dot_product import attend, attend_causally, softmax
from tests.referee import close, finite_difference, hand_equals_autograd, normal

sizes = st.integers(1, 5)
seeds = st.integers(0, 2**20)
examples = settings(max_examples=25)


def hidden(length: int, window: int | None) -> Tensor:
    """Which keys each query must not see, place by place as the words say it."""
    return torch.tensor(
        [
            [key > query or (window is not None and key <= query - window) for key in range(length)]
            for query in range(length)
        ]
    )


def masked(length: int, window: int | None) -> Tensor:
    zeros = torch.zeros(length, length, dtype=torch.float64)
    return zeros.masked_fill(hidden(length, window), -math.inf)


# --- the product itself ------------------------------------------------------------------------


@given(sizes, st.integers(1, 7), sizes, st.sampled_from(["all", "causal", "window"]), seeds)
@examples
def test_attend_is_torchs(n: int, length: int, size: int, sees: str, seed: int) -> None:
    q, k, v = (normal(n, length, size, seed=seed + i).requires_grad_() for i in range(3))
    mask = None if sees == "all" else masked(length, 2 if sees == "window" else None)
    theirs = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    dy = normal(n, length, size, seed=seed + 3)
    expected = torch.autograd.grad(theirs, (q, k, v), dy)
    with torch.no_grad():
        y, backward = attend(q, k, v, mask)
        found = backward(dy)
    close(y, theirs)
    for mine, other in zip(found, expected, strict=True):
        close(mine, other, 1e-9)
    if sees == "causal":
        close(y, F.scaled_dot_product_attention(q, k, v, is_causal=True))


@pytest.mark.parametrize("size", [1.0, 60.0, 200.0, 1e4])
def test_weights_of_large_and_small_scores_are_torchs(size: float) -> None:
    # Powers of what is far from 0 are too large or too small for float32.
    for sign in (1, -1):
        scores = sign * size * normal(3, 5, 7).abs().float()
        scores[0, 0, :4] = -math.inf
        with torch.no_grad():
            close(softmax(scores), torch.softmax(scores, -1), 1e-6)


def test_attend_takes_more_keys_than_queries() -> None:
    q, k, v = normal(2, 3, 4), normal(2, 6, 4, seed=1), normal(2, 6, 4, seed=2)
    close(attend(q, k, v, None)[0], F.scaled_dot_product_attention(q, k, v))


@pytest.mark.parametrize("window", [None, 7, 40, 100])
@pytest.mark.parametrize("length", [31, 32, 33, 100])
@pytest.mark.parametrize("long", [4096, 10])
def test_queries_taken_some_at_a_time_are_torchs(
    long: int, length: int, window: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scaled_dot_product, "LONG", long)  # so that both ways back are gone
    q, k, v = (normal(2, length, 4, seed=i).requires_grad_() for i in range(3))
    mask = masked(length, window)
    theirs = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    dy = normal(2, length, 4, seed=3)
    expected = torch.autograd.grad(theirs, (q, k, v), dy)
    with torch.no_grad():
        y, backward = attend_causally(q, k, v, mask, window)
        found = backward(dy)
    close(y, theirs)
    for mine, other in zip(found, expected, strict=True):
        close(mine, other, 1e-9)


def test_weights_made_anew_are_dropped_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scaled_dot_product, "LONG", 10)
    q, k, v = (normal(2, 70, 4, seed=i).requires_grad_() for i in range(3))
    mask, dy = masked(70, None), normal(2, 70, 4, seed=3)
    torch.manual_seed(3)
    y = attend_causally(q, k, v, mask, None, 0.3)[0]
    expected = torch.autograd.grad(y, (q, k, v), dy)
    torch.manual_seed(3)
    with torch.no_grad():
        again, backward = attend_causally(q, k, v, mask, None, 0.3)
        torch.randn(5)  # the way back does not hang on what was drawn in between
        close(again, y)
        for mine, other in zip(backward(dy), expected, strict=True):
            close(mine, other, 1e-9)


def test_dropped_weights_have_no_gradient_and_the_mean_stays() -> None:
    q, k, v = (normal(1, 3, 4, seed=i).requires_grad_() for i in range(3))
    dy = normal(1, 3, 4, seed=4)
    torch.manual_seed(3)
    expected = torch.autograd.grad(attend(q, k, v, None, 0.4)[0], (q, k, v), dy)
    torch.manual_seed(3)
    with torch.no_grad():
        found = attend(q, k, v, None, 0.4)[1](dy)
        for mine, other in zip(found, expected, strict=True):
            close(mine, other, 1e-9)
        q, k, v = (x.expand(20_000, -1, -1) for x in (q, k, v))
        many = attend(q, k, v, None, 0.4)[0]
        close(many.mean(0, keepdim=True), attend(q[:1], k[:1], v[:1], None)[0], 0.05)


# --- heads -------------------------------------------------------------------------------------


def theirs_of(mine: SelfAttention, n_embd: int) -> torch.nn.MultiheadAttention:
    """torch's layer with the same weights."""
    theirs = torch.nn.MultiheadAttention(n_embd, mine.n_head, batch_first=True).double()
    assert mine.projection is not None
    with torch.no_grad():
        pairs: list[tuple[Any, Any]] = [
            (theirs.in_proj_weight, mine.qkv.weight),
            (theirs.in_proj_bias, mine.qkv.bias),
            (theirs.out_proj.weight, mine.projection.weight),
            (theirs.out_proj.bias, mine.projection.bias),
        ]
        for one, other in pairs:
            one.copy_(other)
    return theirs


@given(sizes, st.integers(1, 6), st.integers(1, 3), st.sampled_from(["all", "causal", 2]), seeds)
@examples
def test_self_attention_is_torchs(b: int, t: int, n_head: int, sees: str | int, seed: int) -> None:
    c = 4 * n_head
    window = sees if isinstance(sees, int) else None
    mine = SelfAttention(
        c, n_head, bias=True, causal=sees != "all", window=window,
        generator=torch.Generator().manual_seed(seed),
    ).double()  # fmt: skip
    theirs = theirs_of(mine, c)
    mask = None if sees == "all" else hidden(t, window)
    x, their_x = normal(b, t, c, seed=seed), normal(b, t, c, seed=seed).requires_grad_()
    expected, _ = theirs(their_x, their_x, their_x, need_weights=False, attn_mask=mask)
    dy = normal(b, t, c, seed=seed + 1)
    expected.backward(dy)
    with torch.no_grad():
        y, backward = mine.vjp(x)
        dx = backward(dy)
    close(y, expected)
    assert their_x.grad is not None
    close(dx, their_x.grad, 1e-9)
    names = ["qkv.weight", "qkv.bias", "projection.weight", "projection.bias"]
    own = dict(mine.named_parameters())
    assert sorted(own) == sorted(names)
    for name, p in zip(names, theirs.parameters(), strict=True):
        grad = own[name].grad
        assert grad is not None
        assert p.grad is not None
        close(grad, p.grad, 1e-9)


@given(sizes, st.integers(1, 6), st.sampled_from([(4, 2), (6, 2), (3, 1)]), seeds)
@examples
def test_shared_keys_and_values_are_those_of_a_layer_that_repeats_them(
    b: int, t: int, heads: tuple[int, int], seed: int
) -> None:
    n_head, n_kv_head = heads
    c, group = 4 * n_head, n_head // n_kv_head
    mine = SelfAttention(c, n_head, n_kv_head=n_kv_head, bias=True).double()
    alone = SelfAttention(c, n_head, bias=True).double()
    with torch.no_grad():
        for own, other in ((mine.qkv.weight, alone.qkv.weight), (mine.qkv.bias, alone.qkv.bias)):
            assert own is not None
            assert other is not None
            q, k, v = torch.split(own, [c, c // group, c // group])
            k, v = (p.view(n_kv_head, 4, *p.shape[1:]).repeat_interleave(group, 0) for p in (k, v))
            other.copy_(torch.cat([q, k.flatten(0, 1), v.flatten(0, 1)]))
        assert mine.projection is not None
        assert alone.projection is not None
        alone.projection.load_state_dict(mine.projection.state_dict())
        x = normal(b, t, c, seed=seed)
        close(mine(x), alone(x))
        close(mine.weights(x), alone.weights(x))
        state = mine.begin(x)[1]
    assert state.keys.shape == (t, b, n_kv_head, 4)


def test_heads_that_cannot_be_shared_evenly_are_refused() -> None:
    with pytest.raises(ValueError, match="n_head must be a multiple of n_kv_head, 3; it is 4"):
        SelfAttention(8, 4, n_kv_head=3)


# `rotary` is a Rotary of its own for each layer: it keeps tables.
VARIANTS: dict[str, dict[str, Any]] = {
    "causal": {},
    "encoder": {"causal": False, "bias": True},
    "window": {"window": 3},
    "no projection": {"projection": False},
    "normalised": {"qk_norm": True},
    "rotary": {"rotary": True},
    "all": {"qk_norm": True, "rotary": True, "window": 3, "bias": True},
    "dropout": {"dropout": 0.3, "qk_norm": True, "rotary": True},
    "grouped": {"n_head": 4, "n_kv_head": 2, "bias": True, "dropout": 0.3},
    "one for all": {"n_head": 4, "n_kv_head": 1, "qk_norm": True, "rotary": True, "window": 3},
}


def variant_of(name: str, **changes: Any) -> SelfAttention:
    given = {**VARIANTS[name], **changes}
    n_head = given.pop("n_head", 2)
    if "rotary" in given:
        given["rotary"] = Rotary(8 // n_head)
    return SelfAttention(8, n_head, **given).double()


@pytest.mark.parametrize("variant", VARIANTS)
def test_self_attention_by_hand_equals_autograd(variant: str) -> None:
    hand_equals_autograd(variant_of(variant), normal(3, 5, 8), 1e-9)


def test_self_attention_against_finite_differences() -> None:
    layer = variant_of("all")
    x, dy = normal(2, 5, 8), normal(2, 5, 8, seed=1)
    with torch.no_grad():
        dx = layer.vjp(x)[1](dy)
        close(dx, finite_difference(lambda: float((layer(x) * dy).sum()), x), 1e-6)
        for p in layer.parameters():
            assert p.grad is not None
            numeric = finite_difference(lambda: float((layer(x) * dy).sum()), p.data)
            close(p.grad, numeric, 1e-6)


def test_a_layer_that_was_used_by_hand_can_be_trained_by_autograd() -> None:
    # Masks and tables are kept from call to call: those made in inference mode, where training by
    # hand runs, would be of no use to autograd.
    layer = variant_of("all")
    x = normal(2, 5, 8)
    with torch.inference_mode():
        before = layer.vjp(x)[0]
    layer(x).sum().backward()
    close(before, layer(x))
    assert layer.qkv.weight.grad is not None


def test_one_mask_is_kept_and_shorter_rows_take_its_corner() -> None:
    layer = SelfAttention(8, 2, window=3).double()
    x = normal(1, 9, 8)
    for length in (4, 9, 2, 7):
        close(layer(x[:, :length]), layer(x)[:, :length])
    assert [len(mask) for mask in layer.masks.values()] == [9]


# --- step by step ------------------------------------------------------------------------------

STEPPED = [
    "causal", "window", "no projection", "normalised", "rotary", "all", "grouped", "one for all"
]  # fmt: skip


def stepped(layer: SelfAttention, x: Tensor) -> Tensor:
    """Every position of the rows, one after the other."""
    state, found = None, []
    for at in range(x.shape[1]):
        y, state = layer.advance(x[:, at], state)
        found.append(y)
    return torch.stack(found, 1)


@pytest.mark.parametrize("window", [1, 3, 8, 11])
@pytest.mark.parametrize("variant", STEPPED)
def test_advance_is_the_whole_row(variant: str, window: int) -> None:
    layer = variant_of(variant, **({"window": window} if "window" in VARIANTS[variant] else {}))
    layer.eval()
    # Far past the window, so that the ring is written over more than once.
    x = normal(3, 29, 8)
    with torch.no_grad():
        close(stepped(layer, x), layer.vjp(x)[0])


@pytest.mark.parametrize("length", [1, 4, 13])
@pytest.mark.parametrize("variant", STEPPED)
def test_a_row_read_at_once_goes_on_step_by_step(variant: str, length: int) -> None:
    layer = variant_of(variant, **({"window": 4} if "window" in VARIANTS[variant] else {}))
    layer.eval()
    x = normal(3, 29, 8)
    with torch.no_grad():
        whole = layer.vjp(x)[0]
        y, state = layer.begin(x[:, :length])
        close(y, whole[:, :length])
        for at in range(length, x.shape[1]):
            y, state = layer.advance(x[:, at], state)
            close(y, whole[:, at])


def test_the_cache_holds_no_more_than_the_window() -> None:
    layer = SelfAttention(8, 2, window=5).double()
    state = None
    with torch.no_grad():
        for at in range(20):
            _, state = layer.advance(normal(3, 8, seed=at), state)
    assert state is not None
    assert state.keys.shape == state.values.shape == (5, 3, 2, 4)
    assert state.count == 20


def test_picked_rows_go_on_by_themselves() -> None:
    layer = variant_of("all")
    x, places = normal(3, 12, 8), torch.tensor([2, 0, 2])
    with torch.no_grad():
        whole = layer.vjp(x)[0]
        state, picked = None, None
        for at in range(12):
            if at == 6:
                picked = layer.pick(state, places)  # type: ignore[arg-type]
            # The rows left behind go on too, and must not write into those that were picked.
            _, state = layer.advance(-x[:, at] if at >= 6 else x[:, at], state)
            if picked is not None:
                y, picked = layer.advance(x[places, at], picked)
                close(y, whole[places, at])


def test_an_encoder_cannot_go_step_by_step() -> None:
    with pytest.raises(ValueError, match="step by step"):
        SelfAttention(8, 2, causal=False).advance(torch.ones(1, 8), None)
    with pytest.raises(ValueError, match="step by step"):
        SelfAttention(8, 2, causal=False).begin(torch.ones(1, 3, 8))


# --- from one row to another -------------------------------------------------------------------


@given(sizes, sizes, st.integers(1, 6), st.integers(1, 3), st.booleans(), seeds)
@examples
def test_cross_attention_is_torchs(
    b: int, t: int, s: int, n_head: int, bias: bool, seed: int
) -> None:
    c, n_context = 2 * n_head, 5
    generator = torch.Generator().manual_seed(seed)
    mine = CrossAttention(c, n_context, n_head, bias=bias, generator=generator).double()
    theirs = torch.nn.MultiheadAttention(
        c, n_head, bias=bias, kdim=n_context, vdim=n_context, batch_first=True
    ).double()
    key, value = mine.key_value.weight.detach().chunk(2)
    own: list[Any] = [mine.query.weight, key, value, mine.projection.weight]
    other: list[Any] = [
        theirs.q_proj_weight, theirs.k_proj_weight, theirs.v_proj_weight, theirs.out_proj.weight
    ]  # fmt: skip
    if bias:
        assert mine.query.bias is not None
        assert mine.key_value.bias is not None
        own += [torch.cat([mine.query.bias, mine.key_value.bias]), mine.projection.bias]
        other += [theirs.in_proj_bias, theirs.out_proj.bias]
    with torch.no_grad():
        for p, q in zip(other, own, strict=True):
            p.copy_(q)
    x, context = normal(b, t, c, seed=seed), normal(b, s, n_context, seed=seed + 1)
    their_x, their_context = x.clone().requires_grad_(), context.clone().requires_grad_()
    expected, _ = theirs(their_x, their_context, their_context, need_weights=False)
    dy = normal(b, t, c, seed=seed + 2)
    expected.backward(dy)
    with torch.no_grad():
        y, backward = mine.vjp(x, context)
        dx, dcontext = backward(dy)
    close(y, expected)
    assert their_x.grad is not None
    assert their_context.grad is not None
    close(dx, their_x.grad, 1e-9)
    close(dcontext, their_context.grad, 1e-9)
    assert mine.key_value.weight.grad is not None
    joined = torch.cat([theirs.k_proj_weight.grad, theirs.v_proj_weight.grad])  # type: ignore[list-item]
    close(mine.key_value.weight.grad, joined, 1e-9)


def test_cross_attention_by_hand_equals_autograd_and_finite_differences() -> None:
    layer = CrossAttention(6, 5, 3, bias=True).double()
    x, context = normal(2, 3, 6).requires_grad_(), normal(2, 4, 5, seed=1).requires_grad_()
    dy = normal(2, 3, 6, seed=2)
    watched = [x, context, *layer.parameters()]
    expected = torch.autograd.grad(layer(x, context), watched, dy)
    with torch.no_grad():
        found = layer.vjp(x, context)[1](dy)
        mine = [*found, *(p.grad for p in layer.parameters())]
        for p, one, other in zip(watched, mine, expected, strict=True):
            assert one is not None
            close(one, other, 1e-9)
            numeric = finite_difference(lambda: float((layer(x, context) * dy).sum()), p.data)
            close(one, numeric, 1e-6)


# --- what the weights are ----------------------------------------------------------------------


@pytest.mark.parametrize("variant", VARIANTS)
def test_weights_are_those_that_the_layer_gathers_with(variant: str) -> None:
    layer = variant_of(variant)
    layer.eval()
    x = normal(3, 6, 8)
    with torch.no_grad():
        weights = layer.weights(x)
        assert weights.shape == (3, layer.n_head, 6, 6)
        close(weights.sum(-1), torch.ones(3, layer.n_head, 6, dtype=torch.float64))
        unseen = hidden(6, layer.window) if layer.causal else torch.zeros(6, 6, dtype=torch.bool)
        assert (weights[..., unseen] == 0).all()
        assert (weights[..., ~unseen] > 0).all()
        y, _, _, v = layer.read(x)
        mixed = (weights @ v.view(3, layer.n_head, 6, -1)).transpose(1, 2).reshape(3, 6, 8)
        close(mixed if layer.projection is None else layer.projection(mixed), y)


def test_weights_are_torchs() -> None:
    mine = SelfAttention(8, 2, bias=True).double()
    x = normal(3, 5, 8)
    theirs = theirs_of(mine, 8)(
        x, x, x, attn_mask=hidden(5, None), need_weights=True, average_attn_weights=False
    )[1]
    close(mine.weights(x), theirs)


@pytest.mark.parametrize("length", [5, 40])
def test_weights_of_long_rows_and_in_training_are_not_dropped(length: int) -> None:
    layer = variant_of("dropout")
    x = normal(2, length, 8)
    assert layer.training
    with torch.no_grad():
        close(layer.weights(x), layer.eval().weights(x), 0.0)


def test_layers_share_their_masks_and_let_them_go() -> None:
    layers = [SelfAttention(4, 1, window=window) for window in (None, None, 3)]
    with torch.inference_mode():
        for layer in layers:
            layer.vjp(torch.ones(1, 9, 4))
    one, other, windowed = (next(iter(layer.masks.values())) for layer in layers)
    assert one is other
    assert windowed is not one
    gone = weakref.ref(windowed)
    del layers[2], windowed, layer
    gc.collect()
    assert gone() is None
    longer = layers[0].mask(12, torch.ones(()))
    assert longer.shape == (12, 12)
    again = layers[1].mask(11, torch.ones(()))
    assert again.untyped_storage().data_ptr() == longer.untyped_storage().data_ptr()
