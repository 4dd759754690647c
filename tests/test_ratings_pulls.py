"""Pulls on the rows of a batch, by hand against autograd."""

from __future__ import annotations

import pytest
import torch

from hornbook.ratings.models.pulls import pull_vjp


@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize("columns", [True, False])
@pytest.mark.parametrize("each", [True, False])
def test_the_sum_and_its_gradients(*, same: bool, columns: bool, each: bool) -> None:
    made = torch.Generator().manual_seed(0)
    own = torch.randn(5, 3, dtype=torch.float64, generator=made).requires_grad_()
    more = torch.randn(5, 3, dtype=torch.float64, generator=made).requires_grad_()
    by_column = torch.rand(3, dtype=torch.float64, generator=made) if columns else None
    by_row = torch.rand(5, dtype=torch.float64, generator=made) if each else None
    used = own if same else own + more
    total, backward = pull_vjp(used, own, by_column, by_row)
    on_used, on_own = backward()

    wanted = own.sum() * 0 + more.sum() * 0
    if by_column is not None:
        wanted = wanted + (by_column * used**2).sum()
    if by_row is not None:
        wanted = wanted + (by_row[:, None] * own**2).sum()
    torch.testing.assert_close(total, wanted)
    of_own, of_more = torch.autograd.grad(wanted, (own, more))
    found = [torch.zeros(5, 3, dtype=torch.float64) if g is None else g for g in (on_used, on_own)]
    torch.testing.assert_close(sum(found), of_own)
    assert (on_own is not None) == (each and not same)
    if not same:
        torch.testing.assert_close(found[0], of_more)
