"""The objects of JSON lines or of a JSON array, in pieces of a file of any size."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hornbook.errors import DataError

__all__ = ["first_records", "json_array", "json_lines"]

ROWS = 1_000  # most objects of a first look
LARGEST = 2**24  # characters of an object of an array
BETWEEN = re.compile(r"[\s,]*")
SPACE = re.compile(r"\s*")


def refuse(name: str) -> Any:
    """Refuse `NaN` and `Infinity`, which JSON does not have."""
    raise ValueError(f"{name} is not a number of JSON")


DECODER = json.JSONDecoder(
    parse_constant=refuse
)  # one for all: it takes longer to make than to use


def json_lines(pieces: Iterable[str], where: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The objects of JSON lines, each with its line.

    Raises:
        DataError: naming the first line that is not an object.
    """
    number = 0
    for piece in pieces:
        for line in piece.removesuffix("\n").split("\n"):
            number += 1
            if not line.strip():
                continue
            try:
                value = DECODER.decode(line)
            except (ValueError, RecursionError) as error:
                raise DataError(
                    f"{where} is not JSON lines: line {number:,} is not JSON: {error}.",
                    hint="Each line must be one JSON object; the file may be cut off.",
                ) from error
            if not isinstance(value, Mapping):
                raise DataError(
                    f"{where}: line {number:,} is JSON, but not an object with fields.",
                    hint="Each line must be one JSON object.",
                )
            yield number, value


def json_array(pieces: Iterable[str], where: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The objects of a JSON array, each with its place from 1; no more than a piece is kept.

    Raises:
        DataError: naming the first item that is not an object, or if the array has no end.
    """
    pieces, text, at, place = iter(pieces), "", 0, 0

    def more() -> bool:
        nonlocal text, at
        piece = next(pieces, "")
        text, at = text[at:] + piece, 0
        return bool(piece)

    def skip() -> str:
        nonlocal at
        while True:
            at = SPACE.match(text, at).end()  # type: ignore[union-attr]
            if at < len(text) or not more():
                return text[at : at + 1]

    skip()
    at += 1  # the bracket
    while (sign := skip()) != "]" or place == 0:
        if place and sign != ",":
            raise broken(where, place, "there is no comma after it" if sign else "the file ends")
        at += bool(place)
        if not place and sign == "]":
            return
        skip()
        while True:
            try:
                value, end = DECODER.raw_decode(text, at)
                break
            except (ValueError, RecursionError) as error:
                if len(text) - at > LARGEST or not more():
                    raise broken(where, place + 1, f"it is not JSON: {error}") from error
        if not isinstance(value, Mapping):
            raise broken(where, place + 1, "it is not an object with fields")
        at, place = end, place + 1
        yield place, value


def broken(where: str, place: int, what: str) -> DataError:
    """The error that a JSON array is damaged at an item."""
    return DataError(
        f"{where} is not a JSON array of objects: item {place:,}: {what}.",
        hint="Check whether the file is complete.",
    )


def first_records(text: str) -> list[Mapping[str, Any]]:
    """The first objects of JSON lines or of an array; none if there are none."""
    found: list[Mapping[str, Any]] = []
    begins = text.lstrip()
    at, decode = int(begins.startswith("[")), json.JSONDecoder().raw_decode
    with contextlib.suppress(ValueError, RecursionError):
        while len(found) < ROWS:
            at = BETWEEN.match(begins, at).end()  # type: ignore[union-attr]
            value, at = decode(begins, at)
            if isinstance(value, Mapping):
                found.append(value)
    return found
