"""What only some uses need: PyTorch, for neural networks."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager

from hornbook.errors import MissingPackageError

__all__ = ["INSTALL_TORCH", "has_torch", "needing_torch"]

INSTALL_TORCH = "pip install torch -i https://download.pytorch.org/whl/cpu"
"Installs the CPU build; on Linux a plain `pip install torch` downloads several gigabytes of CUDA."


def has_torch() -> bool:
    """Whether torch is installed; it is not imported to find out."""
    try:
        return importlib.util.find_spec("torch") is not None
    except ModuleNotFoundError:
        return False


@contextmanager
def needing_torch() -> Iterator[None]:
    """A context in which torch may be missing.

    Raises:
        MissingPackageError: if it is, and was asked for; it says what to type.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "torch":
            raise
        raise MissingPackageError(
            "This requires PyTorch, which is not installed.",
            hint=f"Install it:  {INSTALL_TORCH}\n"
            "Without PyTorch, n-grams (`model=ngram`), the doctor and the scalar engine work.",
        ) from None
