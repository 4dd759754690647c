"""JSON files of others: read with a limit, and every value checked where it is used."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, overload

from hornbook.errors import DataError
from hornbook.interchange.weights import not_whole
from hornbook.paths import exists, is_file
from hornbook.storage import parse_json

__all__ = ["Config", "read_bytes", "read_object", "shown"]

T = TypeVar("T")
LARGEST = 2**24  # bytes
NAMES = {int: "an integer", float: "a number", bool: "true or false", str: "a text"}


def read_object(path: Path, limit: int = LARGEST) -> dict[str, Any]:
    """The JSON object in a file.

    Raises:
        DataError: if it cannot be read, is too large, or is something else.
    """
    try:
        value = parse_json(read_bytes(path, limit))
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror or error}.") from error
    except ValueError as error:
        raise not_whole(str(path), f"it is not JSON ({error})") from error
    if not isinstance(value, dict):
        raise not_whole(str(path), f"it must be a JSON object, not {type(value).__name__}")
    return value


def read_bytes(path: Path, limit: int) -> bytes:
    """What is in a file, whatever stands there under its name.

    Raises:
        DataError: if it is too large, or no file: a pipe or a device may never end.
        OSError: if it cannot be read.
    """
    if exists(path) and not is_file(path):
        raise not_whole(str(path), "it is not a file")
    with path.open("rb") as file:
        data = file.read(limit + 1)
        size = max(len(data), os.fstat(file.fileno()).st_size)
    if size > limit:
        raise not_whole(str(path), f"it has {size:,} bytes; the maximum is {limit:,}")
    return data


@dataclass(frozen=True)
class Config:
    """What a model's file says of it, by the names that Hugging Face gives its settings."""

    where: str
    "What to call the file in messages."
    values: Mapping[str, Any]
    called: Mapping[str, str] = field(default_factory=dict)
    "What a setting is called in the file, where that is something else."

    def name(self, key: str) -> str:
        """What a setting is called in the file."""
        return self.called.get(key, key)

    @overload
    def get(self, key: str, kind: type[T]) -> T: ...

    @overload
    def get(self, key: str, kind: type[T], default: T) -> T: ...

    def get(self, key: str, kind: type[T], default: T | None = None) -> T:
        """A value of a type; the default where there is none, or null.

        Raises:
            DataError: if it is of another type, or missing and there is no default.
        """
        value = self.values.get(key)
        if value is None:
            if default is None:
                raise DataError(f"{self.where} cannot be imported: it has no {self.name(key)}.")
            return default
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value) if abs(value) < 2**53 else math.inf
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise DataError(
                f"{self.where} cannot be imported: {self.name(key)} must be {NAMES[kind]}; it is "
                f"{shown(value)}."
            )
        return value

    def size(self, key: str, default: int | None = None, *, most: int = 2**24) -> int:
        """A number of something, at least 1.

        Raises:
            DataError: if it is none.
        """
        value = self.get(key, int) if default is None else self.get(key, int, default)
        if not 1 <= value <= most:
            raise DataError(
                f"{self.where} cannot be imported: {self.name(key)} must be from 1 to {most:,}; it "
                f"is {value:,}."
            )
        return value

    def epsilon(self, key: str, default: float) -> float:
        """What a norm adds to the variance; of none it would divide by zero.

        Raises:
            DataError: if it is not above 0.
        """
        value = self.get(key, float, default)
        if not value > 0:
            raise DataError(
                f"{self.where} cannot be imported: {self.name(key)} must be above 0; it is {value}."
            )
        return value

    def must_be(self, key: str, *allowed: object, usual: object = None) -> None:
        """Refuse a model that has something which the family gpt has not.

        Args:
            key: of the setting.
            allowed: what it may be.
            usual: what it is where nothing is said.

        Raises:
            DataError: if it is something else.
        """
        value = self.values.get(key)
        value = usual if value is None else value
        if not any(value == one and type(value) is type(one) for one in allowed):
            good = " or ".join(map(shown, allowed))
            raise DataError(
                f"{self.where} cannot be imported: {self.name(key)} is {shown(value)}, and the "
                f"family gpt has {good} only."
            )


def shown(value: object) -> str:
    """A value as JSON writes it, not too long."""
    words = {True: "true", False: "false"}
    text = words[value] if isinstance(value, bool) else "null" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
