"""How the columns of ratings are usually called."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

__all__ = ["COUNTS", "VAGUE", "named", "normal"]

PEOPLE = [
    "user",
    "reviewer",
    "customer",
    "member",
    "person",
    "visitor",
    "account",
    "profile",
    "client",
    "reader",
    "viewer",
    "listener",
    "player",
    "subscriber",
    "patron",
    "buyer",
    "shopper",
    "rater",
]
PEOPLE_ELSEWHERE = """
benutzer nutzer anwender kunde kundin leser leserin zuschauer mitglied bewerter
utilisateur lecteur lectrice membre usager spectateur acheteur
usuario usuaria lector lectora miembro socio cliente comprador
utente lettore membro usuário leitor gebruiker klant lezer användare пользователь 用户 ユーザー
"""
"In German, French, Spanish, Italian, Portuguese, Dutch, Swedish, Russian, Chinese, Japanese."
THINGS_ELSEWHERE = """
artikel produkt buch spiel lied serie sendung künstler rezept werk
produit livre jeu chanson morceau artiste oeuvre œuvre recette
producto película pelicula libro juego canción cancion artículo pista receta
prodotto libro gioco canzone filme produto livro jogo música boek фильм книга товар 电影 商品 映画
"""
RATINGS_ELSEWHERE = """
bewertung wertung punkte sterne punktzahl
évaluation notation étoiles étoile
puntuación puntuacion valoración valoracion calificación calificacion estrellas puntos
valutazione punteggio stelle avaliação pontuação classificação estrelas
beoordeling waardering betyg оценка рейтинг 评分 評価
"""
COUNTS_ELSEWHERE = """
anzahl menge stück quantité nombre cantidad veces quantità quantidade aantal antal
количество 数量
"""
TIMES_ELSEWHERE = """
datum zeit zeitpunkt zeitstempel kaufdatum heure horodatage dateachat fecha hora fechacompra
dataora tijd дата 时间 日時
"""
TITLES_ELSEWHERE = """
titel titre título titolo buchtitel filmtitel название 标题
"""
VAGUE_ELSEWHERE = "note nota voto punto punkt cijfer"
THINGS = [
    "item",
    "movie",
    "film",
    "product",
    "book",
    "anime",
    "game",
    "song",
    "track",
    "artist",
    "album",
    "restaurant",
    "business",
    "recipe",
    "article",
    "show",
    "video",
    "joke",
    "course",
    "place",
    "hotel",
    "beer",
    "app",
    "content",
    "document",
    "news",
    "story",
]


def normal(name: str) -> str:
    """A name without case, accents, dashes, dots and the like: `User-ID` is `userid`."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return re.sub(r"[\W_]+", "", "".join(one for one in letters if not unicodedata.combining(one)))


def elsewhere(words: str, *, ids: bool = False) -> frozenset[str]:
    """Words of other languages as `normal` has them; with `id` before or after if asked."""
    plain = [normal(word) for word in words.split()]
    return frozenset([*plain, *(f"{one}id" for one in plain if ids),
                      *(f"id{one}" for one in plain if ids)])  # fmt: skip


VAGUE = frozenset(
    [
        "value",
        "grade",
        "mark",
        "marks",
        "preference",
        "vote",
        "liked",
        *elsewhere(VAGUE_ELSEWHERE),
    ]
)
"Names of ratings that are those of other things too: only numbers show which."
SPELLINGS: Mapping[str, Sequence[frozenset[str]]] = {
    "user": (
        frozenset([*(f"{one}id" for one in PEOPLE), "uid", "userno", "usernumber"]),
        frozenset([*PEOPLE, "userkey", "userindex", "useridx", "uidx"]),
        frozenset([f"{one}name" for one in PEOPLE] + ["session", "sessionid"]),
        elsewhere(PEOPLE_ELSEWHERE, ids=True),
    ),
    "item": (
        frozenset([*(f"{one}id" for one in THINGS), "asin", "isbn", "iid", "mid", "sku"]),
        frozenset([*(one for one in THINGS), "itemkey", "itemindex", "itemidx", "stockcode"]),
        frozenset([f"{one}name" for one in THINGS] + [f"{one}title" for one in THINGS]),
        frozenset(["title"]),
        frozenset(["page", "pageid", "url"]),  # beside a book, how far it was read
        elsewhere(THINGS_ELSEWHERE, ids=True),
        elsewhere(TITLES_ELSEWHERE),
    ),
    "rating": (
        frozenset(["rating", "ratings", "userrating"] + [f"{one}rating" for one in THINGS]),
        frozenset(
            [
                "score",
                "scores",
                "stars",
                "star",
                "overall",
                "reviewscore",
                "reviewrating",
                "overallrating",
                "reviewoverall",
                "reviewstars",
                "ratingvalue",
                "ratingscore",
                "ratingstars",
                "starrating",
                "starsgiven",
                "userscore",
                "myrating",
                "yourrating",
                "myscore",
            ]
        ),
        elsewhere(RATINGS_ELSEWHERE),
        VAGUE,
    ),
    "counts": (
        frozenset(
            [
                "plays",
                "playcount",
                "count",
                "counts",
                "clicks",
                "clickcount",
                "quantity",
                "qty",
                "listens",
                "listencount",
                "views",
                "viewcount",
                "purchases",
                "times",
                "frequency",
                "hours",
                "weight",
                "totalplays",
                "interactions",
                *elsewhere(COUNTS_ELSEWHERE),
            ]
        ),
    ),
    "time": (
        frozenset(["timestamp", "unixreviewtime", "unixtime", "ts", "epoch", "unixtimestamp"]),
        frozenset(
            ["time", "datetime", "ratingtime", "reviewtime", "ratedat", "createdat", "clickedat"]
        ),
        frozenset(
            ["date", "ratingdate", "reviewdate", "day", "invoicedate", "purchasedate", "eventtime"]
        ),
        frozenset(["purchasedat", "orderdate", "orderedat", "boughtat", "playedat", "watchedat"]),
        elsewhere(TIMES_ELSEWHERE),
    ),
    "title": (
        frozenset(["title", *(f"{one}title" for one in THINGS)]),
        frozenset(["name", *(f"{one}name" for one in THINGS)]),
        elsewhere(TITLES_ELSEWHERE),
    ),
    "features": (frozenset(["genres", "genre", "categories", "category", "tags", "tag"]),),
}
"By role, the spellings that are tried one group after the other, without case and dashes."
COUNTS = SPELLINGS["counts"][0]


def named(role: str, names: Sequence[str]) -> list[int]:
    """The columns that have a usual spelling of a role: all of the first group that has any."""
    spelled = [normal(name.rpartition(".")[2]) for name in names]
    whole = [normal(name) for name in names]
    for group in SPELLINGS[role]:
        found = [
            place
            for place, (last, all_) in enumerate(zip(spelled, whole, strict=True))
            if last in group or all_ in group
        ]
        if found:
            return found
    return []
