"""Machine code of kernels: kept on disk for a processor, and loaded without Numba.

Each kernel that is compiled by itself has a name, as `lstm-back.float32`, and a file of that name.
To import Numba takes an eighth of a second, and to load what it would keep itself a twentieth more,
for that is made to be compiled further. Here code is loaded as it is, by llvmlite alone, in a
millisecond. A process that has compiled a kernel runs the code that it has kept, too, so that all
have the same bits.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import hashlib
import importlib
import json
import os
import sys
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from hornbook.errors import ToolError
from hornbook.extras import has, how_to_install, import_failure, needing, require
from hornbook.kernels.code_folders import PART, PREFIX, drop_unused, homes, note_use
from hornbook.kernels.interrupted import answered_after_llvm
from hornbook.kernels.version import VERSION

__all__ = [
    "YIELD", "Code", "address", "are_kept", "cannot_compile", "make_known", "symbol_of",
    "target_machine",
]  # fmt: skip

SYMBOL = "hornbook_"
YIELD = f"{SYMBOL}yield"  # what the system offers, by a name of ours
DIGEST = hashlib.sha256
SWITCH = "NUMBA_DISABLE_JIT"
OFF = f"{SWITCH} keeps from compiling"
# Settings of Numba that change no code, or what `processor` gives. Of others one cannot know:
# without optimization there is other code, with other bits, and so with checks of bounds.
NOT_OF_CODE = {
    "CACHE_DIR", "CPU_FEATURES", "CPU_NAME", "DISABLE_JIT", "NUM_THREADS", "THREADING_LAYER",
}  # fmt: skip


@dataclass(frozen=True)
class Code:
    """What a kernel was compiled to."""

    symbol: str
    "The name of its function in the code."
    needs: tuple[str, ...]
    "Names of the functions that it calls."
    object: bytes
    "As the system's compilers write it."

    def to_bytes(self, name: str) -> bytes:
        """As it is kept under a name: a digest of all, a line of JSON, and the code."""
        line = json.dumps({"symbol": self.symbol, "needs": self.needs}).encode()
        rest = line + b"\n" + self.object
        return digest(name, rest) + b"\n" + rest

    @classmethod
    def from_bytes(cls, name: str, data: bytes) -> Code:
        """What was kept under a name.

        Raises:
            ValueError, TypeError, KeyError: if it is damaged, or was kept under another.
        """
        found, _, rest = data.partition(b"\n")
        if found != digest(name, rest):
            raise ValueError("its digest is another")
        line, _, code = rest.partition(b"\n")
        told = json.loads(line)
        return cls(str(told["symbol"]), tuple(map(str, told["needs"])), code)


def digest(name: str, kept: bytes) -> bytes:
    """Of what is kept under a name for the processor."""
    return DIGEST(f"{made_by()} {name}\n".encode() + kept).hexdigest().encode()


def processor() -> tuple[str, str]:
    """For which code is made: its name and its features, as LLVM has them.

    It takes another one from the environment as Numba does, whose code is for that one.
    """
    import llvmlite.binding as llvm

    name, features = (os.environ.get(f"NUMBA_CPU_{what}") for what in ("NAME", "FEATURES"))
    if features is None:
        features = ""
        if name is None or name.lower() != "generic":
            with contextlib.suppress(RuntimeError):  # LLVM does not know them
                features = llvm.get_host_cpu_features().flatten()
    return llvm.get_host_cpu_name() if name is None else name, features


def changed_settings() -> list[tuple[str, str]]:
    """What the environment has Numba do otherwise than by itself: its code may be other code."""
    return sorted(
        (name, value)
        for name, value in os.environ.items()
        if name.startswith("NUMBA_") and name.removeprefix("NUMBA_") not in NOT_OF_CODE
    )


@functools.cache
def made_by() -> str:
    """A digest of all that code hangs on, beside the kernel."""
    packages = release("numba"), release("llvmlite")
    told = (VERSION, *packages, sys.platform, *processor(), *changed_settings())
    return DIGEST(repr(told).encode()).hexdigest()[:16]


def release(package: str) -> str:
    """The version of a package; empty if it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def places() -> Iterator[Path]:
    """The folders in which code may lie, the first that can be written being the one to keep it in:
    that of the environment, or beside the kernels and among the user's caches.
    """
    try:
        name = f"{PREFIX}{made_by()}"
    except MemoryError:
        raise
    except Exception:  # llvmlite is missing, or fails, with whatever a library raises
        return
    for home in homes():
        yield home / name


def are_kept(names: Iterable[str]) -> bool:
    """Whether nobody has to wait for some kernels to be compiled."""
    return all(read(name) is not None for name in names)


def read(name: str) -> Code | None:
    """What was kept of a kernel; None if nothing was that can be read, whole, and used here."""
    for folder in places():
        path = folder / name
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            if path.is_file():  # a pipe would never end
                code = Code.from_bytes(name, path.read_bytes())
                if all(map(can_be_known, code.needs)):
                    note_use(folder)
                    return code
    return None


def keep(name: str, code: Code) -> None:
    """Keep it whole, or not at all: without it the next process compiles it again."""
    for folder in places():
        aside = folder / f"{name}.{os.getpid()}{PART}"
        try:
            is_new = not folder.exists()
            folder.mkdir(parents=True, exist_ok=True)
            aside.write_bytes(code.to_bytes(name))
            aside.replace(folder / name)
        except OSError:
            continue
        else:
            if is_new:  # a version's first: those of old versions may go
                drop_unused(folder)
            return
        finally:  # nor is a part left by who is interrupted
            with contextlib.suppress(OSError):
                aside.unlink()


LOCK = threading.RLock()  # of a thread that loads
LOADED: dict[str, int] = {}  # kernels of this process by name,
BY_SYMBOL: dict[str, int] = {}  # and by symbol: several names may have the same code


def renew() -> None:
    """Have a lock that nobody holds: a forked child has not the thread that would release it.

    Not held during the fork instead: that waited forever for a thread that compiled.
    """
    global LOCK
    LOCK = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=renew)


def address(name: str) -> int:
    """Where a kernel is in this process: loaded, or compiled now."""
    found = LOADED.get(name)
    if found is None:
        with LOCK:
            code = read(name)
            if code is None:
                keep(name, code := compiled(name))
            found = LOADED[name] = load(code)
    return found


def compiled(name: str) -> Code:
    """What a kernel is compiled to, in seconds.

    Raises:
        MissingPackageError: if Numba is not installed, or does not suit what is.
        ToolError: if it is told not to compile.
    """
    what = "Compiling for this machine"
    require("numba", what)
    if why := failure():
        with needing("numba", what):
            raise ImportError(why, name="numba")
    if is_off():
        raise ToolError(f"{what} requires Numba, which {OFF}.", hint=f"Unset {SWITCH}.")
    with answered_after_llvm():
        code: Code = importlib.import_module("hornbook.kernels.compiled").code_of(name)
    return code


def cannot_compile() -> str:
    """Why what is not kept cannot be compiled, as the end of a sentence; empty if it can."""
    if not has("numba"):
        return f"it needs Numba, which is not installed (`{how_to_install('numba')}`)"
    if why := failure():
        return f"it needs Numba, which cannot be imported: {why}"
    return f"it needs Numba, which {OFF}" if is_off() else ""


def failure() -> str:
    """Why Numba cannot be imported, if it is installed; empty if it can."""
    with answered_after_llvm():
        return import_failure("numba")


def is_off() -> bool:
    """Whether Numba is told to leave functions as they are."""
    return bool(importlib.import_module("numba").config.DISABLE_JIT)


def load(code: Code) -> int:
    """Add some code to this process, and give where its function is."""
    import llvmlite.binding as llvm

    if code.symbol not in BY_SYMBOL:
        for need in code.needs:
            make_known(need)
        own = engine()
        own.add_object_file(llvm.ObjectFileRef.from_data(code.object))
        own.finalize_object()
        BY_SYMBOL[code.symbol] = own.get_function_address(code.symbol)
    return BY_SYMBOL[code.symbol]


def symbol_of(name: str) -> str:
    """By which kernels call another one."""
    return SYMBOL + name


def can_be_known(symbol: str) -> bool:
    """Whether there is a function of a name, or we have it."""
    import llvmlite.binding as llvm

    engine()  # before it is made, LLVM does not look among the functions of the process
    return symbol.startswith(SYMBOL) or llvm.address_of_symbol(symbol) is not None


def make_known(symbol: str) -> None:
    """Tell LLVM where a function is that a kernel calls: without it, it would end the process."""
    import llvmlite.binding as llvm

    if not can_be_known(symbol):
        raise RuntimeError(f"There is no {symbol} in this process, which kernels call.")
    if llvm.address_of_symbol(symbol) is None:
        name = symbol.removeprefix(SYMBOL)
        llvm.add_symbol(symbol, system_yield() if symbol == YIELD else address(name))


def system_yield() -> int | None:
    """Where the function is that gives a processor to another thread that waits for it."""
    windows: Any = getattr(ctypes, "windll", None)
    found = windows.kernel32.SwitchToThread if windows else ctypes.CDLL(None).sched_yield
    return ctypes.cast(found, ctypes.c_void_p).value


def target_machine() -> Any:
    """LLVM's machine for the processor."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    name, features = processor()
    # What is linked in memory must not look for itself by a table.
    reloc = "static" if target.name.startswith("x86") else "default"
    return target.create_target_machine(
        cpu=name, features=features, opt=3, reloc=reloc, codemodel="jitdefault", jit=True
    )


@functools.cache
def engine() -> Any:
    """What links code in memory."""
    import llvmlite.binding as llvm

    machine = target_machine()
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
