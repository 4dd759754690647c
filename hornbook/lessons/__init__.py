"""Backpropagation by hand, shown and to be done; gradients checked; SGD from nothing."""

from __future__ import annotations

from hornbook.lessons.compare import Comparison, compare

__all__ = ["Comparison", "compare"]
