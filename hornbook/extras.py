"""What only some uses need: PyTorch for neural networks, pandas and scikit-learn for tables."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager

from hornbook.errors import MissingPackageError

__all__ = ["INSTALL_TORCH", "has", "has_torch", "needing", "needing_torch"]

INSTALL_TORCH = "pip install torch -i https://download.pytorch.org/whl/cpu"
"Installs the CPU build; on Linux a plain `pip install torch` downloads several gigabytes of CUDA."


NAMES = {"sklearn": "scikit-learn", "pandas": "pandas", "pyarrow": "pyarrow"}
"What the packages of the extra `tables` are called, by the name that is imported."


def has(package: str) -> bool:
    """Whether a package is installed; it is not imported to find out."""
    try:
        return importlib.util.find_spec(package) is not None
    except (ModuleNotFoundError, ValueError):
        return False


def has_torch() -> bool:
    """Whether torch is installed."""
    return has("torch")


@contextmanager
def needing(what: str) -> Iterator[None]:
    """A context in which packages of the extra `tables` may be missing.

    Args:
        what: needs them, for people: `The random forest`.

    Raises:
        MissingPackageError: if one is, and was asked for; it says what to type.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        name = NAMES.get((error.name or "").partition(".")[0])
        if name is None:
            raise
        raise MissingPackageError(
            f"{what} requires {name}, which is not installed.",
            hint=f"Install it:  pip install {name}",
        ) from None


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
