"""Signs beside the numbers of a column: percent, and those and the names of currencies.

50 % is not 50, and £5 are not €5: which sign its numbers have belongs to a column.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from hornbook.tables.written import MINUSES, MONEY

__all__ = ["ANY_SIGN", "PERCENT", "Signed", "is_pattern", "named_sign", "sign_among", "signed",
           "written_so"]  # fmt: skip

ANY_SIGN = "any"
"Of runs that kept no sign: signs are left out, whichever they are."
PERCENT = "%"
NAMES = {
    "EUR": "€", "Euro": "€", "Euros": "€", "euro": "€", "euros": "€", "USD": "$", "US$": "$",
    "GBP": "£", "INR": "₹", "JPY": "¥",
}  # fmt: skip
"Of the names of currencies with a sign, the sign."
CODES = frozenset({
    "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "HKD", "HUF", "ILS", "ISK", "KRW", "MXN",
    "NOK", "NZD", "PLN", "RON", "RUB", "SEK", "SGD", "THB", "TRY", "UAH", "ZAR", "Kč", "zł", "₽",
    "₩", "₺", "₴", "R$",
})  # fmt: skip
"Names and signs of currencies that stand for themselves."
WORDS = (*NAMES, *CODES)
SINGLE = frozenset((*MONEY, PERCENT))
BEGINS = frozenset(word[0] for word in WORDS)
BLANKS = " \u00a0\u202f"
NAMED = "|".join(map(re.escape, sorted((*WORDS, *MONEY), key=len, reverse=True)))
SIGNED = re.compile(
    rf"[{BLANKS}]*([+{MINUSES}-]?)[{BLANKS}]*"
    rf"(?:({NAMED})(?<![A-Za-z])([{BLANKS}]*)|([A-Z][A-Za-z]{{2,4}})([{BLANKS}]+))?"
    rf"(?=[\d.,+{MINUSES}-])(.*?)([{BLANKS}]*)({NAMED}|%)?[{BLANKS}]*"
)
"A name in letters has a blank before a number: EUR5 may be a code."
LONGEST = 64  # characters of a number
LOOKED = 4_000  # cells of a first look


class Signed(NamedTuple):
    """A number with a sign."""

    body: str
    "The number without it, as it is written."
    sign: str
    "PERCENT, or a sign or name of money; empty where there is none."
    pattern: str
    "How it stands beside a number `#`: `$#`, `# €`."


def signed(cell: str) -> Signed:
    """A cell without the sign that stands before or behind its number."""
    last, first = cell[-1:], cell[:1]
    if (last.isdecimal() and first.isdecimal()) or len(cell) > LONGEST:  # the commonest, at once
        return Signed(cell, "", "")
    if first.isalpha() and first not in BEGINS:
        return Signed(cell, "", "")
    if first.isdecimal() and last in SINGLE:
        body = cell[:-1].rstrip(BLANKS)
        return Signed(body, last, f"#{last}" if len(body) == len(cell) - 1 else f"# {last}")
    if last.isdecimal() and first in MONEY and cell[1:2].isdecimal():
        return Signed(cell[1:], first, f"{first}#")
    found = SIGNED.fullmatch(cell)
    if found is None:
        return Signed(cell, "", "")
    minus, mark, close, word, apart, body, space, behind = found.groups()
    before, gap = mark or word, close or apart
    if not (before or behind) or (word and word not in WORDS):
        return Signed(cell, "", "")
    signs = dict.fromkeys(NAMES.get(one, one) for one in (before, behind) if one)
    blanks = " " if (gap if before else space) else ""
    pattern = f"{before}{blanks}#" if before else f"#{blanks}{behind}"
    return Signed(minus + body, "".join(signs), pattern)


@lru_cache(64)
def named_sign(pattern: str) -> str:
    """The sign of a pattern, as of `Signed`; empty of none."""
    if pattern == ANY_SIGN:
        return ""
    word = pattern.replace("#", "").strip()
    return NAMES.get(word, word)


def is_pattern(text: str) -> bool:
    """Whether a text says which sign a column has: empty, ANY_SIGN, or a pattern of `Signed`."""
    if text in ("", ANY_SIGN):
        return True
    word = text.replace("#", "", 1).strip(" ")
    known = word in WORDS or (len(word) == 1 and word in f"{MONEY}{PERCENT}")
    return known and text in (f"{word}#", f"{word} #", f"#{word}", f"# {word}")


def written_so(number: str, pattern: str) -> str:
    """A number with a sign as a pattern has it, a minus before it."""
    if not pattern.startswith("#") and number.startswith("-"):
        return "-" + pattern.replace("#", number[1:])
    return pattern.replace("#", number)


def sign_among(
    cells: Sequence[str], is_number: Callable[[str], bool], rows: Sequence[int], plain: int = 0
) -> str:
    """The sign that most numbers of a column have, by the pattern that is most frequent.

    Money that is written without its sign beside money with it is of the same currency; a number
    without a sign beside percents is not.

    Args:
        cells: distinct ones.
        is_number: whether what a cell is without its sign is a number.
        rows: how many rows have each.
        plain: further rows, that hold numbers without a sign.

    Returns:
        Empty where there is none.
    """
    if not any(map("\n".join(cells).__contains__, (*MONEY, PERCENT, *WORDS))):
        return ""
    for step in sorted({max(1, len(cells) // LOOKED), 1}, reverse=True):
        patterns: Counter[str] = Counter()
        bare = plain // step
        for cell, count in zip(cells[::step], rows[::step], strict=True):
            body, sign, pattern = signed(cell)
            if is_number(body):
                patterns[pattern if sign == named_sign(pattern) else ""] += count
        bare += patterns.pop("", 0)
        if patterns:
            break
    signs: Counter[str] = Counter()
    for pattern, count in patterns.items():
        signs[named_sign(pattern)] += count
    money = max((one for one in signs if one != PERCENT), key=signs.__getitem__, default="")
    of_money = signs[money] + bare if money else 0
    sign = money if max(of_money, bare) > signs[PERCENT] else PERCENT
    ours = {pattern: count for pattern, count in patterns.items() if named_sign(pattern) == sign}
    return max(ours, key=ours.__getitem__) if sign and ours else ""
