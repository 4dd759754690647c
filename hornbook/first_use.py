"""Names of a package that are imported when they are first used."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["on_first_use"]


def on_first_use(
    package: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """A package's `__getattr__` and `__dir__`.

    Args:
        package: its name. What it offers is in its `__all__`.
        homes: the modules of the names that are imported on first use.

    Raises:
        MissingPackageError: where a name is asked for that needs torch, which is not installed.
    """

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        from hornbook.extras import needing_torch

        with needing_torch():
            return getattr(importlib.import_module(homes[name]), name)

    def offered() -> list[str]:
        return list(sys.modules[package].__all__)

    return get, offered
