"""What the parameters of a net of the family gpt are called in its file, part by part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hornbook.nn import Embedding, Layer, LearnedPositions, Linear, Residual, SelfAttention

if TYPE_CHECKING:
    from hornbook.text.models.gpt import GPT

__all__ = ["BlockNames", "GPTNames", "gpt_names"]


@dataclass(frozen=True)
class BlockNames:
    """Names of the layers of a block; the parameters are NAME.weight and NAME.bias."""

    attention_norm: str
    qkv: str
    "Queries of all heads, then keys, then values."
    projection: str
    feed_forward_norm: str
    first: str
    "Of SwiGLU the gate's rows, then those that it multiplies."
    last: str


@dataclass(frozen=True)
class GPTNames:
    """Names of the layers of a net."""

    embedding: str
    positions: str
    "Empty where there are none to learn."
    blocks: tuple[BlockNames, ...]
    norm: str
    head: str


def gpt_names(model: GPT) -> GPTNames:
    """The names of a net whose blocks have norms, attention with its projection and feed-forward.

    Raises:
        ValueError: if its blocks are made otherwise: without one of these.
    """
    s = model.settings
    if s.norm == "none" or s.feed_forward == "none" or not (s.attention_projection and s.residual):
        raise ValueError("only nets of whole blocks have these names")
    named: dict[Layer, str] = {
        part: name for name, part in model.named_modules() if isinstance(part, Layer)
    }
    chain = model.net.chain
    parts = [layer.layer for layer in chain if isinstance(layer, Residual)]
    blocks = []
    for attention_part, thinking_part in zip(parts[::2], parts[1::2], strict=True):
        attention = next(one for one in layers_of(attention_part) if type(one) is SelfAttention)
        first, last = (one for one in layers_of(thinking_part) if type(one) is Linear)
        assert attention.projection is not None
        blocks.append(
            BlockNames(
                attention_norm=named[layers_of(attention_part)[0]],
                qkv=named[attention.qkv],
                projection=named[attention.projection],
                feed_forward_norm=named[layers_of(thinking_part)[0]],
                first=named[first],
                last=named[last],
            )
        )
    head = next(at for at in reversed(range(len(chain))) if type(chain[at]) is Linear)
    positions = [named[layer] for layer in chain if type(layer) is LearnedPositions]
    return GPTNames(
        embedding=next(named[layer] for layer in chain if type(layer) is Embedding),
        positions=positions[0] if positions else "",
        blocks=tuple(blocks),
        norm=named[chain[head - 1]],
        head=named[chain[head]],
    )


def layers_of(part: Layer) -> tuple[Layer, ...]:
    """The layers of a part of a block, one after the other."""
    from hornbook.nn import Sequential

    assert isinstance(part, Sequential)
    return part.chain
