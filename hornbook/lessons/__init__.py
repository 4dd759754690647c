"""Backpropagation by hand, shown and to be done; gradients checked; SGD from nothing."""

from __future__ import annotations

from hornbook.lessons.comparison import Comparison, compare_gradients

__all__ = ["Comparison", "compare_gradients"]
