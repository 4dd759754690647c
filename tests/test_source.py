"""Sources: files, gzip, folders, several of them, standard input."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from pathlib import Path

import pytest

from hornbook.errors import DataError
from hornbook.sources import stream
from hornbook.sources.source import Source

NAMES = "emma\nolivia\nava\nisabella\nsophia\n" * 40
PACKED = gzip.compress(NAMES.encode(), mtime=0)


def place(tmp_path: Path, **files: str | bytes) -> Path:
    """Files in a folder, their names with `_` for the dot."""
    for name, data in files.items():
        path = tmp_path / name.replace("_", ".")
        path.write_bytes(data.encode() if isinstance(data, str) else data)
    return tmp_path


@pytest.mark.parametrize("name", ["names.txt.gz", "names.txt", "names.GZ"])
def test_gzip_is_unpacked_whatever_the_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(PACKED)
    source = Source(tmp_path / name)
    assert source.head(4) == b"emma"
    assert (source.read().decode(), source.packed) == (NAMES, True)
    assert source.name == "names"
    assert source.suffix == ("" if name == "names.GZ" else ".txt")


def test_gzip_in_several_members_is_one_file(tmp_path: Path) -> None:
    place(tmp_path, two_gz=PACKED + PACKED)
    assert Source(tmp_path / "two.gz").read().decode() == NAMES * 2


@pytest.mark.parametrize("data", [PACKED, NAMES.encode(), b"", b"a"])
def test_standard_input_is_looked_at_and_read_once(
    data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = gzip.decompress(data) if data == PACKED else data
    for looks in (0, 1, 2):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        source = Source("-")
        for size in (3, 10)[:looks]:
            assert source.head(size) == whole[:size]
        assert source.read() == whole


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (PACKED[: len(PACKED) // 2], "is cut off"),
        (PACKED[:-4], "is cut off"),
        (PACKED[:2], "is cut off"),
        (PACKED[:-8] + b"\0" * 8, "is a damaged gzip file"),
        (PACKED[:20] + b"\xff" * 20 + PACKED[40:], "is a damaged gzip file"),
        (NAMES.encode(), "is not gzip: it begins with the bytes 65 6d"),
        (b"", "is not gzip: it is empty"),
    ],
)
def test_gzip_that_is_none_or_damaged_is_refused(tmp_path: Path, data: bytes, said: str) -> None:
    place(tmp_path, bad_gz=data)
    with pytest.raises(DataError, match=said) as caught:
        Source(tmp_path / "bad.gz").read()
    assert "bad.gz" in caught.value.message
    assert "again" in caught.value.hint


def test_a_bomb_is_stopped_before_memory_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "PIECE", 2**16)
    monkeypatch.setattr(stream, "available_memory", lambda: 6 * 10**6)
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(2**20)) for _ in range(64)) + packer.flush()
    place(tmp_path, bomb_gz=bomb, large_txt=b"a" * 1_100_000, fits_txt=b"a" * 900_000)
    for name in ("bomb.gz", "large.txt"):
        with pytest.raises(DataError, match=r"too large: after 1,0\d\d,\d\d\d bytes.*0\.0 GB are"):
            Source(tmp_path / name).read()
    assert len(Source(tmp_path / "fits.txt").read()) == 900_000
    with pytest.raises(DataError, match="too large"):  # one limit for all together
        Source([tmp_path / "fits.txt"] * 2).parts()


# Folders


def test_a_folder_is_its_text_files_in_the_order_of_their_names(tmp_path: Path) -> None:
    (tmp_path / "within").mkdir()
    place(tmp_path, b_txt="second", a_txt="first", _hidden="no", c_jpg=b"\xff\0", d_txt_gz=PACKED)
    source = Source(tmp_path)
    assert [part.data for part in source.parts()] == [b"first", b"second", NAMES.encode()]
    assert [Path(part.where).name for part in source.parts()] == ["a.txt", "b.txt", "d.txt.gz"]
    assert (source.name, source.where, source.suffix) == (tmp_path.name, str(tmp_path), ".txt")
    assert source.head(3) == b"fir"
    assert source.packed
    assert source.remarks == (
        "3 files, in the order of the names",
        "left out: c.jpg (not text)",
        "left out: within (folders within it)",
    )


def test_utf_16_is_text(tmp_path: Path) -> None:
    place(tmp_path, a_txt="emma".encode("utf-16"), b_txt="ava".encode("utf-32"))
    assert len(Source(tmp_path).members) == 2


def test_a_folder_of_several_kinds_is_refused(tmp_path: Path) -> None:
    place(tmp_path, a_txt="a", b_txt="b", c_csv="a,b", readme="c")
    with pytest.raises(DataError) as caught:
        Source(tmp_path).parts()
    assert "2 .txt (such as a.txt), 1 .csv (such as c.csv), 1 without an ext" in str(caught.value)
    assert "*.txt" in caught.value.hint


@pytest.mark.parametrize(
    ("files", "folders", "said"),
    [
        ({}, [], "it is empty"),
        ({"_hidden": "a"}, [], "it is empty"),
        ({"a_jpg": b"\0"}, [], "a.jpg is not text"),
        ({}, ["one", "two"], "it has only folders: one, two"),
    ],
)
def test_a_folder_without_text_is_refused(
    tmp_path: Path, files: dict[str, str | bytes], folders: list[str], said: str
) -> None:
    for folder in folders:
        (tmp_path / folder).mkdir()
    place(tmp_path, **files)
    with pytest.raises(DataError, match=said):
        Source(tmp_path).parts()


# Several


def test_several_sources_are_read_in_the_order_given(tmp_path: Path) -> None:
    place(tmp_path, b_txt="second", a_txt="first")
    source = Source([tmp_path / "b.txt", tmp_path / "a.txt"])
    assert [part.data for part in source.parts()] == [b"second", b"first"]
    assert source.name == "b-and-1-more"
    assert source.where == f"{tmp_path / 'b.txt'}, {tmp_path / 'a.txt'}"
    assert source.places == (tmp_path / "b.txt", tmp_path / "a.txt")
    assert source.remarks == ("2 files, in the order given",)


def test_files_of_several_kinds_are_refused(tmp_path: Path) -> None:
    place(tmp_path, a_txt="a", b_md="b", c_csv="a,b", d_csv_gz=PACKED)
    with pytest.raises(DataError, match=r"files given are of different kinds: 2 \.csv .*1 \.txt"):
        Source([tmp_path / name for name in ("a.txt", "c.csv", "d.csv.gz")])
    assert len(Source([tmp_path / "a.txt", tmp_path / "b.md"]).parts()) == 2
    assert len(Source([tmp_path / "c.csv", tmp_path / "d.csv.gz"]).parts()) == 2


def test_what_needs_one_file_refuses_several(tmp_path: Path) -> None:
    place(tmp_path, a_txt="first", b_txt="second")
    for source in (Source(tmp_path), Source([tmp_path / "a.txt", tmp_path / "b.txt"])):
        with pytest.raises(DataError, match="is read from one"):
            source.read()


def test_standard_input_can_be_given_once() -> None:
    with pytest.raises(DataError, match="given twice"):
        Source(["-", "-"])


@pytest.mark.parametrize("given", [[], [""], ["a", ""], 3, ["a", 3], None])
def test_names_are_needed(given: object) -> None:
    with pytest.raises(DataError, match=r"empty|must be a string or a path"):
        Source(given)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_a_name_that_no_file_can_have_is_that_of_no_file(name: str) -> None:
    with pytest.raises(DataError, match="There is no file or data set"):
        Source(name).read()
