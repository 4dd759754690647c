"""Tags, notes, archived runs, and runs that are deleted."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import hornbook
from hornbook.cli import runs_remove
from hornbook.errors import NewerRunError, RunError, SettingsError
from hornbook.runs.contents import COMPARED
from hornbook.runs.copying import copy_run
from hornbook.runs.directory import RunDirectory
from hornbook.runs.notes import NOTES, Notes, annotate, read_notes
from hornbook.runs.removal import Doomed, looked_at_for_removal, remove_run
from tests.command import typed
from tests.some_names import write_names

HOW = {"steps": 4, "evaluate_every": 2, "threads": 1, "precision": "float32", "gradients": "hand"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a net and counts."""
    folder = tmp_path_factory.mktemp("notes")
    names = write_names(folder / "some.txt", slice(0, 300))
    runs = folder / "runs"
    hornbook.train(names, model="bigram", out=runs / "net", training=HOW, baseline=False)
    hornbook.train(names, model="ngram", out=runs / "counts")
    return runs


@pytest.fixture
def runs(made: Path, tmp_path: Path) -> Path:
    """A copy that may be changed."""
    return Path(shutil.copytree(made, tmp_path / "runs"))


def test_tags_and_a_note_are_kept_beside_the_run(runs: Path) -> None:
    net = runs / "net"
    assert read_notes(net) == Notes()
    annotate(net, add=["wide", "good"], note=" first try \n")
    annotate(net, add=["good"], drop=["wide"])
    assert annotate(net) == Notes(("good",), "first try")
    row = hornbook.list_runs(runs, where=["tag=good"])[0]
    assert (row.path, row.comment, row.status) == (net, "first try", "finished")
    assert annotate(net, note="").note == ""


def test_a_run_in_training_can_be_tagged(runs: Path) -> None:
    net = RunDirectory(runs / "net")
    net.take_up()
    try:
        annotate(net.path, add=["now"])
        net.check()
        assert hornbook.list_runs(runs, where=["status=training"])[0].tags == ("now",)
    finally:
        net.release()


@pytest.mark.skipif(sys.platform == "win32", reason="a directory cannot be locked there")
def test_of_changes_made_together_none_is_lost(runs: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: annotate(runs / "net", add=[f"t{n:02d}"]), range(24)))
    assert len(read_notes(runs / "net").tags) == 24


def test_notes_stay_where_they_should(runs: Path, tmp_path: Path) -> None:
    net = runs / "net"
    annotate(net, add=["good"], note="mine", archived=True)
    hornbook.resume(net, steps=6)
    assert read_notes(net) == Notes(("good",), "mine", archived=True)
    copy = copy_run(hornbook.Run(net), tmp_path / "copy")
    assert read_notes(copy.path) == Notes(("good",), "mine")  # nobody has archived the copy
    assert NOTES in hornbook.strip(net)
    assert read_notes(net) == Notes()
    # A run that takes the place of another is another.
    annotate(runs / "counts", add=["old"])
    names = write_names(tmp_path / "some.txt", slice(0, 300))
    hornbook.train(names, model="ngram", out=runs / "counts", overwrite=True)
    assert read_notes(runs / "counts") == Notes()


@pytest.mark.parametrize("tag", ["", " ", "a,b", "two\nlines", " padded", "x" * 61])
def test_what_cannot_be_a_tag_is_refused(runs: Path, tag: str) -> None:
    with pytest.raises(SettingsError, match="tag"):
        annotate(runs / "net", add=[tag])
    assert not (runs / "net" / NOTES).exists()


def test_wrong_notes_are_told(runs: Path) -> None:
    net = runs / "net"
    with pytest.raises(SettingsError, match="no tag 'bad': it has no tags"):
        annotate(net, drop=["bad"])
    with pytest.raises(RunError, match="not a run"):
        annotate(runs, add=["x"])
    with pytest.raises(SettingsError, match="10,000 are allowed"):
        annotate(net, note="x" * 10_001)
    annotate(net, add=["x"])
    path = net / NOTES
    value = json.loads(path.read_text())
    path.write_text(json.dumps({**value, "tags": ["y"]}))
    with pytest.raises(RunError, match="checksum"):
        read_notes(net)
    assert hornbook.list_runs(net)[0].status == "damaged"
    path.write_text(json.dumps({**value, "format": 2}))
    with pytest.raises(NewerRunError):
        read_notes(net)
    path.write_text(json.dumps({**value, "tags": "y"}))
    with pytest.raises(RunError, match="tags: must be a list"):
        read_notes(net)
    path.unlink()
    path.symlink_to(net / "run.json")
    with pytest.raises(RunError, match="link"):
        read_notes(net)


def test_the_verbs_write_show_and_archive(
    runs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(runs.parent)
    status, out, err = typed(capsys, "runs", "tag", "runs/net", "runs/counts", "--add", "a", "b c")
    assert (status, out) == (0, "")
    assert "runs/net: tags a, b c" in err
    assert typed(capsys, "runs", "tag", "runs/net", "--add", "d")[0] == 0
    _, _, err = typed(capsys, "runs", "tag", "runs/net", "b", "two words")
    assert "Type:  hornbook runs tag runs/net --add b 'two words'\n" in err
    assert "runs tag runs/net --add TAG\n" in typed(capsys, "runs", "tag", "runs/net")[2]
    _, out, _ = typed(capsys, "runs", "tag", "runs/net", "runs/counts", "--drop", "d", "--json")
    assert [held["tags"] for held in json.loads(out).values()] == [["a", "b c"]] * 2
    assert "no tag 'd'" in typed(capsys, "runs", "tag", "runs/net", "runs/counts", "--drop", "d")[2]
    assert typed(capsys, "runs", "note", "runs/net", "a [note]")[0] == 0
    assert typed(capsys, "runs", "note", "runs/net")[1] == "a [note]\n"
    status, out, _ = typed(capsys, "runs", "tag", "runs/net", "--drop", "a", "--json")
    assert json.loads(out)["runs/net"]["tags"] == ["b c"]
    status, out, _ = typed(capsys, "runs", "--where", "tag=b c", "--sort", "-parameters")
    heads, *lines = out.splitlines()
    assert heads.split()[-2:] == ["tags", "note"]
    assert [line.split()[0] for line in lines] == ["runs/counts", "runs/net"]
    assert lines[1].endswith("a [note]")
    assert typed(capsys, "runs", "archive", "runs/net")[0] == 0
    status, out, err = typed(capsys, "runs")
    assert "runs/net" not in out
    assert "1 archived run not listed: --archived" in err
    assert "finished, archived" in typed(capsys, "runs", "--archived")[1]
    assert typed(capsys, "runs", "unarchive", "runs/net")[0] == 0
    assert "runs/net" in typed(capsys, "runs")[1]
    # All are runs before the first is changed.
    status, _, err = typed(capsys, "runs", "tag", "runs/net", "runs/nowhere", "--add", "late")
    assert status == 1
    assert "late" not in read_notes(runs / "net").tags
    assert typed(capsys, "runs", "tag", "runs/net")[0] == 1
    assert typed(capsys, "runs", "tag", "runs/net", "--add", "x", "--drop", "x")[0] == 1


def test_columns_csv_and_json(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = str(runs)
    annotate(runs / "net", add=["a", "b"], note='say "x", y')
    _, out, _ = typed(capsys, "runs", where, "--csv", "--sort", "name")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["family"] for row in rows] == ["ngram", "bigram"]
    assert (rows[1]["tags"], rows[1]["note"]) == ("a,b", 'say "x", y')
    summary = hornbook.Run(runs / "net").summary
    assert float(rows[1]["dev"]) == summary.losses["dev"]
    columns = ["--columns", "name", "learning_rate", "dev.loss", "tags"]
    _, out, _ = typed(capsys, "runs", where, "--json", "--sort", "-name", *columns)
    first, second = json.loads(out)
    assert first == {
        "name": "net", "learning_rate": hornbook.Run(runs / "net").record.training.learning_rate,  # type: ignore[union-attr]
        "dev.loss": summary.losses["dev"], "tags": ["a", "b"],
    }  # fmt: skip
    assert second["learning_rate"] is None
    _, out, _ = typed(capsys, "runs", where, *columns)
    assert out.splitlines()[0].split() == columns[1:]
    assert typed(capsys, "runs", where, "--columns", "nam")[0] == 1
    assert typed(capsys, "runs", where, "--columns", "name", "name")[0] == 1
    assert typed(capsys, "runs", where, "--csv", "--json")[0] == 1
    status, out, err = typed(capsys, "runs", where, "--where", "dev<0")
    assert (status, out) == (0, "")
    assert "No run" in err


def test_a_long_table_has_the_lines_of_a_short_one(
    runs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (runs / "net" / "summary.json").write_text("{")
    annotate(runs / "counts", note="日本 and\x1b[31m")
    short = typed(capsys, "runs", str(runs))[1]
    monkeypatch.setattr("hornbook.cli.runs_table.MANY", 1)
    long = typed(capsys, "runs", str(runs))[1]
    words = [[line.split() for line in table.splitlines()] for table in (short, long)]
    assert words[0] == words[1]
    assert len(words[0]) == 3
    assert "\x1b" not in short + long
    begins = {
        line.index(head) for line, head in zip(long.splitlines()[:2], ("note", "日"), strict=True)
    }
    assert len(begins) == 1


def test_a_removed_run_is_gone_and_nothing_else_is(runs: Path) -> None:
    annotate(runs / "net", add=["x"])
    assert looked_at_for_removal(runs / "net").strangers == ()
    remove_run(runs / "net")
    assert not (runs / "net").exists()
    counts = runs / "counts"
    (counts / "mine.txt").write_text("mine")
    (counts / "data" / "also.txt").write_text("mine")
    (counts / "link").symlink_to(runs.parent)
    assert remove_run(counts).strangers == ("data/also.txt", "link", "mine.txt")
    left = sorted(item.relative_to(counts).as_posix() for item in counts.rglob("*"))
    assert left == ["data", "data/also.txt", "link", "mine.txt"]
    assert runs.parent.exists()


def test_what_must_not_be_removed_is_refused(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = RunDirectory(runs / "net")
    before = sorted(item.name for item in net.path.rglob("*"))
    with pytest.raises(RunError, match="not a run"):
        remove_run(runs)
    link = tmp_path / "link"
    link.symlink_to(net.path)
    with pytest.raises(RunError, match="is a link"):
        remove_run(link)
    net.take_up()
    try:
        with pytest.raises(RunError, match="in use"):
            remove_run(net.path)
    finally:
        net.release()
    for within, named in ((net.path / "data", net.path), (net.path, Path("../net"))):
        with monkeypatch.context() as patch:
            patch.chdir(within)
            with pytest.raises(RunError, match="current directory"):
                remove_run(named)
    assert sorted(item.name for item in net.path.rglob("*")) == before
    net.run.write_text("{}")
    with pytest.raises(RunError, match="nothing tells which files"):
        remove_run(net.path)
    assert net.model.exists()


def test_removing_asks_unless_told_not_to(
    runs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    net, counts = str(runs / "net"), str(runs / "counts")
    status, _, err = typed(capsys, "runs", "remove", net)
    assert status == 1
    assert "--yes" in err
    terminal = io.StringIO("n\n")
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stdin", terminal)
    status, _, err = typed(capsys, "runs", "remove", net, counts)
    assert status == 1
    assert "Remove 2 runs for good?" in err
    assert Path(net).exists()
    answer = io.StringIO("y\n")
    monkeypatch.setattr(answer, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stdin", answer)
    assert typed(capsys, "runs", "remove", net)[0] == 0
    assert not Path(net).exists()
    # One that is none keeps the others from being removed.
    assert typed(capsys, "runs", "remove", counts, net, "--yes")[0] == 1
    # However often it is named.
    again = str(Path(counts).parent / "." / "counts") + "/"
    status, out, _ = typed(capsys, "runs", "remove", counts, again, "--yes", "--json")
    assert status == 0
    assert [one["run"] for one in json.loads(out)] == [counts]
    assert not Path(counts).exists()


def test_a_run_in_training_keeps_others_from_being_removed(
    runs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    net, counts = RunDirectory(runs / "net"), str(runs / "counts")
    net.take_up()
    try:
        status, _, err = typed(capsys, "runs", "remove", counts, str(net.path), "--yes")
    finally:
        net.release()
    assert status == 1
    assert "in use" in err
    assert Path(counts).exists()
    # One that cannot be deleted in the middle: what is gone already is told.
    whole = remove_run

    def failing(path: str) -> Doomed:
        if path == str(net.path):
            raise RunError("Cannot delete it.")
        return whole(path)

    monkeypatch.setattr(runs_remove, "remove_run", failing)
    status, _, err = typed(capsys, "runs", "remove", counts, str(net.path), "--yes")
    assert status == 1
    assert f"Removed {counts}" in err.replace("\n", "")
    assert not Path(counts).exists()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["--sort", "-test"], True),
        (["--where", "test<2"], True),
        (["--columns", "name", "test"], True),
        (["--sort", "dev", "--where", "data~test"], False),
    ],
)
def test_where_no_run_has_a_figure_on_test_it_is_said_why(
    asked: list[str], told: bool, runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, err = typed(capsys, "runs", str(runs), *asked)
    assert status == 0
    assert ("No run keeps a figure on test" in err and "hornbook evaluate RUN" in err) == told


def test_that_no_run_meets_the_conditions_is_said_with_them(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, err = typed(capsys, "runs", str(runs), "--where", "dev<0", "family=[b]gru")
    assert out == ""
    assert f"No run in {runs} meets dev<0 and family=[b]gru." in err.replace("\n", "")


def test_a_name_with_a_line_break_is_one_line(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (runs / "net").rename(runs / "two\nlines")
    _, out, _ = typed(capsys, "runs", str(runs), "--columns", "name", "family")
    assert any("two⏎lines" in line for line in out.splitlines())


def test_of_many_folders_of_compared_runs_some_are_named(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(9):
        (runs / f"compared-{number}").mkdir()
        (runs / f"compared-{number}" / COMPARED).write_text("{}")
    _, _, err = typed(capsys, "runs", str(runs))
    assert err.count("Runs of an experiment:") == 3
    assert "and 6 more folders of such runs." in err
