"""What docs/lectures.md says to type beside the lectures runs as it stands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from hornbook.cli.main import all_verbs
from hornbook.runs import Run
from tests.command import typed
from tests.some_names import write_names
from tests.stopping import stopped_at

PAGE = (Path(__file__).parents[1] / "docs" / "lectures.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = re.findall(r"^hornbook .*$", PAGE, re.MULTILINE)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("hornbook.text.counts.draw_counts", lambda *given: 0)  # takes a second


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_the_lines_in_python_run(number: int) -> None:
    exec(compile(BLOCKS[number], f"lectures block {number}", "exec"), {})


def test_the_commands_run_one_after_the_other(capsys: pytest.CaptureFixture[str]) -> None:
    Path("emma.txt").write_text("emma\n")
    some = str(write_names(Path("some.txt"), slice(0, 300)))
    for line in COMMANDS:
        words = [some if word == "names" else word for word in shlex.split(line, comments=True)]
        stopped = "--steps" in words and words[words.index("--steps") + 1] != "0"
        if "bigram" in words:
            words += ["--no-baseline", "--threads", "1"]
        with stopped_at(2):
            status, out, err = typed(capsys, *words[1:])
        assert status == (130 if stopped else 0), f"{line}\n{err}"
        if words[1:3] == ["score", "runs/mle"]:
            assert "infinite" in out
    assert Run("runs/even").summary.steps == 0
    assert Run("runs/emma").summary.steps == Run("runs/net").summary.steps == 2


def test_the_verbs_of_its_tables_are_there() -> None:
    assert set(re.findall(r"`hornbook (\w+)", PAGE)) <= set(all_verbs())
