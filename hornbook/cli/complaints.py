"""What the parser complains of, in one line as the rest of the command line tells it."""

from __future__ import annotations

import ast
import re

from hornbook.suggestions import did_you_mean

__all__ = ["in_one_line"]

RULE = "─" * 8
SENTENCES = (
    (r"Error parsing (?P<what>\S+): (?P<rest>.+)", "{what} {rest}"),
    (r"Missing value for argument '(?P<what>[^']+)'.*", "{what} needs a value"),
    (
        r"Missing from [^:]+: (?P<what>--\S+) \{(?P<all>[^} ]+)\} .*",
        "{what} is missing: one of {all}",
    ),
    (r"Missing from [^:]+: \{(?P<names>[^}]+)\} .*", "one of these is missing: {names}"),
    (r"Missing from [^:]+: (?P<what>\S+) .*", "{what} is missing"),
    (r"Unrecognized options: (?P<what>.+)", "there is no {what}"),
)
CHOICE = (
    r"invalid choice (?P<given>.+) for argument '(?P<what>[^']+)'\. Expected one of (?P<all>.+)\."
)


def in_one_line(box: str, verb: str) -> str:
    """A complaint of the parser, out of the box around it, as a line that says where to look.

    Args:
        box: as it was printed.
        verb: that was typed.
    """
    inner = [line.strip("│ ") for line in box.splitlines() if line[:1] not in "╭╰"]
    rule = next((place for place, line in enumerate(inner) if line.startswith(RULE)), len(inner))
    told = " ".join(line for line in inner[:rule] if line)
    found = reworded(told).rstrip(".")
    return (
        f"hornbook {verb}: {found}{'' if found.endswith('?') else '.'} See hornbook {verb} --help."
    )


def reworded(told: str) -> str:
    """A complaint in the words of this command line, or as it is if it is of no known shape."""
    if found := re.fullmatch(CHOICE, told):
        names = list(filter(None, ast.literal_eval(found["all"])))  # empty: not typed
        meant = did_you_mean(found["given"].strip("'\""), names).strip()
        told = f"{found['what']} must be one of {', '.join(names)}; it is {found['given']}"
        return f"{told}. {meant}" if meant else told
    for shape, sentence in SENTENCES:
        if found := re.fullmatch(shape, told):
            words = found.groupdict()
            if words.get("what", "").isidentifier():  # a word without a flag, as help calls it
                words["what"] = words["what"].upper()
            words["all"] = words.get("all", "").replace(",", ", ")
            return sentence.format(**words)
    return told
