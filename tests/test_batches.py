from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hornbook.errors import SettingsError
from hornbook.text.batch import Batch
from hornbook.text.batches import (
    Batches,
    BlockBatches,
    ParallelBatches,
    RowBatches,
    WindowBatches,
    make_batches,
)
from hornbook.text.corpus import Corpus, load_corpus
from hornbook.text.stream import IGNORED, Ids, Stream, encode_lines, encode_text
from hornbook.tokenizers.characters import CharTokenizer

NAMES = Path(__file__).parents[1] / "hornbook" / "sources" / "bundled" / "names.txt"


def counting(n: int, before: int = 0) -> Stream:
    """A text in which no token comes twice, so that each id says where it stands."""
    text = "".join(map(chr, range(0x4E00, 0x4E00 + before + n)))
    return encode_text(text[before:], CharTokenizer.fit([text], boundary=False), text[:before])


def lines(*words: str) -> Stream:
    return encode_lines(words, CharTokenizer.fit(words, boundary=True))


@pytest.fixture(scope="module")
def names() -> Stream:
    corpus: Corpus = load_corpus(NAMES)
    tokenizer = CharTokenizer.fit(corpus.lines, boundary=True)
    return encode_lines(tuple(corpus.lines), tokenizer)


WORDS = lines(*("abc"[i % 3] * (1 + i % 7) for i in range(40)))
KINDS: dict[str, Callable[[int], Batches]] = {
    "window": lambda seed: make_batches(
        counting(50), "window", block_size=3, batch_size=4, seed=seed
    ),
    "window of lines": lambda seed: make_batches(
        WORDS, "window", block_size=3, batch_size=4, seed=seed
    ),
    "row": lambda seed: make_batches(WORDS, "sequence", block_size=5, batch_size=4, seed=seed),
    "block": lambda seed: make_batches(
        counting(50), "sequence", block_size=5, batch_size=4, seed=seed
    ),
    "row with a lead": lambda seed: make_batches(
        WORDS, "sequence", block_size=5, batch_size=4, seed=seed, lead=2
    ),
    "block with a lead": lambda seed: make_batches(
        counting(50), "sequence", block_size=5, batch_size=4, seed=seed, lead=2
    ),
    "parallel": lambda seed: make_batches(
        counting(150), "sequence", block_size=9, batch_size=4, seed=seed, parallel=True
    ),
}
every_kind = pytest.mark.parametrize("kind", KINDS)


def plain(batch: Batch) -> tuple[list[list[int]], list[int]]:
    return batch.inputs.tolist(), batch.targets.tolist()


def take(batches: Batches, n: int) -> list[tuple[list[list[int]], list[int]]]:
    return [plain(next(batches)) for _ in range(n)]


def epoch(batches: Batches, which: int) -> list[tuple[Ids, Ids]]:
    first = which * batches.per_epoch
    every = [batches.batch(n) for n in range(first, first + batches.per_epoch)]
    return [(batch.inputs, batch.targets) for batch in every]


def test_the_kind_follows_from_the_model_and_the_stream() -> None:
    kinds = {name: type(make(1)) for name, make in KINDS.items()}
    assert kinds == {
        "window": WindowBatches,
        "window of lines": WindowBatches,
        "row": RowBatches,
        "block": BlockBatches,
        "row with a lead": RowBatches,
        "block with a lead": BlockBatches,
        "parallel": ParallelBatches,
    }


@every_kind
def test_the_seed_decides_the_batches(kind: str) -> None:
    assert take(KINDS[kind](7), 40) == take(KINDS[kind](7), 40)
    assert take(KINDS[kind](7), 40) != take(KINDS[kind](8), 40)


@every_kind
def test_each_epoch_has_an_order_of_its_own(kind: str) -> None:
    batches = KINDS[kind](7)
    first, second = (take(batches, batches.per_epoch) for _ in range(2))
    assert first != second


@every_kind
@given(cursor=st.integers(0, 60))
def test_going_on_from_a_cursor_gives_the_same_batches(kind: str, cursor: int) -> None:
    whole = KINDS[kind](7)
    expected = take(whole, 80)[cursor:]
    assert whole.cursor == 80
    resumed = KINDS[kind](7)
    resumed.cursor = cursor
    assert take(resumed, 80 - cursor) == expected


@every_kind
def test_a_batch_is_the_same_whenever_it_is_asked_for(kind: str) -> None:
    whole = take(KINDS[kind](7), 60)
    batches = KINDS[kind](7)
    for n in (59, 0, 30, 31, 29, 3, 58, 0):
        assert plain(batches.batch(n)) == whole[n]


def test_a_cursor_deep_in_a_large_set_gives_the_same_batches(names: Stream) -> None:
    whole = WindowBatches(names, 3, 32, seed=1)
    expected = take(whole, whole.per_epoch + 3)
    for cursor in (2_047, 2_048, 5_000, whole.per_epoch - 1):
        resumed = WindowBatches(names, 3, 32, seed=1)
        resumed.cursor = cursor
        assert take(resumed, 3) == expected[cursor : cursor + 3]


@pytest.mark.parametrize("which", [0, 1, 5])
def test_each_window_comes_once_an_epoch(which: int) -> None:
    stream = counting(60, before=4)
    batches = WindowBatches(stream, 3, 5, seed=1)
    assert batches.per_epoch == 12
    seen: list[int] = []
    for contexts, targets in epoch(batches, which):
        assert contexts.shape == (5, 3)
        # Ids count up, so each context is known from its target.
        np.testing.assert_array_equal(contexts, targets[:, None] + np.arange(-3, 0))
        seen += targets.tolist()
    assert sorted(seen) == list(range(4, 64))


def test_a_rest_that_fills_no_batch_waits_for_another_epoch() -> None:
    batches = WindowBatches(counting(50), 3, 7, seed=1)
    left_out = []
    for which in range(8):
        seen = Counter(int(target) for _, targets in epoch(batches, which) for target in targets)
        assert (len(seen), seen.total()) == (49, 49)
        left_out += [target for target in range(50) if target not in seen]
    assert len(set(left_out)) > 1


@pytest.mark.parametrize("which", [0, 1, 5])
@pytest.mark.parametrize("batch_size", [1, 4, 7, 500])
def test_each_row_comes_once_an_epoch(which: int, batch_size: int) -> None:
    words = [chr(97 + i % 26) * (1 + i % 9) for i in range(203)]
    stream = lines(*words)
    batches = RowBatches(stream, 20, batch_size, seed=1)
    seen: list[tuple[int, ...]] = []
    for inputs, targets in epoch(batches, which):
        assert len(targets) > 0
        assert targets.shape[1] == (targets != IGNORED).sum(axis=1).max()
        for row, wanted in zip(inputs.tolist(), targets.tolist(), strict=True):
            length = len(wanted) - wanted.count(IGNORED)
            assert row[:length] == [0, *wanted[: length - 1]]
            seen.append(tuple(wanted[:length]))
    ids = CharTokenizer.fit(words, boundary=True)
    assert Counter(seen) == Counter((*ids.encode(word).tolist(), 0) for word in words)
    assert batches.per_epoch == max(1, 203 // batch_size)


def padding(batches: list[tuple[Ids, Ids]]) -> float:
    """The share of positions that are padding."""
    padded = sum(int((targets == IGNORED).sum()) for _, targets in batches)
    return padded / sum(targets.size for _, targets in batches)


def test_grouping_rows_by_length_leaves_little_padding(names: Stream) -> None:
    grouped = padding(epoch(RowBatches(names, 32, 32, seed=1), 0))
    at, lengths = names.pieces(32)
    order = np.random.default_rng(1).permutation(len(at))
    chance = padding(
        [
            names.rows(at[order[i : i + 32]], lengths[order[i : i + 32]])
            for i in range(0, 32_000, 32)
        ]
    )
    assert grouped < 0.03
    assert chance > 10 * grouped


def test_batches_of_rows_hold_about_as_many_predictions_each(names: Stream) -> None:
    batches = RowBatches(names, 32, 32, seed=1)
    held = [int((targets != IGNORED).sum()) for _, targets in epoch(batches, 0)]
    mean = len(names) / batches.per_epoch
    assert max(held) < 1.1 * mean
    assert sorted(held)[1] > 0.9 * mean  # only the rest of the last pool may be small


def test_short_and_long_rows_come_in_any_order(names: Stream) -> None:
    widths = [targets.shape[1] for _, targets in epoch(RowBatches(names, 32, 32, seed=1), 0)]
    rises = sum(after > before for before, after in pairwise(widths))
    falls = sum(after < before for before, after in pairwise(widths))
    assert min(rises, falls) > len(widths) / 3


def test_a_row_longer_than_a_batch_leaves_no_batch_empty() -> None:
    stream = lines("abc" * 60, *["a"] * 19)
    for inputs, _ in epoch(RowBatches(stream, 500, 4, seed=1), 0):
        assert len(inputs) > 0


def test_blocks_are_stretches_of_the_text_from_all_of_it() -> None:
    stream = counting(20, before=6)
    batches = BlockBatches(stream, 8, 16, seed=1)
    begins: set[int] = set()
    for n in range(20):
        assert plain(batches.batch(n)) not in map(plain, map(batches.batch, range(n)))
        batch = batches.batch(n)
        inputs, targets = batch.inputs, batch.targets
        assert targets.shape == (16, 8)
        np.testing.assert_array_equal(inputs, targets - 1)
        np.testing.assert_array_equal(targets, targets[:, :1] + np.arange(8))
        begins.update(targets[:, 0].tolist())
    assert begins == set(range(6, 26 - 8 + 1))


def test_the_first_block_of_a_text_begins_with_the_filling_token() -> None:
    batches = BlockBatches(counting(9), 9, 1, seed=1)
    batch = next(batches)
    inputs, targets = batch.inputs, batch.targets
    assert inputs.tolist() == [[0, 0, 1, 2, 3, 4, 5, 6, 7]]
    assert targets.tolist() == [list(range(9))]


def test_an_epoch_of_blocks_reads_as_much_as_the_text_holds() -> None:
    assert BlockBatches(counting(100), 5, 4, seed=1).per_epoch == 5
    assert BlockBatches(counting(10), 5, 4, seed=1).per_epoch == 1


def test_a_batch_bigger_than_the_data_is_all_of_it() -> None:
    windows = WindowBatches(counting(5), 3, 100, seed=1)
    rows = RowBatches(lines("ab", "c"), 8, 100, seed=1)
    assert (windows.per_epoch, rows.per_epoch) == (1, 1)
    for n in range(3):
        assert sorted(windows.batch(n).targets.tolist()) == list(range(5))
        assert sorted(rows.batch(n).targets.tolist()) == [[1, 2, 0], [3, 0, IGNORED]]


def test_a_block_bigger_than_the_text_is_all_of_it() -> None:
    batch = BlockBatches(counting(5), 100, 2, seed=1).batch(3)
    inputs, targets = batch.inputs, batch.targets
    assert inputs.shape == (2, 5)
    assert targets.tolist() == [list(range(5))] * 2


@pytest.mark.parametrize("kind", ["row", "block", "row with a lead", "block with a lead"])
def test_a_part_of_a_batch_is_read_without_the_rest(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, batch = (next(KINDS[kind](7)) for _ in range(2))
    read: list[int] = []
    rows = Stream.rows

    def counted(self: Stream, at: Ids, *more: Any) -> tuple[Ids, Ids]:
        read.append(len(at))
        return rows(self, at, *more)

    inputs, targets = whole.inputs, whole.targets
    monkeypatch.setattr(Stream, "rows", counted)
    parts = [batch.part(i, 3) for i in range(3)]
    assert not read
    assert sum(share for _, share in parts) == pytest.approx(1)
    begin = 0
    for part, share in parts:
        end = begin + len(part.inputs)
        np.testing.assert_array_equal(part.inputs, inputs[begin:end])  # as wide as the whole
        np.testing.assert_array_equal(part.targets, targets[begin:end])
        known = (part.targets != IGNORED).sum()
        assert share == pytest.approx(known / (targets != IGNORED).sum())
        begin = end
    assert begin == len(inputs) == sum(read)


# ---- rows and blocks that read what stands before their targets ----


@pytest.mark.parametrize("which", [0, 1, 5])
@pytest.mark.parametrize("lead", [1, 3, 5])
def test_each_target_of_rows_with_a_lead_comes_once_an_epoch(which: int, lead: int) -> None:
    words = ["abcdefghijklmnopqrstuvwxyz"[i % 5 : i % 5 + 1 + i * 7 % 20] for i in range(50)]
    batches = RowBatches(lines("abcdefghijklmnopqrstuvwxyz", *words), 6, 7, seed=1, lead=lead)
    expected: Counter[tuple[int, ...]] = Counter()
    for word in ["abcdefghijklmnopqrstuvwxyz", *words]:
        ids = [0, *(ord(letter) - 96 for letter in word), 0]
        for at in range(1, len(ids)):
            # The first row has 6 targets; the others 6 - lead, and `lead` tokens before them.
            place = at - 1 if at <= 6 else lead + (at - 7) % (6 - lead)
            expected[tuple(ids[at - place - 1 : at + 1])] += 1
    found: Counter[tuple[int, ...]] = Counter()
    for inputs, targets in epoch(batches, which):
        assert targets.shape[1] <= 6
        for row, wanted in zip(inputs.tolist(), targets.tolist(), strict=True):
            for t, target in enumerate(wanted):
                if target != IGNORED:
                    found[(*row[: t + 1], target)] += 1
    assert found == expected


def test_blocks_with_a_lead_have_it_before_their_targets() -> None:
    stream = counting(30, before=3)
    batches = BlockBatches(stream, 8, 16, seed=1, lead=5)
    begins: set[int] = set()
    for n in range(40):
        batch = batches.batch(n)
        inputs, targets, follows = batch.inputs, batch.targets, batch.follows
        assert not follows
        for row, wanted in zip(inputs, targets, strict=True):
            counted = wanted[wanted != IGNORED]
            assert len(counted) == 8
            np.testing.assert_array_equal(counted, counted[0] + np.arange(8))
            begin = int(counted[0])
            read_again = int((wanted != IGNORED).argmax())
            assert read_again == min(5, begin)
            expected = np.arange(begin - read_again - 1, begin + 7).clip(0)  # 0 fills too
            np.testing.assert_array_equal(row[: read_again + 8], expected)
            begins.add(begin)
    assert begins == set(range(3, 33 - 8 + 1))


# ---- parallel streams ----


@given(st.integers(2, 120), st.integers(0, 5), st.integers(1, 70), st.integers(1, 9))
def test_parallel_streams_go_on_where_they_ended(
    length: int, before: int, block_size: int, batch_size: int
) -> None:
    batches = ParallelBatches(counting(length, before), block_size, batch_size, seed=3)
    ended: Ids = np.empty(0, dtype=np.int64)
    for n in range(3 * batches.per_epoch):
        batch = batches.batch(n)
        inputs, targets, follows = batch.inputs, batch.targets, batch.follows
        assert follows == (n % batches.per_epoch > 0)
        # Ids count up, so a target says where it stands.
        assert targets.min() >= before
        assert targets.max() < before + length
        np.testing.assert_array_equal(targets, targets[:, :1] + np.arange(targets.shape[1]))
        np.testing.assert_array_equal(inputs[:, 1:], targets[:, :-1])
        np.testing.assert_array_equal(inputs[:, 0], (targets[:, 0] - 1).clip(0))  # 0 fills too
        if follows:
            np.testing.assert_array_equal(targets[:, 0], ended + 1)
            np.testing.assert_array_equal(inputs[:, 0], ended)
        ended = targets[:, -1]


@given(st.integers(2, 120), st.integers(1, 70), st.integers(1, 9), st.integers(0, 3))
def test_parallel_streams_do_not_meet(
    length: int, block_size: int, batch_size: int, which: int
) -> None:
    batches = ParallelBatches(counting(length), block_size, batch_size, seed=3)
    seen = [t for _, targets in epoch(batches, which) for t in targets.ravel().tolist()]
    assert len(seen) == len(set(seen))
    # What is left out is what chance takes at the ends of each stream, and what does not divide.
    rows = batches.batch_size
    assert len(seen) >= length - rows * (2 * batches.block_size) - rows


def test_epochs_of_parallel_streams_begin_in_different_places() -> None:
    batches = ParallelBatches(counting(200), 8, 4, seed=1)
    begins = [int(batches.batch(e * batches.per_epoch).targets[0, 0]) for e in range(60)]
    assert set(begins) == set(range(9))
    assert begins[:5] != [
        int(ParallelBatches(counting(200), 8, 4, seed=2).batch(e * batches.per_epoch).targets[0, 0])
        for e in range(5)
    ]


def test_parallel_streams_are_as_many_and_as_long_as_asked_where_there_is_room() -> None:
    batches = ParallelBatches(counting(1_000), 20, 5, seed=1)
    assert batches.per_epoch == 9
    assert {batches.batch(n).targets.shape for n in range(20)} == {(5, 20)}


@pytest.mark.parametrize("length", range(1, 11))
@pytest.mark.parametrize("parallel", [False, True])
@pytest.mark.parametrize("lead", [0, 5])
def test_a_tiny_text_can_be_read_or_says_that_it_cannot(
    length: int, parallel: bool, lead: int
) -> None:
    def make() -> Batches:
        return make_batches(
            counting(length), "sequence", block_size=64, batch_size=32, seed=1, lead=lead,
            parallel=parallel,
        )  # fmt: skip

    if parallel and length == 1:
        with pytest.raises(SettingsError, match="at least 2 tokens; this one has 1"):
            make()
        return
    batches = make()
    for n in range(10):
        batch = batches.batch(n)
        inputs, targets = batch.inputs, batch.targets
        assert inputs.shape == targets.shape
        assert (targets != IGNORED).any(axis=1).all()
        assert targets.max() < length


def test_parallel_streams_are_for_rows_of_a_text() -> None:
    for stream, reads in ((WORDS, "sequence"), (WORDS, "window"), (counting(50), "window")):
        with pytest.raises(SettingsError, match="Parallel streams need one long text"):
            make_batches(stream, reads, block_size=5, batch_size=2, seed=1, parallel=True)


def test_mixed_rows_are_every_row_once_in_batches_of_all_lengths() -> None:
    lines = tuple("a" * (1 + i % 9) for i in range(900))
    stream = encode_lines(lines, CharTokenizer.fit(lines, boundary=True))
    spread = {}
    for mixed in (False, True):
        batches = RowBatches(stream, 16, 45, seed=0, mixed=mixed)
        drawn = [next(batches).targets for _ in range(batches.per_epoch)]
        lengths = [(targets >= 0).sum(1) for targets in drawn]
        assert sorted(np.concatenate(lengths)) == sorted(len(line) + 1 for line in lines)
        spread[mixed] = np.mean([found.std() for found in lengths])
        counts = [found.sum() for found in lengths]
        assert max(counts) - min(counts) <= 2 * 10  # as many predictions in each
    assert spread[False] < 0.5
    assert spread[True] > 2


@pytest.mark.parametrize("ahead", [None, 2])
def test_several_batches_are_the_next_ones(
    ahead: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if ahead is not None:  # a few are gathered at a time
        monkeypatch.setattr("hornbook.text.batches.AHEAD", ahead * 3 * 7)
    windows, others = (WindowBatches(counting(50), 3, 7, seed=1) for _ in range(2))
    seen = 0
    while seen < 3 * windows.per_epoch:
        inputs, targets = windows.several(4)
        assert 1 <= len(inputs) <= 4
        for one, wanted in zip(inputs, targets, strict=True):
            batch = next(others)
            assert one.tolist() == batch.inputs.tolist()
            assert wanted.tolist() == batch.targets.tolist()
        seen += len(inputs)
        assert windows.cursor == others.cursor == seen
    # over the ends of epochs, or a small file would take a call of compiled steps for each batch
    short = WindowBatches(counting(50), 3, 40, seed=1)
    assert short.per_epoch == 1
    assert len(short.several(20)[0]) == min(20, short.ahead)
    blocks, single = (BlockBatches(counting(50), 5, 3, seed=1) for _ in range(2))
    inputs, targets = blocks.several(2)
    assert inputs.shape == targets.shape == (2, 3, 5)
    assert inputs[1].tolist() == [next(single) for _ in range(2)][1].inputs.tolist()
