"""How the columns of ratings are usually called."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

__all__ = ["COUNTS", "named", "normal"]

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
]
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
SPELLINGS: Mapping[str, Sequence[frozenset[str]]] = {
    "user": (
        frozenset([*(f"{one}id" for one in PEOPLE), "uid", "userno", "usernumber"]),
        frozenset([*PEOPLE, "userkey", "userindex", "useridx", "uidx"]),
        frozenset([f"{one}name" for one in PEOPLE] + ["session", "sessionid"]),
    ),
    "item": (
        frozenset([*(f"{one}id" for one in THINGS), "asin", "isbn", "iid", "mid", "sku"]),
        frozenset([*(one for one in THINGS), "itemkey", "itemindex", "itemidx", "stockcode"]),
        frozenset([f"{one}name" for one in THINGS] + [f"{one}title" for one in THINGS]),
        frozenset(["title"]),
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
            ]
        ),
        frozenset(["value", "grade", "mark", "marks", "preference", "vote"]),
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
    ),
    "title": (
        frozenset(["title", *(f"{one}title" for one in THINGS)]),
        frozenset(["name", *(f"{one}name" for one in THINGS)]),
    ),
    "features": (frozenset(["genres", "genre", "categories", "category", "tags", "tag"]),),
}
"By role, the spellings that are tried one group after the other, without case and dashes."
COUNTS = SPELLINGS["counts"][0]


def normal(name: str) -> str:
    """A name without case, dashes, dots and the like: `User-ID` is `userid`."""
    return re.sub(r"[\W_]+", "", name).lower()


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
