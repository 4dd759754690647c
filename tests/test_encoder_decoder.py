"""The encoder and the decoder of a transformer, in float64 against torch's own layers."""

from __future__ import annotations

from typing import Any, TypeVar

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from hornbook.nn import (
    CrossAttention,
    Decoder,
    DecoderBlock,
    Dropout,
    Embedding,
    Encoder,
    EncoderBlock,
    Layer,
    LearnedPositions,
    Padding,
    Residual,
    Rotary,
    SelfAttention,
    Sequential,
    SinusoidalPositions,
    TransformerParts,
)
from tests.referee import close, every_gradient_is_right, normal

seeds = st.integers(0, 2**20)
examples = settings(max_examples=10)
LENGTHS = torch.tensor([2, 5, 1])
M = TypeVar("M", bound=torch.nn.Module)
TORCHS: dict[str, Any] = {"norm": "layer", "bias": True, "qk_norm": False, "last_gain": 1.0}


def padding(lengths: Tensor = LENGTHS, size: int = 5) -> Padding:
    found = Padding.of(lengths, size)
    assert found is not None
    return found


def shaken(module: M) -> M:
    """With weights none of which is as it starts."""
    with torch.no_grad():
        for at, p in enumerate(module.double().parameters()):
            p.copy_(normal(*p.shape, seed=at) / 2)
    return module


def attention_of(own: SelfAttention | CrossAttention, name: str) -> dict[str, Tensor]:
    """Weights under the names of torch's layer."""
    assert own.projection is not None
    if isinstance(own, SelfAttention):
        weight, bias = own.qkv.weight, own.qkv.bias
    else:
        assert own.query.bias is not None
        assert own.key_value.bias is not None
        weight = torch.cat([own.query.weight, own.key_value.weight])  # type: ignore[assignment]
        bias = torch.cat([own.query.bias, own.key_value.bias])  # type: ignore[assignment]
    assert bias is not None
    assert own.projection.bias is not None
    return {
        f"{name}.in_proj_weight": weight,
        f"{name}.in_proj_bias": bias,
        f"{name}.out_proj.weight": own.projection.weight,
        f"{name}.out_proj.bias": own.projection.bias,
    }


def chain_of(part: Residual) -> tuple[Any, ...]:
    """The layers of a part of a block."""
    assert isinstance(part.layer, Sequential)
    return part.layer.chain


def layers_of(**named: torch.nn.Module) -> dict[str, Tensor]:
    """Weights and biases of whole layers, each under torch's name for it."""
    return {
        f"{name}.{which}": p for name, part in named.items() for which, p in part.named_parameters()
    }


@given(
    st.lists(st.integers(1, 6), min_size=1, max_size=4), st.sampled_from(["relu", "gelu"]), seeds
)
@examples
def test_an_encoders_block_is_torchs(lengths: list[int], activation: Any, seed: int) -> None:
    size = max(lengths) + 1
    parts = TransformerParts(8, 2, 12, feed_forward=activation, **TORCHS)
    mine = shaken(EncoderBlock(parts))
    theirs = torch.nn.TransformerEncoderLayer(
        8, 2, 12, dropout=0, activation=activation, batch_first=True, norm_first=True
    ).double()
    norm, first, _, last = chain_of(mine.feed_forward)
    theirs.load_state_dict(
        {
            **attention_of(mine.attention, "self_attn"),
            **layers_of(norm1=mine.norm.chain[0], norm2=norm, linear1=first, linear2=last),
        }
    )
    rows, x = padding(torch.tensor(lengths), size), normal(len(lengths), size, 8, seed=seed)
    real = rows.real.unsqueeze(2)
    close(mine(x, rows) * real, theirs(x, src_key_padding_mask=~rows.real) * real)
    close(mine(x), theirs(x))


@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.integers(1, 5), seeds)
@examples
def test_a_decoders_block_is_torchs(lengths: list[int], time: int, seed: int) -> None:
    size = max(lengths) + 1
    parts = TransformerParts(8, 2, 12, feed_forward="relu", **TORCHS)
    mine = shaken(DecoderBlock(parts))
    theirs = torch.nn.TransformerDecoderLayer(
        8, 2, 12, dropout=0, batch_first=True, norm_first=True
    ).double()
    norm, attention = chain_of(mine.attention)
    norm3, first, _, last = chain_of(mine.feed_forward)
    theirs.load_state_dict(
        {
            **attention_of(attention, "self_attn"),
            **attention_of(mine.cross_attention, "multihead_attn"),
            **layers_of(
                norm1=norm, norm2=mine.norm.chain[0], norm3=norm3, linear1=first, linear2=last
            ),
        }
    )
    rows, memory = padding(torch.tensor(lengths), size), normal(len(lengths), size, 8, seed=seed)
    x = normal(len(lengths), time, 8, seed=seed + 1)
    expected = theirs(
        x, memory, memory_key_padding_mask=~rows.real, tgt_is_causal=True,
        tgt_mask=torch.ones(time, time, dtype=torch.bool).triu(1),
    )  # fmt: skip
    close(mine(x, memory, rows), expected)


def parts_of(name: str) -> TransformerParts:
    """Three kinds of nets, whose last layers do not start at zero."""
    kinds: dict[str, dict[str, Any]] = {
        "modern": {"norm_gain": True},
        "paper": {"norm": "layer", "bias": True, "qk_norm": False, "feed_forward": "relu"},
        "gated": {"feed_forward": "swiglu", "norm": "none", "dropout": 0.3},
    }
    return TransformerParts(8, 2, 6, last_gain=1.0, **kinds[name])


kinds = pytest.mark.parametrize("kind", ["modern", "paper", "gated"])


def front_of(kind: str) -> list[Layer]:
    """Layers before the blocks, on vectors (a gradient can be had for)."""
    fronts: dict[str, list[Layer]] = {
        "modern": [SinusoidalPositions(8)],
        "paper": [LearnedPositions(20, 8)],
        "gated": [Dropout(0.2)],
    }
    return fronts[kind]


def rotary_of(kind: str) -> Rotary | None:
    return Rotary(4) if kind == "gated" else None


def encoder_of(kind: str) -> Encoder:
    parts = parts_of(kind)
    blocks = [EncoderBlock(parts, rotary_of(kind)) for _ in range(2)]
    return shaken(Encoder(front_of(kind), blocks, parts.norms()))


def decoder_of(kind: str) -> Decoder:
    parts = parts_of(kind)
    blocks = [DecoderBlock(parts, rotary_of(kind)) for _ in range(2)]
    return shaken(Decoder(front_of(kind), blocks, parts.norms()))


@kinds
def test_gradients_of_both_equal_autograds(kind: str) -> None:
    encoder, decoder = encoder_of(kind), decoder_of(kind)
    x, y = normal(3, 5, 8), normal(3, 4, 8, seed=1)
    every_gradient_is_right(encoder, lambda x: encoder.vjp(x, padding()), x)
    every_gradient_is_right(decoder, lambda y, x: decoder.vjp(y, x, padding()), y, x)
    every_gradient_is_right(decoder, decoder.vjp, y, x)


def test_gradients_of_a_block_equal_finite_differences() -> None:
    block, rows = shaken(DecoderBlock(parts_of("modern"), Rotary(4))), padding(LENGTHS[:2])
    x, memory = normal(2, 2, 8), normal(2, 5, 8, seed=1)
    every_gradient_is_right(
        block, lambda x, memory: block.vjp(x, memory, rows), x, memory, numeric=True
    )


@kinds
def test_results_alone_are_those_with_a_way_back(kind: str) -> None:
    encoder, decoder = encoder_of(kind).eval(), decoder_of(kind).eval()
    x, y = normal(3, 5, 8), normal(3, 4, 8, seed=1)
    with torch.no_grad():
        close(encoder(x, padding()), encoder.vjp(x, padding())[0])
        close(decoder(y, x, padding()), decoder.vjp(y, x, padding())[0])


@kinds
@pytest.mark.parametrize("padded", [True, False])
def test_advance_is_the_whole_row(kind: str, padded: bool) -> None:
    decoder, memory, x = decoder_of(kind).eval(), normal(3, 5, 8), normal(3, 11, 8, seed=1)
    rows = padding() if padded else None
    with torch.no_grad():
        whole, state = decoder(x, memory, rows), decoder.begin(memory, rows)
        for at in range(11):
            y, state = decoder.advance(x[:, at], state)
            close(y, whole[:, at])


@kinds
@pytest.mark.parametrize("begun", [0, 1, 9])
def test_picked_rows_go_on_by_themselves(kind: str, begun: int) -> None:
    decoder, memory, x = decoder_of(kind).eval(), normal(3, 5, 8), normal(3, 11, 8, seed=1)
    places = torch.tensor([2, 0, 2, 1])
    with torch.no_grad():
        whole, state = decoder(x, memory, padding()), decoder.begin(memory, padding())
        for at in range(begun):
            _, state = decoder.advance(x[:, at], state)
        picked = decoder.pick(state, places)
        for at in range(begun, 11):
            # The rows left behind go on too, and must not write into those that were picked.
            _, state = decoder.advance(-x[:, at], state)
            y, picked = decoder.advance(x[places, at], picked)
            close(y, whole[places, at])


def test_ids_are_read_and_have_no_gradient() -> None:
    parts = parts_of("modern")
    table = Embedding(7, 8)  # one for both
    encoder = shaken(Encoder([table], [EncoderBlock(parts)], parts.norms()))
    decoder = Decoder([table], [DecoderBlock(parts)], parts.norms()).double()
    ids, said = torch.tensor([[1, 2, 3, 1, 0]] * 3), torch.tensor([[4, 1]] * 3)

    def net() -> Tensor:
        y: Tensor = decoder(said, encoder(ids, padding()), padding())
        return y

    y = net()
    dy = normal(*y.shape, seed=1)
    (expected,) = torch.autograd.grad(y, [table.weight], dy)
    with torch.no_grad():
        memory, encoder_backward = encoder.vjp(ids, padding())
        _, backward = decoder.vjp(said, memory, padding())
        encoder_backward(backward(dy)[1])
    assert table.weight.grad is not None
    close(table.weight.grad, expected, 1e-9)


def test_waves_are_the_papers() -> None:
    layer = SinusoidalPositions(6, scale=0.5).double()
    found = layer(torch.zeros(1, 9, 6, dtype=torch.float64))[0]
    for t in range(9):
        for pair in range(3):
            angle = torch.tensor(t / 10_000 ** (2 * pair / 6), dtype=torch.float64)
            close(found[t, 2 * pair], angle.sin() / 2)
            close(found[t, 2 * pair + 1], angle.cos() / 2)


def test_waves_need_an_even_size() -> None:
    with pytest.raises(ValueError, match=r"n_embd must be even.*it is 7"):
        SinusoidalPositions(7)


@pytest.mark.parametrize("causal", [True, False])
def test_the_mask_alone_tells_a_language_model_s_block_from_an_encoder_s(causal: bool) -> None:
    block = shaken(EncoderBlock(TransformerParts(8, 2, 8), Rotary(4), causal=causal))
    x = normal(2, 5, 8)
    other = x.clone()
    other[:, 3:] = normal(2, 2, 8, seed=9)
    same = [torch.equal(block(x)[:, at], block(other)[:, at]) for at in range(5)]
    assert same == ([True] * 3 + [False] * 2 if causal else [False] * 5)
    every_gradient_is_right(block, block.vjp, x)
