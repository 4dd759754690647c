"""Ctrl-C while kernels are compiled: it stops the command, and nothing of it is printed."""

from __future__ import annotations

import importlib
import signal
import types

import pytest

from hornbook.kernels.interrupted import CALLS_BACK, answered_after_llvm
from hornbook.kernels.machine_code import compiled


def interrupt() -> None:
    signal.raise_signal(signal.SIGINT)


within_llvm = types.FunctionType(interrupt.__code__, {"__name__": CALLS_BACK, "signal": signal})
"The same, as if llvmlite had the line."


def test_what_comes_while_llvm_works_is_answered_after_it() -> None:
    heard, went_on = signal.getsignal(signal.SIGINT), []

    def compiling() -> None:
        with answered_after_llvm():
            within_llvm()
            went_on.append(True)

    with pytest.raises(KeyboardInterrupt):
        compiling()
    assert went_on
    assert signal.getsignal(signal.SIGINT) is heard


def test_what_comes_else_is_answered_at_once() -> None:
    went_on = []

    def compiling() -> None:
        with answered_after_llvm():
            interrupt()
            went_on.append(True)

    with pytest.raises(KeyboardInterrupt):
        compiling()
    assert not went_on


def test_kernels_are_compiled_so(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba")
    code, compiling = object(), importlib.import_module("hornbook.kernels.compiled")
    made = []

    def code_of(name: str) -> object:
        within_llvm()
        made.append(name)
        return code

    monkeypatch.setattr(compiling, "code_of", code_of)
    with pytest.raises(KeyboardInterrupt):
        compiled("advance.float32")
    assert made == ["advance.float32"]
