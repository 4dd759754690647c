"""What a person names as a file to write costs them no other file."""

from __future__ import annotations

from pathlib import Path

import pytest

from hornbook.cli.main import main
from hornbook.errors import HornbookError, RunError
from hornbook.outputs import MARKS, refuse_foreign, writable_format, write_output
from hornbook.plots.panels import canvas
from hornbook.plots.saving import save
from hornbook.reports import Page
from hornbook.storage import refuse_unwritable

ONE = ["a*b", "a=2", "b=3"]
WRITERS = (
    ("svg", ["scalar", "graph", *ONE, "--out"]),
    ("png", ["scalar", "graph", *ONE, "--out"]),
    ("dot", ["scalar", "graph", *ONE, "--out"]),
    ("html", ["scalar", "line", "--steps", "1", "--out"]),
    ("gif", ["scalar", "line", "--steps", "1", "--out"]),
)
EXPORTED = {"gguf", "onnx"}
"Written by `export` alone; tests/test_export_gguf.py and test_export_onnx.py replace them."


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("ending", "words"), WRITERS)
def test_what_is_ours_is_replaced_and_all_else_is_kept(
    ending: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(f"mine.{ending}")
    for _ in range(2):
        main([*words, str(path)])
    written = path.read_bytes()
    assert all(mark in written for mark in MARKS[ending])
    path.write_bytes(b"my notes")
    assert main([*words, str(path)]) != 0
    assert path.read_bytes() == b"my notes"
    assert "hornbook did not write it" in capsys.readouterr().err


def test_every_ending_that_is_written_has_a_mark() -> None:
    assert {ending for ending, _ in WRITERS} | EXPORTED == set(MARKS)


@pytest.mark.parametrize("ending", sorted(MARKS))
def test_a_device_a_pipe_and_a_file_of_another_are_refused(ending: str, tmp_path: Path) -> None:
    for target in ("/dev/null", "photo"):
        Path("photo").write_bytes(MARKS[ending][0] if len(MARKS[ending]) > 1 else b"digraph {}")
        path = tmp_path / f"{Path(target).name}.{ending}"
        path.symlink_to(target)
        with pytest.raises(RunError, match="did not write it"):
            write_output(path, b"new")
        assert path.is_symlink()


def test_a_figure_and_a_page_are_known_again() -> None:
    figure, _ = canvas(1)
    for path in (Path("a.svg"), Path("a.png")):
        save(figure, path)
        save(figure, path)
    page = Path("a.html")
    page.write_text(Page("t", "a", ()).html(), encoding="utf-8")
    refuse_foreign(page)


@pytest.mark.parametrize("name", ["", ".", "notes.txt", "notes", ".html"])
def test_a_name_without_the_ending_is_refused(name: str) -> None:
    with pytest.raises(HornbookError, match="is empty" if name in ("", ".") else "must end in"):
        writable_format(Path(name), "html")


def test_a_directory_that_is_there_is_not_to_be_created() -> None:
    with pytest.raises(RunError) as raised:
        refuse_unwritable(Path("/proc/report.html"))
    assert "No file can be created in the directory /proc" in raised.value.hint
    with pytest.raises(RunError) as raised:
        refuse_unwritable(Path("nowhere/report.html"))
    assert "There is no directory nowhere: create it" in raised.value.hint
