"""Files to which a person gives a name: nothing that is theirs is replaced by accident.

A name with the wrong ending, or of a file that this program did not write, is refused: a
report named notes.txt must not cost anybody their notes. What is written here is known again
by its beginning.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TypeVar

from hornbook.errors import RunError, SettingsError
from hornbook.paths import is_folder
from hornbook.storage import refuse_unwritable, write_bytes

__all__ = ["MADE_BY", "MARKS", "format_of", "refuse_foreign", "writable_format", "write_output"]

MADE_BY = "hornbook"
"What pictures and pages name as the program that made them."
MARKS = {
    "html": (b"<!doctype ", f'<meta name="generator" content="{MADE_BY}">'.encode()),
    "png": (b"\x89PNG\r\n\x1a\n", b"Software\0" + MADE_BY.encode()),
    "svg": (b"<?xml", f"<dc:title>{MADE_BY}</dc:title>".encode()),
    "gif": (b"GIF89a", MADE_BY.encode()),
    "onnx": (b"\x08", b"\x12\x08hornbook\x1a"),
    "gguf": (b"GGUF", b"hornbook.version"),
    "dot": (b"digraph expression {\n  rankdir=LR\n",),
}
"By the ending of a name: how a file of ours begins, and what it has soon after."
SOON = 2048  # bytes

Format = TypeVar("Format", bound=str)


def format_of(path: Path, *formats: Format) -> Format:
    """The format that a file name asks for.

    Args:
        path: path of the file.
        formats: allowed file extensions, without the dot.

    Raises:
        SettingsError: if the file name is empty, or has none of these extensions.
    """
    for name in formats:
        if path.suffix.lower() == f".{name}":
            return name
    example = f"For example, use {path.stem or 'result'}.{formats[0]}."
    if not path.name:
        raise SettingsError("The name of the file is empty.", hint=example)
    endings = " or ".join(f".{name}" for name in formats)
    raise SettingsError(f"The file name must end in {endings}; got {str(path)!r}.", hint=example)


def refuse_foreign(path: Path) -> None:
    """Refuse to replace what this program did not write.

    Args:
        path: with one of the endings of `MARKS`.

    Raises:
        RunError: if something stands there that is not a file of ours.
    """
    if not os.path.lexists(path) or is_folder(path):
        return  # a directory is refused when it comes to writing
    begins, *soon = MARKS[path.suffix.lower().removeprefix(".")]
    try:
        ours = stat.S_ISREG(path.stat().st_mode)  # a pipe or a device may never end
        with path.open("rb") if ours else open(os.devnull, "rb") as file:  # noqa: PTH123
            head = file.read(SOON)
    except OSError:
        head = b""
    if not (head.startswith(begins) and all(mark in head for mark in soon)):
        raise RunError(
            f"{path} exists, and hornbook did not write it: it is not replaced.",
            hint="Give another name, or move that file away first.",
        )


def writable_format(path: Path, *formats: Format) -> Format:
    """Like `format_of`, and check that the file can be written, before the work starts.

    Raises:
        SettingsError: if the file name has none of these extensions.
        RunError: if the path cannot be written, or a file stands there that is not ours.
    """
    found = format_of(path, *formats)
    refuse_foreign(path)
    refuse_unwritable(path)
    return found


def write_output(path: Path, data: bytes) -> None:
    """Write a file, whole or not at all, unless one stands there that is not ours.

    Args:
        path: with one of the endings of `MARKS`.
        data: that begins as files of this ending begin.

    Raises:
        RunError: if it cannot be written, or a file stands there that is not ours.
    """
    refuse_foreign(path)
    write_bytes(path, data)
