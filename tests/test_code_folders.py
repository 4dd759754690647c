"""Folders of kernels' machine code: which are shown, and which go."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hornbook.kernels import code_folders, machine_code
from hornbook.kernels.code_folders import LONG, folders, homes
from tests.command import typed

DAYS = 86_400


def made(home: Path, letter: str, days: float, files: int = 2) -> Path:
    """A folder of a version with some kernels, last used some days ago."""
    folder = home / f"kernels-{letter * 16}"
    folder.mkdir(parents=True)
    for k in range(files):
        (folder / f"kernel{k}.float32").write_bytes(b"x" * 1_000)
    (folder / "kernel9.float32.12.part").write_bytes(b"x")
    then = time.time() - days * DAYS
    for path in (*folder.iterdir(), folder):
        os.utime(path, (then, then))
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the folders lie: two that are new, one that is old, and what is none of ours."""
    found = tmp_path / "home"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(found))
    monkeypatch.setenv("HORNBOOK_CACHE", str(tmp_path / "cache"))
    for letter, days in (("a", LONG + 1), ("b", LONG - 1), ("c", 0)):
        made(found, letter, days)
    other = made(found, "d", 1_000)
    other.rename(found / "kernels-of-mine")
    (found / f"kernels-{'e' * 16}").touch()  # a file
    if sys.platform != "win32":
        (found / f"kernels-{'f' * 16}").symlink_to(found / "kernels-of-mine")
    return found


def letters() -> str:
    """Which folders there are, by a letter each."""
    return "".join(one.folder.name[-1] for one in folders())


def test_folders_with_what_is_in_them(home: Path) -> None:
    assert letters() == "abc"
    for one in folders():
        assert (one.kernels, one.bytes) == (2, 2_001)
    assert [one.is_unused for one in folders()] == [True, False, False]


def test_without_a_word_of_the_environment_there_are_two_homes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("HORNBOOK_CACHE", str(tmp_path))
    beside, among = homes()
    assert beside == Path(machine_code.__file__).parent / "__pycache__"
    assert among == tmp_path / "kernels"


def test_those_of_old_versions_go_when_a_new_one_is_kept(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = home / f"kernels-{'0' * 16}"
    monkeypatch.setattr(machine_code, "places", lambda: [new])
    machine_code.keep("kernel", machine_code.Code("symbol", (), b"x"))
    assert letters() == "bc0"
    assert (home / "kernels-of-mine").is_dir()
    made(home, "a", LONG + 1)
    machine_code.keep("another", machine_code.Code("symbol", (), b"x"))
    assert letters() == "abc0"  # looked for once


def test_one_from_which_code_is_read_is_in_use(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = home / f"kernels-{'a' * 16}"
    code = machine_code.Code("symbol", (), b"x")
    (old / "kernel").write_bytes(code.to_bytes("kernel"))
    then = time.time() - 2 * LONG * DAYS
    for path in (*old.iterdir(), old):
        os.utime(path, (then, then))
    monkeypatch.setattr(machine_code, "places", lambda: [old])
    assert folders()[0].is_unused
    assert machine_code.read("kernel") == code
    assert letters() == "bca"


def test_a_command_shows_and_clears(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = typed(capsys, "cache")
    assert status == 0
    assert "6 compiled kernels, 3 versions" in out
    assert "6.0 kB" in out
    assert f"Kernels in {home}" in err
    assert (
        f"Remove 2.0 kB of kernels that nobody has used for {LONG} days:  "
        "hornbook cache --clear unused" in err
    )
    status, out, err = typed(capsys, "cache", "--clear", "unused")
    assert "Removed: 2 compiled kernels (2.0 kB)." in err
    assert letters() == "bc"
    status, out, err = typed(capsys, "cache")
    assert "--clear" not in err
    status, out, err = typed(capsys, "cache", "--clear", "unused")
    assert "Nothing to remove." in err
    status, out, err = typed(capsys, "cache", "--clear", "kernels", "--json")
    told = json.loads(out)
    assert told["kernels"] == []
    assert [one["kernels"] for one in told["removed_kernels"]] == [2, 2]
    assert letters() == ""
    assert (home / "kernels-of-mine").is_dir()


def test_kernels_in_the_cache_are_not_counted_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "kernels"))
    monkeypatch.setenv("HORNBOOK_CACHE", str(tmp_path))
    made(tmp_path / "kernels", "a", 0)
    _, out, _ = typed(capsys, "cache", "--json")
    assert json.loads(out)["other_bytes"] == 0
    _, _, err = typed(capsys, "cache")
    assert "Kernels in" not in err


def test_what_cannot_be_removed_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("shutil.rmtree", refused)
    status, _, err = typed(capsys, "cache", "--clear", "all")
    assert status == 0
    assert err.count("Left: 2 compiled kernels (2.0 kB). Cannot remove") == 3
    code_folders.drop_unused(home / f"kernels-{'0' * 16}")  # says nothing


def test_neither_numba_nor_torch_is_imported_to_show_them(home: Path) -> None:
    program = (
        "import sys; from hornbook.cli import main; main(['cache', '--clear', 'unused']);"
        "print({'numba', 'llvmlite', 'torch'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.endswith("set()\n"), done.stderr
