"""The same figures every time, on a GPU as well."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

__all__ = ["deterministic"]

WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"  # read when a process makes its first product on a GPU


@contextmanager
def deterministic(device: torch.device) -> Iterator[None]:
    """While this lasts, two runs of the same work on a GPU end with the same bits.

    Sums there are made by many threads in the order in which they happen to come (those of
    `index_add_`, for one), unless torch is told to take the algorithms that keep an order; and so
    it is for a library's products, whose workspace must be fixed. What has no such algorithm warns.
    A processor needs none of this.

    Args:
        device: where the work is done.
    """
    if device.type != "cuda":
        yield
        return
    os.environ.setdefault(WORKSPACE, ":4096:8")
    before = torch.are_deterministic_algorithms_enabled()
    warns = torch.is_deterministic_algorithms_warn_only_enabled()
    filling: Any = torch.utils.deterministic
    fills = filling.fill_uninitialized_memory
    torch.use_deterministic_algorithms(True, warn_only=True)
    filling.fill_uninitialized_memory = False  # it would only help to find faults
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before, warn_only=warns)
        filling.fill_uninitialized_memory = fills
