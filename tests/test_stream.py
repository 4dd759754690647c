from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hornbook.errors import UnknownTokenError
from hornbook.text.corpus import Splits
from hornbook.text.stream import IGNORED, Ids, Stream, encode_lines, encode_split, encode_text
from hornbook.tokenizers.characters import CharTokenizer

LINES = CharTokenizer.fit(["abc"], boundary=True)
TEXT = CharTokenizer.fit(["\tab\n"], boundary=False)  # the line feed fills, and is not id 0

# Each line, and each text with what stands before it, over a few tokens.
line_lists = st.lists(st.text("abc", min_size=1, max_size=9), min_size=1, max_size=8)
texts = st.tuples(st.text("ab\n", min_size=1, max_size=30), st.text("ab\n", max_size=9))


def counting(n: int) -> Stream:
    """A text in which no token comes twice, so that each id says where it stands."""
    text = "".join(map(chr, range(0x4E00, 0x4E00 + n)))
    return encode_text(text, CharTokenizer.fit([text], boundary=False))


Window = tuple[tuple[int, ...], int]


def slow_windows(ids: list[int], first: int, block_size: int, start: int) -> list[Window]:
    """Each prediction with the tokens before it, one at a time."""
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
    ids = [TEXT.start, *TEXT.encode(text[1] + text[0]).tolist()]  # one before the first token
    first = len(text[1]) + 1
    expected = [
        (tuple(ids[i - (i - first) % block_size - 1 : i]), ids[i]) for i in range(first, len(ids))
    ]
    assert Counter(found) == Counter(expected)


# ---- rows that read again what came before, as the context of their targets ----


@st.composite
def cut_streams(draw: st.DrawFn) -> tuple[Stream, int, int]:
    """A stream of examples or of a text, a longest row, and a lead that fits in it."""
    if draw(st.booleans()):
        stream = encode_lines(tuple(draw(line_lists)), LINES)
    else:
        text, before = draw(texts)
        stream = encode_text(text, TEXT, before)
    block_size = draw(st.integers(1, 9))
    return stream, block_size, draw(st.integers(0, block_size - 1))


def oldest_input(stream: Stream, position: int) -> int:
    """The first input that the example of a position has; -1 stands for the filling token."""
    if stream.boundary is None:
        return -1
    return max(int(bound) for bound in stream.bounds if bound < position)


@given(cut_streams())
def test_every_target_is_in_one_piece(cut: tuple[Stream, int, int]) -> None:
    stream, block_size, lead = cut
    at, lengths = stream.pieces(block_size, lead)
    assert (lengths > 0).all()
    targets = [place + i for place, n in zip(at, lengths, strict=True) for i in range(n)]
    assert targets == list(range(stream.first, len(stream.ids)))


@given(cut_streams())
def test_no_row_is_longer_than_its_block_nor_has_less_context_than_its_lead(
    cut: tuple[Stream, int, int],
) -> None:
    stream, block_size, lead = cut
    at, lengths = stream.pieces(block_size, lead)
    for place, length in zip(at, lengths, strict=True):
        inputs, targets = stream.rows(np.array([place]), np.array([length]), lead)
        assert inputs.shape[1] <= block_size
        read_again = int((targets == IGNORED).sum())
        # Before the token that is in every row: the one just before its first target.
        there_is = place - 1 - oldest_input(stream, place)
        assert read_again == min(lead, there_is)
        assert (targets[0, read_again:] == stream.ids[place : place + length]).all()
        first = place - read_again - 1
        real = stream.ids[max(first, 0) : place + length - 1].tolist()
        assert inputs[0].tolist() == ([stream.start] if first < 0 else []) + real


@given(cut_streams())
def test_rows_are_full_but_the_last_of_a_thing(cut: tuple[Stream, int, int]) -> None:
    stream, block_size, lead = cut
    at, lengths = stream.pieces(block_size, lead)
    for place, length in zip(at, lengths, strict=True):
        inputs, _ = stream.rows(np.array([place]), np.array([length]), lead)
        ends = place + length == len(stream.ids) or (
            stream.boundary is not None and place + length - 1 in stream.bounds
        )
        assert ends or inputs.shape[1] == block_size


@given(line_lists, st.integers(1, 12), st.data())
def test_what_fits_in_a_block_is_one_row(
    lines: list[str], block_size: int, data: st.DataObject
) -> None:
    lead = data.draw(st.integers(0, block_size - 1))
    at, _ = encode_lines(tuple(lines), LINES).pieces(block_size, lead)
    places = np.cumsum([1, *(len(line) + 1 for line in lines[:-1])])
    for place, line in zip(places, lines, strict=True):
        rows = ((at >= place) & (at <= place + len(line))).sum()
        assert (rows == 1) == (len(line) + 1 <= block_size)


@given(cut_streams(), st.integers(1, 40))
def test_all_rows_hold_each_prediction_once_whatever_the_lead(
    cut: tuple[Stream, int, int], predictions: int
) -> None:
    stream, block_size, lead = cut
    expected: Counter[Window] = Counter()
    at, lengths = stream.pieces(block_size, lead)
    for place, length in zip(at, lengths, strict=True):
        begin = max(place - 1 - lead, oldest_input(stream, place))
        row = [stream.start if i < 0 else int(stream.ids[i]) for i in range(begin, place + length)]
        cut_off = place - begin  # inputs that stand before the first target
        expected.update((tuple(row[:i]), row[i]) for i in range(cut_off, len(row)))
    found: list[Window] = []
    for inputs, targets in stream.all_rows(block_size, predictions, lead=lead):
        assert targets.shape[1] <= block_size
        assert targets.size <= max(predictions, block_size)
        found += row_windows(inputs, targets)
    assert Counter(found) == expected
    assert len(found) == len(stream)


def test_rows_of_different_leads_share_a_rectangle() -> None:
    stream = encode_text("ab\nba", TEXT)
    feed, a, b = TEXT.encode("\nab").tolist()
    inputs, targets = stream.rows(np.array([0, 1, 3]), np.array([2, 2, 2]), lead=2)
    assert inputs.tolist() == [[feed, a, feed, feed], [feed, a, b, feed], [a, b, feed, b]]
    skip = IGNORED
    assert targets.tolist() == [[a, b, skip, skip], [skip, b, feed, skip], [skip, skip, b, a]]


def test_the_first_row_of_dev_begins_with_the_end_of_train() -> None:
    stream = encode_text("abab", TEXT, before="bbbbb")
    _, a, b = TEXT.encode("\nab").tolist()
    ((inputs, targets),) = stream.all_rows(4, 99, lead=2)
    assert sorted(inputs.tolist()) == sorted([[b, b, b, a], [b, a, b, a]])
    assert sorted(targets.tolist()) == sorted([[-1, -1, a, b], [-1, -1, a, b]])


@pytest.mark.parametrize("lead", [-1, 4, 5])
def test_a_lead_must_leave_room_for_a_target(lead: int) -> None:
    with pytest.raises(ValueError, match="must be from 0 to 3"):
        encode_lines(("ab",), LINES).pieces(4, lead)


@given(texts, st.integers(0, 40), st.integers(1, 7))
def test_a_limit_leaves_windows_that_are_evenly_spread(
    text: tuple[str, str], limit: int, rows: int
) -> None:
    stream = encode_text(text[0], TEXT, before=text[1])
    every = windows_of(stream, 3, 7)
    found = [
        (tuple(context), int(target))
        for contexts, targets in stream.all_windows(3, rows, limit=limit)
        for context, target in zip(contexts.tolist(), targets, strict=True)
    ]
    count = min(limit, len(every)) if limit else len(every)
    assert found == [every[i * len(every) // count] for i in range(count)]


def test_a_limit_leaves_rows_that_are_evenly_spread() -> None:
    stream = counting(10_000)
    begins, predictions = [], 0
    for inputs, targets in stream.all_rows(10, 64, lead=4, limit=600):
        begins += inputs[:, 0].tolist()
        predictions += int((targets >= 0).sum())
    assert predictions == pytest.approx(600, abs=10)
    steps = np.diff(sorted(begins))
    assert steps.min() > 0.9 * 10_000 / len(begins)
    assert steps.max() < 1.2 * 10_000 / len(begins)
    assert min(begins) < 100
    assert max(begins) > 9_900


@given(cut_streams(), st.integers(1, 60))
def test_a_limit_keeps_about_so_many_predictions(cut: tuple[Stream, int, int], limit: int) -> None:
    stream, block_size, lead = cut
    every, found = Counter[Window](), Counter[Window]()
    for rows in stream.all_rows(block_size, 20, lead=lead):
        every.update(row_windows(*rows))
    for rows in stream.all_rows(block_size, 20, lead=lead, limit=limit):
        found.update(row_windows(*rows))
    assert found <= every
    assert found.total() >= 1
    if limit >= len(stream):
        assert found == every


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


def test_a_split_with_an_unknown_token_is_refused() -> None:
    splits = Splits("lines", ("ab",), ("cd",), ())
    with pytest.raises(UnknownTokenError, match=r"'d' \(position 2 of 'cd'\)"):
        encode_split(splits, "dev", LINES)
