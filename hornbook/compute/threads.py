"""How many processor threads share the work of an operation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch
from threadpoolctl import ThreadpoolController

__all__ = ["threads"]


@contextmanager
def threads(number: int) -> Iterator[None]:
    """As many threads meanwhile, torch's and NumPy's alike; what the caller had comes back.

    Both, for threads of two libraries that take turns wait for each other: now and then for a
    hundred times as long as the work takes.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        with libraries().limit(limits=number, user_api="blas"):
            yield
    finally:
        torch.set_num_threads(before)


@cache
def libraries() -> ThreadpoolController:
    """The numerical libraries that are loaded."""
    return ThreadpoolController()
