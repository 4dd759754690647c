"""Titles of items, and which item a typed title means."""

from __future__ import annotations

from pathlib import Path

import pytest

from hornbook.errors import DataError
from hornbook.ratings.matching import match, plain
from hornbook.ratings.titles import read_titles

MOVIES = Path(__file__).parent.parent / "../shared/data/movielens-small/movies.csv"
TITLES = (
    "Matrix, The (1999)",
    "Matrix Reloaded, The (2003)",
    "Amélie (Fabuleux destin d'Amélie Poulain, Le) (2001)",
    "Sabrina (1954)",
    "Sabrina (1995)",
    "Se7en (a.k.a. Seven) (1995)",
    "300 (2007)",
    "Beauty & the Beast (1991)",
    "Toy Story (1995)",
    "Toy Story 2 (1999)",
    "Emma (1996)",
    "Emma (1996)",
    "Star Wars: Episode IV - A New Hope (1977)",
)
IDS = tuple(str(100 * n) for n in range(1, len(TITLES) + 1))


@pytest.mark.parametrize(
    ("words", "item"),
    [
        ("Matrix, The (1999)", 0),
        ("the matrix", 0),
        ("MATRIX", 0),
        ("The Matrix (1999)", 0),
        ("matrix reloaded", 1),
        ("amelie", 2),
        ("Le fabuleux destin d'Amelie Poulain", 2),
        ("sabrina (1995)", 4),
        ("seven", 5),
        ("300", 2),  # an id, before a title without its year
        ("300 (2007)", 6),
        ("beauty and the beast", 7),
        ("toy story", 8),
        ("reloaded", 1),
        ("new hope", 12),
        ("Toy Stroy 2", 9),
        ("1100", 10),
    ],
)
def test_what_is_meant(words: str, item: int) -> None:
    assert match(words, TITLES, IDS) == item


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ("sabrina", "matches 2 titles: Sabrina .1954. .id 400.; Sabrina", "more of the title"),
        ("emma", "matches 2 titles: Emma .1996. .id 1100.; Emma", "Type one of these ids"),
        ("episode v", "no title 'episode v'", "No title is near it"),
        ("star wars episode 4", "no title", "Star Wars"),
        ("matrix (1998)", "no title", "Matrix, The"),
        ("?", "no title '.'", "No title is near"),
        ("  ", "is not a title", "Type a title"),
    ],
)
def test_what_is_not_clear(words: str, message: str, hint: str) -> None:
    with pytest.raises(DataError, match=message) as error:
        match(words, TITLES, IDS)
    assert hint in error.value.hint


def test_items_without_titles_are_found_by_their_ids() -> None:
    assert match("b 2", ("", ""), ("b 1", "b 2")) == 1
    assert match("B 2", (), ("b 1", "b 2")) == 1


def test_every_title_of_the_lesson_finds_itself() -> None:
    if not MOVIES.is_file():
        pytest.skip("the lesson's films are not here")
    found = read_titles(str(MOVIES), ["1", "31"], "movieId")
    titles, ids = [*found.by_id.values()], [*found.by_id]
    assert found.features["1"] == ("Adventure", "Animation", "Children", "Comedy", "Fantasy")
    for item in range(0, len(titles), 2_000):
        if titles.count(titles[item]) == 1:
            assert match(titles[item], titles, ids) == item
    assert titles[match("the shawshank redemption", titles, ids)].startswith("Shawshank")


def test_plain() -> None:
    assert plain("  L’Été, à Paris! ") == "lete a paris"
    assert plain("東京物語") == "東京物語"


def titles(path: Path, text: str, items: tuple[str, ...] = ("1", "2"), name: str = "") -> object:
    (path / "titles").write_text(text)
    found = read_titles(str(path / "titles"), items, name)
    features = found.features_of(items)
    return found.of(items), None if features is None else (features.names, features.of)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('movieId,title,genres\n1,"Up, up",A|B\n3,X,C\n2,Heat,B\n', ""),
        ('id;name;genres\n1;"Up, up";A|B\n3;X;C\n2;Heat;B\n', ""),
        ('what,title,genres\n1,"Up, up",A|B\n3,X,C\n2,Heat,B\n', "what"),
        (
            '{"k": 1, "title": "Up, up", "genre": "A|B"}\n{"k": 2, "title": "Heat", "genre": "B"}',
            "k",
        ),
        ('k,title,genres\n1,"Up, up",A|B\n2,Heat,B\n', ""),
    ],
)  # fmt: skip
def test_forms(text: str, name: str, tmp_path: Path) -> None:
    assert titles(tmp_path, text, name=name) == (("Up, up", "Heat"), (("A", "B"), ((0, 1), (1,))))


def test_without_a_header(tmp_path: Path) -> None:
    got = titles(tmp_path, "1::Up, up::A\n3::X::\n2::Heat::B\n")
    assert got == (("Up, up", "Heat"), None)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("movieId,title\n7,Up\n8,Heat\n", "None of the 2 items in .* was rated"),
        ("movieId,year\n1,Up\n", "no column of titles"),
        ("a::Up\nb::Heat\n", "no header, and none of its columns"),
        ("movieId,title\n1,Up,x\n", "line 2: it has 3 cells, and 2 were expected"),
    ],
)
def test_what_is_refused(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=told) as error:
        titles(tmp_path, text)
    assert error.value.setting == "titles"


def test_a_source_may_be_missing(tmp_path: Path) -> None:

    with pytest.raises(DataError, match="no file"):
        read_titles(str(tmp_path / "none"), ("1",))


def test_of_several_one_that_is_far_better_known_is_meant() -> None:
    titles, ids = ("Psycho (1960)", "Psycho (1998)"), ("1", "2")
    assert match("psycho", titles, ids, (80, 10)) == 0
    assert match("psycho", titles, ids, (0, 8)) == 1
    for known in ((79, 10), (0, 7), ()):
        with pytest.raises(DataError, match="matches 2 titles"):
            match("psycho", titles, ids, known)
