"""A run of ratings or clicks without the data: what its files still tell of users."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hornbook
from hornbook.inspection.overview import Overview
from hornbook.ratings.models import ease
from hornbook.ratings.models.families import CLICKS, RATINGS
from hornbook.runs import Run, strip
from hornbook.tensor_files import read_tensors
from tests.command import typed

FITTED = [name for name, line in {**RATINGS, **CLICKS}.items() if line.fitted]


def a_run(folder: Path, model: str, **how: Any) -> Run:
    """Of 20 users and 15 items."""
    random = np.random.default_rng(0)
    rows = [
        f"person-{user},thing-{item},{random.integers(1, 6)}"
        for user in range(20)
        for item in random.permutation(15)[:8]
    ]
    data = folder / "ratings.csv"
    data.write_text("user,item,rating\n" + "\n".join(rows) + "\n", encoding="utf-8")
    run: Run = hornbook.train(data, model=model, out=folder / "run", baseline=False, **how)
    return run


@pytest.mark.parametrize("model", [*FITTED, "dot-bias"])
def test_nobodys_history_is_left(model: str, tmp_path: Path) -> None:
    how = {"training": {"steps": 2}} if model == "dot-bias" else {}
    whole = a_run(tmp_path, model, **how)
    guest = whole.recommend(likes=["thing-3"], n=4)
    strip(whole.path)
    for path in whole.path.rglob("*"):
        assert not path.is_file() or b"person-1" not in path.read_bytes(), path
    bare = Run(whole.path)
    assert bare.task.still_private(bare) == ""
    for name, tensor in read_tensors(bare.directory.model)[0].items():
        # A row for each user may be there, but no list of what they have.
        assert not name.startswith("history."), name
        assert not np.issubdtype(np.asarray(tensor).dtype, np.integer) or name == "neighbours"
    assert [row.item for row in bare.recommend(likes=["thing-3"], n=4)] == [
        row.item for row in guest
    ]


def test_no_folder_is_told(tmp_path: Path) -> None:
    titles = tmp_path / "titles.csv"
    rows = [f"thing-{item},Thing number {item}" for item in range(15)]
    titles.write_text("item,title\n" + "\n".join(rows) + "\n", encoding="utf-8")
    first = a_run(tmp_path, "dot-bias", training={"steps": 2}, titles=str(titles))
    run = hornbook.train(
        tmp_path / "ratings.csv", init_from=first.path, out=tmp_path / "second", baseline=False,
        training={"steps": 2}, titles=str(titles),
    )  # fmt: skip
    for shown in (first, run):
        overview = Overview(shown, shown.summary)
        for action in (
            *overview.calls(folders=False),
            *filter(None, (one.action for one in overview.advice(folders=False))),
        ):
            assert str(tmp_path) not in str(action), action
    strip(run.path)
    for path in run.path.rglob("*"):
        assert not path.is_file() or str(tmp_path).encode() not in path.read_bytes(), path
    assert Run(run.path).record.options["titles"] == "titles.csv"


def test_what_a_model_still_holds_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ease, "SMALL", 0)
    monkeypatch.setattr(ease, "by_users", lambda shape: True)
    run = a_run(tmp_path, "ease")
    status, _, told = typed(capsys, "strip", str(run.path))
    assert status == 0
    assert "the model holds which items each user has" in " ".join(told.split())
    status, out, _ = typed(capsys, "strip", str(run.path), "--json")
    assert "which items each user has" in json.loads(out)["still_private"]
