"""The lines of a file in pieces."""

from __future__ import annotations

import gzip
import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hornbook.errors import DataError, EncodingError
from hornbook.sources import lines, stream
from hornbook.sources.encoding import decode
from hornbook.sources.lines import line_pieces
from hornbook.sources.source import Source

CODECS = ("utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "gb18030", "shift_jis", "cp1252")


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff"))
    | st.text(st.sampled_from("a\r\n界")),
    st.integers(1, 9),
    st.sampled_from(CODECS),
)
def test_pieces_are_the_text_that_decoding_it_all_gives(text: str, size: int, codec: str) -> None:
    data = text.encode(codec, "ignore")
    encoding = "auto" if codec in ("utf-8", "utf-8-sig", "utf-16", "utf-32") else codec
    pieces = list(line_pieces(cut(data, size), "file", encoding))
    assert "".join(pieces) == decode(data, "file", encoding).text
    assert all(piece.endswith("\n") for piece in pieces[:-1])
    assert all(pieces)


@given(st.text("aä界"), st.binary(min_size=1, max_size=9), st.integers(1, 9))
def test_the_same_bytes_are_refused_at_the_same_offset(text: str, odd: bytes, size: int) -> None:
    data = text.encode() + odd + text.encode()
    told = []
    ways: list[Callable[[], str]] = [
        lambda: decode(data, "file").text,
        lambda: "".join(line_pieces(cut(data, size), "file")),
    ]
    for read in ways:
        try:
            told.append(read())
        except EncodingError as error:
            told.append(error.message.partition(" holds ")[0])
    if "NUL" not in told[0] and "NUL" not in told[1]:  # two faults: which is met first may differ
        assert told[0] == told[1]


def test_a_line_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST", 10)
    with pytest.raises(DataError, match="a line of more than 10 characters"):
        list(line_pieces([b"a\n", b"bbbbbb", b"bbbbbb", b"\n"], "file"))


@pytest.mark.parametrize("packed", [False, True])
def test_files_come_in_pieces(
    packed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "PIECE", 4)
    data = b"one\ntwo\nthree\n"
    (tmp_path / "a.txt").write_bytes(gzip.compress(data) if packed else data)
    (source,) = Source(tmp_path / "a.txt").files
    pieces = list(source.pieces())
    assert len(pieces) > 2
    assert b"".join(pieces) == data
    assert source.packed == packed


def test_standard_input_is_looked_at_and_then_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"one\ntwo\n")))
    source = Source("-")
    assert source.head(5) == b"one\nt"
    assert b"".join(source.pieces()) == b"one\ntwo\n"


def test_a_folder_is_its_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    assert [list(one.pieces()) for one in Source([tmp_path, tmp_path / "a"]).files] == [
        [b"a"],
        [b"b"],
        [b"a"],
    ]
