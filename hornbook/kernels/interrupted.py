"""Signals that come while a kernel is compiled: none is answered where its answer would be lost."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["answered_after_llvm"]

CALLS_BACK = "llvmlite.binding"
IMPORTS = "importlib._bootstrap"
COMPILES = "hornbook.kernels.machine_code"  # what imports that is none of ours


@contextmanager
def answered_after_llvm() -> Iterator[None]:
    """A context in which signals wait that come while LLVM works, or a module is imported.

    Python hears them at its next line, which is often one that LLVM calls: what is raised there
    goes no further, but is printed as a traceback. And a process in which Numba was imported by
    half cannot import it again. They are answered at the end of the context; all others at once.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach the main thread only
        return
    before: dict[int, Any] = {}
    waiting: list[int] = []

    def answer(number: int, frame: FrameType | None) -> None:
        if within(frame):
            waiting.append(number)
        else:
            before[number](number, frame)

    try:
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)  # Windows has no SIGHUP
            if number and callable(signal.getsignal(number)):
                before[number] = signal.signal(number, answer)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in waiting:
            before[number](number, None)


def within(frame: FrameType | None) -> bool:
    """Whether a line is of what LLVM is called by, or calls, or of what is imported."""
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if name.startswith((CALLS_BACK, IMPORTS)):
            return True
        if name == COMPILES:
            break
        frame = frame.f_back
    return False
