"""The decoder of a transformer (Vaswani et al. 2017): it reads its row and asks an encoder's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from hornbook.compute.products import raised
from hornbook.nn.cross_attention import KeysAndValues
from hornbook.nn.layer import Layer
from hornbook.nn.padding import Padding
from hornbook.nn.recompute import recomputed_vjp
from hornbook.nn.residual import Residual
from hornbook.nn.rotary import Rotary
from hornbook.nn.sequential import Sequential, chain_vjp, gone_once
from hornbook.nn.transformer_parts import TransformerParts

__all__ = ["Decoder", "DecoderBlock", "DecoderState", "MemoryBackward"]

MemoryBackward = Callable[[Tensor], tuple[Tensor, Tensor]]
"From the gradient of y to those of x and of the memory."


class DecoderBlock(torch.nn.Module):
    """Causal attention, attention to an encoder's row, feed-forward: each normalised and added.

    As torch.nn.TransformerDecoderLayer with norm_first, where the parts are of its kind.

    Args:
        parts: makes what the block is put together from.
        rotary: turns queries and keys of the causal attention by their positions.
        generator: of the random start.

    Shapes: x and y (B, T, C), memory (B, S, C).

    Attributes:
        recompute: as of a `Layer`.
    """

    recompute = False

    def __init__(
        self,
        parts: TransformerParts,
        rotary: Rotary | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        attention = parts.self_attention(generator, rotary=rotary)
        self.attention = Residual(Sequential(*parts.norms(), attention, *parts.drops()))
        self.norm = Sequential(*parts.norms())
        self.cross_attention = parts.cross_attention(generator)
        self.drop = Sequential(*parts.drops())
        self.feed_forward = Residual(
            Sequential(*parts.norms(), *parts.feed_forwards(generator), *parts.drops())
        )

    def forward(self, x: Tensor, memory: Tensor, padding: Padding | None = None) -> Tensor:
        """y alone."""
        x = self.attention(x)
        change: Tensor = self.drop(self.cross_attention(self.norm(x), memory, padding))
        y: Tensor = self.feed_forward(x + change)
        return y

    def vjp(
        self, x: Tensor, memory: Tensor, padding: Padding | None = None
    ) -> tuple[Tensor, MemoryBackward]:
        """y, and the way from its gradient to those of x and of the memory.

        Args:
            x: shape (B, T, C); what pads a row stands behind it, where nothing looks.
            memory: shape (B, S, C).
            padding: positions of the memory that are not to be seen.
        """
        x, attention_backward = self.attention.vjp(x)
        change, norm_backward = self.norm.vjp(x)
        change, cross_backward = self.cross_attention.vjp(change, memory, padding)
        change, drop_backward = self.drop.vjp(change)
        y, feed_backward = self.feed_forward.vjp(x + change)

        def backward(dy: Tensor) -> tuple[Tensor, Tensor]:
            dy = raised(feed_backward(dy))
            dchange, dmemory = cross_backward(drop_backward(dy))
            return attention_backward(dy + norm_backward(dchange)), dmemory

        return y, backward

    def advance(self, x: Tensor, state: Any, asked: KeysAndValues) -> tuple[Tensor, Any]:
        """One more position, x (B, C), with what its causal attention remembers."""
        x, state = self.attention.advance(x, state)
        x = x + self.drop(self.cross_attention.advance(self.norm(x), asked))
        y: Tensor = self.feed_forward(x)
        return y, state


@dataclass(frozen=True)
class DecoderState:
    """What a decoder remembers from step to step.

    Attributes:
        front: of the layers before the blocks; None before the first step.
        read: of each block, the keys and values of its own row; None before the first step.
        asked: of each block, the keys and values of the memory.
    """

    front: Any
    read: list[Any] | None
    asked: list[KeysAndValues]


class Decoder(torch.nn.Module):
    """A row to a vector for each position, which has seen what came before and an encoder's row.

    Args:
        front: layers that treat each position by itself: embedding, positions, dropout.
        blocks: read the row and ask the memory.
        end: layers after them, the last normalisation.

    Shapes: ids (B, T), or what else the front reads, and memory (B, S, C) to y (B, T, C).
    """

    def __init__(
        self, front: Sequence[Layer], blocks: Sequence[DecoderBlock], end: Sequence[Layer]
    ) -> None:
        super().__init__()
        self.front, self.end = Sequential(*front), Sequential(*end)
        self.blocks = torch.nn.ModuleList(blocks)
        self.chain = (*blocks,)

    def forward(self, x: Tensor, memory: Tensor, padding: Padding | None = None) -> Tensor:
        """y alone; what each layer kept for its backward pass is let go at once."""
        x = self.front(x)
        for block in self.chain:
            x = block(x, memory, padding)
        y: Tensor = self.end(x)
        return y

    def vjp(
        self, x: Tensor, memory: Tensor, padding: Padding | None = None
    ) -> tuple[Tensor, MemoryBackward]:
        """y, and the way from its gradient to those of x and of the memory.

        Args:
            x: ids, shape (B, T); what pads a row stands behind it.
            memory: an encoder's vectors, shape (B, S, C).
            padding: positions of the memory that are not to be seen.
        """
        x, front_backward = chain_vjp(self.front.chain, x)
        ways_back: list[MemoryBackward] = []
        for block in self.chain:
            if block.recompute:
                x, backward = recomputed_vjp(block, x, memory, padding)
            else:
                x, backward = block.vjp(x, memory, padding)
            ways_back.append(backward)
        x, end_backward = self.end.vjp(x)

        def backward_all(dy: Tensor) -> tuple[Tensor, Tensor]:
            dy, dmemory = end_backward(dy), torch.zeros_like(memory)
            for backward in gone_once(ways_back, len(self.chain)):
                dy, dasked = backward(dy)  # every block asked the same memory
                dmemory += dasked
            return front_backward(dy), dmemory

        return x, backward_all

    def alignment(self, x: Tensor, memory: Tensor, padding: Padding | None = None) -> Tensor:
        """Where each position looks in the memory: the weights of cross-attention.

        Returns:
            Shape (B, L·H, T, S), of the first block's heads, then of the second's, and so on; the
            last sums to 1.
        """
        x = self.front(x)
        found = []
        for block in self.chain:
            asking = block.norm(block.attention(x))
            found.append(block.cross_attention.weights(asking, memory, padding))
            x = block(x, memory, padding)
        return torch.cat(found, 1)

    def begin(self, memory: Tensor, padding: Padding | None = None) -> DecoderState:
        """The state before the first position of each row.

        Args:
            memory: shape (B, S, C); its keys and values are made here, once.
            padding: positions of it that are not to be seen.
        """
        asked = [block.cross_attention.begin(memory, padding) for block in self.chain]
        return DecoderState(None, None, asked)

    def advance(self, x: Tensor, state: DecoderState) -> tuple[Tensor, DecoderState]:
        """One more position of each row: ids (B,) to y (B, C), and the new state."""
        x, front = self.front.advance(x, state.front)
        read = []
        states = state.read or [None] * len(self.chain)
        for block, own, asked in zip(self.chain, states, state.asked, strict=True):
            x, own = block.advance(x, own, asked)
            read.append(own)
        return self.end(x), DecoderState(front, read, state.asked)

    def pick(self, state: DecoderState, places: Tensor) -> DecoderState:
        """What is remembered of some rows, in the order given."""
        asked = [one.pick(places) for one in state.asked]
        if state.read is None:
            return DecoderState(None, None, asked)
        read = [
            block.attention.pick(own, places)
            for block, own in zip(self.chain, state.read, strict=True)
        ]
        return DecoderState(self.front.pick(state.front, places), read, asked)
