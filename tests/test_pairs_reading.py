"""Pairs from files: any format, any encoding, and what is refused."""

from __future__ import annotations

import io
import unicodedata
from pathlib import Path

import pytest

from hornbook.errors import DataError, EncodingError, SettingsError
from hornbook.pairs.languages import is_language
from hornbook.pairs.options import PairOptions
from hornbook.pairs.reading import Read, read_pairs
from hornbook.pairs.recognise import recognise
from hornbook.ratings.recognise import recognise as recognise_ratings
from hornbook.sources.source import Source
from hornbook.tasks import choose_task
from tests.command import typed

PAIRS = [("cat", "tac"), ("ox", "xo"), ("bee", "eeb")]


def read(folder: Path, *texts: str | bytes, ending: str = "tsv", **options: object) -> Read:
    """What files with these texts hold."""
    paths = []
    for number, text in enumerate(texts):
        paths.append(folder / f"{number}.{ending}")
        paths[-1].write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_pairs(Source(list(map(str, paths))), PairOptions.from_dict(options))


def pairs(found: Read) -> list[tuple[str, str]]:
    return list(zip(found.sources, found.targets, strict=True))


@pytest.mark.parametrize(
    ("ending", "text"),
    [
        ("tsv", "cat\ttac\nox\txo\nbee\teeb\n"),
        ("tsv", "source\ttarget\r\ncat\ttac\r\nox\txo\r\n\r\nbee\teeb"),
        ("tsv", "word\treversed\ncat\ttac\nox\txo\nbee\teeb\n"),
        ("csv", 'src,tgt\n"cat",tac\nox,"xo"\nbee , eeb\n'),
        ("csv", "cat;tac\nox;xo\nbee;eeb\n"),
        ("jsonl", '{"input": "cat", "output": "tac"}\n\n{"output": "xo", "input": "ox"}\n'
         '{"input": "bee", "output": "eeb"}\n'),
        ("json", '[{"a": "cat", "b": "tac"}, {"a": "ox", "b": "xo"}, {"a": "bee", "b": "eeb"}]'),
    ],
)  # fmt: skip
def test_two_columns_are_pairs_whatever_the_format(ending: str, text: str, tmp_path: Path) -> None:
    assert pairs(read(tmp_path, text, ending=ending)) == PAIRS


def test_objects_with_one_field_are_no_pairs(tmp_path: Path) -> None:
    lines = '{"text": "ox"}\n{"text": "bee"}\n'
    with pytest.raises(DataError, match="the objects have one field, 'text'; pairs need two"):
        read(tmp_path, lines, ending="jsonl", label_column="label")
    with pytest.raises(DataError, match="the objects have no fields"):
        read(tmp_path, "{}\n{}\n", ending="jsonl")


SAID = [(f"w{n}", f"x{n}") for n in range(6)]


@pytest.mark.parametrize(
    "odd",
    [
        [('"Hello," she said.', '"Hallo", sagte sie.')],  # a mark that closes too early
        [('5" pipe', 'Rohr 5"'), ('"open', "auf")],  # one that is never closed
        [('"open', "auf"), ("a", "b"), ('shut"', "zu")],  # two of different rows
        [(f'"{one}', other) for one, other in SAID],
    ],
)
def test_quotation_marks_between_tabs_may_be_characters(
    odd: list[tuple[str, str]], tmp_path: Path
) -> None:
    rows = [*SAID, *odd, *SAID[:2]]
    text = "source\ttarget\n" + "".join(f"{one}\t{other}\n" for one, other in rows)
    for whole in (text, text.removeprefix("source\ttarget\n")):
        found = read(tmp_path, whole, target_column="2")
        assert pairs(found) == rows
        assert any("quotation marks" in one for one in found.remarks)
    path = tmp_path / "named.tsv"
    path.write_text(text, encoding="utf-8")
    assert choose_task(Source(str(path)))[0].name == "pairs"
    if 'shut"' in text:  # all between the two would be one cell
        assert len(read(tmp_path, text, quotes="yes").sources) == len(rows) - 2
    else:
        with pytest.raises(DataError) as caught:
            read(tmp_path, text, quotes="yes")
        assert "quotes=no" in (caught.value.hint or "")
    asked = read(tmp_path, text, quotes="no")
    assert pairs(asked) == rows
    assert not any("quotation marks" in one for one in asked.remarks)


@pytest.mark.parametrize(
    ("text", "first", "ending"),
    [
        ('source\ttarget\n"a ""b"" c"\t"d"\nox\txo\nbee\teeb\n', ('a "b" c', "d"), "tsv"),
        ('source\ttarget\n"a\tb"\tc\nox\txo\nbee\teeb\n', ("a\tb", "c"), "tsv"),
        ('source\ttarget\n"a\nb"\tc\nox\txo\nbee\teeb\n', ("a\nb", "c"), "tsv"),
        ('source,target\n"a\tb",c\n"o\tx",xo\n"b\tee",eeb\n', ("a\tb", "c"), "csv"),
    ],
)
def test_quotation_marks_that_pair_group_what_is_between_them(
    text: str, first: tuple[str, str], ending: str, tmp_path: Path
) -> None:
    found = read(tmp_path, text, ending=ending)
    assert len(found.sources) == 3
    assert pairs(found)[0] == first
    assert not any("quotation marks" in one for one in found.remarks)


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("word\treversed\ncat\ttac\n", True),
        ("date\tiso\n3 May 1987\t1987-05-03\n1 June 2001\t2001-06-01\n5 June\t2001-06-05\n", True),
        ("addition\tsum\n1+2\t3\n4+4\t8\n", True),
        ("en\tru\nRome\tРим\nParis\tПариж\nBerlin\tБерлин\n", True),
        ("name\tsex\nemma\tf\nliam\tm\n", True),
        ("english\tDeutsch\ncat\tKatze\ndog\tHund\n", True),
        ("en-GB\tpt\ncat\tgato\ndog\tcachorro\n", True),
        ("German\tcat\ndog\tHund\n", False),
        ("emma\tf\nliam\tm\n", False),
        ("word\tdrow\ncat\ttac\n", False),
        ("1+2\t3\n4+4\t8\n", False),
        ("日\tday\n月\tmoon\n山\thill\n", False),
    ],
)
def test_a_header_is_known_by_its_names_or_its_letters(
    text: str, there: bool, tmp_path: Path
) -> None:
    lines = text.count("\n")
    assert len(read(tmp_path, text, target_column="2").sources) == lines - there
    assert len(read(tmp_path, text, target_column="2", header="no").sources) == lines
    assert len(read(tmp_path, text, target_column="2", header="yes").sources) == lines - 1


def test_columns_are_told_by_name_or_by_number(tmp_path: Path) -> None:
    text = "id,a,b\n1,cat,tac\n2,ox,xo\n3,bee,eeb\n"
    assert pairs(read(tmp_path, text, source_column="a", target_column="b")) == PAIRS
    assert pairs(read(tmp_path, text, source_column="2", target_column="3", header="yes")) == PAIRS
    found = read(tmp_path, text, source_column="b", label_column="a")
    assert found.labels
    assert pairs(found) == [(b, a) for a, b in PAIRS]
    two = "a,b\ncat,tac\n"
    assert pairs(read(tmp_path, two, source_column="b")) == [("tac", "cat")]
    assert pairs(read(tmp_path, two, target_column="a")) == [("tac", "cat")]


@pytest.mark.parametrize(
    ("text", "options", "told"),
    [
        ("cat\nox\n", {}, "one column; pairs need two"),
        ("a,b,c\ncat,tac,x\n", {}, "has 3 columns"),
        ("a,b\ncat,tac\n", {"source_column": "word"}, "no column 'word'"),
        ("a,b\ncat,tac\n", {"source_column": "a", "target_column": "a"}, "same column"),
        ("a,a\ncat,tac\n", {"source_column": "a"}, "2 columns named 'a'"),
        ("a,b\ncat,tac\n", {"source_column": "3"}, "no column '3'"),
        ("", {}, "is empty"),
        ("source,target\n", {}, "has no pairs"),
    ],
)
def test_other_columns_are_refused(
    text: str, options: dict[str, str], told: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=told) as error:
        read(tmp_path, text, ending="csv", **options)
    assert error.value.hint


def test_settings_that_do_not_fit_are_refused() -> None:
    for wrong in (
        {"target_column": "a", "label_column": "b"},
        {"source_column": ""},
        {"label_column": "a", "vocabularies": "one"},
        {"target_tokens": "bytes", "vocabularies": "one"},
        {"split": "80/30"},
    ):
        with pytest.raises(SettingsError) as error:
            _ = PairOptions.from_dict(dict(wrong)).shares
        assert error.value.setting in wrong


FAULTY = "cat\ttac\n\tgod\nx\t\ny\n\nz\tz\tz\nox\txo\nbee\teeb\n"


def test_rows_that_cannot_be_read_are_told_with_their_lines(tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        read(tmp_path, FAULTY)
    assert error.value.message.split("\n")[1:] == [
        "line 2: column 1 is empty (beside 'god')",
        "line 3: column 2 is empty (beside 'x')",
        "line 4: 1 cell; there are 2",
        "line 6: 3 cells; there are 2",
    ]
    found = read(tmp_path, FAULTY, bad_rows="skip")
    assert pairs(found) == PAIRS
    assert found.remarks[1].startswith("4 rows left out that cannot be read; line 2: ")
    assert [found.place(at) for at in range(3)] == ["line 1", "line 7", "line 8"]


def test_many_faults_are_counted(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="20 rows cannot be read") as error:
        read(tmp_path, "a\tb\n" * 30 + "a\t\n" * 20)
    assert error.value.message.endswith("and 15 others")


def test_several_files_are_read_one_after_the_other(tmp_path: Path) -> None:
    found = read(tmp_path, "cat\ttac\n", "ox\txo\nbee\teeb\n")
    assert pairs(found) == PAIRS
    assert [found.place(at).rpartition("/")[2] for at in range(3)] == [
        "0.tsv, line 1", "1.tsv, line 1", "1.tsv, line 2",
    ]  # fmt: skip
    with pytest.raises(DataError, match="the files before it"):
        read(tmp_path, "a,b\ncat,tac\n", "a,c\nox,xo\n", source_column="a")
    with pytest.raises(DataError, match=r"1\.tsv, line 2: column 2 is empty"):
        read(tmp_path, "cat\ttac\n", "ox\txo\nbee\t\n")


@pytest.mark.parametrize(
    ("codec", "mark", "said"),
    [("utf-8", b"", "auto"), ("utf-8", b"\xef\xbb\xbf", "auto"), ("utf-16-le", b"\xff\xfe", "auto"),
     ("utf-16-be", b"\xfe\xff", "auto"), ("latin-1", b"", "latin-1"), ("gb18030", b"", "gb18030")],
)  # fmt: skip
def test_encodings(codec: str, mark: bytes, said: str, tmp_path: Path) -> None:
    text = "source\ttarget\nforêt\tfoerêt\nÿ\té\n"
    found = read(tmp_path, mark + text.encode(codec), encoding=said)
    assert pairs(found) == [("forêt", "foerêt"), ("ÿ", "é")]
    assert found.names == ("source", "target")


def test_another_encoding_is_told(tmp_path: Path) -> None:
    with pytest.raises(EncodingError, match="not utf-8 text"):
        read(tmp_path, "é\tè\n".encode("latin-1"))


def test_bytes_that_are_no_text_are_not_taken_for_quotation_marks(tmp_path: Path) -> None:
    for content in (b"cat\ttac\na\x00\tb\n", b"cat\ttac\n\xff\tb\n"):
        with pytest.raises(EncodingError) as caught:
            read(tmp_path, content)
        assert caught.value.setting != "quotes"
        assert "quotes" not in caught.value.hint


def test_line_breaks_in_quotation_marks_belong_to_a_text(tmp_path: Path) -> None:
    text = 'source,target\n"two\nlines","a ""b"", c"\nox,"x\no"\nbee,eeb\n'
    found = read(tmp_path, text, ending="csv")
    assert pairs(found) == [("two\nlines", 'a "b", c'), ("ox", "x\no"), ("bee", "eeb")]
    assert found.lines == [2, 4, 6]


def test_few_targets_are_labels_and_that_can_be_changed(tmp_path: Path) -> None:
    text = "".join(f"word{at}\t{'ab'[at % 2]}\n" for at in range(10))
    found = read(tmp_path, text)
    assert found.labels
    assert "labels, for there are 2 different ones" in found.remarks[0]
    assert not read(tmp_path, text, target_column="2").labels
    assert read(tmp_path, "text,language\nja,de\nyes,en\nno,en\n", ending="csv").labels


# Whose file it is


def claim(text: str, ending: str, folder: Path, **options: str) -> int | None:
    path = folder / f"file.{ending}"
    path.write_text(text, encoding="utf-8")
    found = recognise(Source(str(path)), options)
    return None if found is None else found.strength


LINES = "".join(f"cat{at}x\tx{at}tac\n" for at in range(9))


@pytest.mark.parametrize(
    ("text", "ending", "strength"),
    [
        (LINES, "tsv", 2),
        (f"source\ttarget\n{LINES}", "tsv", 9),
        (f"source\ttarget\n{LINES}{LINES}ox\n", "tsv", 9),  # a line with one column is a fault
        (f"{LINES}{LINES}ox\txo\tox\n", "tsv", 2),
        (f"{LINES}an ox\na cat\n", "tsv", None),
        ("english,german\n" + "cat,Katze\n" * 19 + "oh, yes,o ja\n", "csv", 9),
        ("addition\tsum\n" + "".join(f"{n}+1\t{n + 1}\n" for n in range(9)), "tsv", 9),
        ("".join(f'{{"prompt": "p{n}", "completion": "c{n}"}}\n' for n in range(9)), "jsonl", 9),
        ("".join(f"text{n},label\n" for n in range(9)), "csv", None),  # a comma in a sentence
        ("".join(f"Name{n}\t{n * 7}\n" for n in range(9)), "tsv", None),  # counts
        ("english,german\n" + "".join(f"cat{n},Katze{n}\n" for n in range(9)), "csv", 9),
        ("en,stars\n" + "".join(f"cat{n},Katze{n}\n" for n in range(9)), "csv", None),
        ("user,item\n" + "".join(f"u{n},i{n}\n" for n in range(9)), "csv", None),
        ("a,b,c\n" + "x,y,z\n" * 9, "csv", None),
        ("emma\nolivia\nava\nmia\n", "txt", None),
        ("cat\ttac\n", "tsv", None),  # too few to tell
        ("", "tsv", None),
    ],
)
def test_files_that_are_pairs(text: str, ending: str, strength: int | None, tmp_path: Path) -> None:
    assert claim(text, ending, tmp_path) == strength


def test_a_column_that_is_told_makes_it_pairs(tmp_path: Path) -> None:
    assert claim("a,b,c\n1,2,3\n", "csv", tmp_path, target_column="c") == 30


OTHERS = {
    "ratings": "userId,movieId,rating\n1,31,2.5\n1,32,3.0\n2,31,4.0\n3,1,1.5\n4,2,2.0\n",
    "clicks": "user\titem\n" + "".join(f"ann\tthing{n}\n" for n in range(9)),
    "tables": "size,rooms,town,price\n" + "".join(
        f"{70 + n},{n % 4},{'Bonn' if n % 2 else 'Kiel'},{n * 900.5}\n" for n in range(20)),
    "text": "an old\nlady lived\nin a\nshoe\n" * 4,
}  # fmt: skip


@pytest.mark.parametrize("task", OTHERS)
def test_files_of_other_tasks_are_still_theirs(task: str, tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text(OTHERS[task], encoding="utf-8")
    if task == "tables":
        assert recognise(Source(str(path)), {}) is None
        return
    found, _ = choose_task(Source(str(path)))
    assert found.name == task


def test_languages_are_those_of_iso_639_in_english_and_in_themselves() -> None:
    babel = pytest.importorskip("babel", reason="Babel is not installed")
    english = babel.Locale("en").languages
    codes = [code for code in english if len(code) == 2]
    own = [
        (code, babel.Locale(code).languages.get(code))
        for code in codes[::4]  # each is a file
        if code in babel.localedata.locale_identifiers()
    ]
    names = [english[code] for code in codes] + [name.split(" (")[0] for _, name in own if name]
    assert len(names) > 200
    unknown = [name for name in names if not is_language(unicodedata.normalize("NFD", name))]
    assert len(unknown) < 0.02 * len(names), unknown  # CLDR changes a few from year to year
    assert {"en", "DE", "zh-Hans", "pt_BR"} == {
        one for one in ("en", "DE", "zh-Hans", "pt_BR", "km", "kg", "to") if is_language(one)
    }


def test_standard_input_is_looked_at_and_read(monkeypatch: pytest.MonkeyPatch) -> None:
    given = io.TextIOWrapper(io.BytesIO(f"source\ttarget\n{LINES}".encode()))
    monkeypatch.setattr("sys.stdin", given)
    source = Source("-")
    assert recognise(source, {}) is not None
    assert len(read_pairs(source, PairOptions()).sources) == 9


def test_a_mistake_ends_in_words_not_in_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text(FAULTY, encoding="utf-8")
    status, _, err = typed(
        capsys, "train", str(path), "--task", "pairs", "--out", str(tmp_path / "r")
    )
    assert status == 1
    assert "line 6: 3 cells; there are 2" in err
    assert "--bad-rows skip" in err
    assert "Traceback" not in err
    assert not (tmp_path / "r").exists()
    assert recognise_ratings(Source(str(path))) is None
