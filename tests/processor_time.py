"""How much processor time each file of tests takes, told at the end of the check."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Generator, Iterable
from typing import Any

import pytest

MANY = 1_000  # tests: a run of fewer is somebody's who works on them
SHOWN = 12  # files
NAME = "processor seconds"
BEGUN = pytest.StashKey[float]()


def used() -> float:
    """Processor seconds of this process, and of those that it started and that have ended.

    What `tests.forked` starts is not among them: the process that it forks lives on.
    """
    ended = os.times()
    return time.process_time() + ended.children_user + ended.children_system


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """A test, with its fixtures."""
    item.stash[BEGUN] = used()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, Any]:
    """The last report of a test takes its seconds along, from whichever process it ran in."""
    if call.when == "teardown":
        item.user_properties.append((NAME, used() - item.stash[BEGUN]))
    return (yield)


def by_file(reports: Iterable[Any]) -> tuple[Counter[str], Counter[str]]:
    """Seconds, and how many tests, of each file."""
    seconds, tests = Counter[str](), Counter[str]()
    for report in reports:
        if getattr(report, "when", "") == "teardown":
            file = report.nodeid.partition("::")[0]
            tests[file] += 1
            seconds[file] += sum(value for name, value in report.user_properties if name == NAME)
    return seconds, tests


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The files that took most."""
    seconds, tests = by_file(one for many in terminalreporter.stats.values() for one in many)
    if tests.total() < MANY:
        return
    terminalreporter.write_sep("-", f"{seconds.total():.0f} processor seconds, most of them in")
    for file, took in seconds.most_common(SHOWN):
        terminalreporter.write_line(f"{took:7.1f} s  {tests[file]:5} tests  {file}")
