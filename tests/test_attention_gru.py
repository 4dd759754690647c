"""Additive attention and the recurrent decoder that asks by it, against plain words for both."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from hornbook.nn import AdditiveAttention, AttentionGRU, Padding
from tests.referee import close, every_gradient_is_right, normal

sizes = st.integers(1, 4)
seeds = st.integers(0, 2**20)
LENGTHS = torch.tensor([2, 5, 1])


def padding() -> Padding:
    found = Padding.of(LENGTHS, 5)
    assert found is not None
    return found


def told(layer: AdditiveAttention, query: Tensor, context: Tensor) -> Tensor:
    """As the paper has it, for one query (Q,) and one row (S, M)."""
    scores = torch.stack(
        [layer.weight @ torch.tanh(layer.query(query) + layer.key(one)) for one in context]
    )
    y: Tensor = torch.softmax(scores, 0) @ context
    return y


@given(sizes, sizes, sizes, seeds)
@settings(max_examples=10)
def test_additive_attention_is_the_papers(b: int, t: int, s: int, seed: int) -> None:
    layer = AdditiveAttention(3, 5, 4, generator=torch.Generator().manual_seed(seed)).double()
    x, context = normal(b, t, 3, seed=seed), normal(b, s, 5, seed=seed + 1)
    expected = torch.stack(
        [
            torch.stack([told(layer, q, row) for q in some])
            for some, row in zip(x, context, strict=True)
        ]
    )
    close(layer(x, context), expected)
    close(torch.bmm(layer.weights(x, context), context), expected)


def test_additive_attentions_gradients() -> None:
    layer = AdditiveAttention(3, 5, 4).double()
    x, context = normal(3, 2, 3), normal(3, 5, 5, seed=1)
    every_gradient_is_right(
        layer, lambda x, context: layer.vjp(x, context, padding()), x, context, numeric=True
    )
    every_gradient_is_right(layer, layer.vjp, x, context)


def decoder() -> AttentionGRU:
    return AttentionGRU(3, 6, 4, 5, generator=torch.Generator().manual_seed(1)).double()


def given_to_it(time: int = 4) -> tuple[Tensor, Tensor, Tensor]:
    """x, memory and the state at the start."""
    return normal(3, time, 3), normal(3, 5, 6, seed=1), normal(3, 4, seed=2)


@pytest.mark.parametrize("padded", [True, False])
def test_the_decoder_is_torchs_cell_that_is_told_what_it_asks(padded: bool) -> None:
    layer, (x, memory, h) = decoder(), given_to_it()
    theirs = torch.nn.GRUCell(3 + 6, 4).double()
    theirs.load_state_dict(dict(layer.cell.named_parameters()))
    with torch.no_grad():
        (states, contexts), _ = layer.vjp(x, memory, h, padding() if padded else None)
        for at in range(4):
            lengths = LENGTHS.tolist() if padded else [5, 5, 5]
            rows = [row[:n] for row, n in zip(memory, lengths, strict=True)]
            asked = [told(layer.attention, q, row) for q, row in zip(h, rows, strict=True)]
            close(contexts[:, at], torch.stack(asked))
            h = theirs(torch.cat([x[:, at], contexts[:, at]], 1), h)
            close(states[:, at], h)


@pytest.mark.parametrize("time", [1, 4])
def test_gradients_through_time(time: int) -> None:
    layer = decoder()
    every_gradient_is_right(
        layer, lambda x, m, h: layer.vjp(x, m, h, padding()), *given_to_it(time), numeric=time == 4
    )
    every_gradient_is_right(layer, layer.vjp, *given_to_it(time))


def test_the_way_back_by_hand_can_be_had_where_autograd_watches() -> None:
    layer, (x, memory, h) = decoder(), given_to_it()
    dys = normal(3, 4, 4, seed=3), normal(3, 4, 6, seed=4)
    watched = layer.vjp(x, memory, h, padding())[1](*dys)
    with torch.no_grad():
        alone = layer.vjp(x, memory, h, padding())[1](*dys)
    for one, other in zip(watched, alone, strict=True):
        close(one, other)


def test_advance_is_the_whole_row_and_picked_rows_go_on_by_themselves() -> None:
    layer, (x, memory, h) = decoder(), given_to_it(7)
    places = torch.tensor([2, 0, 2, 1])
    with torch.no_grad():
        states, contexts = layer(x, memory, h, padding())
        state, picked = layer.begin(memory, h, padding()), None
        for at in range(7):
            if at == 3:
                picked = state.pick(places)
            given, state = layer.advance(x[:, at], state)
            close(given.states, states[:, at])
            close(given.contexts, contexts[:, at])
            if picked is not None:
                given, picked = layer.advance(x[places, at], picked)
                close(given.states, states[places, at])
