"""Patterns that split a text before byte pairs are joined in each part.

Byte pairs are never joined across parts, so that " dog", " dog." and " dog!" share a token. All
patterns find what tiktoken's do. They are written without what the regular expressions of
tokenizers read as something else: possessive quantifiers, which change the speed alone, and `$`,
which there is the end of every line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

__all__ = ["PATTERNS", "Quicker", "fault_of_pattern", "next_cut", "quicker"]

SHORT = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
ENDS = r"|\s*[\r\n]+|\s+(?!\S)|\s+"
UPPER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
LOWER = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"

PATTERNS = {
    "gpt2": r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    "gpt4": r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s+\z|\s*[\r\n]|\s+(?!\S)|\s",
    "llama3": rf"{SHORT}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{{1,3}}"
    rf"| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*{ENDS}",
    "qwen": rf"{SHORT}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}"
    rf"| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*{ENDS}",
    "qwen3.5": rf"{SHORT}|[^\r\n\p{{L}}\p{{N}}]?[\p{{L}}\p{{M}}]+|\p{{N}}"
    rf"| ?[^\s\p{{L}}\p{{M}}\p{{N}}]+[\r\n]*{ENDS}",
    "o200k": rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{SHORT}?"
    rf"|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{SHORT}?"
    rf"|\p{{N}}{{1,3}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*{ENDS}",
}
"""GPT-2's; GPT-4's (cl100k), which splits long numbers and does not take capitals in "'LL" for
others; Llama 3's; Qwen's, for which each digit is a part, and since 3.5 marks are of their word;
and that of GPT-4o (o200k), for which capitals begin a word."""

SAFE = re.compile(
    r"(?P<bad>\\[^pPsSdDrntz\W_]|[$^]|\}\+|\(\?(?!:|i:|=|!)|&&|\[:|\[\^?(?:\\.|[^\]\\])*\[)"
    r"|\\[pP]\{\^?\w+\}|\\.|\[\^?(?:\\.|[^\]\\\[])+\]|.",
    re.DOTALL,
)


def fault_of_pattern(pattern: str) -> str:
    """What of a regular expression means something else in another library; empty if nothing.

    Both libraries were tried with what is let pass. `$` is the end of each line in one and of the
    text in the other, `{1,3}+` is possessive in one and repeated in the other, and `\\w`, `\\b`,
    classes in classes, looking behind and groups with a name are not the same everywhere.
    """
    return next((found["bad"] for found in SAFE.finditer(pattern) if found["bad"]), "")


LAST = re.compile(r"(?<!\\)(?P<feeds>\|\\s\*\[\\r\\n\]\+?)?(?P<ahead>\|\\s\+\(\?!\\S\))\|\\s\+?\Z")
"""How a pattern ends that takes a run of blanks but for its last, which goes with what follows."""

LAST_WHITE = 0x3000
"The code point of the last white space, the ideographic blank."


@dataclass(frozen=True)
class Quicker:
    """A pattern that splits most texts as another does, and is found in less time.

    Looking ahead, `\\s+(?!\\S)`, keeps the engine of tiktoken from the automata that it has for all
    else. It matters only where two white spaces meet: of one alone it matches nothing, or as much
    as the `\\s` that comes after it.
    """

    pattern: str
    feeds: bool
    "Whether it also matters where one of the two is a line end."

    def fits(self, text: str, parting: str) -> bool:
        """Whether it splits texts as the other does. It may say no where it would.

        Args:
            text: the texts, with a sign between them.
            parting: that sign, a character.
        """
        apart = parting + ("" if self.feeds else "\r\n")
        if "  " in text:
            return False
        return not any(blank in text for blank in rare(apart)) or not meeting(apart).search(text)


def quicker(pattern: str) -> Quicker | None:
    """A pattern without the looking ahead that another ends with; None if it ends otherwise."""
    found = LAST.search(pattern)
    if found is None:
        return None
    without = pattern[: found.start("ahead")] + pattern[found.end("ahead") :]
    # What takes all up to a line end comes first, so a run with one in it never gets there.
    return Quicker(without, feeds=found["feeds"] is None)


@cache
def rare(apart: str) -> tuple[str, ...]:
    """Every character that is white space but the blank, and but for some."""
    every = map(chr, range(LAST_WHITE + 1))
    return tuple(one for one in every if one.isspace() and one not in f" {apart}")


@cache
def meeting(apart: str) -> re.Pattern[str]:
    """What finds two white spaces side by side that are none of some characters."""
    return re.compile(rf"[^\S{re.escape(apart)}]{{2}}")


CUT = re.compile(r"(?<=\S\n)(?=[^\W\d_])")


def next_cut(text: str, at: int, end: int) -> int:
    """The first place from `at` to `end` where a text can be cut and is split as before; 0: none.

    It is after a line feed between a letter and what is not white space. None of PATTERNS joins a
    line feed to a letter after it, and the line feed, a single white space, is never split.
    """
    found = CUT.search(text, at, end)
    return 0 if found is None else found.start()
