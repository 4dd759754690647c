"""Columns without telling names: found by what they hold, asked where it is not clear."""

from __future__ import annotations

import random
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from hornbook.ratings.recognise import recognise
from hornbook.sources.source import Source
from tests.command import typed

Rows = Sequence[tuple[str, ...]]


def rated(seed: int = 0) -> Rows:
    """User, item, rating and time of some pairs, in random order."""
    chance = random.Random(seed)
    rows = [
        (f"U-{user}", f"B{item}X", str(chance.randint(1, 5)), str(1_400_000_000 + 60 * item))
        for user in range(12)
        for item in range(9)
        if chance.random() < 0.7
    ]
    chance.shuffle(rows)
    return rows


def write(path: Path, rows: Rows, header: str = "", separator: str = ",") -> Path:
    lines = [header.replace(",", separator)] * bool(header) + [separator.join(r) for r in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def upto(n: int) -> Rows:
    return [row[:n] for row in rated()]


@pytest.mark.parametrize(
    "header",
    [
        "Person,Film,Punkte", "Nutzer,Artikel,Bewertung,Datum", "utilisateur,film,note",
        "Lecteur,Livre,Étoiles", "usuario,película,puntuación", "id_usuario,id_libro,valoración",
        "utente,film,voto", "usuário,filme,nota", "reader_id,isbn,stars", "patron,title,my rating",
        "userId,movieId,ratingValue", "пользователь,фильм,оценка", "用户,电影,评分",
        "profile_name,beer_name,review_overall,review_time",
    ],
)  # fmt: skip
def test_names_in_other_languages_and_spellings(header: str, tmp_path: Path) -> None:
    found = recognise(Source(write(tmp_path / "file", upto(header.count(",") + 1), header)))
    assert found is not None
    assert (found.kind, found.sure) == ("ratings", True)


@pytest.mark.parametrize("header", ["Kunde,Produkt,Menge", "client,produit,quantité"])
def test_counts_in_other_languages(header: str, tmp_path: Path) -> None:
    found = recognise(Source(write(tmp_path / "file", upto(3), header)))
    assert found is not None
    assert (found.kind, found.sure) == ("clicks", True)


@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_users_items_ratings_and_times_need_no_header(
    separator: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "file", upto(4), separator=separator)
    status, out, err = typed(capsys, "doctor", str(path))
    assert (status, "taken by what they hold: user 1, item 2, rating 3, time 4" in out) == (0, True)
    assert f"hornbook train {path}\n" in err


ASKED: Sequence[tuple[str, int, str]] = [
    ("", 3, "--task ratings --user 1 --item 2 --rating 3"),
    ("", 2, "--task clicks --user 1 --item 2"),
    ("who,what,how", 3, "--task ratings --user who --item what --rating how"),
    ("a b,c,d,e", 4, "--task ratings --user 'a b' --item c --rating d --time e"),
    ("user,what,how", 3, "--task ratings --user user --item what --rating how"),
    ("movie,who,rating", 3, "--task ratings --user who --item movie --rating rating"),
    ("who,what,plays", 3, "--task clicks --user who --item what --rating plays"),
    ("customer,product,mood", 3, "--task ratings --rating mood"),
    (",,", 3, "--task ratings --user 1 --item 2 --rating 3"),
    ("user,user,movie,rating", 4, "--task ratings --user 1"),
    ("user,trackId,artistId,rating", 4, "--task ratings --user user --item trackId"),
]


@pytest.mark.parametrize(("header", "width", "line"), ASKED)
def test_what_is_not_clear_is_asked_with_a_line_that_works(
    header: str, width: int, line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = upto(width)
    if "artistId" in header:
        rows = [(user, item, f"A{item}", rating) for user, item, rating, _ in rated()]
    if "user,user" in header:
        rows = [(user, user, item, rating) for user, item, rating, _ in rated()]
    path = write(tmp_path / "file", rows, header)
    status, _, err = typed(capsys, "doctor", str(path))
    assert status == 1
    proposed = [one for one in err.splitlines() if one.startswith("hornbook doctor ")]
    assert line in proposed[0]
    for one in proposed:
        assert typed(capsys, *shlex.split(one)[1:])[0] == 0
    if "who" in header:
        # A setting that only one of the tasks has says which is meant.
        told = typed(capsys, "doctor", str(path), "--column", header.split(",")[0])
        assert (told[0], "the values of a column" in told[1]) == (0, True)


def of_customers(n: int, chance: random.Random) -> tuple[str, ...]:
    return (f"C{n}", chance.choice(["card", "loan"]), str(chance.randint(1, 9)), "x")


@pytest.mark.parametrize("header", ["client_id,product,score,plan", "user_id,place,rating,plan"])
def test_a_table_of_people_is_not_taken_for_ratings(header: str, tmp_path: Path) -> None:
    chance = random.Random(0)
    rows = [of_customers(n, chance) for n in range(40)]
    found = recognise(Source(write(tmp_path / "file", rows, header)))
    assert found is None or not found.sure
    rows = sorted(rows, key=lambda row: row[1])  # reviews sorted by what is reviewed
    found = recognise(Source(write(tmp_path / "file", rows, header)))
    assert found is not None
    assert found.sure


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("", lambda n, r: (f"Emma{n // 2}", "FM"[n % 2], str(r.randint(5, 900)))),
        ("", lambda n, r: (f"Emma{n}", str(r.randint(5, 900)))),
        ("", lambda n, r: (f"hello {n}", f"hallo {n}")),
        ("", lambda n, r: (r.choice(["Ann", "Bo", "Cy"]), r.choice(["Lee", "Kim", "Ito"]))),
        ("", lambda n, r: (*(f"{5 * r.random():.1f}" for _ in range(3)), r.choice("ab"))),
        ("", lambda n, r: tuple(str(r.randint(1, 9)) for _ in range(4))),
        ("name,score", lambda n, r: (f"mol{n}", f"{r.random():.3f}")),
        ("film,director,score", lambda n, r: (f"film {n}", f"d{n % 7}", str(r.randint(1, 9)))),
        ("employee,team,level", lambda n, r: (f"e{n}", f"d{n // 9}", str(r.randint(1, 5)))),
        ("date,place,rain", lambda n, r: (f"2024-01-{n % 9 + 1:02}", f"p{n // 9}", f"{n}")),
        ("text,label", lambda n, r: (f"this film is number {n}", str(n % 2))),
    ],
)
def test_other_tables_are_not_asked_about(
    header: str, row: Callable[[int, random.Random], tuple[str, ...]], tmp_path: Path
) -> None:
    chance = random.Random(0)
    rows = [row(n, chance) for n in range(80)]
    assert recognise(Source(write(tmp_path / "file", rows, header))) is None


def test_rows_sorted_by_user_are_seen_too(tmp_path: Path) -> None:
    rows = [(f"{user}", f"{item}", f"{(user * item) % 5 + 1}")
            for user in range(1, 9) for item in range(user * 20, user * 20 + 30)]  # fmt: skip
    found = recognise(Source(write(tmp_path / "file", rows)))
    assert found is not None
    assert dict(found.columns) == {"user": "1", "item": "2", "rating": "3"}


def test_an_encoding_that_must_be_told_hides_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "file"
    text = "usuario,película,puntuación\n" + "".join(f"{','.join(row)}\n" for row in upto(3))
    path.write_bytes(text.encode("cp1252"))
    status, _, err = typed(capsys, "doctor", str(path))
    assert (status, "--encoding cp125" in err) == (1, True)
    status, out, _ = typed(capsys, "doctor", str(path), "--encoding", "cp1252")
    assert (status, "item 'película'" in out) == (0, True)
