"""Kernels compiled before a training: they are those that it would compile."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
import pytest
import torch

from hornbook.kernels import entries, machine_code
from hornbook.kernels.program import Kind
from hornbook.text.batches import make_batches
from hornbook.text.models import family
from hornbook.text.stream import encode_lines
from hornbook.tokenizers.characters import CharTokenizer
from hornbook.training import TrainingSettings
from hornbook.training.compilable import some_program
from hornbook.training.many_steps import ManySteps
from tests.test_many_steps import LINES, trainer

pytest.importorskip("numba", reason="Numba is not installed")

MAKEFILE = Path(__file__).parents[1] / "Makefile"


def test_a_training_takes_what_was_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Code by other names would be compiled while somebody waits."""
    from hornbook.kernels.ahead import load

    steps = [
        ManySteps(trainer("GRU", precision, threads=threads, optimizer="sgd"))
        for precision in (torch.float32, torch.float64)
        for threads in (1, 2)
    ]
    for one in steps:
        load(one.program.kinds, one.values.dtype)
    monkeypatch.setattr(machine_code, "load", None)
    for one in steps:
        one.advance(2)
        one.losses(np.zeros((3, 4), np.int64), np.zeros((3, 4), np.int64))


def test_the_makefile_compiles_what_its_demo_needs() -> None:
    named = re.search(r"^KERNELS := (.*)$", MAKEFILE.read_text("utf-8"), re.M)
    assert named is not None
    kinds = {int(Kind[word.upper().replace("-", "_")]) for word in named[1].split()}
    line, tokenizer = family("mlp"), CharTokenizer.fit(LINES, boundary=True)
    made, suited = line.load(), line.training_for("lines")
    model = made(made.Settings(), tokenizer.vocabulary, None)
    stream = encode_lines(LINES, tokenizer)
    batches = make_batches(
        stream, model.reads, block_size=model.block_size, batch_size=suited.batch_size, seed=1
    )
    assert kinds == some_program(model, TrainingSettings(), batches).kinds


def test_kinds_are_named_on_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from hornbook.kernels import __main__ as command

    loaded: list[set[int]] = []
    monkeypatch.setattr(command, "load", lambda kinds, number: loaded.append(set(kinds)))
    for words in (["product", "batch-norm"], ["all"]):
        monkeypatch.setattr(sys, "argv", ["kernels", *words])
        command.main()
    assert loaded == [{Kind.PRODUCT, Kind.BATCH_NORM}, set(Kind)]
    monkeypatch.setattr(sys, "argv", ["kernels", "nothing"])
    with pytest.raises(SystemExit):
        command.main()
    assert "invalid choice: 'nothing'" in capsys.readouterr().err


LOADING = """\
import sys
from hornbook.kernels.machine_code import address
address(sys.argv[1])
print("numba" in sys.modules)
"""


@pytest.mark.parametrize("name", ["embedding-there.float32", "batch-norm-there.float32"])
def test_what_was_kept_is_loaded_without_numba(name: str) -> None:
    """To import it takes an eighth of a second; the first process has to. The second needs a
    function of the system, for a root.
    """
    for _ in range(2):
        told = subprocess.run(
            [sys.executable, "-c", LOADING, name], capture_output=True, text=True, check=True
        ).stdout
    assert told == "False\n"


SEARCH = "search.int64.int64"
SMALL = """
import sys

import numpy as np

from hornbook.kernels.entries import search

found = np.zeros(3, np.int64)
search(np.array([2, 4, 6]), np.array([0, 3]), np.zeros(3, np.int64), np.array([4, 5, 6]), found)
print(*found, "numba" in sys.modules)
"""


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program whose only kernel is kept beside it."""
    (tmp_path / "small.py").write_text(SMALL)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    return tmp_path


def said(small: Path) -> str:
    """What the program says."""
    line = [sys.executable, "small.py"]
    return subprocess.run(line, cwd=small, capture_output=True, text=True, check=True).stdout


def no_digest(data: bytes) -> bytes:
    return data.partition(b"\n")[2]


def cut(data: bytes) -> bytes:
    return data[:-1]


def flipped(data: bytes) -> bytes:
    return data[:-100] + bytes([data[-100] ^ 1]) + data[-99:]


def with_another_symbol(data: bytes) -> bytes:
    return data.replace(b'"symbol": "', b'"symbol": "x')


def of_another_system(data: bytes) -> bytes:
    code = machine_code.Code.from_bytes(SEARCH, data)
    return replace(code, needs=("no_such_function",)).to_bytes(SEARCH)


def of_another_kernel(data: bytes) -> bytes:
    return machine_code.Code.from_bytes(SEARCH, data).to_bytes("search.float32.int64")


DAMAGES: list[Callable[[bytes], bytes]] = [
    lambda data: b"", lambda data: b"\x80garbage\n", lambda data: b"[1]\n" + data,
    no_digest, cut, with_another_symbol, of_another_kernel, flipped,
]  # fmt: skip


def test_damage_to_what_was_kept_is_mended(small: Path) -> None:
    """Damaged code would be run as it is: its digest tells."""
    assert said(small) == "1 -1 2 True\n"
    assert said(small) == "1 -1 2 False\n"
    (kept,) = small.rglob("search*")
    whole = kept.read_bytes()
    for damage in DAMAGES:
        damaged = damage(whole)
        assert damaged != whole
        kept.write_bytes(damaged)
        assert machine_code.read(SEARCH) is None
    for again in (flipped, of_another_system):
        kept.write_bytes(again(whole))
        assert said(small) == "1 -1 2 True\n"
        # Compiled again it has the same size; its symbol may have another number.
        assert len(kept.read_bytes()) == pytest.approx(len(whole), abs=64)
    assert said(small) == "1 -1 2 False\n"


TYPES = """
import sys

import numpy as np

from hornbook.kernels.entries import search

for number in sys.argv[1:]:
    found, keys = np.zeros(3, np.int64), np.array([2, 4, 6], number)
    search(keys, np.array([0, 3]), np.zeros(3, np.int64), np.array([4, 5, 6], number), found)
    print(*found)
"""


def test_what_processes_kept_is_told_apart(small: Path) -> None:
    """Numba gives what each of them compiles first the same name."""
    (small / "several.py").write_text(TYPES)
    for numbers in (["int64"], ["float32"], ["int64", "float32"]):
        told = subprocess.run(
            [sys.executable, str(small / "several.py"), *numbers],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        assert told == "1 -1 2\n" * len(numbers)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
def test_what_cannot_be_kept_is_compiled_all_the_same(small: Path) -> None:
    line = f"ulimit -f 1; exec {shlex.quote(sys.executable)} small.py"
    found = subprocess.run(["bash", "-c", line], cwd=small, text=True, capture_output=True)
    assert found.stdout == "1 -1 2 True\n", found.stderr
    assert not [*small.rglob("search*")]


def test_code_is_kept_where_it_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    folders = [tmp_path / "file" / "below", tmp_path / "there"]
    monkeypatch.setattr(machine_code, "places", lambda: folders)
    code = machine_code.Code("symbol", ("sqrtf",), b"\n\0\xff")
    machine_code.keep("kernel", code)
    assert [path.name for path in tmp_path.rglob("*")] == ["file", "there", "kernel"]
    assert machine_code.read("kernel") == code
    assert machine_code.are_kept(["kernel"])
    assert not machine_code.are_kept(["kernel", "other"])


def test_arguments_of_another_shape_or_type_are_refused() -> None:
    """Code would read what is beside them."""
    whole, values = np.zeros(1, np.int64), np.arange(3)
    good: list[Any] = [values, np.array([0, 3]), whole, whole, whole.copy()]
    assert entries.search(*good) == 0
    for at, wrong in enumerate(
        [values[None], np.array(0), whole.astype(np.int32), whole.astype(np.uint8), values[::2]]
    ):
        with pytest.raises(TypeError, match="search takes a contiguous array"):
            entries.search(*good[:at], wrong, *good[at + 1 :])
    swapped = values.astype(values.dtype.newbyteorder())
    for at, wrong in ((0, swapped), (1, swapped[[0, 2]])):
        with pytest.raises(TypeError, match="search takes a contiguous array of int64"):
            entries.search(*good[:at], wrong, *good[at + 1 :])
    with pytest.raises(ValueError, match="shorter"):
        entries.search(*good[:-1])


FORKED = """
import os
import threading
import time

from hornbook.kernels import machine_code

begun = threading.Event()


def compiled(name):
    begun.set()
    time.sleep(0.5)
    raise LookupError


def loading():
    try:
        machine_code.address("nothing")
    except LookupError:
        pass


machine_code.compiled = compiled
thread = threading.Thread(target=loading)
thread.start()
begun.wait()
if (child := os.fork()) == 0:
    loading()
    os._exit(3)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_loads_though_a_thread_did_when_it_was_forked() -> None:
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKED],
        capture_output=True, text=True, check=True, timeout=60,
    ).stdout  # fmt: skip
    assert told == "3\n"


def total(values: Any) -> Any:
    """A sum, which is other code where it may be added up in parts."""
    held = values[0]
    for i in range(1, len(values)):
        held += values[i]
    return held


@pytest.mark.parametrize("is_called", [False, True], ids=["itself", "what it calls"])
def test_code_is_the_same_whoever_asks_for_it(*, is_called: bool) -> None:
    """Numba has a function that is compiled for another one take how that one is compiled."""
    from numba import types
    from numba.extending import intrinsic

    from hornbook.kernels.compiled import compiled, given, kernel, summing

    numbers, sizes = types.Array(types.float32, 1, "C"), []

    def make() -> None:
        copy: Any = FunctionType(total.__code__, {"range": range, "len": len})
        called = given(copy)
        made = (lambda values: called(values)) if is_called else copy
        sizes.append(len(compiled(made, types.float32(numbers), by_words=False).object))

    def make_within(how: Callable[[Any], Any]) -> None:
        @intrinsic  # type: ignore[untyped-decorator]
        def ask(typing: Any, values: Any) -> Any:
            make()
            return types.void(values), lambda context, *_: context.get_dummy_value()

        how(lambda values: ask(values)).compile(types.void(numbers))

    make()
    make_within(kernel)
    make_within(summing)
    assert len(sizes) == 3
    assert len(set(sizes)) == 1
