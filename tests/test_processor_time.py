"""What the check says of its own processor time."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from tests import processor_time
from tests.processor_time import NAME, by_file, pytest_terminal_summary, used


def report(name: str, seconds: float, when: str = "teardown") -> Any:
    return SimpleNamespace(nodeid=name, when=when, user_properties=[(NAME, seconds), ("other", 9)])


REPORTS = [report("a.py::one", 1.5), report("a.py::one", 9, "call"), report("a.py::two[x]", 0.5),
           report("b.py::one", 3.0)]  # fmt: skip


def test_seconds_are_summed_by_file_and_counted_once() -> None:
    assert by_file(REPORTS) == ({"a.py": 2.0, "b.py": 3.0}, {"a.py": 2, "b.py": 1})


def test_the_most_come_first_and_a_run_of_few_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []
    shown = SimpleNamespace(
        stats={"": REPORTS[:2], "passed": REPORTS[2:]},
        write_sep=lambda sign, text: told.append(text), write_line=told.append,
    )  # fmt: skip
    pytest_terminal_summary(shown)
    assert not told
    monkeypatch.setattr(processor_time, "MANY", 3)
    pytest_terminal_summary(shown)
    assert told[0] == "5 processor seconds, most of them in"
    assert [line.split() for line in told[1:]] == [
        ["3.0", "s", "1", "tests", "b.py"], ["2.0", "s", "2", "tests", "a.py"],
    ]  # fmt: skip


def test_processes_that_have_ended_count() -> None:
    before = used()
    code = "import time\nwhile time.process_time() < 0.2: pass"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)
    assert used() - before >= 0.15  # the system counts in steps
