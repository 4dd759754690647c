"""Which column is the user, the item, the rating, the time."""

from __future__ import annotations

from pathlib import Path

import pytest

from hornbook.errors import DataError
from hornbook.ratings.columns import Columns, find_columns
from hornbook.sources.rows import Rows
from hornbook.sources.source import Source


def columns(tmp_path: Path, *lines: str, kind: str = "ratings", **told: str) -> Columns:
    path = tmp_path / "file"
    path.write_text("\n".join(lines) + "\n")
    return find_columns(Rows(Source(path)), told, needs_rating=kind == "ratings")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("header", "row", "places"),
    [
        ("userId,movieId,rating,timestamp", "1,31,2.5,1260759144", (0, 1, 2, 3)),
        ("user_id,item_id,rating,ts", "a,b,3,9", (0, 1, 2, 3)),
        ("User-ID;ISBN;Book-Rating", "a;b;3", (0, 1, 2, None)),
        ("rating\ttrack\tuser", "3\tx\ty", (2, 1, 0, None)),
        ("user_id,asin,parent_asin,rating,title,timestamp", "u,a,p,5,Nice,1", (0, 1, 3, 5)),
        ("business_id,user_id,stars,date", "b,u,4,2010-01-01", (1, 0, 2, 3)),
        ("uid,title,score", "u,Up,4", (0, 1, 2, None)),
        ("Customer,Product,value,Date", "c,p,4,2010-01-01", (0, 1, 2, 3)),
    ],
)
def test_usual_spellings(
    header: str, row: str, places: tuple[int | None, ...], tmp_path: Path
) -> None:
    found = columns(tmp_path, header, row)
    assert (found.user, found.item, found.rating, found.time) == places
    assert found.header


def test_json_fields(tmp_path: Path) -> None:
    found = columns(
        tmp_path,
        '{"reviewerID": "A", "asin": "B", "overall": 5, "unixReviewTime": 1, "reviewTime": "x"}',
    )
    assert (found.user, found.item, found.rating, found.time) == (0, 1, 2, 3)


def test_titles_beside_ids(tmp_path: Path) -> None:
    assert columns(tmp_path, "userId,movieId,title,rating", "1,2,Up,3").title == 2
    assert columns(tmp_path, "userId,title,rating", "1,Up,3").title is None


@pytest.mark.parametrize(
    ("line", "time"),
    [("1::31::2.5::1260759144", 3), ("1\t31\t2.5\t1260759144", 3), ("1\t31\t2", None)],
)
def test_movielens_without_a_header(line: str, time: int | None, tmp_path: Path) -> None:
    found = columns(tmp_path, line, line)
    assert (found.user, found.item, found.rating, found.time) == (0, 1, 2, time)
    assert not found.header
    assert "as in MovieLens" in found.remark


def test_told_by_name_and_by_number(tmp_path: Path) -> None:
    found = columns(tmp_path, "who,what,how", "a,b,1", user="who", item="what", rating="how")
    assert (found.user, found.item, found.rating, found.header) == (0, 1, 2, True)
    found = columns(tmp_path, "a,b,1", "c,d,2", user="2", item="1", rating="3")
    assert (found.user, found.item, found.rating, found.header) == (1, 0, 2, False)
    found = columns(tmp_path, "userId,movieId,rating", "c,d,2", item="2")
    assert (found.item, found.header) == (1, True)


@pytest.mark.parametrize(
    ("header", "counts", "rating"),
    [
        ("user,artist,plays", True, 2),
        ("user,artist,rating", False, 2),
        ("user,artist,rating,count", True, 3),
        ("user,artist", False, None),
    ],
)
def test_clicks(header: str, counts: bool, rating: int | None, tmp_path: Path) -> None:
    row = ",".join("1" * (header.count(",") + 1))
    found = columns(tmp_path, header, row, kind="clicks")
    assert (found.counts, found.rating) == (counts, rating)


@pytest.mark.parametrize(
    ("lines", "told", "message"),
    [
        (["userId,movieId", "1,2"], {}, "no rating column; its columns are 'userId', 'movieId'"),
        (["name,rating", "a,2"], {}, "no user column and no item column"),
        (["userId,trackId,artistId,rating", "1,2,3,4"], {}, "could be the item: 'trackId', 'art"),
        (["1,2,3", "4,5,6"], {}, "no header, and its columns are not told; its first row is '1'"),
        (["1::two::three", "4::five::six"], {}, "no header"),
        (["userId,movieId,rating", "1,2,3"], {"item": "movieid"}, "no column 'movieid'"),
        (["1,2,3", "4,5,6"], {"item": "7"}, "no column 7: it has 3"),
        (["1,2,3", "4,5,6"], {"item": "movie"}, "it has no header"),
        (["u,i,i", "4,5,6"], {"item": "i"}, "2 columns named 'i'"),
        (["1,2,3", "4,5,6"], {"user": "1", "item": "1", "rating": "2"}, "both the user and the it"),
        (["just a text", "of two lines"], {}, "is not a table: its first row is one cell"),
    ],
)
def test_what_is_missing_or_ambiguous(
    lines: list[str], told: dict[str, str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=message) as error:
        columns(tmp_path, *lines, **told)
    assert error.value.hint
    assert error.value.setting in ("user", "item", "rating")


def test_a_second_file_without_header_goes_on(tmp_path: Path) -> None:
    first = columns(tmp_path, "movieId,userId,rating", "1,2,3")
    (tmp_path / "b").write_text("4,5,1\n6,7,2\n")
    found = find_columns(Rows(Source(tmp_path / "b")), like=first)
    assert (found.user, found.item, found.rating, found.header) == (1, 0, 2, False)
