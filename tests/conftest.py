"""What holds for every test: one thread a process, an own cache, the same examples each time."""

from __future__ import annotations

import atexit
import functools
import gc
import inspect
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.processor_time import (  # pytest calls what it finds here
    pytest_runtest_makereport,
    pytest_runtest_protocol,
    pytest_terminal_summary,
)

__all__ = ["pytest_runtest_makereport", "pytest_runtest_protocol", "pytest_terminal_summary"]

# The check's workers share the processors: libraries that each took all of them would wait for one
# another. Set before anything loads torch or NumPy; the processes that tests start inherit it.
# Tests that are about threads set their number themselves.
for library in ("OMP", "MKL", "OPENBLAS"):
    os.environ[f"{library}_NUM_THREADS"] = "1"

# What the tests expect is a processor's; the ones that are about a GPU (test_gpu.py) take it back.
os.environ["CUDA_VISIBLE_DEVICES"] = ""

# The check starts many Pythons. Where they are told to write no bytecode beside the code, it is
# kept here, or each of them would compile everything again.
if sys.dont_write_bytecode:
    sys.dont_write_bytecode = False
    sys.pycache_prefix = str(Path(__file__).parents[1] / ".pytest_cache" / "bytecode")
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A check that runs in the background begins with Ctrl-C ignored, and so would what tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def folder_of_the_check(variable: str) -> None:
    """An empty folder, named in the environment, until this process ends."""
    os.environ[variable] = tempfile.mkdtemp(prefix="hornbook-check-")
    atexit.register(shutil.rmtree, os.environ[variable], ignore_errors=True)


# What is kept for later trainings on a machine must not be that of the person who runs the tests.
folder_of_the_check("HORNBOOK_CACHE")
# Kernels are those of whoever runs the tests: what they are made of is in the name of their folder.

# No deadline, for the machine may have other things to do. The examples follow from the test's own
# code alone: what has passed passes again, and what fails fails for everyone. To look for new ones
# by chance: pytest --hypothesis-profile=default. Tests whose examples take long ask for fewer.
settings.register_profile("check", deadline=None, derandomize=True, max_examples=100)
settings.load_profile("check")


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the garbage collector need not walk it again and again. What
    comes is collected more rarely than usual, which takes a twelfth less time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(autouse=True, scope="session")
def no_wait_for_the_disk() -> None:
    """What is written here need not outlive a power cut, which no test can try; a disk takes 10 ms
    for each of the dozens of files of a training.
    """
    os.fsync = lambda fd: None


@pytest.fixture(autouse=True, scope="session")
def sources_are_read_once() -> None:
    """Help stands in the source of each dataclass, and every command looks it up again, for which
    Python before 3.13 reads and parses the whole file.
    """
    look_up = inspect.getsource
    of_class = functools.cache(look_up)

    def getsource(it: Any) -> str:
        return of_class(it) if isinstance(it, type) else look_up(it)

    inspect.getsource = getsource  # type: ignore[assignment]


@pytest.fixture(autouse=True, scope="session")
def no_sign_of_life() -> None:
    """What a test reads on standard error must not hang on how fast the machine is."""
    from hornbook.cli import alive

    alive.SILENCE = 1e6


@pytest.fixture
def unpainted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages whose pictures are made but not painted, which takes most of the time of a page."""
    monkeypatch.setattr("hornbook.reports.picture.embedded", lambda figure: "data:,")
