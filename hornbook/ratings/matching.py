"""Which item a typed title means: leniently, but never by a guess among equals."""

from __future__ import annotations

import difflib
import itertools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property

from hornbook.errors import DataError
from hornbook.rendering import clip

__all__ = ["Matcher", "match"]

ARTICLES = frozenset(
    [
        "the",
        "a",
        "an",
        "le",
        "la",
        "les",
        "l",
        "un",
        "une",
        "der",
        "die",
        "das",
        "ein",
        "eine",
        "el",
        "los",
        "las",
        "il",
        "lo",
        "gli",
        "i",
        "o",
        "os",
        "as",
        "het",
        "de",
    ]
)
YEAR = re.compile(r"\s*\((\d{4})(?:\s*[-–]\s*(?:\d{4})?)?\)\s*$")
ASIDE = re.compile(r"\(([^()]*)\)")
PLAIN = 4  # ways to read words that need no look at every title
SHOWN = 5  # titles that a message names
FAR = 8  # times as many users as have rated all the others together
NEAR, SURE, APART = 0.6, 0.8, 0.08
"Likeness of two titles: worth naming, the same but for a slip, and how far ahead of the second."


def match(
    words: str, titles: Sequence[str], ids: Sequence[str] = (), known: Sequence[int] = ()
) -> int:
    """The item that a typed title means.

    As it stands; without case, accents and punctuation, with its article moved (`Matrix, The`) or
    left out, without its year; as part of one title only; and last, with slips of the keyboard.

    Args:
        words: what was typed: a title, or an id.
        titles: of the items.
        ids: of the items, which can be typed too.
        known: how many users have rated each item; of several that are meant, one that is far
            better known than all the others is taken.

    Raises:
        DataError: if none or several are meant, with the nearest ones and what to type.
    """
    return Matcher(titles, ids, known).match(words)


class Matcher:
    """Looks up typed titles.

    Args:
        titles: of the items; empty where there is none.
        ids: of the items.
        known: how many users have rated each.
    """

    def __init__(
        self, titles: Sequence[str], ids: Sequence[str] = (), known: Sequence[int] = ()
    ) -> None:
        self.known = known
        self.ids = ids or [str(number) for number in range(len(titles))]
        self.titles = [
            title or key for title, key in zip(titles or self.ids, self.ids, strict=True)
        ]

    def is_title(self, words: str) -> bool:
        """Whether words are a title, at least without case, year and article."""
        bare = plain(YEAR.sub("", words))
        return words in self.exact or bare in self.keys or bare in self.loose

    def match(self, words: str, *, loosely: bool = True) -> int:
        """As `match`.

        Args:
            words: what was typed.
            loosely: whether all titles are gone through for parts and slips.
        """
        if not plain(words):
            raise DataError(
                f"{words!r} is not a title.", hint="Type a title, or a part of it.", setting="likes"
            )
        ways = self.found(words)
        for found in ways if loosely else itertools.islice(ways, PLAIN):
            if len(found) == 1:
                return found[0]
            if found:
                return self.best_known(words, found)
        if not loosely:
            raise DataError(f"There is no title {clip(words, 60)!r}.", setting="likes")
        return self.like(words)

    def best_known(self, words: str, found: Sequence[int]) -> int:
        """The one of several that most users mean.

        Raises:
            DataError: if no one is far better known than all the others together.
        """
        if len(self.known):
            counts = [int(self.known[item]) for item in found]
            most = max(counts)
            if most >= FAR * max(1, sum(counts) - most):
                return found[counts.index(most)]
        raise self.several(words, found)

    def found(self, words: str) -> Iterator[list[int]]:
        """The items that may be meant, from the closest way to the loosest.

        Ids come after titles as they stand, some of which are numbers, and before any other
        reading: what is proposed to be typed is ids.
        """
        yield self.exact.get(words, [])
        yield self.by_id.get(words.strip(), [])
        year = YEAR.search(words)
        bare = plain(YEAR.sub("", words))
        for keys in (self.keys, self.loose):
            yield [
                item
                for item in dict.fromkeys(keys.get(bare, []))
                if year is None or self.year(item) == year[1]
            ]
        if year is None:
            within = re.compile(rf"(?<!\w){re.escape(bare)}(?!\w)")
            yield [item for item, text in enumerate(self.texts) if within.search(text)]
            yield [item for item, text in enumerate(self.texts) if bare in text]

    def like(self, words: str) -> int:
        """The item whose title is almost what was typed.

        Raises:
            DataError: if there is none, or another is as near.
        """
        wanted = plain(YEAR.sub("", words))
        names = [*self.keys]
        near = difflib.get_close_matches(wanted, names, SHOWN, NEAR)
        ratios = [difflib.SequenceMatcher(None, name, wanted).ratio() for name in near]
        items = list(dict.fromkeys(item for name in near for item in self.keys[name]))
        sure = ratios and ratios[0] >= SURE and len(self.keys[near[0]]) == 1
        if sure and (len(ratios) == 1 or ratios[0] - ratios[1] >= APART):
            return items[0]
        raise DataError(
            f"There is no title {clip(words, 60)!r}.",
            hint=f"The nearest: {self.listed(items)}." if items else "No title is near it.",
            setting="likes",
        )

    def several(self, words: str, items: Sequence[int]) -> DataError:
        """The error that a typed title may mean several."""
        same = len({self.titles[item] for item in items}) < len(items)
        how = "one of these ids" if same else "more of the title, or its id"
        return DataError(
            f"{clip(words, 60)!r} matches {len(items):,} titles: {self.listed(items)}.",
            hint=f"Type {how}.",
            setting="likes",
        )

    def listed(self, items: Sequence[int]) -> str:
        """The first of some items, with their ids."""
        shown = "; ".join(
            f"{clip(self.titles[item], 60)}"
            + (f" (id {self.ids[item]})" if self.titles[item] != self.ids[item] else "")
            for item in items[:SHOWN]
        )
        more = len(items) - SHOWN
        return shown if more <= 0 else f"{shown}; and {more:,} more"

    def year(self, item: int) -> str:
        """The year at the end of a title; empty if there is none."""
        found = YEAR.search(self.titles[item])
        return found[1] if found else ""

    @cached_property
    def exact(self) -> dict[str, list[int]]:
        """Items by their titles as they stand."""
        return gathered((title, item) for item, title in enumerate(self.titles))

    @cached_property
    def by_id(self) -> dict[str, list[int]]:
        """Items by their ids."""
        return gathered((key, item) for item, key in enumerate(self.ids))

    @cached_property
    def keys(self) -> dict[str, list[int]]:
        """Items by their titles in plain letters, without year, articles in their places."""
        return gathered(
            (name, item) for item, title in enumerate(self.titles) for name in spellings(title)
        )

    @cached_property
    def loose(self) -> dict[str, list[int]]:
        """The same without the article before them."""
        return gathered(
            (no_article(name), item) for name, items in self.keys.items() for item in items
        )

    @cached_property
    def texts(self) -> list[str]:
        """All of each title in plain letters."""
        return [" / ".join(spellings(title)) for title in self.titles]


def gathered(pairs: Iterator[tuple[str, int]]) -> dict[str, list[int]]:
    """Items by key, in their order."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for key, item in pairs:
        if not found[key] or found[key][-1] != item:
            found[key].append(item)
    return dict(found)


def spellings(title: str) -> list[str]:
    """A title in plain letters, without year; then what stands in brackets, as another title."""
    bare = YEAR.sub("", title)
    names = [ASIDE.sub("", bare), *ASIDE.findall(bare)]
    found = dict.fromkeys(plain(moved(name)) for name in names)
    found[plain(bare)] = None
    return [name for name in found if name]


def moved(title: str) -> str:
    """A title with the article that stands after a comma before it: `Matrix, The`."""
    name, comma, article = title.strip().rpartition(",")
    if comma and article.strip(" '’").lower() in ARTICLES:
        return f"{article.strip()} {name}"
    return title


def plain(text: str) -> str:
    """A text in lowercase, without accents and punctuation, with single spaces."""
    text = unicodedata.normalize("NFKD", text.casefold())
    text = "".join(one for one in text if not unicodedata.combining(one))
    text = text.replace("&", " and ").replace("'", "").replace("’", "")
    words = " ".join(re.findall(r"\w+", text))
    return words or " ".join(text.split())


def no_article(name: str) -> str:
    """A plain title without its article."""
    first, space, rest = name.partition(" ")
    return rest if space and first in ARTICLES else name
