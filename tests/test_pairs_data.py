"""Pairs once they are read: split, batched, kept in a run, opened, damaged, removed."""

from __future__ import annotations

import json
import shutil
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hornbook
from hornbook.errors import (
    DataError,
    HornbookError,
    RunError,
    SettingsError,
    UnknownTokenError,
)
from hornbook.pairs.batches import POOL, PairBatches
from hornbook.pairs.data import PairData, open_pairs
from hornbook.pairs.loading import load_pairs
from hornbook.pairs.options import PairOptions
from hornbook.pairs.recognise import looks_labelled
from hornbook.pairs.rows import IGNORED, PairBatch, padded
from hornbook.pairs.splits import split_pairs
from hornbook.runs import Run, strip
from hornbook.sources.source import Source
from hornbook.storage import HashedFiles
from tests.command import typed

words = st.text("abc", min_size=1, max_size=2)


# Splits


@given(st.lists(words, min_size=1, max_size=60), st.integers(0, 2**32 - 1))
def test_all_pairs_of_a_source_are_on_one_side(sources: list[str], seed: int) -> None:
    parts, told = split_pairs(sources, PairOptions(split_seed=seed), "here")
    sides: dict[str, set[int]] = {}
    for source, part in zip(sources, parts.tolist(), strict=True):
        sides.setdefault(source, set()).add(part)
    assert all(len(one) == 1 for one in sides.values())
    n = len(sides)
    sizes = [sum(one == {part} for one in sides.values()) for part in range(3)]
    if n >= 10:
        assert sizes == [n - n * 20 // 100, n * 10 // 100, n * 20 // 100 - n * 10 // 100]
        assert bool(told) == (n < len(sources))
    else:
        assert sizes == [n, 0, 0]
        assert "too little data to split" in told


def test_sources_that_read_the_same_are_on_one_side() -> None:
    forms = ["caf\u00e9 {}", "cafe\u0301 {}", " caf\u00e9\u00a0 {}"]
    sources = [form.format(n) for form in forms for n in range(40)]
    parts = split_pairs(sources, PairOptions(), "here")[0].reshape(3, 40)
    assert (parts == parts[0]).all()
    assert len(set(parts[0].tolist())) == 3
    cased = ["Cat {}", "cat {}"]
    sources = [form.format(n) for form in cased for n in range(40)]
    lower = split_pairs(sources, PairOptions(tokens="words", lowercase=True), "here")[0]
    assert (lower[:40] == lower[40:]).all()


def test_a_split_that_was_asked_for_must_hold_something() -> None:
    with pytest.raises(DataError, match="3 different sources: the dev split would be empty"):
        split_pairs(["a", "b", "b", "c"], PairOptions(split="80/20"), "It")


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ("nonsense", "`target_tokens` must be one of characters"),
        ("nothere.model", "nothere.model"),
    ],
)
def test_a_fault_of_the_tokens_of_targets_is_told_of_them(
    told: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "pairs.tsv"
    rows = [f"{word}{n}\t{word}\n" for n in range(5) for word in ("ox", "bee")]
    path.write_text("".join(["source\ttarget\n", *rows]), encoding="utf-8")
    with pytest.raises(HornbookError, match=message) as caught:
        load_pairs(Source(str(path)), PairOptions(target_tokens=told))
    assert caught.value.setting == "target_tokens"
    assert "`tokens" not in caught.value.message
    assert not load_pairs(Source(str(path)), PairOptions(target_tokens="bytes")).labels
    assert not looks_labelled(Source(str(path)), {"target_tokens": None})
    assert load_pairs(Source(str(path))).labels  # two different targets of ten sources
    path.write_text("source\ttarget\n" + "ox\txo\nbee\teeb\n" * 5, encoding="utf-8")
    assert not load_pairs(Source(str(path))).labels  # of two sources
    assert not looks_labelled(Source(str(path)), {})


@pytest.mark.parametrize("how", [{"target_tokens": "bytes"}, {"vocabularies": "two"}])
def test_what_labels_do_not_have_is_refused(how: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "texts.tsv"
    rows = [f"{word}{n}\t{word}\n" for n in range(5) for word in ("ox", "bee")]
    path.write_text("".join(["text\tlabel\n", *rows]), encoding="utf-8")
    with pytest.raises(SettingsError, match=r"has no effect here.*label has labels"):
        load_pairs(Source(str(path)), PairOptions(**how))


# Batches


def of_lengths(n: int, seed: int = 0) -> tuple[list[Any], list[Any]]:
    """Sources and targets of all sorts of lengths, each with an id of its own in front."""
    random = np.random.default_rng(seed)
    made = [
        [np.array([100 + at, *random.integers(1, 9, random.integers(0, 30)), 0]) for at in range(n)]
        for _ in range(2)
    ]
    return made[0], made[1]


def numbers_in(batch: PairBatch) -> list[int]:
    return [int(one) - 100 for one in batch.sources.ids[:, 0]]


@settings(max_examples=30)
@given(st.integers(1, 200), st.integers(1, 40), st.integers(0, 99))
def test_each_pair_comes_once_an_epoch(n: int, batch_size: int, seed: int) -> None:
    sources, targets = of_lengths(n)
    batches = PairBatches(sources, targets, 0, batch_size, seed)
    for _ in range(2):
        drawn = [numbers_in(next(batches)) for _ in range(batches.per_epoch)]
        assert sorted(chain.from_iterable(drawn)) == list(range(n))
        assert all(drawn)
        sizes = [len(one) for one in drawn]
        assert max(sizes) - min(sizes) <= 1


@settings(max_examples=30)
@given(st.integers(0, 60), st.integers(0, 99))
def test_a_batch_is_a_function_of_the_seed_and_its_number(number: int, seed: int) -> None:
    sources, targets = of_lengths(50)
    one, other = (PairBatches(sources, targets, 0, 8, seed) for _ in range(2))
    for _ in range(number):
        next(one)
    other.cursor = number
    mine, theirs = next(one), next(other)
    for ours, its in zip((*mine.sources, *mine[1:]), (*theirs.sources, *theirs[1:]), strict=True):
        np.testing.assert_array_equal(ours, its)


def test_epochs_and_seeds_have_orders_of_their_own() -> None:
    sources, targets = of_lengths(60)
    batches = PairBatches(sources, targets, 0, 10, 1)
    epochs = [[numbers_in(next(batches)) for _ in range(6)] for _ in range(3)]
    other = PairBatches(sources, targets, 0, 10, 2)
    epochs.append([numbers_in(next(other)) for _ in range(6)])
    assert len({str(one) for one in epochs}) == 4


def test_little_of_a_batch_is_padding() -> None:
    sources, targets = of_lengths(POOL * 64)
    batches = PairBatches(sources, targets, 0, 64, 0)
    cells = there = 0
    for _ in range(batches.per_epoch):
        batch = next(batches)
        cells += batch.sources.ids.size
        there += int(batch.sources.lengths.sum())
    assert there / cells > 0.95  # in random order about half


def test_a_target_begins_and_ends_with_the_boundary() -> None:
    sources, targets = of_lengths(9)
    batch = next(PairBatches(sources, targets, 7, 9, 0))
    for row, number in enumerate(numbers_in(batch)):
        target, length = targets[number], len(targets[number])
        assert batch.inputs[row, :length].tolist() == [7, *target[:-1]]
        assert batch.targets[row, :length].tolist() == target.tolist()
        assert (batch.targets[row, length:] == IGNORED).all()
        assert (batch.inputs[row] >= 0).all()
    assert batch.sources.ids.dtype == np.int64


def test_parts_of_a_batch_are_the_batch() -> None:
    sources, targets = of_lengths(11)
    batch = next(PairBatches(sources, targets, 0, 11, 0))
    parts = [batch.part(i, 3) for i in range(3)]
    assert sum(share for _, share in parts) == pytest.approx(1)
    assert [*chain.from_iterable(numbers_in(part) for part, _ in parts)] == numbers_in(batch)


def test_labels_are_numbers() -> None:
    sources, _ = of_lengths(9)
    batch = next(PairBatches(sources, np.arange(9), None, 9, 0))
    assert batch.targets.tolist() == numbers_in(batch)
    assert batch.inputs.shape == (9, 0)


@given(st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=6), min_size=1, max_size=6))
def test_padded_sequences_stand_side_by_side(rows: list[list[int]]) -> None:
    found = padded([np.array(row) for row in rows], fill=-5)
    assert found.lengths.tolist() == [*map(len, rows)]
    for row, ids in zip(rows, found.ids.tolist(), strict=True):
        assert ids == row + [-5] * (max(map(len, rows)) - len(row))


# Data and their tokens

REVERSED = [(text := f"{'abcdefg'[n % 7]}{n:03}xy"[: 2 + n % 5], text[::-1]) for n in range(80)]
SEXES = [
    (f"{('anna', 'ben', 'carl', 'dora')[n % 4]}{n}", "fm"[(n + 1) // 2 % 2]) for n in range(60)
]


def write(path: Path, pairs: list[tuple[str, str]], head: str = "source\ttarget") -> Path:
    path.write_text("\n".join([head, *map("\t".join, pairs), ""]), encoding="utf-8")
    return path


def loaded(path: Path, **options: Any) -> PairData:
    return load_pairs(Source(str(path)), PairOptions.from_dict(options))


def test_both_sides_share_their_tokens_where_they_are_alike(tmp_path: Path) -> None:
    path = write(tmp_path / "pairs.tsv", REVERSED)
    data = loaded(path)
    assert data.shared
    assert data.shape.shared
    assert "both sides share their tokens" in data.about
    two = loaded(path, vocabularies="two")
    assert not two.shared
    other = write(tmp_path / "other.tsv", [(given, said.upper()) for given, said in REVERSED])
    assert loaded(other, vocabularies="one").shared
    unlike = loaded(path, target_tokens="words")
    assert unlike.writing.kind != unlike.source_tokens.kind


def test_what_was_said_is_read_back(tmp_path: Path) -> None:
    data = loaded(write(tmp_path / "pairs.tsv", REVERSED), vocabularies="two")
    boundaries = data.source_tokens.boundary, data.writing.boundary
    for split in data.splits:
        side = data.side(split)
        for text, ids in zip(side.sources, data.sources(split), strict=True):
            assert data.source_tokens.decode(ids) == text
            assert ids[-1] == boundaries[0]
        for text, ids in zip(side.targets, data.targets(split), strict=True):
            assert data.writing.decode(ids) == text
            assert ids[-1] == boundaries[1]
    longest = max(len(said) for said in data.side("train").targets)
    assert data.shape.longest_target == longest + 1
    with pytest.raises(UnknownTokenError):
        data.read("Ω")


def test_a_label_that_train_never_has_is_left_out_and_told(tmp_path: Path) -> None:
    rare = [*SEXES, ("one", "q"), ("two", "q2"), ("three", "q3")]
    path = write(tmp_path / "sexes.tsv", rare, "text\tlabel")
    found = [loaded(path, split_seed=seed) for seed in range(6)]
    assert any("label train never has" in " ".join(data.about) for data in found)
    for data in found:
        for split in data.splits:
            numbers = data.numbers(split)
            assert [data.labels[one] for one in numbers] == list(data.side(split).targets)
    with pytest.raises(DataError, match=r"'x' is not one of the \d labels of the run"):
        found[0].label("x")
    with pytest.raises(DataError, match="all pairs of train have the label 'f'"):
        loaded(write(tmp_path / "one.tsv", [(a, "f") for a, _ in SEXES], "text\tlabel"))


# In a run


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pairs")
    path = write(folder / "pairs.tsv", REVERSED)
    made = {}
    for vocabularies in ("one", "two"):
        run = hornbook.train(path, task="pairs", model="copy", out=folder / vocabularies,
                             vocabularies=vocabularies, baseline=False)  # fmt: skip
        made[vocabularies] = run.path
    return made


@pytest.mark.parametrize("vocabularies", ["one", "two"])
def test_a_run_opens_its_data_as_they_were(
    vocabularies: str, runs: dict[str, Path], tmp_path: Path
) -> None:
    data = Run(runs[vocabularies]).data
    fresh = loaded(write(tmp_path / "pairs.tsv", REVERSED), vocabularies=vocabularies)
    assert data.shape == fresh.shape
    assert data.splits == fresh.splits
    assert data.about == fresh.about
    assert data.shared == (vocabularies == "one")
    for split in data.splits:
        for one, other in zip(data.targets(split), fresh.targets(split), strict=True):
            np.testing.assert_array_equal(one, other)


def test_odd_texts_are_kept(tmp_path: Path) -> None:
    odd = [("two\nlines", 'a "b"'), ("x\u2028y", "é\u200d"), ("日本", "🙂")] * 4
    path = tmp_path / "odd.jsonl"
    lines = [json.dumps({"source": f"{a}{n}", "target": b}) for n, (a, b) in enumerate(odd)]
    path.write_text("\n".join(lines), encoding="utf-8")
    run = hornbook.train(path, model="copy", out=tmp_path / "run", target_column="target",
                         split="100/0", baseline=False)  # fmt: skip
    again = Run(run.path).data.side("train")
    assert again.targets == tuple(b for _, b in odd)
    assert again.sources == tuple(f"{a}{n}" for n, (a, _) in enumerate(odd))


def test_without_its_data_a_run_says_so(
    runs: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "run"
    shutil.copytree(runs["two"], path)
    strip(path)
    left = [one for one in path.rglob("*.jsonl") if "data" in one.parts]
    assert left == []
    run = Run(path)
    assert not run.data.kept
    assert run.data.shape == Run(runs["two"]).data.shape
    with pytest.raises(DataError, match="without its data"):
        run.evaluate()
    status, _, err = typed(capsys, "evaluate", str(path))
    assert (status, "Traceback" in err) == (1, False)


FILES = ["data/train.jsonl", "data/dev.jsonl", "tokenizer.json", "target_tokenizer.json"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(name=st.sampled_from(FILES), place=st.floats(0, 1), byte=st.integers(0, 255))
def test_a_damaged_file_is_refused_in_words(
    name: str, place: float, byte: int, runs: dict[str, Path], tmp_path: Path
) -> None:
    path = tmp_path / "run"
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(runs["two"], path)
    held = bytearray((path / name).read_bytes())
    at = int(place * (len(held) - 1))
    changed = held[at] != byte
    held[at] = byte
    (path / name).write_bytes(held)
    if changed:
        with pytest.raises(RunError):
            Run(path).data.sources("train")
    else:
        Run(path).data.sources("train")


ODD: list[dict[str, Any]] = [
    {"columns": ["a"]}, {"columns": None}, {"labels": ["x"]}, {"labels": ["x", "x"]},
    {"longest_source": -1}, {"pairs": "many"}, {"splits": ["dev"]}, {"remarks": 3},
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_a_record_that_is_damaged_is_refused(odd: dict[str, Any], runs: dict[str, Path]) -> None:
    run = Run(runs["two"])
    details = {**run.record.data.details, **odd}
    with pytest.raises(RunError, match="damaged"):
        open_pairs(HashedFiles(run.path, run.record.data.files), "name", "source", details)


def test_labels_of_which_train_has_none_again_are_texts(tmp_path: Path) -> None:
    path = tmp_path / "words.tsv"
    twice = [f"b{n}" for n in range(32)] + [f"c{n // 2}" for n in range(8)]
    path.write_text("".join(f"a{n}\t{label}\n" for n, label in enumerate(twice)))
    with pytest.raises(DataError, match=r"No label of dev is one of train, which has \d+ labels"):
        load_pairs(Source(path), PairOptions(label_column="2", header="no"))


def test_labels_that_are_left_out_are_listed_in_part(tmp_path: Path) -> None:
    path = tmp_path / "words.tsv"
    rows = [f"a{n}\t{'xy'[n % 2]}\n" for n in range(60)] + [f"c{n}\tb{n}\n" for n in range(200)]
    path.write_text("".join(rows))
    data = load_pairs(Source(path), PairOptions(label_column="2", header="no"))
    told = next(one for one in data.remarks if "left out" in one)
    assert told.endswith(" …")
    assert len(told) < 250
