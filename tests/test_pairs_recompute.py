"""Blocks of nets of pairs computed once more on the backward pass: the same bits, for less."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from hornbook.compute.held import held_by
from hornbook.errors import SettingsError
from hornbook.pairs.batches import pair_batch
from hornbook.pairs.models.attention_rnn import AttentionRNN, AttentionRNNSettings
from hornbook.pairs.models.classify import Classify, ClassifySettings
from hornbook.pairs.models.contract import Shape
from hornbook.pairs.models.seq2seq import Seq2Seq, Seq2SeqSettings
from hornbook.pairs.rows import PairBatch, padded
from hornbook.tokenizers.contract import Vocabulary
from hornbook.training.recomputation import blocks, needed, recompute_blocks
from hornbook.training.settings import TrainingSettings
from tests.referee import normal

LETTERS = Vocabulary(11, 0, 0)


def made(name: str, dropout: float) -> tuple[Any, PairBatch]:
    """A net of several blocks, and a batch of rows of unequal lengths."""
    random = np.random.default_rng(0)
    sources = [random.integers(1, 11, n) for n in (9, 3, 7, 12)]
    generator = torch.Generator().manual_seed(1)
    if name == "seq2seq":
        targets = [random.integers(1, 11, n) for n in (4, 10, 2, 6)]
        writes = Seq2SeqSettings(n_embd=16, n_layer=3, dropout=dropout)
        net: Any = Seq2Seq(writes, Shape(LETTERS, LETTERS, shared=True), generator)
        batch = pair_batch(sources, targets, 0)
    else:
        says = ClassifySettings(body="transformer", n_embd=16, n_layer=4, dropout=dropout)
        net = Classify(says, Shape(LETTERS, None, 3), generator)
        none = np.empty((4, 0), np.int64)
        batch = PairBatch(padded(sources), none, np.array([0, 2, 1, 0]))
    for at, p in enumerate(net.parameters()):
        p.data.add_(normal(*p.shape, seed=at).float() / 4)
    return net, batch


@pytest.mark.parametrize("autograd", [False, True])
@pytest.mark.parametrize("name", ["seq2seq", "classify"])
def test_losses_and_gradients_are_the_same_bits(name: str, autograd: bool) -> None:
    net, batch = made(name, 0.3)
    found = []
    for recompute in ("no", "yes"):
        recompute_blocks(net, TrainingSettings(recompute=recompute))
        net.train().zero_grad()
        torch.manual_seed(4)
        if autograd:
            loss = net.loss_vjp(batch)[0]
            loss.backward()
        else:
            with torch.inference_mode():
                loss, backward = net.loss_vjp(batch)
                torch.rand(3)  # what others draw in between
                backward()
        found.append([loss.detach(), *(p.grad.clone() for p in net.parameters())])
    for one, other in zip(*found, strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("name", ["seq2seq", "classify"])
def test_less_is_held_and_about_what_was_foreseen(name: str) -> None:
    net, batch = made(name, 0.0)
    net.train()
    assert len(blocks(net)) == {"seq2seq": 6, "classify": 4}[name]
    held = []
    for recompute in ("no", "yes"):
        recompute_blocks(net, TrainingSettings(recompute=recompute))
        with torch.inference_mode():
            tensors = held_by(net.loss_vjp(batch)[1]).values()
        held.append(sum(t.untyped_storage().nbytes() for t in tensors))
    assert held[1] < held[0] / 2
    told = needed(net, batch, TrainingSettings(batch_size=4, optimizer="adamw"))
    assert told.frugal < told.plain


def test_a_net_without_blocks_refuses() -> None:
    recurrent = Classify(ClassifySettings(), Shape(LETTERS, None, 3))
    writes = AttentionRNN(AttentionRNNSettings(), Shape(LETTERS, LETTERS))
    for net in (recurrent, writes):
        recompute_blocks(net, TrainingSettings())
        with pytest.raises(SettingsError, match="has no blocks"):
            recompute_blocks(net, TrainingSettings(recompute="yes"))
