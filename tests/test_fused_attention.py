"""Attention by torch's fused kernels: where it is used, and that it gives what `attend` gives."""

from __future__ import annotations

import math
import warnings

import pytest
import torch
from torch import Tensor

from hornbook.compute.deterministic import deterministic
from hornbook.nn import fused_attention
from hornbook.nn.fused_attention import SIGNATURES, Way, fused, is_fusible, operator
from hornbook.nn.scaled_dot_product import attend, attention_weights

on_a_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU")


@pytest.mark.parametrize("name", SIGNATURES)
def test_this_torch_has_the_operators_with_these_arguments(name: str) -> None:
    assert operator(name) is not None


def test_an_operator_that_is_not_there_or_takes_other_arguments_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(SIGNATURES, "_softmax", ("self", "dim"))
    assert operator("_softmax") is None
    assert operator("_no_such_operator") is None


def test_the_processor_has_its_own_way() -> None:
    assert not is_fusible(torch.zeros(2, 3, 8))


def reference(q: Tensor, k: Tensor, v: Tensor, dy: Tensor, *, causal: bool) -> tuple[Tensor, ...]:
    """In float64 by autograd."""
    q, k, v = (x.double().requires_grad_() for x in (q, k, v))
    mask = None
    if causal:
        ones = torch.ones(q.shape[-2], k.shape[-2], dtype=torch.float64, device=q.device)
        mask = torch.zeros_like(ones).masked_fill_(ones.triu(1) > 0, -math.inf)
    y = attention_weights(q, k, mask) @ v
    return (y.detach(), *torch.autograd.grad(y, (q, k, v), dy.double()))


def kernel(q: Tensor, k: Tensor, v: Tensor, *, causal: bool, dropout: float) -> tuple[Tensor, Way]:
    """As a GPU's: heads of one row, and what comes out does not lie in their order."""
    assert all(len(x) == 1 and x.is_contiguous() for x in (q, k, v))
    y, backward = attend(q[0], k[0], v[0], None, dropout)
    y = y.transpose(0, 1).contiguous().transpose(0, 1)[None]
    return y, lambda dy: tuple(x[None] for x in backward(dy[0]))  # type: ignore[return-value]


@pytest.mark.parametrize("heads", [(6,), (2, 3)])
def test_heads_of_any_rows_go_there_and_back(
    heads: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fused_attention, "efficient", kernel)
    torch.manual_seed(0)
    q, k, v, dy = (
        torch.randn(*heads[::-1], size, 8, dtype=torch.float64).transpose(0, -3)
        for size in (5, 7, 7, 5)
    )
    expected = reference(q, k, v, dy, causal=False)
    with torch.inference_mode():
        y, backward = fused(q, k, v, causal=False, dropout=0.0)
        found = (y, *backward(dy))
    recorded = tuple(x.clone().requires_grad_() for x in (q, k, v))
    y = fused(*recorded, causal=False, dropout=0.0)[0]
    by_autograd = (y.detach(), *torch.autograd.grad(y, recorded, dy))
    for one, same, other in zip(found, by_autograd, expected, strict=True):
        torch.testing.assert_close(one, other)
        torch.testing.assert_close(same, other)


@on_a_gpu
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("dtype", "apart"), [(torch.float32, 1e-5), (torch.bfloat16, 2e-2)])
@pytest.mark.parametrize(("length", "size"), [(1, 8), (17, 32), (300, 64)])
def test_it_gives_what_attention_gives(
    causal: bool, dtype: torch.dtype, apart: float, length: int, size: int
) -> None:
    generator = torch.Generator("cuda").manual_seed(0)
    shape = (2, 3, length, size)
    q, k, v, dy = (
        torch.randn(shape, device="cuda", generator=generator).to(dtype) for _ in range(4)
    )
    assert is_fusible(q)
    recorded = tuple(x.clone().requires_grad_() for x in (q, k, v))
    with deterministic(q.device):
        with torch.inference_mode():
            y, backward = fused(q, k, v, causal=causal, dropout=0.0)
            found = (y, *backward(dy))
        y = fused(*recorded, causal=causal, dropout=0.0)[0]
        by_autograd = (y.detach(), *torch.autograd.grad(y, recorded, dy))
    expected = reference(q, k, v, dy, causal=causal)
    for one, same, other in zip(found, by_autograd, expected, strict=True):
        assert torch.equal(one, same)
        torch.testing.assert_close(one.double(), other, atol=apart, rtol=apart)


@on_a_gpu
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_its_sums_are_made_in_a_fixed_order_where_that_is_asked_for(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    q, k, v, dy = (torch.randn(96, 512, 64, device="cuda").to(dtype) for _ in range(4))
    with deterministic(q.device), warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("error")
        backward = fused(q, k, v, causal=True, dropout=0.0)[1]
        first = backward(dy)
        for _ in range(5):
            assert all(map(torch.equal, first, backward(dy)))
        assert torch.is_deterministic_algorithms_warn_only_enabled()


@on_a_gpu
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_dropout_leaves_the_mean_and_its_gradient_meets_the_same_weights(
    dtype: torch.dtype,
) -> None:
    torch.manual_seed(0)
    q, k = (torch.randn(8, 64, 64, device="cuda").to(dtype) for _ in range(2))
    v = torch.eye(64, device="cuda").to(dtype).expand(8, 64, 64).contiguous()
    with torch.inference_mode():
        y, backward = fused(q, k, v, causal=False, dropout=0.25)  # the weights that were kept
        whole, _ = fused(q, k, v, causal=False, dropout=0.0)
        dv = backward(torch.ones_like(v))[2]  # their sum over queries, for each feature
    assert (y == 0).float().mean().item() == pytest.approx(0.25, abs=0.02)
    torch.testing.assert_close(y[y > 0], whole[y > 0] / 0.75, atol=1e-2, rtol=2e-2)
    torch.testing.assert_close(dv[:, :, 0].float(), y.float().sum(1), atol=2e-2, rtol=2e-2)
