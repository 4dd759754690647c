"""The commands and the Python in docs/pairs.md run as they stand, in their order."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

import hornbook
from tests.command import typed
from tests.toy_writer import with_speaker

DOCS = (Path(__file__).parents[1] / "docs" / "pairs.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^hornbook .*$", DOCS, re.MULTILINE)
PYTHON = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)


def test_all_of_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    unpainted: None,
) -> None:  # fmt: skip
    assert (len(COMMANDS), len(PYTHON)) == (15, 1)
    monkeypatch.chdir(tmp_path)
    with with_speaker():  # which can all that a net can, and needs no training
        for command in COMMANDS:
            words = shlex.split(command)[1:]
            if words[0] == "train":
                words += ["--model", "toy", "--no-baseline"]
            elif words[:2] == ["make", "reversal"] and "4000" in words:
                words[words.index("4000")] = "400"
            status, _, err = typed(capsys, *words)
            assert status == 0, f"{command}: {err}"
        given = {"model": "toy", "baseline": False, "overwrite": True}
        train = hornbook.train
        monkeypatch.setattr(hornbook, "train", lambda *a, **k: train(*a, **{**k, **given}))
        exec(compile(PYTHON[0], "docs/pairs.md", "exec"), {})
