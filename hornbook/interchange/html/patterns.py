"""Regular expressions of tokenizers as JavaScript reads them (with the flag u).

Only what `hornbook.tokenizers.splitting` lets pass has to be known, and what the words of
`hornbook.tokenizers.words` are cut by:

    \\s \\S    JavaScript's are another set      \\p{White_Space} \\P{White_Space}
    \\d \\D    JavaScript's are ASCII            \\p{Nd} \\P{Nd}
    \\z       the end of the text, which is $ there
    .        all but a line feed
    (?i: )   letters in both cases, one by one
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hornbook.errors import SettingsError

__all__ = ["javascript_pattern"]

ESCAPES = {
    r"\s": r"\p{White_Space}",
    r"\S": r"\P{White_Space}",
    r"\d": r"\p{Nd}",
    r"\D": r"\P{Nd}",
    r"\z": "$",
}
SYNTAX = r"^$\.*+?()[]{}|/-"  # what may stand behind a backslash in JavaScript
PARTS = re.compile(
    r"\\[pP]\{\w+\}|\\[pP]\w|\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8}|\\.|\(\?(?:i:|:|=|!)|.", re.DOTALL
)
LONG_S = "\u017f"  # a lowercase s, too, for those who leave cases out of account


def javascript_pattern(pattern: str) -> str:
    """A pattern that finds in JavaScript what the given one finds.

    Raises:
        SettingsError: if it cannot be written so.
    """
    return "".join(translated(pattern))


def translated(pattern: str) -> Iterator[str]:
    """The parts of a pattern, each as JavaScript has it."""
    open_groups: list[bool] = [False]  # of each, whether cases are left out of account in it
    in_class = False
    for found in PARTS.finditer(pattern):
        part = found[0]
        if in_class:
            in_class = part != "]"
        elif part == "[":
            in_class = True
        elif part.startswith("("):
            open_groups.append(part == "(?i:" or open_groups[-1])
            part = "(?:" if part == "(?i:" else part
        elif part == ")":
            open_groups.pop()
        elif part == ".":
            part = r"[^\n]"
        yield one(part, cased=not open_groups[-1], in_class=in_class)


def one(part: str, *, cased: bool, in_class: bool) -> str:
    """One part that is not a bracket."""
    if part in ESCAPES:
        return ESCAPES[part]
    if part.startswith(r"\U"):
        return rf"\u{{{int(part[2:], 16):x}}}"
    if part[0] == "\\" and len(part) == 2 and part[1] not in SYNTAX and not part[1].isalnum():
        return part[1]  # a sign that needs no backslash, and may have none there
    if len(part) > 1 or cased or not part.isalpha():
        return part
    if part.lower() not in "abcdefghijklmnopqrstuvwxyz":
        raise SettingsError(
            f"The page cannot split text by this run's pattern: it leaves the case of {part!r} out "
            "of account.",
            hint="Train with another `pattern`, such as `pattern=gpt4`.",
        )
    cases = part.lower() + part.upper() + (LONG_S if part.lower() == "s" else "")
    return cases if in_class else f"[{cases}]"
