"""The commands of docs/runs.md run as they stand."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

import hornbook
from tests.command import typed
from tests.some_names import write_names

DOCS = (Path(__file__).parents[1] / "docs" / "runs.md").read_text(encoding="utf-8")


def test_the_lists_run_as_they_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names = write_names(tmp_path / "names", slice(0, 300))
    training = {"steps": 2, "threads": 1}
    hornbook.train(names, model="mlp", out="runs/net", training=training, baseline=False)
    hornbook.train(names, model="ngram", out="runs/counts")
    assert typed(capsys, "runs", "tag", "runs/net", "--add", "good")[0] == 0
    lines = re.findall(r"^hornbook (.+)$", DOCS, re.MULTILINE)
    assert len(lines) >= 5
    for line in lines:
        words = shlex.split(line.partition(" > ")[0], comments=True)
        status, _, err = typed(capsys, *words)
        assert status == 0, f"hornbook {line}: {err}"
    shown = typed(capsys, *shlex.split(lines[2], comments=True))[1]
    assert "runs/net" in shown
    assert "runs/counts" not in shown
