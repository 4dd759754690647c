"""Sparse tensors, which torch is not to check: what makes them here is right by construction."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import torch
from torch import Tensor

__all__ = ["sparse_matrix", "sparse_rows"]


def sparse_rows(ids: Tensor, rows: Tensor, shape: torch.Size) -> Tensor:
    """A tensor of which only some rows are not zero; those that come more than once add up.

    Args:
        ids: numbers of the rows, shape (K,).
        rows: shape (K, ...).
        shape: of the tensor, (R, ...).
    """
    decide()
    return torch.sparse_coo_tensor(ids[None], rows, shape, check_invariants=False)


def sparse_matrix(starts: Tensor, columns: Tensor, values: Tensor, size: tuple[int, int]) -> Tensor:
    """A matrix by its rows (CSR).

    Args:
        starts: where in the others each row begins, and the end, shape (R + 1,).
        columns: of the entries, shape (K,).
        values: the entries, shape (K,).
        size: (R, C).
    """
    decide()
    return torch.sparse_csr_tensor(starts, columns, values, size, check_invariants=False)


@cache
def decide() -> None:
    """Say explicitly that checks stay as they are: some versions of torch warn until one does."""
    checks: Any = torch.sparse.check_sparse_tensor_invariants
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse invariant checks")
        enabled = checks.is_enabled()
    checks.enable() if enabled else checks.disable()
