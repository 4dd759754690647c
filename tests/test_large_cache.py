"""Tokens of large texts: which are kept, and what removes them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from hornbook.errors import RunError
from hornbook.rendering import told_size
from hornbook.runs import Run
from hornbook.runs.lock import Lock
from hornbook.sources.source import Source
from hornbook.text.data import TextOptions
from hornbook.text.large import cached
from hornbook.text.large.cached import corpora
from hornbook.text.loading import load_text
from tests.command import typed
from tests.test_large import made_text, small_pieces
from tests.test_large_runs import trained

__all__ = ["small_pieces"]  # a fixture of every test here


def loaded(name: str, lines: int, seconds_ago: int = 0) -> Any:
    """A large text in the cache, as if it was used some time ago."""
    Path(name).write_text(made_text(lines), encoding="utf-8")
    data = load_text(Source(name), TextOptions(large="yes", mode="text"))
    last = data.corpus.folder / "tokens.json"  # type: ignore[attr-defined]
    os.utime(last, (last.stat().st_atime, last.stat().st_mtime - seconds_ago))
    return data


def on_a() -> Run:
    """A run on a large text."""
    Path("a.txt").write_text(made_text(100), encoding="utf-8")
    return trained("net", mode="text")


def test_the_oldest_go_that_no_run_refers_to(monkeypatch: pytest.MonkeyPatch) -> None:
    run = on_a()
    loaded("b.txt", 110, 300)
    loaded("c.txt", 120, 200)
    names = {one.name: one for one in corpora()}
    assert [*names] == ["b.txt", "c.txt", "a.txt"]  # a run used the last one now
    assert names["a.txt"].runs == (str(run.path.absolute()),)
    room = names["a.txt"].bytes + names["c.txt"].bytes
    monkeypatch.setattr(cached, "MOST", room + 10)
    about = "\n".join(loaded("d.txt", 4).about)
    assert "Removed from the cache" in about
    assert "b.txt" in about
    left = [one.name for one in corpora()]
    assert "b.txt" not in left
    assert {"a.txt", "d.txt"} <= {*left}
    monkeypatch.setattr(cached, "MOST", 1)
    about = "\n".join(loaded("e.txt", 5).about)
    assert {one.name for one in corpora()} == {"a.txt", "e.txt"}
    assert "of this one and of 1 run" in about
    again = Run(run.path)
    assert again.data.sizes["train"] > 0


def test_what_is_being_written_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    data = loaded("a.txt", 100)
    lock = Lock.take(data.corpus.folder)
    monkeypatch.setattr(cached, "MOST", 1)
    loaded("b.txt", 90)
    with pytest.raises(RunError):
        cached.remove(corpora()[0])
    lock.release()
    assert {one.name for one in corpora()} == {"a.txt", "b.txt"}


def test_a_command_shows_and_clears(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "kernels"))  # nobody else's
    run = on_a()
    loaded("b.txt", 300)
    status, out, err = typed(capsys, "cache")
    assert status == 0
    assert "tokens of b.txt" in out
    assert "hornbook cache --clear unused" in err
    status, out, err = typed(capsys, "cache", "--clear", "unused")
    assert "Removed: b.txt" in err
    assert "tokens of a.txt" in out
    assert "b.txt" not in out
    status, out, _ = typed(capsys, "cache", "--clear", "all", "--json")
    told = json.loads(out)
    assert told["corpora"] == []
    assert told["removed"][0]["runs"] == [str(run.path.absolute())]
    assert Run(run.path).data.sizes == run.data.sizes  # made again
    assert [one.runs for one in corpora()] == [(str(run.path.absolute()),)]
    status, _, err = typed(capsys, "cache", "--clear", "unused")
    assert "Nothing to remove." in err


def test_a_run_that_is_gone_refers_to_nothing_and_a_damaged_note_to_nobody() -> None:
    run = on_a()
    (run.path / "data" / "corpus.json").unlink()
    (one,) = corpora()
    assert one.runs == ()
    (one.folder / "about.json").write_text("[1")
    (one,) = corpora()
    assert (one.files, one.runs, one.name) == ((), (), one.folder.name)


@pytest.mark.parametrize(
    ("size", "told"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1_500, "1.5 kB"),
        (25_000_000, "25 MB"),
        (2 * 10**10, "20 GB"),
    ],
)
def test_sizes_in_words(size: int, told: str) -> None:
    assert told_size(size) == told
