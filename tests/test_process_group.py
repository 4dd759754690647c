"""A program that is run apart leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hornbook import process_group
from hornbook.process_group import run_group

ENDLESS = "import time\nwhile True:\n    time.sleep(1)\n"
STUBBORN = f"import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{ENDLESS}"
PATIENCE = 600.0  # seconds, after which a process hangs, however much else the machine has to do

pytestmark = pytest.mark.skipif(not hasattr(os, "killpg"), reason="there are no process groups")


def parent(folder: Path, child: str, end: str) -> list[str]:
    """A command that starts a child, notes its number when that is up, and goes on with `end`."""
    (folder / "child.py").write_text(f"open('up', 'w').close()\n{child}")
    code = (
        "import os, subprocess, sys, time\n"
        "made = subprocess.Popen([sys.executable, 'child.py'])\n"
        "while not os.path.exists('up'):\n    time.sleep(0.01)\n"
        "open('pid.part', 'w').write(str(made.pid)); os.rename('pid.part', 'pid')\n"
        f"{end}"
    )
    (folder / "parent.py").write_text(f"import os\nos.chdir({str(folder)!r})\n{code}")
    return [sys.executable, str(folder / "parent.py")]


def gone(folder: Path) -> bool:
    """Whether the child has ended; where nobody asks for it, it may stay as a zombie."""
    number = int((folder / "pid").read_text())
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return True
        try:
            if Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            pass
        time.sleep(0.01)
    return False


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_group, "GRACE", 0.2)


@pytest.mark.parametrize("child", [ENDLESS, STUBBORN])
def test_what_a_program_started_ends_with_it(child: str, tmp_path: Path) -> None:
    assert run_group(parent(tmp_path, child, "sys.exit(3)"), os.environ, PATIENCE) == 3
    assert gone(tmp_path)


@pytest.mark.parametrize("child", [ENDLESS, STUBBORN])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), subprocess.TimeoutExpired("it", 1)])
def test_all_of_it_ends_when_time_is_up_or_at_ctrl_c(
    child: str, error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait = subprocess.Popen.wait

    def until_there_is_a_child(
        process: subprocess.Popen[bytes], timeout: float | None = None
    ) -> int:
        if timeout is None:
            return wait(process)
        while not (tmp_path / "pid").exists():
            time.sleep(0.01)
        raise error

    monkeypatch.setattr(subprocess.Popen, "wait", until_there_is_a_child)
    with pytest.raises(type(error)):
        run_group(parent(tmp_path, child, ENDLESS), os.environ, PATIENCE)
    assert gone(tmp_path)


def test_ctrl_c_at_the_terminal_does_not_reach_it(tmp_path: Path) -> None:
    code = f"import os\nopen({str(tmp_path / 'session')!r}, 'w').write(str(os.getsid(0)))"
    assert run_group([sys.executable, "-c", code], os.environ, PATIENCE) == 0
    assert int((tmp_path / "session").read_text()) != os.getsid(0)
