"""How many processor threads share the work of an operation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch
from threadpoolctl import ThreadpoolController

__all__ = ["threads"]


@contextmanager
def threads(number: int, blas: int | None = None) -> Iterator[None]:
    """As many threads meanwhile, torch's and NumPy's alike; what the caller had comes back.

    Both, for threads of two libraries that take turns wait for each other: now and then for a
    hundred times as long as the work takes.

    Args:
        number: of threads.
        blas: of NumPy's, where torch has one and so nobody to take turns with; None: as many.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        with libraries().limit(limits=blas or number, user_api="blas"):
            yield
    finally:
        torch.set_num_threads(before)


@cache
def libraries() -> ThreadpoolController:
    """The numerical libraries that are loaded, NumPy's among them; to look for them takes long."""
    return ThreadpoolController()
