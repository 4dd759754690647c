"""What is inside a model: pictures, gradients by hand, and checks of both."""

from __future__ import annotations

from hornbook.inspection.compare import Comparison, compare

__all__ = ["Comparison", "compare"]
