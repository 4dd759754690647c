"""A corpus in pieces gives what one that is held gives; half of it is never taken for the whole."""

from __future__ import annotations

import gzip
import os
import resource
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hornbook.errors import DataError, EncodingError, RunError, SettingsError
from hornbook.sources.source import Source
from hornbook.text.corpus import SPLITS
from hornbook.text.data import TextData, TextOptions
from hornbook.text.large import draws, encoding, reading, store, survey
from hornbook.text.large.data import LargeTextData
from hornbook.text.large.draws import Draw
from hornbook.text.large.encoded import EncodedPart
from hornbook.text.large.ends import Ends
from hornbook.text.large.mapped import MappedStream
from hornbook.text.large.reading import LargeText, examples_of, in_pieces
from hornbook.text.layout import Layout
from hornbook.text.loading import load_text
from hornbook.text.stream import Stream
from hornbook.text.task import TextTask
from hornbook.tokenizers.byte_pairs import BytePairTokenizer
from hornbook.tokenizers.splitting import PATTERNS

WORDS = [
    "to",
    "be",
    "or",
    "not",
    "née",
    "👩‍🚀",
    "that",
    "is",
    "(the",
    "question):",
    "42",
    "Whether",
]


def made_text(lines: int) -> str:
    rng = np.random.default_rng(1)
    some = [" ".join(rng.choice(WORDS, rng.integers(0, 9))) for _ in range(lines)]
    return "\n".join(some) + "\n"


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Pieces of a few lines, in this process, kept in a cache of this test."""
    for module in (reading, encoding, survey):
        monkeypatch.setattr(module, "PIECE", 500)
    monkeypatch.setattr(encoding, "processes", lambda text: 1)
    monkeypatch.setattr(store, "OFTEN", 2)
    monkeypatch.setenv("HORNBOOK_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def loaded(*names: str, **options: Any) -> TextData:
    return load_text(Source(list(names)), TextOptions.from_dict(options))


def both(*names: str, **options: Any) -> tuple[TextData, LargeTextData]:
    large = loaded(*names, large="yes", **options)
    assert isinstance(large, LargeTextData)
    return loaded(*names, **options), large


@pytest.mark.parametrize("tokens", ["characters", "bytes", "bpe"])
@pytest.mark.parametrize("pattern", ["gpt4", "gpt2"])
def test_a_text_has_the_tokens_that_it_has_when_held(tokens: str, pattern: str) -> None:
    if tokens != "bpe" and pattern == "gpt2":
        return
    Path("book.txt").write_text(made_text(300), encoding="utf-8")
    more = {"vocab_size": 300, "pattern": pattern} if tokens == "bpe" else {}
    held, large = both("book.txt", mode="text", split="60/20/20", tokens=tokens, **more)
    assert large.tokenizer == held.tokenizer
    assert large.sizes == held.sizes
    assert len(large.tokens.counts) == 3
    assert large.tokens.pieces > 10
    for split in SPLITS:
        one, other = held.stream(split), large.stream(split)
        assert one.first == other.first
        assert np.array_equal(one.ids, other.ids)
        assert one.ids.dtype == other.ids.dtype
        assert held.tokens_in(split) == large.tokens_in(split)
    assert large.extent == held.extent.partition(", ")[0]
    assert large.table == held.table


@pytest.mark.parametrize("pattern", list(PATTERNS))
def test_a_text_is_cut_where_no_pattern_joins(pattern: str) -> None:
    # GPT-4o's takes a stroke together with the line end and the sign before it.
    tokens = (*(bytes([byte]) for byte in range(256)), b"!\n", b"!\n/", b"\n/", b" f")
    pairs = BytePairTokenizer(tokens, pattern, (), False, True)
    text = "one two!\n/three\n four " * 100
    pieces = list(in_pieces([text], Layout("text", "line", ""), "here"))
    assert len(pieces) > 2
    found = [token for piece in pieces for token in pairs.encode(piece).tolist()]
    assert found == pairs.encode(text).tolist()


@pytest.mark.parametrize("separator", ["line", "blank"])
@pytest.mark.parametrize("tokens", ["characters", "bpe"])
def test_lines_are_drawn_whole_and_equal_ones_alike(tokens: str, separator: str) -> None:
    text = made_text(600)
    if separator == "blank":
        text = text.replace("question): to", "question):\n \n\nto")
    Path("a.txt").write_text(text, encoding="utf-8")
    Path("b.txt").write_text(text[:2_000], encoding="utf-8")
    more = {"vocab_size": 280} if tokens == "bpe" else {}
    how = {"mode": "lines", "separator": separator, "tokens": tokens, **more}
    held, large = both("a.txt", "b.txt", **how)
    assert set(large.tokenizer.spelled) == set(held.tokenizer.spelled) or tokens == "bpe"
    seen: dict[str, list[str]] = {}
    for split in SPLITS:
        stream, tokenizer = large.stream(split), large.tokenizer
        ends = np.flatnonzero(stream.ids == tokenizer.boundary)
        assert ends[0] == 0
        assert ends[-1] == len(stream.ids) - 1
        seen[split] = [tokenizer.decode(stream.ids[a + 1 : b]) for a, b in pairwise(ends)]
        assert isinstance(stream, MappedStream)
        assert stream.ends is not None
        assert np.array_equal(stream.ends[np.arange(len(stream.ends))], ends)
        assert large.tokens.counts[split].examples == len(seen[split])
    every = [line for lines in seen.values() for line in lines]
    assert sorted(every) == sorted(line for s in SPLITS for line in held.splits[s])
    assert not set(seen["train"]) & set(seen["dev"])
    assert 0.6 < len(seen["train"]) / len(every) < 0.95
    assert large.extent == held.extent.partition(", ")[0]
    again = loaded("a.txt", "b.txt", large="yes", split_seed=7, **how)
    assert again.sizes != large.sizes


def test_draws_hang_on_seed_and_text_alone_and_keep_their_shares() -> None:
    lines = [f"line {n}" for n in range(20_000)] + ["x" * 70_000, "x" * 70_001]
    drawn = Draw(3, (80, 15, 5)).splits(lines)
    assert np.array_equal(drawn[::-1], Draw(3, (80, 15, 5)).splits(lines[::-1]))
    shares = np.bincount(drawn, minlength=3) / len(lines)
    assert np.abs(shares - [0.8, 0.15, 0.05]).max() < 0.01
    assert (drawn != Draw(4, (80, 15, 5)).splits(lines)).mean() > 0.2
    assert Draw(3, (100, 0, 0)).splits(lines).max() == 0


def test_lines_are_drawn_alike_however_they_come(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [f"née {n:>{n % 50}}" for n in range(2_000)] + ["x" * 70_000]
    draw = Draw(3, (60, 20, 20))
    alone = np.concatenate([draw.splits([line]) for line in lines])
    flat = np.frombuffer("".join([f"{line}, " for line in lines]).encode(), dtype=np.uint8)
    ends = np.cumsum([len(line.encode()) + 2 for line in lines])
    starts = np.append(0, ends[:-1])
    for at_once in (100, 2**16):
        monkeypatch.setattr(draws, "AT_ONCE", at_once)
        assert np.array_equal(draw.splits(lines), alone)
        assert np.array_equal(draw.of_lines("".join([f"{line}\n" for line in lines])), alone)
        assert np.array_equal(draw.within(flat, starts, ends - 2), alone)
    assert len(draw.of_lines("")) == len(draw.splits([])) == 0
    # What was drawn once is drawn so for ever: tokens in the cache, and runs, hang on it.
    drawn = draw.splits([f"née {n}" for n in range(12)])
    assert drawn.tolist() == [0, 0, 2, 2, 0, 0, 0, 1, 0, 0, 2, 2]


@pytest.mark.parametrize("lines", [True, False])
def test_a_mapped_stream_reads_as_one_that_is_held(lines: bool) -> None:
    rng = np.random.default_rng(0)
    ids = rng.integers(1, 9, 900).astype(np.uint8)
    if lines:
        ids[rng.integers(0, 900, 60)] = 0
        ids[[0, -1]] = 0
        ids = ids[np.r_[True, (ids[1:] != 0) | (ids[:-1] != 0)]]  # no example is empty
    held = Stream(ids, 1 if lines else 40, 0 if lines else None, 0)
    ends = Ends(held.bounds[1:].astype(np.uint32), ()) if lines else None
    mapped = MappedStream(ids, held.first, held.boundary, 0, ends)
    places = held.first + rng.integers(0, len(held), 200)
    assert np.array_equal(mapped.begins(places), held.begins(places))
    for filled in (True, False):
        for one, other in zip(
            held.windows(places, 7, filled=filled), mapped.windows(places, 7, filled=filled),
            strict=True,
        ):  # fmt: skip
            assert np.array_equal(one, other)
    for lead in (0, 3):
        at, lengths = held.pieces(8, lead)
        units = np.arange(mapped.units(8, lead))
        assert mapped.count_rows(8, lead) == len(at)
        assert all(map(np.array_equal, mapped.rows_of(units, 8, lead), (at, lengths)))
        rows = [list(stream.all_rows(8, 64, lead=lead)) for stream in (held, mapped)]
        for (a, b), (c, d) in zip(*rows, strict=True):
            assert np.array_equal(a, c)
            assert np.array_equal(b, d)
        some = sum(int((t >= 0).sum()) for _, t in mapped.all_rows(8, 64, lead=lead, limit=200))
        assert 100 < some < 300


def test_positions_beyond_32_bits_are_whole_again() -> None:
    """Ends are kept modulo 2³² and counted on as pieces come."""
    true = np.array([5, 2**32 - 1, 2**32, 2**32 + 7, 3 * 2**32 + 1], dtype=np.int64)
    counts, low = store.Counts(), []
    part = EncodedPart(np.empty(0, np.uint8), np.empty(0, np.uint32), 0, 0, 0, 0)
    for ends in (true[:1], true[1:3], true[3:4], true[4:]):
        counts = counts.with_part(part, ends)
        low.append((ends % 2**32).astype(np.uint32))
    found = Ends(np.concatenate(low), counts.wraps)
    assert found[np.arange(len(found))].tolist() == [0, *true]


def test_batches_of_lines_take_every_example_once_an_epoch() -> None:
    Path("a.txt").write_text(made_text(900), encoding="utf-8")
    stream = loaded("a.txt", large="yes", mode="lines").stream("train")
    assert isinstance(stream, MappedStream)
    from hornbook.text.batches import make_batches

    for mixed in (False, True):
        batches = make_batches(
            stream, "sequence", block_size=8, batch_size=5, seed=2, lead=2, mixed=mixed
        )
        first = [next(batches) for _ in range(batches.per_epoch)]
        assert sum(int((batch.targets >= 0).sum()) for batch in first) == len(stream)
        again = [batches.batch(n) for n in (batches.per_epoch - 1, 3, 0)]
        for one, n in zip(again, (batches.per_epoch - 1, 3, 0), strict=True):
            assert np.array_equal(one.inputs, first[n].inputs)
        assert not np.array_equal(batches.batch(batches.per_epoch).inputs, first[0].inputs)


def stopped(monkeypatch: pytest.MonkeyPatch, after: int, error: BaseException) -> None:
    """Let adding a piece fail after some of them."""
    add, count = store.TokenFiles.add, 0

    def failing(self: store.TokenFiles, *given: Any) -> None:
        nonlocal count
        count += 1
        if count > after:
            raise error
        add(self, *given)

    monkeypatch.setattr(store.TokenFiles, "add", failing)


@pytest.mark.parametrize("mode", ["lines", "text"])
def test_what_was_stopped_goes_on_and_ends_as_if_it_had_not_been(
    mode: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Path("a.txt").write_text(made_text(300), encoding="utf-8")
    how = {"large": "yes", "mode": mode, "split": "60/20/20"}
    with monkeypatch.context() as patch:
        patch.setenv("HORNBOOK_CACHE", str(tmp_path / "other"))
        whole = loaded("a.txt", **how)
    with monkeypatch.context() as patch:
        stopped(patch, 5, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            loaded("a.txt", **how)
    (folder,) = (tmp_path / "cache" / "corpora").iterdir()
    assert not (folder / "tokens.json").exists()
    assert len((folder / "journal.jsonl").read_text().splitlines()) == 5
    for damage in (None, "beyond the journal", "shortened"):
        path = folder / "train.ids"
        if damage == "beyond the journal":
            (folder / "tokens.json").unlink()
            lines = (folder / "journal.jsonl").read_text().splitlines(keepends=True)
            (folder / "journal.jsonl").write_text("".join(lines[:4]) + lines[4][:20])
        elif damage == "shortened":
            os.truncate(path, path.stat().st_size - 1)
        found = loaded("a.txt", **how)
        for split in SPLITS:
            assert np.array_equal(found.stream(split).ids, whole.stream(split).ids)
    added: list[Any] = []
    monkeypatch.setattr(store.TokenFiles, "add", added.append)
    assert loaded("a.txt", **how).sizes == whole.sizes
    assert not added  # it was found whole


def test_a_full_disk_is_told_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a.txt").write_text(made_text(300), encoding="utf-8")
    flush, count = store.TokenFiles.flush, 0

    def full(self: store.TokenFiles) -> None:
        nonlocal count
        count += 1
        if count > 2:
            raise OSError(28, "No space left on device")
        flush(self)

    with monkeypatch.context() as patch:
        patch.setattr(store.TokenFiles, "flush", full)
        with pytest.raises(RunError, match=r"Cannot write tokens to .*No space left"):
            loaded("a.txt", large="yes", mode="text")
    with monkeypatch.context() as patch:
        patch.setattr(reading, "PIECE", 500)
        added = 0
        add = store.TokenFiles.add

        def counted(self: store.TokenFiles, *given: Any) -> None:
            nonlocal added
            added += 1
            add(self, *given)

        patch.setattr(store.TokenFiles, "add", counted)
        held, large = both("a.txt", mode="text")
    assert isinstance(large, LargeTextData)
    assert large.tokens.pieces - added == 6  # two of them after the last that was waited for
    assert np.array_equal(held.stream("train").ids, large.stream("train").ids)


def test_pieces_that_fit_on_a_full_disk_are_kept(tmp_path: Path) -> None:
    files = store.TokenFiles(tmp_path / "tokens", np.uint16, lines=False)
    ids = np.arange(5_000, dtype=np.uint16)
    part = EncodedPart(ids, np.empty(0, np.uint32), 5_000, 5_000, 0, 0, 0)
    none = EncodedPart(ids[:0], np.empty(0, np.uint32), 0, 0, 0, 0, 0)
    files.begin()

    def add_pieces() -> None:
        for number in range(9):
            files.add(str(number), [part, none, none], None)

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (45_000, before[1]))  # four pieces and a half
    try:
        with pytest.raises(RunError, match="Cannot write tokens"):
            add_pieces()
        files.keep_what_fits()
        files.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    files.begin()
    assert [files.holds(n, str(n)) for n in range(5)] == [True] * 4 + [False]
    assert files.counts["train"].ids == 20_000
    files.close()
    assert files.ids("train").tolist() == ids.tolist() * 4


def test_a_file_that_is_written_to_meanwhile_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path("a.txt")
    path.write_text(made_text(300), encoding="utf-8")
    survey_of = survey.survey

    def then_changed(text: LargeText, *given: Any) -> Any:
        found = survey_of(text, *given)
        path.write_text(made_text(300).replace("be", "bé"), encoding="utf-8")
        return found

    from hornbook.text.large import loading

    with monkeypatch.context() as patch:
        patch.setattr(loading, "survey", then_changed)
        for mode in ("text", "lines"):
            path.write_text(made_text(300).replace("é", "e"), encoding="utf-8")
            with pytest.raises(DataError, match=r"a\.txt was changed since it was read"):
                loaded("a.txt", large="yes", mode=mode)
    text = LargeText(Source("a.txt"), Layout("text", "line", ""), "auto")
    pieces = text.pieces()
    next(pieces)
    path.write_text("other", encoding="utf-8")
    with pytest.raises(DataError, match=r"a\.txt was changed while it was read"):
        list(pieces)


def test_gzip_line_ends_and_several_files_are_read_as_ever() -> None:
    text = made_text(200)
    Path("a.txt").write_bytes(("\n\n" + text).replace("\n", "\r\n").encode())
    with gzip.open("b.txt.gz", "wb") as file:
        file.write(text.encode())
    Path("c.txt").write_bytes(text.encode("utf-16"))
    held, large = both("a.txt", "b.txt.gz", "c.txt", mode="text")
    for split in held.sizes:
        assert np.array_equal(held.stream(split).ids, large.stream(split).ids)
    assert large.encoding == held.encoding


def test_pieces_end_where_no_token_goes_on() -> None:
    for text, layout in (
        ("ab " * 900, Layout("text", "line", "")),
        ("诗" * 2_300, Layout("text", "line", "")),
        ("a\n\n" * 500 + "b" * 1_800 + "\n\nc", Layout("lines", "blank", "")),
        ("ab\n" * 500 + "b" * 1_800, Layout("lines", "line", "")),
    ):
        Path("a.txt").write_text(text, encoding="utf-8")
        pieces = list(LargeText(Source("a.txt"), layout, "auto").pieces())
        assert "".join(pieces) == text
        assert len(pieces) > 2
        if layout.mode == "lines":
            every = [one for piece in pieces for one in examples_of(piece, layout)]
            assert every == examples_of(text, layout)
        elif " " in text:
            assert all(piece.startswith(" ab") for piece in pieces[1:])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"column": "2"}, "`column=2` cannot be had"),
        ({"distinct": True}, "`distinct=True` cannot be had"),
        ({"tokens": "graphemes"}, '`tokens="graphemes"` cannot be had'),
        ({"split": "98/1/1", "mode": "lines"}, "a dev split of 1% would be empty"),
    ],
)
def test_what_needs_all_text_at_once_is_refused(options: dict[str, Any], told: str) -> None:
    Path("a.txt").write_text("ab\n" * 30, encoding="utf-8")
    with pytest.raises((SettingsError, DataError), match=told):
        loaded("a.txt", large="yes", **options)


def test_what_is_no_text_is_told_as_ever() -> None:
    Path("a.txt").write_bytes(b"ab\n" * 900 + b"\xff\xfe")
    with pytest.raises(EncodingError, match="byte offset 2,700"):
        loaded("a.txt", large="yes")


@pytest.mark.parametrize("data", [b"", b"   ", b" \n" * 900])
@pytest.mark.parametrize("mode", ["auto", "text", "lines"])
def test_nothing_is_told_as_ever(data: bytes, mode: Any) -> None:
    Path("a.txt").write_bytes(data)
    with pytest.raises(DataError, match=r"a\.txt is empty"):
        loaded("a.txt", large="yes", mode=mode)
    with pytest.raises(DataError, match=r"a\.txt is empty"):
        TextTask().examine(Source("a.txt"), TextOptions(large="yes", mode=mode))


def test_processes_encode_as_one_does(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    Path("a.txt").write_text(made_text(300), encoding="utf-8")
    how = {"large": "yes", "mode": "lines", "tokens": "bpe", "vocab_size": 280}
    alone = loaded("a.txt", **how)
    monkeypatch.setenv("HORNBOOK_CACHE", str(tmp_path / "other"))
    monkeypatch.setattr(encoding, "processes", lambda text: 2)
    several = loaded("a.txt", **how)
    for split in SPLITS:
        assert np.array_equal(alone.stream(split).ids, several.stream(split).ids)
