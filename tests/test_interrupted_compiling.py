"""Ctrl-C while kernels are compiled: it stops the command, and nothing of it is printed."""

from __future__ import annotations

import importlib
import signal
import subprocess
import sys
import types
from pathlib import Path

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


def test_what_comes_during_an_import_is_answered_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "interrupted_module.py").write_text(
        "import signal\nsignal.raise_signal(signal.SIGINT)\nwhole = True\n"
    )
    with pytest.raises(KeyboardInterrupt), answered_after_llvm():
        importlib.import_module("interrupted_module")
    assert sys.modules.pop("interrupted_module").whole


AGAIN = """
import builtins
import signal

from hornbook.kernels.machine_code import compiled

importing, left = builtins.__import__, 400


def interrupted(*given, **named):
    global left
    left -= 1
    if left == 0:
        signal.raise_signal(signal.SIGINT)
    return importing(*given, **named)


builtins.__import__ = interrupted
try:
    compiled("search.int64.int64")
except KeyboardInterrupt:
    print(compiled("search.int64.int64").needs)
"""


def test_numba_is_imported_whole_or_not_at_all() -> None:
    """It could not be imported again, and was said not to suit what is installed."""
    pytest.importorskip("numba")
    told = subprocess.run([sys.executable, "-c", AGAIN], capture_output=True, text=True)
    assert told.stdout == "()\n", told.stderr


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
