"""Rows of unequal lengths: what a row gives in a batch, it gives alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from hornbook.nn import (
    GRU,
    LSTM,
    AdditiveAttention,
    AttentionPool,
    Bidirectional,
    BidirectionalStack,
    CrossAttention,
    Encoder,
    EncoderBlock,
    Layer,
    MeanPool,
    Padding,
    Rotary,
    SelfAttention,
    SinusoidalPositions,
    TransformerParts,
)
from tests.referee import close, every_gradient_is_right, hand_equals_autograd, normal

SIZE = 6
LENGTHS = torch.tensor([3, 6, 1, 4])
seeds = st.integers(0, 2**20)
examples = settings(max_examples=10)


def encoder() -> Encoder:
    parts = TransformerParts(8, 2, 12, last_gain=1.0)
    blocks = [EncoderBlock(parts, Rotary(4)) for _ in range(2)]
    return Encoder([SinusoidalPositions(8)], blocks, parts.norms())


# Layers that read whole rows (B, S, 8), each made with a start of its own.
LAYERS: dict[str, Callable[[], Layer]] = {
    "attention": lambda: SelfAttention(8, 2, causal=False, bias=True),
    "rotary attention": lambda: SelfAttention(8, 2, causal=False, rotary=Rotary(4), qk_norm=True),
    "grouped attention": lambda: SelfAttention(8, 4, n_kv_head=2, causal=False),
    "gru": lambda: Bidirectional(GRU(8, 3), GRU(8, 4)),
    "lstms": lambda: BidirectionalStack(
        Bidirectional(LSTM(8, 3), LSTM(8, 3)), Bidirectional(GRU(6, 2), GRU(6, 2))
    ),
    "mean": MeanPool,
    "attention pool": lambda: AttentionPool(8),
    "encoder": encoder,
}
layers = pytest.mark.parametrize("name", LAYERS)


def made(name: str) -> Any:
    layer = LAYERS[name]().double()
    with torch.no_grad():
        for at, p in enumerate(layer.parameters()):
            p.copy_(normal(*p.shape, seed=at) / 2)
    return layer.eval()


def padding(lengths: Tensor = LENGTHS, size: int = SIZE) -> Padding:
    found = Padding.of(lengths, size)
    assert found is not None
    return found


@layers
def test_a_row_gives_in_a_batch_what_it_gives_alone(name: str) -> None:
    layer, x = made(name), normal(4, SIZE, 8)
    with torch.no_grad():
        batch = layer(x, padding())
        for row, length in enumerate(LENGTHS.tolist()):
            alone = layer(x[row : row + 1, :length])
            own = batch[row : row + 1]
            close(own[:, :length] if own.dim() == 3 else own, alone)


@layers
def test_gradients_of_a_row_are_those_it_has_alone_and_none_reach_padding(name: str) -> None:
    layer, x = made(name), normal(4, SIZE, 8)
    with torch.no_grad():
        y, backward = layer.vjp(x, padding())
        dy = normal(*y.shape, seed=1)
        if dy.dim() == 3:  # nothing asks for what stands at padding
            dy *= padding().real.unsqueeze(2)
        dx = backward(dy)
        grads = [p.grad.clone() for p in layer.parameters()]
        layer.zero_grad()
        for row, length in enumerate(LENGTHS.tolist()):
            _, own_backward = layer.vjp(x[row : row + 1, :length])
            own = dy[row : row + 1]
            close(
                dx[row : row + 1, :length], own_backward(own[:, :length] if dy.dim() == 3 else own)
            )
            assert (dx[row, length:] == 0).all()
        for p, grad in zip(layer.parameters(), grads, strict=True):
            close(p.grad, grad, 1e-9)


@layers
def test_by_hand_equals_autograd_and_finite_differences(name: str) -> None:
    layer, hidden = made(name), padding(torch.tensor([2, 3]), 3)
    every_gradient_is_right(layer, lambda x: layer.vjp(x, hidden), normal(2, 3, 8), numeric=True)
    hand_equals_autograd(layer, normal(2, 3, 8), 1e-9)


@pytest.mark.parametrize("kind", [CrossAttention, AdditiveAttention])
def test_asked_rows_are_asked_as_if_they_were_alone(kind: Any) -> None:
    layer = kind(8, 5, 2).double()
    x, context = normal(4, 3, 8), normal(4, SIZE, 5, seed=1)
    with torch.no_grad():
        batch, weights = layer(x, context, padding()), layer.weights(x, context, padding())
        for row, length in enumerate(LENGTHS.tolist()):
            one = slice(row, row + 1)
            close(batch[one], layer(x[one], context[one, :length]))
            close(weights[one][..., :length], layer.weights(x[one], context[one, :length]))
            assert (weights[row][..., length:] == 0).all()
    every_gradient_is_right(layer, lambda *given: layer.vjp(*given, padding()), x, context)


@pytest.mark.parametrize("lengths", [None, torch.tensor([5, 5])])
def test_rows_of_equal_length_have_no_padding(lengths: Tensor | None) -> None:
    assert Padding.of(lengths, 5) is None


@pytest.mark.parametrize("lengths", [[0, 3], [2, 6], [-1, 5]])
def test_lengths_that_cannot_be_are_refused(lengths: list[int]) -> None:
    with pytest.raises(ValueError, match=f"from 1 to the tensor's 5 .* from {lengths[0]} to"):
        Padding.of(torch.tensor(lengths), 5)


@given(st.lists(st.integers(1, 7), min_size=1, max_size=5), st.integers(1, 3), seeds)
@examples
def test_self_attention_is_torchs_with_a_mask_of_padding(
    lengths: list[int], n_head: int, seed: int
) -> None:
    c, size = 2 * n_head, max(lengths) + 1
    mine = SelfAttention(c, n_head, causal=False, bias=True).double()
    theirs = torch.nn.MultiheadAttention(c, n_head, batch_first=True).double()
    assert mine.projection is not None
    theirs.load_state_dict(
        {
            "in_proj_weight": mine.qkv.weight, "in_proj_bias": mine.qkv.bias,
            "out_proj.weight": mine.projection.weight, "out_proj.bias": mine.projection.bias,
        }
    )  # fmt: skip
    x, rows = normal(len(lengths), size, c, seed=seed), padding(torch.tensor(lengths), size)
    expected, weights = theirs(x, x, x, key_padding_mask=~rows.real, average_attn_weights=False)
    close(mine(x, rows), expected)
    close(mine.weights(x, rows), weights)


@given(st.lists(st.integers(1, 7), min_size=1, max_size=5), seeds)
@examples
def test_reading_both_ways_is_torchs_of_packed_rows(lengths: list[int], seed: int) -> None:
    size = max(lengths) + 1
    mine = Bidirectional(GRU(3, 4), GRU(3, 4)).double()
    theirs = torch.nn.GRU(3, 4, bidirectional=True, batch_first=True).double()
    theirs.load_state_dict(
        {
            f"{name.split('.')[1]}_l0{'_reverse' if name.startswith('home') else ''}": p
            for name, p in mine.named_parameters()
        }
    )
    x, rows = normal(len(lengths), size, 3, seed=seed), padding(torch.tensor(lengths), size)
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        x, torch.tensor(lengths), batch_first=True, enforce_sorted=False
    )
    expected, _ = torch.nn.utils.rnn.pad_packed_sequence(theirs(packed)[0], batch_first=True)
    real = rows.real.unsqueeze(2)
    close((mine(x, rows) * real)[:, : size - 1], expected)


def test_a_mean_is_the_mean_and_attention_starts_as_one() -> None:
    x = normal(4, SIZE, 8)
    expected = torch.stack([row[:n].mean(0) for row, n in zip(x, LENGTHS.tolist(), strict=True)])
    close(MeanPool()(x, padding()), expected)
    close(AttentionPool(8).double()(x, padding()), expected)
