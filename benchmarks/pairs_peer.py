"""torch.nn.Transformer as a writer of pairs, with the weights of one of ours."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from hornbook.nn import CrossAttention, SelfAttention
from hornbook.pairs.models.seq2seq import Seq2Seq
from hornbook.pairs.rows import IGNORED, Padded, PairBatch

__all__ = ["PAPER", "TorchTransformer"]

PAPER: dict[str, Any] = {
    "position": "sinusoidal", "norm": "layer", "feed_forward": "relu", "bias": True,
    "qk_norm": False,
}  # fmt: skip
"Settings at which ours is torch's with `norm_first`."


class TorchTransformer(torch.nn.Module):
    """What somebody would write around torch.nn.Transformer: embeddings, waves, an output layer.

    Args:
        ours: of the settings in `PAPER`, with one table for both sides and the output.
        longest: most positions that are read.
    """

    waves: Tensor

    def __init__(self, ours: Seq2Seq, longest: int = 64) -> None:
        super().__init__()
        s = ours.settings
        self.net = torch.nn.Transformer(
            s.n_embd, s.n_head, s.n_layer, s.n_layer, round(s.widen * s.n_embd),
            dropout=s.dropout, batch_first=True, norm_first=True,
        )  # fmt: skip
        self.embedding = torch.nn.Embedding(len(ours.head.weight), s.n_embd)
        self.drop = torch.nn.Dropout(s.dropout)
        waves = ours.encoder.front.chain[1](torch.zeros(1, longest, s.n_embd))
        self.register_buffer("waves", waves.detach())
        self.take(ours)

    def take(self, ours: Seq2Seq) -> None:
        """Take over the weights."""
        found: dict[str, Tensor] = {}
        sides: dict[str, Any] = {"encoder": ours.encoder, "decoder": ours.decoder}
        for side, coder in sides.items():
            found |= named(coder.end.chain[0], f"{side}.norm")
            for at, block in enumerate(coder.chain):
                name = f"{side}.layers.{at}"
                parts: list[Any] = []
                if side == "encoder":
                    parts = [block.norm.chain[0]]
                    found |= attention(block.attention, f"{name}.self_attn")
                else:
                    norm, asking, *_ = block.attention.layer.chain
                    parts = [norm, block.norm.chain[0]]
                    found |= attention(asking, f"{name}.self_attn")
                    found |= attention(block.cross_attention, f"{name}.multihead_attn")
                norm, first, _, last, *_ = block.feed_forward.layer.chain
                for number, part in enumerate([*parts, norm], 1):
                    found |= named(part, f"{name}.norm{number}")
                found |= named(first, f"{name}.linear1") | named(last, f"{name}.linear2")
        self.net.load_state_dict(found)
        with torch.no_grad():
            self.embedding.weight.copy_(ours.head.weight)

    def embedded(self, ids: Tensor) -> Tensor:
        """(B, T) to (B, T, C)."""
        x: Tensor = self.drop(self.embedding(ids) + self.waves[:, : ids.shape[1]])
        return x

    def loss(self, batch: PairBatch) -> Tensor:
        """The mean loss of a token of the targets."""
        ids, hidden = read(batch.sources)
        inputs, targets = torch.from_numpy(batch.inputs), torch.from_numpy(batch.targets)
        y = self.net(
            self.embedded(ids),
            self.embedded(inputs),
            src_key_padding_mask=hidden,
            memory_key_padding_mask=hidden,
            tgt_mask=unseen(inputs.shape[1]),
            tgt_is_causal=True,
        )
        logits = F.linear(y, self.embedding.weight)
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED)

    @torch.no_grad()
    def greedy(self, sources: Padded, end: int, longest: int) -> Tensor:
        """Answers (B, T), token by token; what has been said is read again each time."""
        ids, hidden = read(sources)
        memory = self.net.encoder(self.embedded(ids), src_key_padding_mask=hidden)
        said = torch.full((len(ids), 1), end)
        ended = torch.zeros(len(ids), dtype=torch.bool)
        for _ in range(longest):
            y = self.net.decoder(
                self.embedded(said), memory, tgt_mask=unseen(said.shape[1]), tgt_is_causal=True,
                memory_key_padding_mask=hidden,
            )  # fmt: skip
            token = F.linear(y[:, -1], self.embedding.weight).argmax(1)
            said = torch.cat([said, token.unsqueeze(1)], 1)
            ended |= token == end
            if ended.all():
                break
        return said[:, 1:]


def read(sources: Padded) -> tuple[Tensor, Tensor | None]:
    """Ids, and which of them are padding; None if there is none."""
    ids, lengths = torch.from_numpy(sources.ids), torch.from_numpy(sources.lengths)
    hidden = torch.arange(ids.shape[1]) >= lengths.unsqueeze(1)
    return ids, hidden if hidden.any() else None


def unseen(length: int) -> Tensor:
    """Which positions each one must not see."""
    return torch.ones(length, length, dtype=torch.bool).triu(1)


def named(part: torch.nn.Module, name: str) -> dict[str, Tensor]:
    """A layer's weights under torch's name for it."""
    return {f"{name}.{which}": p.detach() for which, p in part.named_parameters()}


def attention(own: SelfAttention | CrossAttention, name: str) -> dict[str, Tensor]:
    """Attention's weights under torch's names."""
    parts = [own.qkv] if isinstance(own, SelfAttention) else [own.query, own.key_value]
    assert own.projection is not None
    weight = torch.cat([part.weight.detach() for part in parts])
    bias = torch.cat([part.bias.detach() for part in parts if part.bias is not None])
    found = {f"{name}.in_proj_weight": weight, f"{name}.in_proj_bias": bias}
    return found | named(own.projection, f"{name}.out_proj")
