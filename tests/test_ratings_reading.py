"""Ratings from files: what is read, what is refused."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hornbook.errors import DataError, EncodingError, SettingsError
from hornbook.ratings import reading
from hornbook.ratings.data import Kind
from hornbook.ratings.options import RatingsOptions
from hornbook.ratings.reading import Read, read_ratings
from hornbook.sources import rows as rows_module
from hornbook.sources import stream
from hornbook.sources.source import Source

HEADER = ("userId", "movieId", "rating", "timestamp")
SMALL = Path(__file__).parent.parent / "../shared/data/movielens-small/ratings.csv"
ids = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), min_size=1, max_size=20
).filter(str.strip) | st.integers(0, 99).map(str)
rows = st.lists(
    st.tuples(ids, ids, st.integers(1, 10).map(lambda n: n / 2), st.integers(0, 2**33)),
    min_size=2,
    max_size=20,
)
Row = tuple[str, str, float, int]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ratings")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "PIECE", 32)
    monkeypatch.setattr(rows_module, "BATCH", 3)


def read(path: Path, text: str, kind: Kind = "ratings", **options: object) -> Read:
    file = path / "ratings" if path.is_dir() else path
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    return read_ratings(Source(file), RatingsOptions(**options), kind)  # type: ignore[arg-type]


def back(found: Read) -> list[Row]:
    times = found.rows.times
    assert times is not None
    return [
        (found.users[user], found.items[item], float(value), int(time))
        for user, item, value, time in zip(
            found.rows.users, found.rows.items, found.rows.values, times, strict=True
        )
    ]


def written(table: Sequence[Sequence[object]], form: str) -> str:
    if form == "JSON lines":
        return "\n".join(json.dumps(dict(zip(HEADER, row, strict=True))) for row in table)
    if form == "JSON array":
        return json.dumps([dict(zip(HEADER, row, strict=True)) for row in table])
    held = io.StringIO(newline="")
    csv.writer(held, delimiter=form, lineterminator="\r\n").writerows([HEADER, *table])
    return held.getvalue()


@settings(max_examples=40)
@given(rows, st.sampled_from([",", "\t", ";", "|", "JSON lines", "JSON array"]),
       st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), st.booleans())  # fmt: skip
def test_what_is_written_comes_back(
    folder: Path, table: list[Row], form: str, codec: str, packed: bool
) -> None:
    table = [*table, ("someone", "a", 0.5, 1), ("else", "b", 5.0, 2)]
    data = written(table, form).encode(codec)
    (folder / "r").write_bytes(gzip.compress(data) if packed else data)
    found = read_ratings(Source(folder / "r"), RatingsOptions())
    assert back(found) == [(user.strip(), item.strip(), *rest) for user, item, *rest in table]
    assert list(found.users) == list(dict.fromkeys(user.strip() for user, *_ in table))
    assert (found.scale.low, found.scale.high) == (0.5, 5.0)


plain_ids = st.integers(0, 10**17).map(str) | st.sampled_from(["7", "07", "a", "é", "-1", "x y"])


@pytest.mark.usefixtures("small")
@settings(max_examples=40)
@given(st.lists(st.tuples(plain_ids, plain_ids), min_size=1, max_size=40),
       st.sampled_from([",", "\t", "::"]))  # fmt: skip
def test_ids_are_the_same_whatever_way_they_are_cut(
    folder: Path, pairs: list[tuple[str, str]], separator: str
) -> None:
    table = [(user, item, 1 + n % 4, n) for n, (user, item) in enumerate(pairs)]
    table += [("a", "b", 1, 3), ("é", "7", 5, 3)]
    text = "\n".join(separator.join(map(str, row)) for row in table)
    found = read(folder / "r", text, user="1", item="2", rating="3", time="4")
    assert back(found) == table


@pytest.mark.usefixtures("small")
def test_what_the_lesson_reads() -> None:
    if not SMALL.is_file():
        pytest.skip("the lesson's ratings are not here")
    stream.PIECE = 2**20
    found = read_ratings(Source(SMALL), RatingsOptions())
    assert (len(found.rows), len(found.users), len(found.items)) == (100_004, 671, 9_066)
    assert str(found.scale) == "0.5 to 5 in steps of 0.5"
    assert float(found.rows.values.mean()) == pytest.approx(3.543608)


GOOD = "userId,movieId,rating\n1,a,3\n2,b,4\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (GOOD + "3,c,four\n", "line 4: 'four' in column 'rating' is not a finite number. In all: 1 "
         "row with a rating that is not a number, of 3"),
        (GOOD + "3,c,nan\n4,c,inf\n,c,1\n",
         "line 4: 'nan' in (?=.*2 rows with a rating)(?=.*1 row with an empty user)(?=.*, of 5)"),
        (GOOD + "3,c,\n", "line 4: '' in column 'rating' is not a finite number"),
        (GOOD + "3,c,1_0\n", "line 4: '1_0' in column 'rating'"),
        (GOOD + "3,c,1e39\n", "line 4: '1e39' in column 'rating'"),
        (GOOD + "3,,1\n", "line 4: '' in column 'movieId' is empty, where an item was expected"),
        (GOOD + "\n3,c\n", "line 5: it has 2 cells, and 3 were expected"),
        (GOOD + "3,c,1,9\n", "line 4: it has 4 cells, and 3 were expected"),
        (GOOD + '3,"c\nc",1\n4,c,x\n', "line 6: 'x' in column 'rating'"),
        ("userId,movieId,rating,date\n1,a,3,2010-01-01\n2,b,4,01 1 2010\n",
         "line 3: '01 1 2010' in column 'date' is neither a number nor an ISO date"),
        ('{"user": "a", "item": "b", "rating": 1}\n{"user": "b", "item": "c", "rating": null}\n',
         "line 2: '' in column 'rating' is not"),
        ("userId,movieId,rating\n1,a,3\n2,b,3\n", "all ratings are 3"),
        ("userId,movieId,rating\n1,a,3\n1,b,4\n", "has one user only, '1'"),
        ("userId,movieId,rating\n1,a,3\n2,a,4\n", "has one item only, 'a'"),
        ("userId,movieId,rating\n", "it has no rows"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("piece", [16, 2**20])
def test_what_is_refused(
    text: str, told: str, piece: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "PIECE", piece)
    with pytest.raises(DataError, match=told) as error:
        read(tmp_path, text)
    assert error.value.hint


def test_one_value_could_be_clicks(tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        read(tmp_path, "userId,movieId,rating\n1,a,3\n2,b,3\n")
    assert "`task=clicks`" in error.value.hint


def test_bad_rows_can_be_left_out(tmp_path: Path) -> None:
    text = GOOD + "3,c,four\n4,d,1\n,e,2\n5\n"
    found = read(tmp_path, text, bad_rows="skip")
    assert found.users == ("1", "2", "4")
    assert found.rows.values.tolist() == [3, 4, 1]
    assert any("left out: 1 row with a wrong number of cells" in remark for remark in found.remarks)


@pytest.mark.parametrize(
    ("cells", "times", "remark"),
    [
        (["10", "9"], [10, 9], ""),
        (["1260759144000", "1260759144001"], [1260759144000, 1260759144001], ""),
        (["10.5", "9"], [10, 9], "fractions of times"),
        (["-3", "1e3"], [-3, 1000], ""),
        (["1970-01-02", "1970-01-01T00:00:05Z"], [86400, 5], "dates read as seconds"),
        (["1970-01-01 01:00:00+01:00", "1969-12-31"], [0, -86400], "dates read as seconds"),
    ],
)
def test_times(cells: list[str], times: list[int], remark: str, tmp_path: Path) -> None:
    text = f"user,item,rating,time\na,b,1,{cells[0]}\nc,d,2,{cells[1]}\n"
    found = read(tmp_path, text)
    assert found.rows.times is not None
    assert found.rows.times.tolist() == times
    assert any(remark in one for one in found.remarks)


def test_clicks_are_ones_or_counts(tmp_path: Path) -> None:
    plays = "user,artist,plays\na,x,10\nb,y,2\n"
    assert read(tmp_path, plays, "clicks").rows.values.tolist() == [10, 2]
    found = read(tmp_path, GOOD, "clicks")
    assert found.rows.values.tolist() == [1, 1]
    assert "each rating is read as a click" in found.remarks
    assert read(tmp_path, "user,artist\na,x\nb,y\n", "clicks").rows.values.tolist() == [1, 1]


def test_only_high_ratings_are_clicks(tmp_path: Path) -> None:
    text = GOOD + "3,c,2\n"
    found = read(tmp_path, text, "clicks", at_least=3.0)
    assert found.users == ("1", "2")
    assert "1 row below 3 left out" in found.remarks
    with pytest.raises(DataError, match="no row is left: 3 are below 9"):
        read(tmp_path, text, "clicks", at_least=9.0)
    with pytest.raises(SettingsError, match="reads ratings as clicks"):
        read(tmp_path, text, at_least=3.0)
    with pytest.raises(SettingsError, match="needs a column of ratings"):
        read(tmp_path, "user,artist\na,x\nb,y\n", "clicks", at_least=3.0)


def test_counts_that_are_not_above_0(tmp_path: Path) -> None:
    text = "user,product,quantity\na,x,10\nb,y,-2\nc,z,1\n"
    with pytest.raises(DataError, match="line 3: '-2' in column 'quantity' is not above 0"):
        read(tmp_path, text, "clicks")
    assert read(tmp_path, text, "clicks", at_least=1.0).rows.values.tolist() == [10, 1]


def test_several_files_are_one(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("item,user,rating\nx,1,3\n")
    (tmp_path / "b.csv").write_text("user,item,rating\n2,y,4\n")
    (tmp_path / "c.csv").write_text("z,2,1\n")
    found = read_ratings(Source(tmp_path), RatingsOptions())
    assert (found.users, found.items) == (("1", "2"), ("x", "y", "z"))
    assert "3 files" in found.remarks[0]
    (tmp_path / "d.csv").write_text("user,item,rating,time\n2,y,4,9\n")
    with pytest.raises(DataError, match="only some have times"):
        read_ratings(Source(tmp_path), RatingsOptions())


def test_titles_in_the_file(tmp_path: Path) -> None:
    text = "user,movieId,title,rating\n1,a,Up,3\n2,b,Heat,4\n2,a,Up,1\n"
    assert read(tmp_path, text).titles == ("Up", "Heat")
    reviews = "user,asin,title,rating\n1,a,Nice,3\n2,b,Bad,4\n2,a,Not nice,1\n"
    found = read(tmp_path, reviews)
    assert found.titles == ()
    assert any("titles left out" in remark for remark in found.remarks)


def test_what_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "r").write_bytes(GOOD.encode() + b"3,\xff,1\n")
    with pytest.raises(EncodingError, match="byte offset 36 holds ff"):
        read_ratings(Source(tmp_path / "r"), RatingsOptions())
    (tmp_path / "r").write_bytes(GOOD.encode() + b"3,\0,1\n")
    with pytest.raises(EncodingError, match="NUL byte at offset 36"):
        read_ratings(Source(tmp_path / "r"), RatingsOptions())


def test_more_than_memory_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "available_memory", lambda: 100)
    with pytest.raises(DataError, match="too much data"):
        read(tmp_path, GOOD)


def test_values_are_of_32_bits(tmp_path: Path) -> None:
    rows = read(tmp_path, GOOD).rows
    kinds = [str(column.dtype) for column in (rows.users, rows.items, rows.values)]
    assert kinds == ["int32", "int32", "float32"]


def test_decimal_commas_and_truths(tmp_path: Path) -> None:
    for rating, value in (("3,5", 3.5), ("true", 1.0)):
        other = "0,5" if value == 3.5 else "False"
        (tmp_path / "file").write_text(f"user;item;rating\n1;a;{rating}\n2;b;{other}\n")
        found = read_ratings(Source(tmp_path / "file"), RatingsOptions())
        assert found.rows.values[0] == value
        assert ("ratings with decimal commas" in found.remarks) == (value == 3.5)
    for thousands in ("1,234", "1.5"):  # not with a decimal comma: which of them is not clear
        (tmp_path / "file").write_text(f"user;item;rating\n1;a;{thousands}\n2;b;2,345\n")
        with pytest.raises(DataError, match="is not a finite number"):
            read_ratings(Source(tmp_path / "file"), RatingsOptions())


def test_times_that_nobody_asked_for_may_be_left_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("user,item,rating,date\n1,a,1,13/02/2024\n2,b,2,14/02/2024\n")
    found = read_ratings(Source(tmp_path / "file"), RatingsOptions())
    assert found.rows.times is None
    assert any("times left out: '13/02/2024' in column 'date'" in one for one in found.remarks)
    with pytest.raises(DataError, match="neither a number nor an ISO date"):
        read_ratings(Source(tmp_path / "file"), RatingsOptions(time="date"))


def test_what_leaves_no_row_is_not_proposed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("user,item,rating\n1,a,good\n2,b,bad\n")
    with pytest.raises(DataError) as told:
        read_ratings(Source(tmp_path / "file"), RatingsOptions())
    assert told.value.hint == "No row can be read: correct the file, or choose other columns."


def test_a_column_of_times_may_be_empty(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("user,item,rating,timestamp\n1,a,1,\n2,b,2,\n")
    assert read_ratings(Source(tmp_path / "file"), RatingsOptions()).rows.times is None


def test_json_without_objects_has_no_columns(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("[1, 2, 3]")
    with pytest.raises(DataError, match="has no columns: it is JSON without objects"):
        read_ratings(Source(tmp_path / "file"), RatingsOptions())
