"""The encoder of a transformer (Vaswani et al. 2017): every position of a row sees all of it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from hornbook.compute.products import raised
from hornbook.nn.layer import Backward, Layer
from hornbook.nn.padding import Padding
from hornbook.nn.recompute import recomputed_vjp
from hornbook.nn.recurrent_stack import BidirectionalStack
from hornbook.nn.residual import Residual
from hornbook.nn.rotary import Rotary
from hornbook.nn.sequential import Sequential, chain_vjp, gone_once
from hornbook.nn.transformer_parts import TransformerParts

__all__ = ["Encoder", "EncoderBlock"]


class EncoderBlock(Layer):
    """Attention among all positions of a row, then feed-forward, each normalised before and added.

    As torch.nn.TransformerEncoderLayer with norm_first, where the parts are of its kind.

    Args:
        parts: makes what the block is put together from.
        rotary: turns queries and keys by their positions.
        generator: of the random start.
        causal: whether a position sees only itself and those before it: the mask of a language
            model, which is all that tells its block from an encoder's.

    Shapes: x and y (B, S, C).
    """

    def __init__(
        self,
        parts: TransformerParts,
        rotary: Rotary | None = None,
        generator: torch.Generator | None = None,
        *,
        causal: bool = False,
    ) -> None:
        super().__init__()
        self.norm = Sequential(*parts.norms())
        self.attention = parts.self_attention(generator, causal=causal, rotary=rotary)
        self.drop = Sequential(*parts.drops())
        self.feed_forward = Residual(
            Sequential(*parts.norms(), *parts.feed_forwards(generator), *parts.drops())
        )

    def forward(self, x: Tensor, padding: Padding | None = None) -> Tensor:
        """y alone."""
        change: Tensor = self.drop(self.attention(self.norm(x), padding))
        y: Tensor = self.feed_forward(x + change)
        return y

    def vjp(self, x: Tensor, padding: Padding | None = None) -> tuple[Tensor, Backward]:
        """y and the backward pass.

        Args:
            x: shape (B, S, C).
            padding: positions that are not to be seen.
        """
        change, norm_backward = self.norm.vjp(x)
        change, attention_backward = self.attention.vjp(change, padding)
        change, drop_backward = self.drop.vjp(change)
        y, feed_backward = self.feed_forward.vjp(x + change)

        def backward(dy: Tensor) -> Tensor:
            dy = raised(feed_backward(dy))
            return dy + norm_backward(attention_backward(drop_backward(dy)))

        return y, backward


class Encoder(Layer):
    """Rows of unequal lengths to a vector for each position, which has seen the whole row.

    Args:
        front: layers that treat each position by itself: embedding, positions, dropout.
        blocks: see the whole row, whether by attention or by reading it both ways.
        end: layers after them, the last normalisation.

    Shapes: ids (B, S), or what else the front reads, to y (B, S, C).
    """

    def __init__(
        self,
        front: Sequence[Layer],
        blocks: Sequence[EncoderBlock | BidirectionalStack],
        end: Sequence[Layer],
    ) -> None:
        super().__init__()
        self.front, self.end = Sequential(*front), Sequential(*end)
        self.blocks = torch.nn.ModuleList(blocks)
        self.chain = (*blocks,)

    def forward(self, x: Tensor, padding: Padding | None = None) -> Tensor:
        """y alone; what each layer kept for its backward pass is let go at once."""
        x = self.front(x)
        for block in self.chain:
            x = block(x, padding)
        y: Tensor = self.end(x)
        return y

    def vjp(self, x: Tensor, padding: Padding | None = None) -> tuple[Tensor, Backward]:
        """y and the backward pass.

        Args:
            x: ids, shape (B, S).
            padding: behind rows that are shorter than the tensor: `Padding.of(lengths, S)`. What
                comes out there says nothing.
        """
        x, front_backward = chain_vjp(self.front.chain, x)
        ways_back: list[Backward] = []
        for block in self.chain:
            if block.recompute:
                x, backward = recomputed_vjp(block, x, padding)
            else:
                x, backward = block.vjp(x, padding)
            ways_back.append(backward)
        x, end_backward = self.end.vjp(x)

        def backward_all(dy: Tensor) -> Tensor:
            dy = end_backward(dy)
            for backward in gone_once(ways_back, len(self.chain)):
                dy = backward(dy)
            return front_backward(dy)

        return x, backward_all
