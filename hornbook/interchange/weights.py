"""Weights in a file of others: which tensors it has, and each of them when it is asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from hornbook.errors import DataError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Weights", "listed", "not_whole"]


class Weights(ABC):
    """The tensors of one model, which stay in their files until one is asked for.

    Attributes:
        form: name of the format.
        where: what to call the files in messages.
        files: that are read.
        shapes: of each tensor by its name.
    """

    form: ClassVar[str]
    where: str
    files: Sequence[Path]
    shapes: Mapping[str, tuple[int, ...]]

    @abstractmethod
    def tensor(self, name: str) -> Tensor:
        """One tensor in float32, of its shape.

        Raises:
            DataError: if its numbers are of a type that is not known here.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of the files."""


def not_whole(where: str, why: str) -> DataError:
    """The error that a file is not what it should be."""
    return DataError(
        f"{where} cannot be imported: {why}.",
        hint="The file is damaged or was not fully downloaded: download it again.",
    )


def listed(names: Sequence[str]) -> str:
    """Some names with their verb."""
    more = f" and {len(names) - 4:,} more" if len(names) > 4 else ""
    return f"{', '.join(names[:4])}{more} {'is' if len(names) == 1 else 'are'}"
