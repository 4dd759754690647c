"""A machine without Numba, on which nothing was compiled before."""

from __future__ import annotations

import pytest

from hornbook.kernels import machine_code


def without_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    """To the end of a test."""
    monkeypatch.setattr(machine_code, "has", lambda module: False)
    monkeypatch.setattr(machine_code, "are_kept", lambda names: False)
