from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hornbook.data.corpus import Splits
from hornbook.data.stream import IGNORED, Ids, Stream, encode_lines, encode_split, encode_text
from hornbook.data.tokenizer import CharTokenizer
from hornbook.errors import UnknownSymbolError

LINES = CharTokenizer.fit(["abc"], boundary=True)
TEXT = CharTokenizer.fit(["\tab\n"], boundary=False)  # the line feed fills, and is not id 0

# Each line, and each text with what stands before it, over a few symbols.
line_lists = st.lists(st.text("abc", min_size=1, max_size=9), min_size=1, max_size=8)
texts = st.tuples(st.text("ab\n", min_size=1, max_size=30), st.text("ab\n", max_size=9))

Window = tuple[tuple[int, ...], int]


def slow_windows(ids: list[int], first: int, block_size: int, start: int) -> list[Window]:
    """Each prediction with the symbols before it, one at a time."""
    filled = [start] * block_size + ids
    return [(tuple(filled[i : i + block_size]), ids[i]) for i in range(first, len(ids))]


def slow_line_windows(lines: list[str], block_size: int) -> list[Window]:
    windows = []
    for line in lines:
        ids = [0, *LINES.encode(line).tolist(), 0]
        windows += slow_windows(ids, 1, block_size, start=0)
    return windows


def slow_text_windows(text: str, before: str, block_size: int) -> list[Window]:
    ids = TEXT.encode(before + text).tolist()
    return slow_windows(ids, len(before), block_size, start=TEXT.start)


def windows_of(stream: Stream, block_size: int, rows: int) -> list[Window]:
    return [
        (tuple(context), int(target))
        for contexts, targets in stream.all_windows(block_size, rows)
        for context, target in zip(contexts.tolist(), targets, strict=True)
    ]


def row_windows(inputs: Ids, targets: Ids) -> list[Window]:
    """Each prediction of some rows with all that its row shows before it."""
    return [
        (tuple(row[: t + 1]), wanted[t])
        for row, wanted in zip(inputs.tolist(), targets.tolist(), strict=True)
        for t in range(len(wanted))
        if wanted[t] != IGNORED
    ]


def test_lines_stand_between_boundaries() -> None:
    stream = encode_lines(("cab", "b"), LINES)
    assert stream.ids.tolist() == [0, 3, 1, 2, 0, 2, 0]
    assert (stream.first, len(stream), stream.bounds.tolist()) == (1, 6, [0, 4, 6])


def test_ids_are_kept_in_the_smallest_type() -> None:
    wide = "".join(map(chr, range(0x4E00, 0x4E00 + 300)))
    assert encode_lines(("cab",), LINES).ids.dtype == np.uint8
    for text, dtype in ((wide[:256], np.uint8), (wide[:257], np.uint16)):
        stream = encode_text(text, CharTokenizer.fit([text], boundary=False))
        assert stream.ids.dtype == dtype
        assert stream.ids.tolist() == list(range(len(text)))


@given(line_lists, st.integers(0, 6), st.integers(1, 7))
def test_windows_of_lines_are_the_plain_definition(
    lines: list[str], block_size: int, rows: int
) -> None:
    stream = encode_lines(tuple(lines), LINES)
    assert windows_of(stream, block_size, rows) == slow_line_windows(lines, block_size)
    assert len(stream) == sum(len(line) + 1 for line in lines)


@given(texts, st.integers(0, 6), st.integers(1, 7))
def test_windows_of_a_text_are_the_plain_definition(
    text: tuple[str, str], block_size: int, rows: int
) -> None:
    stream = encode_text(text[0], TEXT, before=text[1])
    assert windows_of(stream, block_size, rows) == slow_text_windows(*text, block_size)
    assert len(stream) == len(text[0])


@given(line_lists, st.data(), st.integers(0, 6))
def test_windows_can_be_had_in_any_order(
    lines: list[str], data: st.DataObject, block_size: int
) -> None:
    stream = encode_lines(tuple(lines), LINES)
    places = data.draw(st.lists(st.integers(1, len(stream)), min_size=1))
    contexts, targets = stream.windows(np.array(places), block_size)
    assert contexts.shape == (len(places), block_size)
    expected = slow_line_windows(lines, block_size)
    found = [(tuple(c), t) for c, t in zip(contexts.tolist(), targets.tolist(), strict=True)]
    assert found == [expected[place - 1] for place in places]


def test_a_context_is_kept_short_of_nothing_that_a_block_can_see() -> None:
    stream = encode_text("b", TEXT, before="b" * 1_000 + "a" * 4_096)
    (contexts, _), *rest = stream.all_windows(4_096, 10)
    assert not rest
    assert (contexts == TEXT.encode("a")[0]).all()


@given(line_lists, st.integers(1, 6))
def test_pieces_of_lines_are_cut_at_the_block(lines: list[str], block_size: int) -> None:
    stream = encode_lines(tuple(lines), LINES)
    at, lengths = stream.pieces(block_size)
    expected, place = [], 1
    for line in lines:
        expected += [
            (place + begin, min(block_size, len(line) + 1 - begin))
            for begin in range(0, len(line) + 1, block_size)
        ]
        place += len(line) + 1
    assert list(zip(at.tolist(), lengths.tolist(), strict=True)) == expected


@given(texts, st.integers(1, 9))
def test_pieces_of_a_text_follow_each_other(text: tuple[str, str], block_size: int) -> None:
    stream = encode_text(text[0], TEXT, before=text[1])
    at, lengths = stream.pieces(block_size)
    assert at[0] == len(text[1])
    np.testing.assert_array_equal(at[1:], (at + lengths)[:-1])
    assert at[-1] + lengths[-1] == len(stream.ids)
    assert (lengths[:-1] == block_size).all()
    assert 1 <= lengths[-1] <= block_size


@given(line_lists, st.integers(1, 6), st.integers(1, 40))
def test_rows_of_lines_hold_each_prediction_once(
    lines: list[str], block_size: int, predictions: int
) -> None:
    stream = encode_lines(tuple(lines), LINES)
    found: list[Window] = []
    for inputs, targets in stream.all_rows(block_size, predictions):
        assert inputs.shape == targets.shape
        assert targets.shape[1] <= block_size
        assert targets.size <= max(predictions, targets.shape[1])
        assert (inputs[targets == IGNORED] == stream.start).all()
        found += row_windows(inputs, targets)
    expected = []
    for line in lines:
        ids = [0, *LINES.encode(line).tolist(), 0]
        expected += [
            (tuple(ids[i - (i - 1) % block_size - 1 : i]), ids[i]) for i in range(1, len(ids))
        ]
    assert Counter(found) == Counter(expected)


@given(texts, st.integers(1, 9), st.integers(1, 40))
def test_rows_of_a_text_hold_each_prediction_once(
    text: tuple[str, str], block_size: int, predictions: int
) -> None:
    stream = encode_text(text[0], TEXT, before=text[1])
    found: list[Window] = []
    for inputs, targets in stream.all_rows(block_size, predictions):
        found += row_windows(inputs, targets)
    ids = [TEXT.start, *TEXT.encode(text[1] + text[0]).tolist()]  # one before the first symbol
    first = len(text[1]) + 1
    expected = [
        (tuple(ids[i - (i - first) % block_size - 1 : i]), ids[i]) for i in range(first, len(ids))
    ]
    assert Counter(found) == Counter(expected)


def test_short_rows_are_padded_at_the_end() -> None:
    stream = encode_lines(("cab", "b"), LINES)
    inputs, targets = stream.rows(np.array([5, 1]), np.array([2, 4]))
    assert inputs.tolist() == [[0, 2, 0, 0], [0, 3, 1, 2]]
    assert targets.tolist() == [[2, 0, IGNORED, IGNORED], [3, 1, 2, 0]]


def test_the_context_of_dev_is_the_end_of_train() -> None:
    splits = Splits("text", ("abba",), ("ba",), ("ab",))
    a, b = TEXT.encode("ab").tolist()
    dev, test = (encode_split(splits, split, TEXT) for split in ("dev", "test"))
    assert windows_of(dev, 3, 10) == [((b, b, a), b), ((b, a, b), a)]
    assert windows_of(test, 3, 10) == [((a, b, a), a), ((b, a, a), b)]
    assert next(dev.all_rows(8, 10))[0].tolist() == [[a, b]]


def test_train_begins_with_nothing_before_it() -> None:
    splits = Splits("text", ("abba",), ("ba",), ())
    train = encode_split(splits, "train", TEXT)
    feed, a, b = TEXT.encode("\nab").tolist()
    assert windows_of(train, 2, 1)[:2] == [((feed, feed), a), ((feed, a), b)]


def test_a_split_of_lines_has_no_context() -> None:
    splits = Splits("lines", ("ab",), ("c",), ())
    assert encode_split(splits, "dev", LINES).ids.tolist() == [0, 3, 0]
    assert len(encode_split(splits, "test", LINES)) == 0


@pytest.mark.parametrize("mode", ["lines", "text"])
def test_an_empty_split_predicts_nothing(mode: str) -> None:
    stream = encode_lines((), LINES) if mode == "lines" else encode_text("", TEXT, "ab")
    assert len(stream) == 0
    assert list(stream.all_windows(3, 10)) == []
    assert list(stream.all_rows(3, 10)) == []


def test_a_split_with_an_unknown_symbol_is_refused() -> None:
    splits = Splits("lines", ("ab",), ("cd",), ())
    with pytest.raises(UnknownSymbolError, match=r"'d' \(place 2 of 'cd'\)"):
        encode_split(splits, "dev", LINES)
