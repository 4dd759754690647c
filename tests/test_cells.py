"""Cells as numbers at once, which must be what Python makes of each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hornbook.sources.cells import Cells, Cut

number = st.one_of(
    st.integers(0, 10**16).map(str),
    st.floats(0, 1e6, allow_nan=False).map(lambda value: f"{value:.3f}"),
    st.text("0123456789.", max_size=6),
)
columns = st.lists(st.tuples(number, number, number), min_size=1, max_size=8)


def cut(rows: Sequence[tuple[str, ...]], separator: str = ",") -> Cut:
    return Cut("\n".join(separator.join(row) for row in rows), separator, len(rows[0]))


@given(columns, st.sampled_from([",", "\t"]), st.integers(0, 2))
def test_columns_are_what_was_joined(
    rows: list[tuple[str, str, str]], separator: str, place: int
) -> None:
    whole = cut(rows, separator)
    assert whole.is_even
    column = whole.column(place)
    texts = [row[place] for row in rows]
    assert list(column) == texts
    assert len(column) == len(texts)
    integers, decimals = column.integers(), column.decimals()
    plain = [t.isdecimal() and str(int(t)) == t and len(t) <= 15 for t in texts]
    assert (integers is not None) == all(plain)
    if integers is not None:
        assert integers.tolist() == [int(t) for t in texts]
    if decimals is not None:
        assert decimals.tolist() == [float(t) for t in texts]
    else:
        assert any(len(t) > 15 or t in ("", ".") or t.count(".") > 1 for t in texts)


@given(st.lists(st.text("12"), min_size=1, max_size=8))
def test_one_column(texts: list[str]) -> None:
    column = Cut("\n".join(texts), ",", 1).column(0)
    assert list(column) == texts


@pytest.mark.parametrize("text", ["a,b\nc", "a,b\nc\nd,e,f", "a,b\nc,d,e\nf", "a"])
def test_uneven_rows_are_seen(text: str) -> None:
    assert not Cut(text, ",", 2).is_even


@pytest.mark.parametrize("cell", ["-1", "+1", " 1", "1e3", "nan", "1_0", "01", "1.0"])
def test_what_is_written_otherwise_is_left_to_python(cell: str) -> None:
    assert cut([("1", cell)]).column(1).integers() is None
    if cell not in ("01", "1.0"):
        assert cut([("1", cell)]).column(1).decimals() is None


def test_white_space_is_left_out() -> None:
    assert list(cut([(" a ", "b\t"), ("c", "\x1fd")]).column(1)) == ["b", "d"]
    assert Cells(["a"]).integers() is None
    assert Cells(["1"]).decimals() is None
    assert cut([("a", "b")]).column(0)[0] == "a"
    np.testing.assert_array_equal(cut([("0.5", "3")]).column(0).decimals(), [0.5])
