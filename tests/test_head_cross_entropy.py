"""The last product with its cross-entropy, some predictions at a time, against autograd."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from hornbook.nn import Linear, ReLU, Sequential, SoftCap, Tree, head_cross_entropy
from hornbook.nn.head_cross_entropy import head_cross_entropy_vjp, headed
from hornbook.text.batch import Batch
from hornbook.text.models import network
from hornbook.text.models.gpt import GPT
from hornbook.text.models.mlp import MLP
from hornbook.text.stream import IGNORED
from hornbook.tokenizers.contract import Vocabulary
from tests.referee import close, normal


def exact(head: Linear, x: Tensor, targets: Tensor, softcap: float) -> Tensor:
    z = F.linear(x, head.weight, head.bias)
    if softcap:
        z = softcap * torch.tanh(z / softcap)
    return F.cross_entropy(z.flatten(0, -2), targets.flatten(), ignore_index=-1)


@pytest.mark.parametrize("softcap", [0.0, 2.0])
@pytest.mark.parametrize("ignored", [False, True])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("at_once", [1, 5, 1000])
@pytest.mark.parametrize("even", [1, 8])
def test_loss_and_gradients(
    softcap: float,
    ignored: bool,
    bias: bool,
    at_once: int,
    even: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(head_cross_entropy, "evenness", lambda device: even)  # 8: as on a GPU
    monkeypatch.setattr(head_cross_entropy, "TOKENS", 4)  # in a stretch
    head = Linear(5, 11, bias, generator=torch.Generator().manual_seed(0)).double()
    x = normal(4, 3, 5).requires_grad_()
    targets = torch.arange(12).view(4, 3) % 11
    if ignored:
        targets[0, 1] = targets[2] = -1
    wanted = exact(head, x, targets, softcap)
    wanted.backward()  # type: ignore[no-untyped-call]
    grads = [x.grad, *(p.grad for p in head.parameters())]
    head.zero_grad()
    with torch.no_grad():
        loss, backward = head_cross_entropy_vjp(
            head, x.detach(), targets,
            softcap=softcap, ignore_index=-1 if ignored else None, at_once=at_once,
        )  # fmt: skip
        assert all(p.grad is None for p in head.parameters())  # only on the way back
        found = [backward(), *(p.grad for p in head.parameters())]
    close(loss, wanted.detach(), 1e-12)
    for mine, theirs in zip(found, grads, strict=True):
        assert mine is not None
        assert theirs is not None
        close(mine, theirs, 1e-12)


def test_without_any_target_the_loss_is_nan_as_torchs() -> None:
    with torch.no_grad():
        loss, _ = head_cross_entropy_vjp(
            Linear(2, 3), torch.ones(4, 2), torch.full((4,), -1), ignore_index=-1
        )
    assert torch.isnan(loss)


def test_under_autocast_sums_stay_float32() -> None:
    head, x, targets = Linear(8, 300), normal(20, 8).float(), torch.arange(20)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        loss, backward = head_cross_entropy_vjp(head, x, targets, at_once=6)
        backward()
    assert loss.dtype == head.weight.grad.dtype == torch.float32  # type: ignore[union-attr]
    close(loss, F.cross_entropy(F.linear(x, head.weight, head.bias), targets).detach(), 0.01)


def test_where_a_net_is_cut() -> None:
    first, head, cap = ReLU(), Linear(2, 3), SoftCap(4.0)
    assert headed(Sequential(first, head)) == ((first,), head, 0.0, (head,))
    assert headed(Sequential(first, head, cap)) == ((first,), head, 4.0, (head, cap))
    assert headed(Sequential(head, ReLU())) is None
    assert headed(head) is None
    assert headed(Tree(first, head, fan=2, start=0)) is None
    assert headed(Sequential(cap)) is None


@pytest.mark.parametrize("family", [GPT, MLP])
def test_a_net_with_many_tokens_learns_the_same(
    family: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {
        "block_size": 8,
        "n_embd": 8,
        "tied": True,
        "softcap": 5.0,
        "n_layer": 1,
        "dropout": 0.0,
    }
    if family is MLP:
        settings = {"block_size": 8}
    made = family(family.Settings.from_dict(settings), Vocabulary(50, 0, 0)).double()
    random = np.random.default_rng(0)
    rows = family is GPT
    inputs = random.integers(0, 50, (6, 8))
    targets = random.integers(0, 50, (6, 8) if rows else 6)
    if rows:
        targets[0, 5:] = IGNORED
    found = []
    for most in (10**9, 10):
        monkeypatch.setattr(network, "MANY", most)
        made.zero_grad()
        with torch.no_grad():
            loss, backward = made.loss_vjp(Batch(inputs, targets))
            backward()
        found.append([loss, *(p.grad for p in made.parameters())])
    for one, other in zip(*found, strict=True):
        assert one is not None
        assert other is not None
        close(one, other, 1e-12)
