from __future__ import annotations

import io
import os
import random
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hornbook.errors import DataError, EncodingError, SettingsError
from hornbook.sources import datasets
from hornbook.text.corpus import (
    SPLITS,
    Corpus,
    SplitSettings,
    load_corpus,
    split_corpus,
)
from hornbook.text.layout import choose_layout

SHARED = Path(__file__).parents[2] / "shared" / "data"

needs_shared = pytest.mark.skipif(
    not (SHARED / "names.txt").exists(), reason=f"the lectures' files are not at {SHARED}"
)

NAMES = "emma\nolivia\nava\nisabella\nsophia\ncharlotte\nmia\namelia\nharper\nevelyn\n"
POEMS = "\n\n".join(
    ["行宮\n元稹\n寥落古行宮，\n宮花寂寞紅。", "靜夜思\n李白\n床前明月光，\n疑是地上霜。"]
)
PROSE = """Call me Ishmael. Some years ago, never mind how long precisely,
having little or no money in my purse, and nothing particular to
interest me on shore, I thought I would sail about a little and see
the watery part of the world. It is a way I have of driving off the
spleen, and regulating the circulation. Whenever I find myself growing
grim about the mouth; whenever it is a damp, drizzly November in my
soul; whenever I find myself involuntarily pausing before coffin
warehouses, and bringing up the rear of every funeral I meet; then I
account it high time to get to sea as soon as I can.
"""
RECIPES = "\n".join(
    f"Take {n} eggs, beat them with {'a little ' * (n % 7)}cream and "
    f"{'sugar, ' * (n % 5)}then bake for {n * 5} minutes and serve it warm."
    for n in range(2, 40)
)


# Like wrapped prose but for one thing each: the ends, the beginnings, the margin, the words.
ENDED = "\n".join(f"we took the {n}th train from there to the sea." for n in range(10, 40))
TITLED = "\n".join(f"The {n}th letter of a traveller to his friend" for n in range(10, 40))

RAGGED = "\n".join("how do i mend my " + "very " * (n % 9) + "old boat" for n in range(30))
CODES = "\n".join("acgt"[n % 4] * 5 + "acgt"[n // 4 % 4] * 5 for n in range(30))
CHAPTERS = "\n".join("We rowed on and on. " * n for n in range(80, 110))


def corpus(text: str, mode: Literal["lines", "text"]) -> Corpus:
    return Corpus("made", "made", mode, "as requested", text, "utf-8", "LF")


@pytest.mark.parametrize(
    ("text", "mode", "reason"),
    [
        (NAMES, "lines", "10 lines of 6 characters on average, none blank"),
        (RECIPES, "lines", "38 lines of 124 characters on average, none blank"),
        ("C(=O)N\nCC(C)Cc1ccc\nCN1C=NC2\n", "lines", "3 lines of 8 characters on average"),
        (ENDED, "lines", "30 lines of 45 characters on average, none blank"),
        (TITLED, "lines", "30 lines of 44 characters on average, none blank"),
        (RAGGED, "lines", "30 lines of 44 characters on average, none blank"),
        (CODES, "lines", "30 lines of 10 characters on average, none blank"),
        (CHAPTERS, "lines", "30 lines of 1890 characters on average, none blank"),
        (POEMS, "text", r"blank lines separate its parts \(11% of its lines are blank\)"),
        (PROSE, "text", "its lines look like wrapped prose"),
        (PROSE.replace("It is", "\n\nIt is"), "text", "blank lines separate its parts"),
        ("the quick brown fox\n", "text", "it has a single line"),
        ("emma\n", "lines", "it is a single word"),
        ("GATTACA" * 6, "text", "it has a single line"),
        ("\n\nthe quick brown fox\n\n", "text", "it has a single line"),
        ("\n".join(["word " * 500] * 3), "text", "lines average 2,500 characters"),
    ],
)
def test_the_mode_is_chosen_by_looking_and_the_reason_is_told(
    text: str, mode: str, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "given.txt"
    path.write_text(text, encoding="utf-8")
    found = load_corpus(path)
    assert found.mode == mode
    assert re.search(reason, found.reason)


def test_a_stray_blank_line_parts_no_list() -> None:
    names = NAMES * 20
    assert choose_layout(names + "\n" + names).mode == "lines"
    assert choose_layout(names + "\n" * 9 + names).mode == "text"


@needs_shared
@pytest.mark.parametrize(
    ("name", "mode"),
    [("names.txt", "lines"), ("tinyshakespeare.txt", "text"), ("nietzsche.txt", "text")],
)
def test_the_lectures_files_are_read_as_they_are_meant(name: str, mode: str) -> None:
    assert load_corpus(SHARED / name).mode == mode


@pytest.mark.parametrize("mode", ["lines", "text"])
def test_the_choice_can_be_overruled(tmp_path: Path, mode: Literal["lines", "text"]) -> None:
    path = tmp_path / "given.txt"
    path.write_text(NAMES if mode == "text" else PROSE, encoding="utf-8")
    found = load_corpus(path, mode=mode)
    assert (found.mode, found.reason) == (mode, "as requested")


def test_a_corpus_tells_where_it_came_from(tmp_path: Path) -> None:
    path = tmp_path / "given.names.txt"
    path.write_bytes(NAMES.replace("\n", "\r\n").encode("utf-16"))
    found = load_corpus(str(path))
    assert (found.name, found.source) == ("given.names", str(path))
    assert (found.encoding, found.line_ends) == ("utf-16-le", "CRLF")
    assert found.text == NAMES
    assert found.lines == NAMES.split()


def test_lines_leave_out_what_is_empty_and_nothing_else() -> None:
    assert corpus("\na\n\n b \nc", "lines").lines == ["a", " b ", "c"]


def test_an_encoding_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "given.txt"
    path.write_bytes("Амина\nОльга\nИван\n".encode("cp1251"))
    with pytest.raises(EncodingError, match=r"given\.txt is not utf-8 text"):
        load_corpus(path)
    assert load_corpus(path, encoding="cp1251").lines == ["Амина", "Ольга", "Иван"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b" \n\t\n ", "is empty"),
    ],
)
def test_a_file_with_next_to_nothing_is_refused(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "given.txt"
    path.write_bytes(data)
    with pytest.raises(DataError, match=rf"given\.txt {says}"):
        load_corpus(path)


def test_a_missing_file_is_refused_by_name() -> None:
    with pytest.raises(DataError, match=r"no file or data set 'nosuch/file\.txt'"):
        load_corpus("nosuch/file.txt")


@pytest.mark.parametrize("source", ["x" * 300, "x/" * 3_000, "emma\nava\n" * 1_000])
def test_a_name_too_long_for_any_file_is_a_data_error(source: str) -> None:
    with pytest.raises(DataError):
        load_corpus(source)


def test_a_file_as_a_directory_is_a_data_error(tmp_path: Path) -> None:
    (tmp_path / "given.txt").write_text(NAMES)
    with pytest.raises(DataError, match="Cannot read"):
        load_corpus(tmp_path / "given.txt" / "names.txt")


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is shut to root"
)
@pytest.mark.parametrize("shut", ["given.txt", "."])
def test_a_file_that_may_not_be_read_is_a_data_error(tmp_path: Path, shut: str) -> None:
    (tmp_path / "given.txt").write_text(NAMES)
    (tmp_path / shut).chmod(0)
    try:
        with pytest.raises(DataError, match="Cannot read"):
            load_corpus(tmp_path / "given.txt")
    finally:
        (tmp_path / shut).chmod(0o700)


def test_standard_input_is_read_as_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    data = io.TextIOWrapper(
        io.BytesIO("\ufeff寥落古行宮，宮花寂寞紅。\r\n".encode()), encoding="ascii"
    )
    monkeypatch.setattr(sys, "stdin", data)
    found = load_corpus("-")
    assert (found.name, found.source, found.encoding) == ("stdin", "standard input", "utf-8")
    assert found.text == "寥落古行宮，宮花寂寞紅。\n"


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A directory to be in, and a data set `toy` of prose that is meant to be read by lines."""
    path = tmp_path / "kept" / "toy.txt"
    path.parent.mkdir()
    path.write_text(PROSE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(datasets, "DATASETS", {"toy": SimpleNamespace(mode="lines")})
    monkeypatch.setattr(datasets, "locate", lambda *_: path)


@pytest.mark.usefixtures("toy")
def test_a_data_set_is_found_by_name_and_read_as_it_is_meant() -> None:
    found = load_corpus("toy")
    assert (found.name, found.source, found.text) == ("toy", "data set toy", PROSE)
    assert (found.mode, found.reason) == ("lines", "this data set's default")


@pytest.mark.usefixtures("toy")
def test_a_data_set_can_be_read_otherwise() -> None:
    found = load_corpus("toy", mode="text")
    assert (found.mode, found.reason) == ("text", "as requested")


@pytest.mark.usefixtures("toy")
def test_a_file_comes_before_a_data_set_of_its_name() -> None:
    Path("toy").write_text(NAMES)
    found = load_corpus("toy")
    assert (found.source, found.text) == ("toy", NAMES)


@pytest.mark.usefixtures("toy")
def test_a_missing_file_is_told_of_the_data_sets() -> None:
    with pytest.raises(DataError) as caught:
        load_corpus("tyo")
    assert "Data sets: toy." in caught.value.hint


# ---- splits ----


@pytest.fixture(scope="module")
def names() -> list[str]:
    return (SHARED / "names.txt").read_text().split()


def shuffled_as_in_the_lectures(words: list[str]) -> list[str]:
    state = random.getstate()
    random.seed(42)
    words = list(words)
    random.shuffle(words)
    random.setstate(state)
    return words


@needs_shared
def test_names_are_split_as_in_the_lectures(names: list[str]) -> None:
    splits = split_corpus(load_corpus(SHARED / "names.txt"))
    words = shuffled_as_in_the_lectures(names)
    n1, n2 = int(0.8 * len(words)), int(0.9 * len(words))
    assert splits.train == tuple(words[:n1])
    assert splits.dev == tuple(words[n1:n2])
    assert splits.test == tuple(words[n2:])
    assert [len(splits[split]) for split in SPLITS] == [25_626, 3_203, 3_204]
    predictions = [sum(len(word) + 1 for word in splits[split]) for split in SPLITS]
    assert predictions == [182_625, 22_655, 22_866]


@needs_shared
def test_names_repeat_across_splits_unless_they_are_made_distinct(names: list[str]) -> None:
    found = load_corpus(SHARED / "names.txt")
    splits = split_corpus(found)
    train = set(splits.train)
    assert sum(word in train for word in splits.dev) == 424
    distinct = split_corpus(found, SplitSettings(distinct=True))
    together = distinct.train + distinct.dev + distinct.test
    assert len(together) == len(set(together))
    assert set(together) == set(names)


@given(n=st.integers(10, 3_000), seed=st.integers(0, 99))
def test_lines_are_cut_where_the_lectures_cut_them(n: int, seed: int) -> None:
    words = [f"w{i}" for i in range(n)]
    splits = split_corpus(corpus("\n".join(words), "lines"), SplitSettings(split_seed=seed))
    random.Random(seed).shuffle(words)
    n1, n2 = int(0.8 * n), int(0.9 * n)
    assert splits.train + splits.dev + splits.test == tuple(words)
    assert (len(splits.train), len(splits.dev)) == (n1, n2 - n1)


def test_the_seed_of_a_split_decides_it() -> None:
    found = corpus("\n".join(f"w{i}" for i in range(100)), "lines")
    assert split_corpus(found) == split_corpus(found, SplitSettings(split_seed=42))
    assert split_corpus(found) != split_corpus(found, SplitSettings(split_seed=43))


@settings(max_examples=40)  # each is a long text
@given(st.integers(1, 100), st.data())
def test_a_text_is_cut_in_reading_order_and_joins_again(train: int, data: st.DataObject) -> None:
    dev = data.draw(st.integers(0, 100 - train))
    test = 100 - train - dev
    least = min(share for share in (train, dev, test) if share)
    text = data.draw(st.text(min_size=max(10, -(-200 // least))))
    splits = split_corpus(corpus(text, "text"), SplitSettings(split=f"{train}/{dev}/{test}"))
    parts = ["".join(splits[split]) for split in SPLITS]
    assert "".join(parts) == text
    assert len(parts[0]) == len(text) * train // 100
    assert [splits.before(split) for split in SPLITS] == ["", parts[0], parts[0] + parts[1]]
    assert all(len(splits[split]) == bool(part) for split, part in zip(SPLITS, parts, strict=True))


def test_a_text_is_cut_at_nine_tenths() -> None:
    splits = split_corpus(corpus("".join(map(chr, range(300, 400))), "text"))
    assert [len("".join(splits[split])) for split in SPLITS] == [90, 10, 0]


@pytest.mark.parametrize(
    ("split", "sizes"),
    [("80/10/10", (8, 1, 1)), ("60/40", (6, 4, 0)), ("100/0", (10, 0, 0)), ("50/0/50", (5, 0, 5))],
)
def test_shares_can_be_chosen(split: str, sizes: tuple[int, ...]) -> None:
    splits = split_corpus(corpus(NAMES, "lines"), SplitSettings(split=split))
    assert tuple(len(splits[name]) for name in SPLITS) == sizes


@pytest.mark.parametrize(
    "split",
    [
        "",
        "100",
        "80/10",
        "80/10/11",
        "80/10/5/5",
        "0/50/50",
        "110/-10",
        "79.5/20.5",
        "a/b",
        "80/20 ",
        "80-20",
        "Auto",
    ],
)
def test_shares_that_make_no_whole_are_refused(split: str) -> None:
    with pytest.raises(SettingsError, match=r"add up to 100|whole numbers|above 0"):
        split_corpus(corpus(NAMES, "lines"), SplitSettings(split=split))


@pytest.mark.parametrize("changed", [SplitSettings(split_seed=1), SplitSettings(distinct=True)])
def test_what_only_lines_need_is_refused_of_a_text(changed: SplitSettings) -> None:
    with pytest.raises(SettingsError, match='has no effect here: it requires `mode="lines"`'):
        split_corpus(corpus(PROSE, "text"), changed)


@pytest.mark.parametrize(
    ("lines", "says"),
    [(1, "1 line: a train split of 80% would"), (5, "5 lines: a dev split of 10% would")],
)
def test_too_few_lines_for_a_split_are_refused(lines: int, says: str) -> None:
    few = corpus("\n".join(NAMES.split()[:lines]), "lines")
    with pytest.raises(DataError, match=says) as caught:
        split_corpus(few, SplitSettings(split="80/10/10"))
    assert "`mode=text`" in caught.value.hint


def test_what_distinct_leaves_is_what_is_counted() -> None:
    with pytest.raises(DataError, match="made has 2 lines"):
        split_corpus(
            corpus("emma\nava\n" * 50, "lines"), SplitSettings(split="80/10/10", distinct=True)
        )


@pytest.mark.parametrize(
    ("text", "mode"), [("emma", "lines"), ("emma\nava", "lines"), ("a", "text")]
)
def test_what_is_too_little_to_be_split_is_train_where_nobody_asked(
    text: str, mode: Literal["lines", "text"]
) -> None:
    splits = split_corpus(corpus(text, mode))
    assert sorted("".join(splits.train)) == sorted(text.replace("\n", ""))
    assert not splits.dev
    assert not splits.test


def test_five_lines_can_be_trained_on_whole() -> None:
    five = corpus("\n".join(NAMES.split()[:5]), "lines")
    assert sorted(split_corpus(five, SplitSettings(split="100/0")).train) == sorted(five.lines)


def test_there_are_three_splits() -> None:
    with pytest.raises(SettingsError, match="no split 'valid'"):
        split_corpus(corpus(NAMES, "lines"))["valid"]


@pytest.mark.parametrize(
    ("split", "rule"),
    [
        ("99.7/0.3", "must be whole numbers"),
        ("0/100", "that of train, is above 0"),
        ("80/30", "add up to 100"),
    ],
)
def test_a_refused_split_is_told_which_rule_it_breaks(split: str, rule: str) -> None:
    with pytest.raises(SettingsError, match=rule):
        SplitSettings(split=split).shares("lines")
