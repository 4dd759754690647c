"""Columns as they are read: nothing is lost, however they come in pieces."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hornbook.sources.cells import Cells, NumberCells, TextCells
from hornbook.tables import raw_column as raw_module
from hornbook.tables.raw import Raw
from hornbook.tables.raw_column import RawColumn
from hornbook.tables.written import MISSING, number_of

cells = st.one_of(
    st.sampled_from(["", "NA", "null", "1", "1.0", "01", "-3", "red", "1,5", "1.234", "$5", "inf"]),
    st.integers(-(10**20), 10**20).map(str),
    st.floats(allow_nan=False).map(repr),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8).map(str.strip),
)


def column(pieces: list[list[str]], **how: object) -> Raw:
    made = RawColumn(**how)  # type: ignore[arg-type]
    for piece in pieces:
        made.add(Cells(piece))
    return made.finish()


@given(st.lists(st.lists(cells, max_size=5), max_size=5), st.sampled_from(",;"))
def test_a_column_is_the_same_in_any_pieces(pieces: list[list[str]], separator: str) -> None:
    whole = [cell for piece in pieces for cell in piece]
    one, many = column([whole], separator=separator), column(pieces, separator=separator)
    assert one.n == many.n == len(whole)
    gone = [cell.lower() in MISSING for cell in whole]
    for raw in (one, many):
        assert raw.missing.tolist() == gone
    codes, labels = many.as_labels()
    assert [code < 0 for code in codes.tolist()] == gone
    assert len(set(labels)) == len(labels)
    if {one.style, many.style} == {"plain"}:
        wanted = [math.nan if no else number_of(x) for no, x in zip(gone, whole, strict=True)]
        for raw in (one, many):
            np.testing.assert_array_equal(raw.as_numbers() if raw.n else [], wanted)
    if one.zero_filled == many.zero_filled:
        same, names = one.as_labels()
        assert [names[a] for a in same if a >= 0] == [labels[b] for b in codes if b >= 0]


def test_a_number_is_one_label_however_it_is_written() -> None:
    found = column([["1", "2"], ["1.0", "red"], ["2", "1e0"]])
    codes, labels = found.as_labels()
    assert labels == ("1", "2", "red")
    assert codes.tolist() == [0, 1, 0, 2, 1, 0]


def test_codes_with_zeros_before_them_stay_as_they_are() -> None:
    found = column([["12345"], ["01234", "1234"]])
    assert found.zero_filled
    assert found.as_labels()[1] == ("01234", "1234", "12345")
    assert not column([["05", "3.7"]]).zero_filled


def test_ids_of_many_digits_are_not_taken_for_each_other() -> None:
    near = ["1234567890123456788", "1234567890123456789"]
    for pieces in ([near], [[near[0]], [near[1]]]):
        assert column(pieces).as_labels()[1] == tuple(near)


def test_marks_of_missing_values_may_be_numbers() -> None:
    marks = MISSING | {"-999", "0"}
    for pieces in ([["0", "1", "-999"]], [["0.0", "1.0", "-999.0"]], [["0", "x", "-999"]]):
        found = column(pieces, missing=marks)
        assert found.missing.tolist() == [True, False, True]


def test_money_stays_what_it_is_as_a_label() -> None:
    assert column([["$5", "5 %", "red"]]).as_labels()[1] == ("$5", "5 %", "red")
    assert column([["$5", "-$6.50"]]).as_numbers().tolist() == [5, -6.5]


def test_points_between_thousands_in_a_piece_of_their_own() -> None:
    found = column([["1.234", "2.345"], ["1.234,5"], ["7"]], separator=";")
    assert found.as_numbers().tolist() == [1234, 2345, 1234.5, 7]
    assert column([["0.123", "0.250"]], separator=";").as_numbers().tolist() == [0.123, 0.25]


def test_what_a_file_declares_is_kept() -> None:
    made = RawColumn()
    made.add(TextCells(["10", "010", ""]))
    found = made.finish()
    codes, labels = found.as_labels()
    assert (codes.tolist(), labels) == ([1, 0, -1], ("010", "10"))
    made = RawColumn()
    made.add(NumberCells(np.array([1.5, np.nan, np.inf])))
    found = made.finish()
    assert found.missing.tolist() == [False, True, False]
    np.testing.assert_array_equal(found.as_numbers(), [1.5, np.nan, np.nan])


def test_texts_that_are_too_long_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raw_module, "LARGEST", 100)
    assert column([["a" * 60], ["b" * 60], ["c"]]).too_long
