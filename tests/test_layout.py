"""How a text is read: as lines, as parts between blank lines, as one text."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hornbook.errors import DataError, SettingsError
from hornbook.sources.datasets import BUNDLED
from hornbook.text.corpus import Corpus, SplitSettings, load_corpus, split_corpus
from hornbook.text.layout import blocks_of, choose_layout

SHARED = Path(__file__).parents[2] / "shared" / "data"
HAIKU = [f"an old pond {n}\na frog leaps in {n}\nthe sound\n" for n in range(30)]
NAMES = [f"name{n}" for n in range(60)]


def texts(tmp_path: Path, *files: str) -> list[Path]:
    """Files `0.txt`, `1.txt` and so on."""
    paths = [tmp_path / f"{n}.txt" for n in range(len(files))]
    for path, text in zip(paths, files, strict=True):
        path.write_text(text, encoding="utf-8")
    return paths


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("a\nb\n\nc\n", ["a\nb", "c"]),
        ("\n\na\n \t\n\n b \n\n\n", ["a", " b "]),
        ("a", ["a"]),
        (" \n\n", []),
    ],
)
def test_blocks(text: str, blocks: list[str]) -> None:
    assert blocks_of(text) == blocks


BLOCK = st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=3).map("\n".join)


@given(st.lists(BLOCK, max_size=4))
def test_blocks_are_what_was_joined(blocks: list[str]) -> None:
    assert blocks_of("\n\n".join(blocks)) == blocks


@pytest.mark.parametrize(
    ("text", "read", "otherwise"),
    [
        ("\n".join(HAIKU), ("lines", "blank"), "`mode=text`"),
        ("\n".join(HAIKU[:19]), ("text", "line"), "each of its 19 parts"),  # too few to tell
        ("\n\n".join(NAMES), ("text", "line"), "`separator=blank`"),  # of a line each
        ("\n".join(f"A:\n{haiku}" for haiku in HAIKU), ("text", "line"), "`separator=blank`"),
        ("\n".join(h * (1 + n % 9) for n, h in enumerate(HAIKU)), ("text", "line"), "=blank"),
        ("\n".join(NAMES), ("lines", "line"), ""),
    ],
)
def test_parts_that_are_many_and_alike_are_examples(
    text: str, read: tuple[str, str], otherwise: str
) -> None:
    looks = choose_layout(text)
    assert (looks.mode, looks.separator) == read
    assert otherwise in looks.otherwise
    assert bool(otherwise) == bool(looks.otherwise)


@pytest.mark.parametrize(
    ("path", "read"),
    [
        (BUNDLED / "names.txt", ("lines", "line")),
        (BUNDLED / "shakespeare.txt", ("text", "line")),
        (BUNDLED / "tang.txt", ("lines", "blank")),
        (SHARED / "names.txt", ("lines", "line")),
        (SHARED / "tinyshakespeare.txt", ("text", "line")),
        (SHARED / "nietzsche.txt", ("text", "line")),
    ],
    ids=lambda value: value.name if isinstance(value, Path) else "",
)
def test_real_texts(path: Path, read: tuple[str, str]) -> None:
    if not path.exists():
        pytest.skip(f"there is no {path}")
    looks = choose_layout(path.read_text(encoding="utf-8"))
    assert (looks.mode, looks.separator) == read


def test_a_data_set_stays_as_it_is_meant_and_the_other_way_is_told() -> None:
    found = load_corpus("tang")
    assert (found.mode, found.separator, len(found.otherwise) > 0) == ("text", "line", True)
    assert load_corpus("shakespeare").otherwise == ""
    poems = load_corpus("tang", separator="blank")
    assert (poems.mode, len(poems.examples)) == ("lines", 320)


@pytest.mark.parametrize(
    ("asked", "read", "examples"),
    [
        ({"separator": "blank"}, ("lines", "blank"), 2),
        ({"separator": "line"}, ("lines", "line"), 4),
        ({"mode": "lines"}, ("lines", "line"), 4),
        ({"mode": "lines", "separator": "blank"}, ("lines", "blank"), 2),
        ({}, ("text", "line"), None),
    ],
)
def test_what_is_asked_for_is_done(
    tmp_path: Path, asked: dict[str, Any], read: tuple[str, str], examples: int | None
) -> None:
    (path,) = texts(tmp_path, "emma\nolivia\n\nava\nmia\n")
    found = load_corpus(path, **asked)
    assert (found.mode, found.separator) == read
    assert examples is None or len(found.examples) == examples


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"mode": "text", "separator": "blank"}, "`separator` has no effect here"),
        ({"column": "a", "separator": "line"}, "`separator` has no effect with `column`"),
        ({"column": ""}, "name of the column is empty"),
    ],
)
def test_settings_that_do_not_fit_are_refused(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        load_corpus("names", **asked)


def test_a_text_without_blank_lines_has_none_to_separate() -> None:
    with pytest.raises(DataError, match="no blank lines") as caught:
        load_corpus("names", separator="blank")
    assert caught.value.setting == "separator"


def test_blocks_are_shuffled_and_split_whole() -> None:
    corpus = Corpus("made", "made", "lines", "", "\n".join(HAIKU), "utf-8", "LF", "blank")
    splits = split_corpus(corpus, SplitSettings(distinct=True))
    together = [*splits.train, *splits.dev, *splits.test]
    assert splits.separator == "blank"
    assert sorted(together) == sorted(haiku.rstrip("\n") for haiku in HAIKU) != together


# Several files


def test_lines_of_several_files(tmp_path: Path) -> None:
    found = load_corpus(texts(tmp_path, "emma\nolivia", "ava\nmia\n", "\n"))
    assert (found.mode, found.text) == ("lines", "emma\nolivia\nava\nmia\n")
    assert "3 files, in the order given" in found.reason
    assert "each file" in found.otherwise
    long = load_corpus(texts(tmp_path, "\n".join(NAMES), "\n".join(NAMES)))
    assert (len(long.examples), long.otherwise) == (120, "")


def test_several_texts_are_joined_by_a_blank_line_and_split_as_one(tmp_path: Path) -> None:
    texts(tmp_path, "one two\nthree\n", "four five\n\nsix\n")
    found = load_corpus(tmp_path, mode="text")
    assert found.text == "one two\nthree\n\nfour five\n\nsix\n"
    assert "2 files, in the order of the names" in found.reason
    splits = split_corpus(found)
    assert "".join(splits.train + splits.dev) == found.text


def test_each_file_and_each_part_of_one_is_an_example(tmp_path: Path) -> None:
    texts(tmp_path, "one two\nthree\n", "four five\n\nsix\n")
    found = load_corpus(tmp_path, separator="blank")
    assert found.examples == ["one two\nthree", "four five", "six"]


def test_a_file_of_a_folder_is_named_when_it_cannot_be_decoded(tmp_path: Path) -> None:
    _, path = texts(tmp_path, "emma\nolivia\n", "")
    path.write_bytes("crème\n".encode("latin-1") * 20)
    with pytest.raises(DataError, match=r"1\.txt is not utf-8"):
        load_corpus(tmp_path)


def test_encodings_and_line_ends_of_several_files(tmp_path: Path) -> None:
    one, other = texts(tmp_path, "emma\nolivia\n", "")
    other.write_bytes("ava\r\nmia\r\n".encode("utf-16"))
    found = load_corpus([one, other])
    assert (found.encoding, found.line_ends) == ("utf-8, utf-16-le", "mixed")
    assert found.lines == ["emma", "olivia", "ava", "mia"]


# Columns


def test_the_values_of_a_column_are_the_examples(tmp_path: Path) -> None:
    path = tmp_path / "names.csv.gz"
    path.write_bytes(gzip.compress(b"id,name\n1,emma\n2,\n3,olivia\n4,isabella\n"))
    found = load_corpus(path, column="name")
    assert (found.mode, found.separator, found.packed) == ("lines", "line", True)
    assert found.examples == ("emma", "olivia", "isabella")
    assert found.reason == "column 'name', 3 values; 1 empty ones left out"


def test_values_of_several_lines(tmp_path: Path) -> None:
    (path,) = texts(tmp_path, '{"a": "one\\n\\ntwo"}\n{"a": "three four"}\n')
    found = load_corpus(path, column="a")
    assert (found.separator, found.examples) == ("blank", ("one\n\ntwo", "three four"))
    assert "some of several lines" in found.reason
    text = load_corpus(path, column="a", mode="text")
    assert (text.mode, text.separator) == ("text", "line")
    assert text.text == "one\n\ntwo\n\nthree four\n"


def test_a_column_of_several_files(tmp_path: Path) -> None:
    paths = texts(tmp_path, "id,name\n1,emma\n2,ava\n", "name,n\nolivia,2\n,3\n")
    found = load_corpus(paths, column="name")
    assert found.examples == ("emma", "ava", "olivia")
    assert "3 values; 1 empty ones left out; 2 files" in found.reason
    with pytest.raises(DataError, match=r"1\.txt has no column 'id'"):
        load_corpus(paths, column="id")


def test_a_file_with_columns_says_how_to_read_one(tmp_path: Path) -> None:
    (path,) = texts(tmp_path, "".join(f'{{"id": {n}, "name": "n{n}"}}\n' for n in range(30)))
    assert "JSON lines with the fields id, name; to read only one" in load_corpus(path).otherwise
