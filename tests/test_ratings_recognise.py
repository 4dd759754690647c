"""What is taken for ratings, for clicks, and for neither."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hornbook.ratings.recognise import recognise
from hornbook.sources.source import Source

SHARED = Path(__file__).parent.parent / "../shared"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("userId,movieId,rating,timestamp\n1,31,2.5,1260759144\n", "ratings"),
        ('User-ID;ISBN;"Book-Rating"\n276725;034545104X;0\n', "ratings"),
        ("1::1193::5::978300760\n1::661::3::978302109\n", "ratings"),
        ("196\t242\t3\t881250949\n186\t302\t3\t891717742\n", "ratings"),
        ('{"reviewerID": "A", "asin": "B", "reviewText": "x", "overall": 5.0}\n', "ratings"),
        ('[{"user": 1, "item": 2, "rating": 3}]', "ratings"),
        ("user_id\tartist_id\tplays\n1\t2\t7\n", "clicks"),
        ("customer,product\na,b\nc,d\n", "clicks"),
        ("time,visitor,page\n2024-01-01,a,/b\n2024-01-02,c,/d\n", "clicks"),
        ("session_id,url\na,/b\nc,/d\n", "clicks"),
        ("user,book,page,rating\na,b,7,3\nc,d,9,4\n", "ratings"),
        ("name,rating\nemma,3\nava,4\n", None),
        ("movieId,title,genres\n1,Toy Story (1995),Comedy\n", None),
        ("user,title,body\na,Hello,Dear all\nb,Re: Hello,Dear you\n", None),
        ("user_id,rating\n1,3\n2,4\n", None),
        ("user_id,movie_id,rating\n1,2,good\n2,3,bad\n", "ratings"),  # refused when read
        ("username,title,score\na,b,good\nc,d,bad\n", None),
        ("id,name,note\n1,emma,a\n", None),
        ("emma\nolivia\nava\n", None),
        ("1\t2\t3\n4\t5\t6\n", None),
        ("1\t2\t3\t4\n4\t5\t6\t7\n", None),
        ("std::vector::size\nstd::map::at\n", None),
        ("1,2,3\n4,5,6\n", None),
        ('{"text": "emma"}\n{"text": "ava"}\n', None),
        ("userId,movieId,rating\n", "ratings"),  # refused when read: it has no rows
        ("userId,movieId\n", None),
        ("username,title,score\n", None),
        ("Once, a user rated an item, and\nthe rating, of the user, was low, and\n", None),
        ("", None),
        ("\n\n", None),
    ],
)  # fmt: skip
def test_what_a_file_is(text: str, kind: str | None, tmp_path: Path) -> None:
    (tmp_path / "file").write_text(text)
    found = recognise(Source(tmp_path / "file"))
    assert (found and found.kind) == kind
    if found is not None:
        assert found.strength > 0
        assert found.reason.startswith("it has ")


def test_a_user_column_and_a_long_text_is_not_clicks(tmp_path: Path) -> None:
    lines = "\n".join(f"{n},{n},{'many words ' * 10}" for n in range(5))
    (tmp_path / "file").write_text(f"user_id,article_id,text\n{lines}\n")
    assert recognise(Source(tmp_path / "file")) is None


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_anything_can_be_looked_at(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(data)
    recognise(Source(path))


def test_what_is_not_there_is_nothing(tmp_path: Path) -> None:
    assert recognise(Source(tmp_path / "none")) is None
    assert recognise(Source("shakespeare")) is None


def test_standard_input_can_still_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"user,item,rating\na,b,3\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    source = Source("-")
    assert recognise(source) is not None
    assert source.read() == data


def test_none_of_the_lectures_texts_are_ratings() -> None:
    if not SHARED.is_dir():
        pytest.skip("the shared data is not here")
    texts = list((SHARED / "data").glob("*.txt"))
    texts += [*(SHARED / "cases").iterdir(), *(SHARED / "data" / "bundle").iterdir()]
    texts += [*(SHARED / "data" / "rossmann").iterdir()]
    claimed = [path.name for path in texts if recognise(Source(path))]
    assert claimed == []
    assert recognise(Source(SHARED / "data/movielens-small/ratings.csv")) is not None
    assert recognise(Source(SHARED / "data/movielens-small/movies.csv")) is None
